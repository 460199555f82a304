// parallel.js: parallel axes: one a setting in which runs differ, the last their best loss; one line a run. A line that is
// pointed at is lit here and in the curves.

import { h } from "../dom.js";
import { number } from "../format.js";
import { colour, faded, letters, sharpen } from "./canvas.js";

const HEIGHT = 210;
const TOP = 34;
const BOTTOM = 22;
const SIDE = 80;

/** @typedef {{name: string, values: Array<*>}} ParallelAxis a value a run, numbers or words */

export class ParallelChart {
    /** @param {{title: string, lit: function(number): void}} options `lit` is told the run pointed at, -1 for none */
    constructor({ title, lit }) {
        this.title = title;
        /** @type {Array<ParallelAxis>} */
        this.axes = [];
        this.lines = [];
        this.now = -1;
        this.canvas = h("canvas", { role: "img", "aria-label": title, style: { height: `${HEIGHT}px` } });
        this.plot = h("div", { class: "plot" }, this.canvas);
        this.element = h("figure", { class: "chart" }, h("figcaption", null, h("h3", null, title),
            h("span", null, "one line a run; point at one to find it in the curves")), this.plot);
        this.plot.addEventListener("pointermove", event => {
            const box = this.plot.getBoundingClientRect();
            lit(this.nearest(event.clientX - box.left, event.clientY - box.top));
        });
        this.plot.addEventListener("pointerleave", () => lit(-1));
        this.redraw = () => this.draw();
        this.observer = new ResizeObserver(this.redraw);
        this.observer.observe(this.plot);
        addEventListener("themechange", this.redraw);
    }

    destroy() {
        removeEventListener("themechange", this.redraw);
        this.observer.disconnect();
    }

    /** @param {Array<ParallelAxis>} axes @param {Array<{name: string, colour: string, dash: Array<number>}>} lines
     * @param {number} now the run that is lit, -1 for none */
    show(axes, lines, now) {
        Object.assign(this, { axes: axes.map(axis => ({ ...axis, ...place(axis.values) })), lines, now });
        this.canvas.setAttribute("aria-label", `${this.title}: ${lines.map((line, index) =>
            `${line.name}: ${axes.map(axis => `${axis.name} ${words(axis.values[index])}`).join(", ")}`).join("; ")}`);
        this.draw();
    }

    left(index) {
        return SIDE + index * (this.plot.clientWidth - 2 * SIDE) / Math.max(1, this.axes.length - 1);
    }

    top(axis, line) {
        return TOP + (1 - axis.shares[line]) * (HEIGHT - TOP - BOTTOM);
    }

    nearest(x, y) {
        const gap = this.left(1) - this.left(0), at = Math.max(0, Math.min(this.axes.length - 2, Math.floor((x - SIDE) / gap)));
        const share = Math.max(0, Math.min(1, (x - this.left(at)) / gap));
        let best = -1, least = 14;
        this.lines.forEach((_, line) => {
            const from = this.top(this.axes[at], line), to = this.top(this.axes[Math.min(at + 1, this.axes.length - 1)], line);
            const distance = Math.abs(from + (to - from) * share - y);
            if (distance < least)
                [best, least] = [line, distance];
        });
        return best;
    }

    draw() {
        const width = this.plot.clientWidth;
        if (width === 0 || this.axes.length === 0)
            return;
        const context = sharpen(this.canvas, width, HEIGHT);
        context.font = letters();
        context.textAlign = "center";
        this.axes.forEach((axis, index) => {
            const left = this.left(index);
            context.strokeStyle = colour("--edge");
            context.lineWidth = 1;
            context.beginPath();
            context.moveTo(left, TOP);
            context.lineTo(left, HEIGHT - BOTTOM);
            context.stroke();
            context.fillStyle = colour("--ink");
            context.fillText(axis.name.split(".").at(-1), left, 12, 2 * SIDE - 20);
            context.fillStyle = colour("--muted");
            context.fillText(axis.high, left, TOP - 6, 2 * SIDE - 20);
            context.fillText(axis.low, left, HEIGHT - 6, 2 * SIDE - 20);
        });
        const order = this.lines.map((_, index) => index).sort((a, b) => (a === this.now) - (b === this.now));
        for (const line of order) {
            const own = this.lines[line];
            context.strokeStyle = this.now < 0 || line === this.now ? colour(own.colour) : faded(own.colour, 0.25);
            context.lineWidth = line === this.now ? 3 : 1.6;
            context.setLineDash(own.dash);
            context.beginPath();
            this.axes.forEach((axis, index) => context.lineTo(this.left(index), this.top(axis, line)));
            context.stroke();
        }
    }
}

function words(value) {
    return typeof value === "number" ? number(value, 3) : value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}

/** Where each value stands on its axis: numbers by size, by their logarithms where they span a decade; words in order. */
function place(values) {
    const numbers = values.filter(value => typeof value === "number" && Number.isFinite(value));
    if (numbers.length === values.length) {
        const least = Math.min(...numbers), most = Math.max(...numbers);
        const scale = least > 0 && most / least >= 10 ? Math.log : value => value;
        const range = scale(most) - scale(least);
        return { shares: values.map(value => range > 0 ? (scale(value) - scale(least)) / range : 0.5), low: words(least), high: words(most) };
    }
    const kinds = [...new Set(values.map(words))];
    const share = value => kinds.length > 1 ? kinds.indexOf(words(value)) / (kinds.length - 1) : 0.5;
    return { shares: values.map(share), low: kinds[0], high: kinds.at(-1) };
}
