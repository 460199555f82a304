// histograms.js: how the parameters of each tensor lay before the first step and how they lie now. The service counts
// them, so a model of millions of numbers costs the page no more than a small one; it is asked once the section is seen.

import { ApiError, get, query } from "../api.js";
import { drawHistogram } from "../charts/histogram.js";
import { dataTable } from "../charts/table.js";
import { button, choice, fill, h, say } from "../dom.js";
import { count } from "../format.js";

const SHOWN = 12; // tensors at first
const PAUSE = 10000; // ms between readings while the job runs

export class Histograms {
    /** @param {string} id of the job @param {function(): void} wanted asks for a refresh */
    constructor(id, wanted) {
        this.id = id;
        this.wanted = wanted;
        this.which = "final";
        this.seen = false;
        this.read = "";
        this.all = false;
        /** @type {Array<import("../charts/histogram.js").Tensor>} */
        this.tensors = [];
        this.hint = h("span");
        this.choice = choice("parameters", [["final", "final"], ["best", "best"]], "final", which => {
            this.which = which;
            wanted();
        });
        this.table = dataTable("Parameters, first and last", () => this.columns());
        this.grid = h("div", { class: "histograms" });
        this.more = button("", () => {
            this.all = true;
            this.draw();
        }, { hidden: true });
        this.element = h("section", { class: "card stack", hidden: true, "aria-labelledby": "histograms-head" },
            h("div", { class: "section-head" }, h("h2", { id: "histograms-head" }, "Parameters, first and last"), h("div", { class: "controls" }, this.choice.element)),
            h("figure", { class: "chart" }, h("figcaption", null, h("span", { class: "key" }, h("i", { class: "outline" }), "before the first step"),
                h("span", { class: "key" }, h("i", { class: "filled" }), this.hint), h("span", null, "height: root of the count"), this.table.toggle), this.grid,
            this.table.element), h("div", null, this.more));
        this.watcher = new IntersectionObserver(([entry]) => {
            this.seen = entry.isIntersecting;
            if (this.seen)
                wanted();
        }, { rootMargin: "200px" });
        this.watcher.observe(this.element);
        this.redraw = () => this.drawAll();
        this.observer = new ResizeObserver(this.redraw);
        this.observer.observe(this.grid);
        addEventListener("themechange", this.redraw);
    }

    destroy() {
        this.watcher.disconnect();
        this.observer.disconnect();
        removeEventListener("themechange", this.redraw);
    }

    /** Reads what it does not have yet. @param {Object} job @param {AbortSignal} [signal] */
    async refresh(job, signal) {
        this.element.hidden = job.progress.step === 0;
        this.choice.element.hidden = !job.terminal;
        const now = job.status === "running" ? String(Math.floor(Date.now() / PAUSE)) : `${job.status} ${job.progress.step} ${this.which}`;
        if (!this.seen || now === this.read)
            return;
        this.read = now;
        try {
            const reply = await get(`/v1/jobs/${this.id}/histograms${query({ which: this.which === "final" ? "" : this.which })}`, signal);
            this.tensors = reply.tensors;
            say(this.hint, `${this.which === "best" ? "best, " : ""}after step ${count(reply.step)}`);
            this.draw();
        } catch (error) {
            if (!(error instanceof ApiError))
                this.read = "";
            if (!(error instanceof ApiError) || error.status >= 500)
                throw error;
            say(this.hint, error.message);
        }
    }

    draw() {
        const shown = this.all ? this.tensors : this.tensors.slice(0, SHOWN);
        this.more.hidden = shown.length === this.tensors.length;
        say(this.more, `Show all ${count(this.tensors.length)} tensors`);
        if (this.grid.children.length !== shown.length)
            fill(this.grid, shown.map(tensor => h("div", null, h("span", null, tensor.name.replace("layers.", "layer ").replace(".", " ")), " ",
                h("small", null, tensor.shape.join(" × ")), h("canvas", { role: "img" }))));
        this.drawAll();
        this.table.refresh();
    }

    drawAll() {
        [...this.grid.querySelectorAll("canvas")].forEach((canvas, index) => drawHistogram(canvas, this.tensors[index]));
    }

    columns() {
        const of = (when, member) => this.tensors.map(tensor => tensor[when][member]);
        return [["tensor", this.tensors.map(tensor => tensor.name)], ["numbers", this.tensors.map(tensor => tensor.count)],
            ...["first", "last"].flatMap(when => ["minimum", "mean", "maximum", "deviation", "nonfinite"].map(member => [`${when} ${member}`, of(when, member)]))];
    }
}
