// npy.js: columns as a file of NumPy's format, version 1.0: a structured array of float64, little-endian, a record a point.

/** @param {Object<string, Array<?number>>} columns of one length @returns {ArrayBuffer} */
export function toNpy(columns) {
    const names = Object.keys(columns), length = columns[names[0]]?.length ?? 0;
    const fields = names.map(name => `('${name}', '<f8')`).join(", ");
    const head = `{'descr': [${fields}], 'fortran_order': False, 'shape': (${length},), }`;
    // The data begins at a multiple of 64; the head ends in a line break.
    const padded = `${head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11)}\n`;
    const start = 10 + padded.length;
    const out = new DataView(new ArrayBuffer(start + length * names.length * 8));
    [0x93, ..."NUMPY"].forEach((letter, index) => out.setUint8(index, letter.codePointAt?.(0) ?? letter));
    out.setUint8(6, 1);
    out.setUint16(8, padded.length, true);
    [...padded].forEach((letter, index) => out.setUint8(10 + index, letter.codePointAt(0)));
    for (let row = 0, at = start; row < length; row++)
        for (const name of names) {
            out.setFloat64(at, columns[name][row] ?? NaN, true);
            at += 8;
        }
    return out.buffer;
}
