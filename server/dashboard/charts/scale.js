// scale.js: what an axis does to its values, and where its ticks stand. Linear ticks are 1, 2 or 5 times a power of ten
// apart; a log axis has its decades, and where it spans few of them 2 and 5 between; below one decade it is ticked like a
// line. An asinh axis is straight around 0 and logarithmic far from it, on both sides: it has a place for every number.

/** @typedef {{kind: "linear"|"log"|"asinh", unit: number, to: function(number): number, from: function(number): number}}
 *     AxisScale `unit`: up to where an asinh axis is straight */

const STRAIGHT = 1e-3; // of the largest value

/** @param {string} kind "" is linear @param {number} [most] the largest size on the axis @returns {AxisScale} */
export function axisScale(kind, most = 1) {
    const unit = most > 0 ? most * STRAIGHT : 1;
    if (kind === "log")
        return { kind, unit, to: value => Math.log(Math.max(value, 1e-300)), from: Math.exp };
    if (kind === "asinh")
        return { kind, unit, to: value => Math.asinh(value / unit), from: value => Math.sinh(value) * unit };
    return { kind: "linear", unit, to: value => value, from: value => value };
}

/** @param {AxisScale} scale @param {number} least @param {number} most @param {number} wanted about so many
 * @returns {Array<number>} */
export function ticksOf(scale, least, most, wanted) {
    if (scale.kind === "linear")
        return linearTicks(least, most, wanted);
    if (scale.kind === "log")
        return logTicks(least, most, wanted);
    const first = 10 ** Math.ceil(Math.log10(scale.unit));
    const side = (low, high) => high > low ? logTicks(low, high, Math.max(2, wanted >> 1)) : [];
    return [...side(Math.max(first, -most), -least).map(tick => -tick).reverse(), ...least <= 0 && most >= 0 ? [0] : [],
        ...side(Math.max(first, least), most)];
}

/** @param {number} least @param {number} most @param {number} wanted about so many @returns {Array<number>} */
export function linearTicks(least, most, wanted = 6) {
    const range = most - least;
    if (!(range > 0))
        return [least];
    const rough = range / wanted, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough * 0.999);
    const ticks = [];
    for (let index = Math.ceil(least / step - 1e-9); index * step <= most + step * 1e-9; index++)
        ticks.push(Number((index * step).toPrecision(12)));
    return ticks;
}

/** @param {number} least above 0 @param {number} most @param {number} wanted at most about so many @returns {Array<number>} */
export function logTicks(least, most, wanted = 7) {
    const first = Math.floor(Math.log10(least)), last = Math.ceil(Math.log10(most));
    const decades = Math.log10(most / least);
    if (decades < 1)
        return linearTicks(least, most, Math.max(3, Math.min(5, wanted))).filter(tick => tick > 0);
    const factors = decades < 2 || (decades < 3 && wanted >= 4) ? [1, 2, 5] : [1];
    const every = factors.length > 1 ? 1 : Math.ceil((last - first) / wanted);
    const ticks = [];
    for (let power = first; power <= last; power += every)
        for (const factor of factors) {
            const tick = Number(`${factor}e${power}`);
            if (tick >= least * 0.999999 && tick <= most * 1.000001)
                ticks.push(tick);
        }
    return ticks;
}

/** The index of the value nearest to `x` in ascending values, as the axis shows them. @param {ArrayLike<number>} values
 * @param {number} x @param {AxisScale} [scale] @returns {number} -1 without values */
export function nearest(values, x, scale = axisScale("")) {
    let low = 0, high = values.length - 1;
    if (high < 0)
        return -1;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (values[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    const { to } = scale;
    return Math.abs(to(values[high]) - to(x)) < Math.abs(to(x) - to(values[low])) ? high : low;
}

/** Positions of a cosmetic series: an exponential mean whose weight halves every `width` of x. Gaps stay gaps.
 * @param {Array<number>} x @param {Array<number>} y @param {number} width @returns {Array<number>} */
export function smooth(x, y, width) {
    let sum = 0, weight = 0, before = NaN;
    return y.map((value, index) => {
        if (!Number.isFinite(value)) {
            sum = weight = 0;
            before = NaN;
            return NaN;
        }
        const keep = Number.isFinite(before) ? 2 ** (-(x[index] - before) / width) : 0;
        before = x[index];
        sum = sum * keep + value * (1 - keep || 1);
        weight = weight * keep + (1 - keep || 1);
        return sum / weight;
    });
}
