// compare_tables.js: how far and how fast each run came, held against a baseline where there is one, and the settings in
// which they differ.

import { get, query } from "../api.js";
import { button, fill, h, say, state } from "../dom.js";
import { count, duration, number, plain } from "../format.js";
import { differing, settings } from "./grouping.js";

/** @typedef {{id: string, job: Object, data: import("./curve_data.js").CurveData, name: string, swatch: function(): HTMLElement}} Run */

const head = (words, numeric) => h("th", { scope: "col", class: numeric ? "numeric" : null }, words);

/** The runs whose value is the least. */
function leastOf(list, value) {
    return Math.min(...list.map(run => value(run.job) ?? Infinity));
}

/** First step at or below the threshold: found among the points of the whole, then exactly by reading those before it. */
async function reach(id, limit) {
    const coarse = await get(`/v1/jobs/${id}/curve?series=loss,seconds&max_points=1000`);
    const at = coarse.series.loss.findIndex(value => value !== null && value <= limit);
    if (at < 0)
        return "never";
    const fine = await get(`/v1/jobs/${id}/curve${query({ series: "loss,seconds", max_points: 0,
        from_step: coarse.series.step[Math.max(0, at - 1)], to_step: coarse.series.step[at] })}`);
    const first = fine.series.loss.findIndex(value => value !== null && value <= limit);
    return `step ${count(fine.series.step[first])}, ${duration(fine.series.seconds[first])}`;
}

export class CompareTables {
    /** @param {function(string): void} pin told the id of the run that is to be the baseline, "" for none */
    constructor(pin) {
        this.pin = pin;
        this.figures = h("div");
        this.differences = h("div");
        /** @type {Map<string, {key: string, text: string}>} */
        this.reached = new Map();
    }

    /** @param {Array<Run>} list @param {string} baseline id, "" for none @param {string} threshold as it was typed */
    draw(list, baseline, threshold) {
        const base = list.find(run => run.id === baseline);
        this.drawFigures(list, base, threshold);
        this.drawDifferences(list, base);
    }

    drawFigures(list, base, threshold) {
        const limit = Number(threshold);
        const values = [job => job.loss?.best, job => job.loss?.last, job => job.validation?.best_loss];
        const least = values.map(value => leastOf(list, value));
        const cell = (run, index) => {
            const value = values[index](run.job), own = base && base !== run ? values[index](base.job) : null;
            return h("td", { class: value === least[index] ? "numeric best" : "numeric" }, number(value), value === least[index] ? " ★" : "",
                own > 0 && value > 0 ? h("small", null, ` ${number(value / own, 3)} ×`) : null);
        };
        const known = threshold !== "" && Number.isFinite(limit);
        fill(this.figures, h("div", { class: "table-scroll" }, h("table", null, h("thead", null, h("tr", null, head("Run"), head("State"),
            head("Best loss", true), head("at step", true), head("Last loss", true), head("Best validation", true), head("Steps", true), head("Time", true),
            head(known ? `Loss ≤ ${number(limit)} first` : "Time to threshold"), head("Baseline"))),
        h("tbody", null, list.map(run => h("tr", null, h("th", { scope: "row" }, run.swatch(), run.name), h("td", null, state(run.job.status)),
            cell(run, 0), h("td", { class: "numeric" }, count(run.job.loss?.best_step)), cell(run, 1), cell(run, 2),
            h("td", { class: "numeric" }, count(run.job.progress.step)), h("td", { class: "numeric" }, duration(run.job.progress.seconds)),
            h("td", null, known ? this.told(run, limit) : "set a threshold"),
            h("td", null, button(run === base ? "pinned" : "pin", () => this.pin(run === base ? "" : run.id),
                { class: "tag", "aria-pressed": String(run === base), "aria-label": `${run.name} as the baseline` }))))))),
        h("p", { class: "hint" }, `★ least of those shown. The threshold is held against the loss of single points.${
            base ? ` × is the share of the baseline, ${base.name}.` : ""}`));
    }

    told(run, limit) {
        const key = `${limit} ${run.data.last}`;
        const known = this.reached.get(run.id);
        if (known?.key === key)
            return known.text;
        const own = { key, text: known?.text ?? "…" };
        this.reached.set(run.id, own);
        const out = h("span", null, own.text);
        reach(run.id, limit).then(text => {
            own.text = text;
            say(out, text);
        }, () => say(out, "–"));
        return out;
    }

    drawDifferences(list, base) {
        const ordered = base ? [base, ...list.filter(run => run !== base)] : list;
        const own = ordered.map(run => settings(run.job.spec));
        const paths = differing(list.map(run => run.job));
        const digests = new Set(list.map(run => run.job.digest));
        const same = digests.size === 1 && !digests.has(null) ? " Their parameters are equal to the last bit." :
            !digests.has(null) ? " Their parameters are not equal, though." : "";
        const value = (map, path) => plain(map.get(path));
        fill(this.differences, list.length < 2 ? h("p", { class: "hint" }, "One run alone has nothing to differ from.") : paths.length === 0 ?
            h("p", { class: "hint" }, `None: these runs have the same settings, seed and all.${same}`) :
            h("div", { class: "table-scroll" }, h("table", null, h("thead", null, h("tr", null, head("Setting"),
                ordered.map(run => h("th", { scope: "col" }, run.swatch(), run.name, run === base ? h("small", null, " baseline") : null)))),
            h("tbody", null, paths.map(path => h("tr", null, h("th", { scope: "row", class: "mono" }, path),
                own.map(map => h("td", { class: base && value(map, path) !== value(own[0], path) ? "mono changed" : "mono" }, value(map, path)))))))));
    }
}
