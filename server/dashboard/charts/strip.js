// strip.js: a heat strip: one row a layer, steps across, colour by the logarithm of a norm. The scale goes from the 2nd
// to the 98th hundredth of the values seen, so that one spike does not make the rest one colour.

import { h, say } from "../dom.js";
import { number } from "../format.js";
import { colour, letters, sharpen } from "./canvas.js";
import { LEFT, steer } from "./cursor.js";
import { axisScale, nearest } from "./scale.js";
import { dataTable } from "./table.js";

/** The viridis ramp in nine steps: even to the eye, readable without red and green, and in grey. */
const RAMP = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121],
    [144, 215, 67], [253, 231, 37]];

function shade(share) {
    const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
    const low = Math.floor(at), high = Math.min(RAMP.length - 1, low + 1);
    const [red, green, blue] = RAMP[low].map((part, index) => Math.round(part + (RAMP[high][index] - part) * (at - low)));
    return `rgb(${red}, ${green}, ${blue})`;
}

/** @typedef {{rows: Array<{name: string, values: Array<?number>}>, x: Array<number>, xScale: string,
 *     range: [number, number], summary: string, steps: Array<number>, chosen: string}} StripView */

export class StripChart {
    /** @param {{title: string, group: import("./cursor.js").CursorGroup, picked: function(string): void}} options `picked` is
     *     told the name of a row that was clicked */
    constructor({ title, group, picked }) {
        this.group = group;
        this.title = title;
        /** @type {?StripView} */
        this.view = null;
        this.canvas = h("canvas", { role: "img", "aria-label": title });
        this.plot = h("div", { class: "plot" }, this.canvas);
        this.low = h("span");
        this.high = h("span");
        this.key = h("canvas");
        this.table = dataTable(title, () => this.view ? [["step", this.view.steps],
            ...this.view.rows.map(row => [row.name, row.values])] : []);
        this.element = h("figure", { class: "chart" }, h("figcaption", null, this.heading = h("h3", null, title),
            h("span", { class: "ramp" }, this.low, this.key, this.high), this.table.toggle), this.plot, this.table.element);
        this.tell = steer(this.plot, group, { label: title, toX: pixel => this.toX(pixel), picked: top => {
            const row = this.view?.rows[Math.floor(top / this.height)];
            if (row)
                picked(row.name);
        } });
        this.redraw = () => this.draw();
        this.observer = new ResizeObserver(this.redraw);
        this.observer.observe(this.plot);
        addEventListener("themechange", this.redraw);
        group.charts.add(this);
    }

    destroy() {
        removeEventListener("themechange", this.redraw);
        this.observer.disconnect();
        this.group.charts.delete(this);
    }

    /** @param {StripView} view */
    show(view) {
        this.view = view;
        const logs = [];
        for (const row of view.rows)
            for (const value of row.values)
                if (value > 0)
                    logs.push(Math.log10(value));
        logs.sort((a, b) => a - b);
        this.least = logs[Math.floor(logs.length * 0.02)] ?? -1;
        this.most = Math.max(this.least + 0.1, logs[Math.floor(logs.length * 0.98)] ?? 0);
        say(this.low, number(10 ** this.least, 2));
        say(this.high, number(10 ** this.most, 2));
        this.canvas.setAttribute("aria-label", `${this.title}: ${view.summary}`);
        const key = sharpen(this.key, 120, 10);
        for (let x = 0; x < 120; x++) {
            key.fillStyle = shade(x / 119);
            key.fillRect(x, 0, 1, 10);
        }
        this.draw();
        this.table.refresh();
    }

    get height() {
        return this.view.rows.length > 14 ? 12 : 20;
    }

    mapping() {
        const [first, last] = this.view.range;
        return axisScale(this.view.xScale, Math.max(Math.abs(first), Math.abs(last)));
    }

    share(x) {
        const [first, last] = this.view.range, { to } = this.mapping();
        return (to(x) - to(first)) / (to(last) - to(first) || 1);
    }

    toX(pixel) {
        const [first, last] = this.view?.range ?? [0, 1];
        const share = Math.max(0, Math.min(1, (pixel - LEFT) / (this.plot.clientWidth - LEFT - this.group.right)));
        if (!this.view)
            return share;
        const { to, from } = this.mapping();
        return from(to(first) + share * (to(last) - to(first)));
    }

    draw() {
        if (!this.view)
            return;
        const { rows, x, chosen } = this.view, mapping = this.mapping(), { height } = this;
        const width = this.plot.clientWidth, inner = Math.max(1, width - LEFT - this.group.right);
        this.canvas.style.height = `${rows.length * height}px`;
        const context = sharpen(this.canvas, width, rows.length * height);
        context.textAlign = "right";
        context.textBaseline = "middle";
        // Nothing is drawn beyond the last value: what is ahead stays empty.
        const limit = LEFT + this.share(x.at(-1) ?? 0) * inner + 3;
        const first = mapping.to(this.view.range[0]), wide = mapping.to(this.view.range[1]) - first;
        const at = new Int32Array(inner);
        for (let pixel = 0; pixel < inner; pixel++)
            at[pixel] = nearest(x, mapping.from(first + pixel / inner * wide), mapping);
        rows.forEach((row, line) => {
            context.fillStyle = colour(row.name === chosen ? "--accent" : "--muted");
            context.font = letters(row.name === chosen ? "600" : "");
            context.fillText(row.name, LEFT - 8, (line + 0.5) * height, LEFT - 10);
            for (let pixel = 0; pixel < inner;) {
                let end = pixel + 1;
                while (end < inner && at[end] === at[pixel])
                    end++;
                const value = row.values[at[pixel]];
                if (value !== undefined && LEFT + pixel < limit) {
                    context.fillStyle = value === null || !Number.isFinite(value) ? colour("--bad") :
                        shade(value > 0 ? (Math.log10(value) - this.least) / (this.most - this.least) : 0);
                    context.fillRect(LEFT + pixel, line * height, Math.min(end - pixel, limit - LEFT - pixel), height - 1);
                }
                pixel = end;
            }
        });
        this.drawPointer(context, inner, rows.length * height);
    }

    drawPointer(context, inner, height) {
        if (this.group.index < 0 || this.group.index >= this.group.x.length)
            return;
        const left = LEFT + this.share(this.group.x[this.group.index]) * inner;
        if (left < LEFT || left > LEFT + inner)
            return;
        context.strokeStyle = colour("--ink");
        context.beginPath();
        context.moveTo(left, 0);
        context.lineTo(left, height);
        context.stroke();
    }

    drawCursor() {
        this.tell();
        this.draw();
    }
}
