// grouping.js: what runs have in common and what not: their settings by path, groups by one of them, and the middle and
// the reach of a group's curves. Between two recorded points a run keeps the value it had: nothing is made up.

const NAMES = ["name", "labels", "priority"]; // they name a run and are no setting of it

/** Members of a spec by path, labels as "label: key". @param {Object} spec @returns {Map<string, *>} */
export function settings(spec) {
    const out = new Map();
    const walk = (value, path) => {
        if (value === null || typeof value !== "object" || Array.isArray(value))
            out.set(path, value);
        else
            for (const [key, own] of Object.entries(value))
                walk(own, path ? `${path}.${key}` : key);
    };
    const own = { ...spec, model: spec.model && { ...spec.model, layers: spec.model.type === "sequential" ? spec.model.layers : undefined } };
    NAMES.forEach(name => delete own[name]);
    walk(own, "");
    for (const [path, value] of out)
        if (value === undefined)
            out.delete(path);
    return out;
}

/** The value of a key of a run: a path of its spec, or "label: …". @param {Object} job @param {string} key @returns {*} */
export function valueOf(job, key) {
    return key.startsWith("label: ") ? job.labels[key.slice(7)] : settings(job.spec).get(key);
}

/** Paths in which specs differ. @param {Array<Object>} jobs @returns {Array<string>} */
export function differing(jobs) {
    const own = jobs.map(job => settings(job.spec));
    return [...new Set(own.flatMap(map => [...map.keys()]))].filter(path => new Set(own.map(map => JSON.stringify(map.get(path)))).size > 1);
}

/** Keys that runs can be grouped by. @param {Array<Object>} jobs @returns {Array<string>} */
export function groupKeys(jobs) {
    const labels = [...new Set(jobs.flatMap(job => Object.keys(job.labels)))].map(key => `label: ${key}`);
    return [...differing(jobs).filter(path => !path.endsWith("seed")), ...labels];
}

/** Runs with the same value of a key. @template T @param {Array<T>} runs each with `job` @param {string} key
 * @returns {Array<{value: *, runs: Array<T>}>} in the order in which they come */
export function groupBy(runs, key) {
    const groups = new Map();
    for (const run of runs) {
        const value = valueOf(run.job, key), name = JSON.stringify(value) ?? "";
        groups.set(name, { value, runs: [...groups.get(name)?.runs ?? [], run] });
    }
    return [...groups.values()];
}

function median(sorted) {
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median, least and greatest of several curves at every x at which one of them has a point, thinned to `most` of them.
 * @param {Array<{x: Array<number>, y: Array<number>}>} curves @param {number} [most]
 * @returns {{x: Array<number>, y: Array<number>, low: Array<number>, high: Array<number>}}
 */
export function spread(curves, most = 500) {
    const all = [...new Set(curves.flatMap(curve => curve.x))].sort((a, b) => a - b);
    const every = Math.max(1, Math.ceil(all.length / most));
    const x = all.filter((_, index) => index % every === 0 || index === all.length - 1);
    const at = curves.map(() => -1);
    const out = { x: [], y: [], low: [], high: [] };
    for (const own of x) {
        const values = [];
        curves.forEach((curve, index) => {
            while (at[index] + 1 < curve.x.length && curve.x[at[index] + 1] <= own)
                at[index]++;
            if (at[index] >= 0 && own <= curve.x.at(-1) && Number.isFinite(curve.y[at[index]]))
                values.push(curve.y[at[index]]);
        });
        if (values.length === 0)
            continue;
        values.sort((a, b) => a - b);
        out.x.push(own);
        out.y.push(median(values));
        out.low.push(values[0]);
        out.high.push(values.at(-1));
    }
    return out;
}

/** The least value up to each point. @param {{x: Array<number>, y: Array<number>}} curve */
export function soFar(curve) {
    let least = Infinity;
    return { ...curve, y: curve.y.map(value => {
        least = value < least ? value : least;
        return Number.isFinite(least) ? least : NaN;
    }) };
}
