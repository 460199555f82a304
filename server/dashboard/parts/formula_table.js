// formula_table.js: the parameters of a formula: where each began, where it stands, and how sure the fit is of it.

import { ApiError, get } from "../api.js";
import { fill, h, say } from "../dom.js";
import { count, number } from "../format.js";

const PAUSE = 2000; // ms between readings while the job runs
const DIGITS = 7;

export class FormulaTable {
    /** @param {string} id of the job */
    constructor(id) {
        this.id = id;
        this.read = "";
        this.hint = h("p", { class: "hint" });
        this.formula = h("pre", { class: "code", tabindex: "0" });
        this.body = h("tbody");
        this.element = h("section", { class: "card stack", hidden: true, "aria-labelledby": "formula-head" }, h("h2", { id: "formula-head" }, "Formula"), this.formula,
            h("div", { class: "table-scroll" }, h("table", { id: "formula-parameters" }, h("thead", null, h("tr", null, h("th", { scope: "col" }, "Parameter"),
                ["First", "Now", "Standard error", "95 % interval"].map(words => h("th", { scope: "col", class: "numeric" }, words)))), this.body)), this.hint);
    }

    /** Reads what it does not have yet. @param {Object} job @param {AbortSignal} [signal] */
    async refresh(job, signal) {
        const now = job.status === "running" ? String(Math.floor(Date.now() / PAUSE)) : `${job.status} ${job.progress.step}`;
        this.element.hidden = false;
        say(this.formula, job.spec.model.formula);
        if (job.progress.step === 0 || now === this.read)
            return;
        this.read = now;
        try {
            // Of a job that has ended by an address of its own: what was remembered from before knows no errors.
            const [last, first] = await Promise.all([job.terminal ? "?which=final" : "", "?which=initial"].map(which => get(`/v1/jobs/${this.id}/parameters${which}`, signal)));
            const cell = text => h("td", { class: "numeric" }, text);
            fill(this.body, last.parameters.map(({ name, values: [value], standard_error: error, interval }, index) => h("tr", null, h("th", { scope: "row", class: "mono" }, name),
                cell(number(first.parameters[index].values[0], DIGITS)), cell(number(value, DIGITS)), cell(number(error, 4)),
                cell(interval ? `${number(interval[0], 5)} to ${number(interval[1], 5)}` : "–"))));
            say(this.hint, `After step ${count(last.step)}.${last.parameters.every(own => own.standard_error === null) ?
                " Standard errors are known of a fit by mse that has ended." : ""}`);
        } catch (error) {
            this.read = "";
            if (!(error instanceof ApiError) || error.status >= 500)
                throw error;
        }
    }
}
