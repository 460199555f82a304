// format.js: numbers, times and sizes as people read them.

/** A measured number in at most `digits` significant digits, "–" where there is none.
 * @param {number|null|undefined} value @param {number} [digits] @returns {string} */
export function number(value, digits = 4) {
    if (value === null || value === undefined)
        return "–";
    if (!Number.isFinite(value))
        return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6))
        return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0*e\+?/, "e").replaceAll("-", "−");
    return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** A whole number with separators. @param {number|null|undefined} value @returns {string} */
export function count(value) {
    return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US");
}

/** A count in three digits and a unit: 12.3 k. @param {number|null|undefined} value @returns {string} */
export function short(value) {
    if (value === null || value === undefined || !Number.isFinite(value))
        return "–";
    for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e4, " k"]])
        if (Math.abs(value) >= size)
            return Number((value / (size === 1e4 ? 1e3 : size)).toPrecision(3)) + unit;
    return String(Number(value.toPrecision(3)));
}

/** @param {number|null|undefined} value bytes @returns {string} */
export function bytes(value) {
    if (value === null || value === undefined)
        return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = 0;
    while (value >= 1024 && step < units.length - 1) {
        value /= 1024;
        step++;
    }
    return `${step === 0 ? value : Number(value.toPrecision(3))} ${units[step]}`;
}

/** Seconds as the two largest units. @param {number|null|undefined} seconds @returns {string} */
export function duration(seconds) {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds))
        return "–";
    if (seconds < 1)
        return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 60)
        return `${Number(seconds.toPrecision(seconds < 10 ? 2 : 3))} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60)
        return `${minutes} min ${Math.floor(seconds % 60)} s`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48)
        return `${hours} h ${minutes % 60} min`;
    return hours < 24 * 1000 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${short(hours / 24 / 365.25)} years`;
}

/** How long ago, in one unit. @param {string} time RFC 3339 @param {number} [now] ms @returns {string} */
export function ago(time, now = Date.now()) {
    const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
    if (seconds < 10)
        return "just now";
    if (seconds < 60)
        return `${Math.floor(seconds)} s ago`;
    if (seconds < 3600)
        return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400)
        return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} d ago`;
}

/** Local time of day, with the date where it is not today's. @param {string} time @returns {string} */
export function clock(time) {
    const at = new Date(time);
    const two = value => String(value).padStart(2, "0");
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const hours = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    return new Date().toDateString() === at.toDateString() ? hours : `${day} ${hours}`;
}

/** UTC, to the second. @param {string} time @returns {string} */
export function utc(time) {
    return `${time.slice(0, 19).replace("T", " ")} UTC`;
}

const POSITION_MOST = 1000; // the service counts no further

/** A place in the queue. @param {number} position from 0 @returns {string} */
export function inLine(position) {
    return position >= POSITION_MOST ? `${count(POSITION_MOST)} or more ahead` : `${count(position + 1)}. in line`;
}

/** What a job is called: its name, else the end of its id. @param {{name: ?string, id: string}} job @returns {string} */
export function title(job) {
    return job.name || `job ${job.id.slice(-6)}`;
}

/** A value of a spec in one line. @param {*} value @returns {string} */
export function plain(value) {
    if (typeof value === "string")
        return value;
    if (value === undefined)
        return "–";
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** What submits a spec from a shell. @param {Object} spec @returns {string} */
export function curlOf(spec) {
    const header = sessionStorage.getItem("descentd.token") ? "-H \"Authorization: Bearer $DESCENTD_TOKEN\" " : "";
    return `curl ${header}-H 'Content-Type: application/json' ${location.origin}/v1/jobs -d '${JSON.stringify(spec).replaceAll("'", "'\\''")}'`;
}
