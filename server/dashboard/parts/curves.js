// curves.js: the charts of one job: losses, learning rate with what is ahead of it, gradients and updates by layer, all
// over one axis with one cursor.

import { save } from "../api.js";
import { CursorGroup } from "../charts/cursor.js";
import { drawLegend, LineChart } from "../charts/line.js";
import { axisScale, smooth } from "../charts/scale.js";
import { StripChart } from "../charts/strip.js";
import { button, choice, fill, h, icon, say, select } from "../dom.js";
import { count, duration, number } from "../format.js";
import { Ahead } from "./ahead.js";
import { CurveData } from "./curve_data.js";

const GRADIENT = "gradient_norm";
const UPDATE = "update_ratio";
const VALUE = "parameters.";
const AXES = { step: "step", epoch: "epoch", seconds: "seconds" };
const SCALES = [["", "linear"], ["log", "log"], ["asinh", "asinh"]];

export class Curves {
    /** @param {string} id of the job @param {function(): void} wanted asks for a refresh */
    constructor(id, wanted) {
        this.id = id;
        this.wanted = wanted;
        this.data = new CurveData(id);
        this.ahead = new Ahead(id);
        this.view = { axis: "step", xScale: "", yScale: "", smoothing: 0, layer: "", reach: "" };
        /** What happened at which step. @type {Array<{step: number, text: string}>} */
        this.events = [];
        this.group = new CursorGroup();
        const { group } = this, picked = name => this.pick(name.replace("layer ", "layers."));
        this.loss = new LineChart({ title: "Loss", height: 320, group });
        this.rate = new LineChart({ title: "Learning rate", height: 110, group });
        this.values = new LineChart({ title: "Parameters", height: 180, group });
        this.gradients = new StripChart({ title: "Gradient norm by layer", group, picked });
        this.updates = new StripChart({ title: "Update size / parameter size by layer", group, picked });
        this.gradient = new LineChart({ title: "Gradient norm", height: 130, group });
        this.update = new LineChart({ title: "Update size / parameter size", height: 130, group });
        this.legend = h("div", { class: "legend" });
        this.readout = h("div", { class: "readout" });
        this.live = h("div", { class: "unseen", "aria-live": "polite" });
        this.marks = h("p", { class: "marks" });
        this.back = button("Show all", () => this.look(null), { hidden: true });
        this.layer = h("select", { id: "layer", "aria-label": "Layer", on: { change: () => this.pick(this.layer.value) } });
        this.steps = h("div", { class: "controls" }, h("label", { class: "named" }, "Lines of", this.layer), h("span", null, "or click a layer above"));
        this.element = this.layOut();
        this.steering();
    }

    get charts() {
        return [this.loss, this.values, this.rate, this.gradients, this.updates, this.gradient, this.update];
    }

    layOut() {
        const redraw = change => {
            Object.assign(this.view, change);
            this.draw();
        };
        const smoothing = select([["0", "off"], ["0.01", "1 % of the axis"], ["0.03", "3 % of the axis"], ["0.1", "10 % of the axis"]],
            "0", { "aria-label": "Smoothing", on: { change: event => redraw({ smoothing: Number(event.target.value) }) } });
        const scales = { x: choice("x scale", SCALES, "", xScale => redraw({ xScale })), y: choice("y scale", SCALES, "", yScale => redraw({ yScale })) };
        this.reach = choice("up to", [["", "now"], ["end", "the end"]], "", reach => redraw({ reach }));
        const element = h("section", { class: "card stack", "aria-label": "Curves" },
            h("div", { class: "section-head" }, h("h2", null, "Curves"),
                h("div", { class: "controls" },
                    choice("x", Object.entries(AXES), "step", axis => redraw({ axis })).element, scales.x.element, scales.y.element, this.reach.element,
                    h("label", { class: "named" }, "Smoothing", smoothing), this.back,
                    h("button", { type: "button", class: "quiet", on: { click: () => this.picture() } }, icon("download"), "PNG"))),
            this.legend, this.readout, this.live, this.marks, this.loss.element, this.values.element, this.rate.element, this.gradients.element, this.updates.element,
            this.steps, this.gradient.element, this.update.element,
            h("p", { class: "hint" }, "Drag over a chart to see a part closer; double-click shows all. With the keyboard: arrows move " +
                "the cursor, + and − zoom, 0 shows all, x and y change the scales."));
        element.addEventListener("keydown", event => {
            if (scales[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, select, textarea"))
                scales[event.key].next();
        });
        return element;
    }

    steering() {
        let timer = 0;
        this.group.words = index => this.sentence(index);
        this.group.moved = index => {
            this.drawReadout(index);
            clearTimeout(timer);
            timer = setTimeout(() => say(this.live, index < 0 ? "" : this.sentence(index)), 400);
        };
        this.group.reset = () => this.look(null);
        this.group.zoomed = (from, to) => {
            const x = this.group.x;
            let first = x.findIndex(value => value >= from), last = x.findLastIndex(value => value <= to);
            if (first < 0 || last < 0)
                return;
            first = Math.max(0, first - 1);
            last = Math.min(x.length - 1, last + 1);
            const steps = this.data.series.step;
            if (steps[last] > steps[first])
                this.look({ from: steps[first], to: steps[last] });
        };
    }

    look(window) {
        if (window === null && this.data.window === null)
            return;
        this.group.point(-1);
        this.data.look(window);
        this.back.hidden = window === null;
        this.draw();
        this.refresh().catch(() => this.wanted());
    }

    /** Shows the lines of one layer, "" of all parameters. @param {string} name */
    pick(name) {
        this.view.layer = name;
        this.layer.value = name;
        this.draw();
    }

    /** Reads what is new and draws it. @param {AbortSignal} [signal] @param {Object} [job] as it is now */
    async refresh(signal, job) {
        if (job)
            await this.ahead.follow(job, signal);
        if (await this.data.refresh(signal) || this.drawn === undefined)
            this.draw();
    }

    destroy() {
        for (const chart of this.charts)
            chart.destroy();
    }

    sentence(index) {
        const { series } = this.data;
        const parts = [`step ${count(series.step[index])}`];
        for (const [name, words] of [["loss", "loss"], ["validation_loss", "validation"]])
            if (series[name]?.[index] !== null && series[name]?.[index] !== undefined)
                parts.push(`${words} ${number(series[name][index])}`);
        return parts.join(", ");
    }

    drawReadout(index) {
        const { series, length } = this.data;
        const own = index < 0 ? length - 1 : index;
        if (own < 0)
            return fill(this.readout, "No point has been recorded yet.");
        const entry = (words, value) => h("span", null, `${words} `, h("b", null, value));
        const before = name => {
            let at = own;
            while (at >= 0 && (series[name]?.[at] ?? null) === null)
                at--;
            return at < 0 ? null : number(series[name][at]) + (at === own ? "" : ` (step ${count(series.step[at])})`);
        };
        const validation = before("validation_loss"), ratio = before(UPDATE);
        return fill(this.readout, h("span", null, index < 0 ? "latest:" : "at the cursor:"), entry("step", count(series.step[own])),
            entry("epoch", number(series.epoch[own], 5)), entry("after", duration(series.seconds[own])),
            entry("loss", this.told("loss", own)), validation ? entry("validation", validation) : null,
            entry("learning rate", number(series.learning_rate?.[own])), entry("gradient norm", this.told(GRADIENT, own)),
            ratio ? entry("update ratio", ratio) : null);
    }

    /** A value, or the word for what it is instead. */
    told(name, index) {
        const value = this.data.series[name]?.[index];
        if (value !== null && value !== undefined)
            return number(value);
        const step = this.data.series.step[index];
        return this.data.nonfinite.find(entry => entry.series === name && entry.step === step)?.value ?? "–";
    }

    /** The points on the axis, and from where to where it goes. */
    axis() {
        const { axis, xScale, reach } = this.view;
        const { window, series } = this.data;
        const x = series[axis] ?? [];
        let range = window ? [x[series.step.findIndex(step => step >= window.from)], x[series.step.findLastIndex(step => step <= window.to)]] : [x[0], x.at(-1)];
        range = [range[0] ?? x[0] ?? 0, range[1] ?? x.at(-1) ?? 1];
        if (!window)
            range = [Math.min(0, range[0]), this.ahead.reach(this.data.series, axis, range[1], reach === "end")];
        if (xScale === "log")
            range = [x.find(value => value > 0) ?? 1e-3, Math.max(range[1], 1e-3)];
        return { x, range };
    }

    /** All charts, from the points held. */
    draw() {
        this.drawn = true;
        const { series, nonfinite, length, of, window, stale } = this.data;
        const { axis, xScale } = this.view;
        const { x, range } = this.axis();
        for (const chart of this.charts)
            chart.element.hidden = length === 0; // an axis of nothing would be made up
        this.steps.hidden = length === 0;
        if (length === 0)
            return this.drawReadout(-1);
        this.reach.element.hidden = !this.ahead.active || window !== null;
        this.group.x = x;
        this.group.scale = axisScale(xScale, Math.max(Math.abs(range[0]), Math.abs(range[1])));
        const place = new Map(series.step.map((step, index) => [step, x[index]]));
        const marks = bad => bad.map(entry => ({ x: place.get(entry.step), text: `${entry.value} at step ${count(entry.step)}` }));
        const steps = window ? `steps ${count(window.from)} to ${count(window.to)}` : "all steps";
        const said = stale ? `reading ${steps}…` : `${count(length)} of ${count(of)} points${window ? `, ${steps}` : ""}`;
        const common = { xScale, range, xName: axis };
        const columns = names => () => [["step", series.step], [axis === "step" ? "epoch" : axis, series[axis === "step" ? "epoch" : axis] ?? []],
            ...names.filter(name => series[name]).map(name => [name, series[name].map((value, index) => value ?? this.told(name, index))])];

        const laidOut = this.drawLoss(common, place, said, columns, marks, x);
        const ahead = window ? null : this.ahead.line(series, axis);
        this.rate.show({ ...common, yScale: "", series: [{ name: "learning rate", colour: "--series-3", ...this.data.points("learning_rate", x) },
            ...ahead ? [{ name: "ahead", colour: "--series-3", dash: [3, 3], ...ahead }] : []],
        summary: `${this.course("learning_rate")}${ahead ? " · dashed: ahead" : ""}${this.ahead.words}`, table: columns(["learning_rate"]) });

        this.drawValues(common, columns, x);
        const layers = Object.keys(series).filter(name => name.startsWith(`${GRADIENT}.`)).map(name => name.slice(GRADIENT.length + 1));
        laidOut.then(() => {
            this.drawStrip(this.gradients, GRADIENT, layers, { xScale, range }, x, said);
            this.drawStrip(this.updates, UPDATE, layers, { xScale, range }, x, `around 0.001 is usual, ${said}`);
        });
        this.drawLayers(layers);
        const of_ = base => this.view.layer && series[`${base}.${this.view.layer}`] ? `${base}.${this.view.layer}` : base;
        const lines = [[this.gradient, of_(GRADIENT), "--series-4", {}, ""], [this.update, of_(UPDATE), "--series-7", { line: 1e-3 }, " · around 0.001 is usual"]];
        for (const [chart, name, colour, more, words] of lines)
            chart.show({ ...common, ...more, yScale: "log", series: [{ name, colour, width: 1.2, ...this.data.points(name, x) }],
                marks: marks(nonfinite.filter(entry => entry.series === name)),
                summary: `${this.view.layer ? `${this.view.layer}: ` : ""}${this.course(name)}${words}`, table: columns([name]) });
        this.drawReadout(this.group.index);
    }

    /** Where the parameters of a formula went; other models have too many. */
    drawValues(common, columns, x) {
        const names = Object.keys(this.data.series).filter(name => name.startsWith(VALUE));
        this.values.element.hidden = names.length === 0;
        if (names.length === 0)
            return;
        say(this.gradients.heading, "Gradient size by parameter");
        this.values.show({ ...common, yScale: "", series: names.map((name, index) => ({ name: name.slice(VALUE.length), colour: `--series-${index % 8 + 1}`,
            dash: index < 8 ? [] : [6, 3], end: name.slice(VALUE.length), ...this.data.points(name, x) })),
        summary: names.slice(0, 4).map(name => `${name.slice(VALUE.length)}: ${number(this.data.series[name][0], 3)} to ${number(this.data.series[name].at(-1), 3)}`).join(" · "),
        table: columns(names) });
    }

    drawStrip(strip, base, layers, common, x, said) {
        const { series } = this.data;
        const rows = layers.filter(layer => series[`${base}.${layer}`]);
        /* Layers are not measured at every point. */
        const measured = rows.length > 0 ? this.data.points(`${base}.${rows[0]}`, x) : { index: [], x: [] };
        const pick = values => measured.index.map(index => values[index]);
        strip.element.hidden = measured.index.length === 0;
        if (measured.index.length > 0)
            strip.show({ ...common, rows: rows.map(layer => ({ name: layer.replace("layers.", "layer "), values: pick(series[`${base}.${layer}`]) })),
                x: measured.x, steps: pick(series.step), chosen: this.view.layer.replace("layers.", "layer "),
                summary: `${count(rows.length)} layers, measured at ${count(measured.index.length)} points, ${said}` });
    }

    drawLoss(common, place, said, columns, marks, x) {
        const { nonfinite } = this.data;
        const { smoothing, yScale, axis } = this.view;
        const training = { name: "training", colour: "--series-1", end: "training", ...this.data.points("loss", x) };
        const validation = { name: "validation", colour: "--series-2", dash: [6, 3], width: 1.8, end: "validation", ...this.data.points("validation_loss", x) };
        const curves = [training, ...validation.x.length > 0 ? [validation] : []];
        const rings = curves.map(curve => this.least(curve)).filter(Boolean);
        let shown = curves;
        if (smoothing > 0) {
            const width = (common.range[1] - common.range[0]) * smoothing;
            shown = [{ ...training, faint: true }, ...curves.slice(1),
                { name: `training, smoothed: exponential mean, half-width ${number(width, 3)} ${axis === "seconds" ? "s" : `${axis}s`}`,
                    colour: "--series-6", width: 1.8, x: training.x, y: smooth(training.x, training.y, width) }];
        }
        drawLegend(this.legend, shown);
        const bad = nonfinite.filter(entry => entry.series === "loss" || entry.series === "validation_loss");
        say(this.marks, bad.length === 0 ? "" : `▼ not finite: ${bad.slice(0, 3).map(entry =>
            `${entry.series} is ${entry.value} at step ${count(entry.step)}`).join("; ")}${bad.length > 3 ? ` and ${count(bad.length - 3)} more` : ""}`);
        this.marks.hidden = bad.length === 0;
        const near = step => {
            const at = this.data.series.step.findIndex(own => own >= step);
            return at < 0 ? NaN : x[at];
        };
        return this.loss.show({ ...common, yScale, series: shown, rings, marks: marks(bad),
            events: this.events.map(event => ({ x: near(event.step), text: event.text })),
            summary: `${said} · ${this.course("loss")}`, table: columns(["loss", "validation_loss"]) });
    }

    least(curve) {
        let best = -1;
        curve.y.forEach((value, index) => {
            if (Number.isFinite(value) && (best < 0 || value < curve.y[best]))
                best = index;
        });
        return best < 0 ? null : { x: curve.x[best], y: curve.y[best], colour: curve.colour };
    }

    /** "2.3 to 0.08, least 0.07 at step 472" */
    course(name) {
        const values = this.data.series[name] ?? [];
        const known = values.map((value, index) => [value, index]).filter(([value]) => value !== null);
        if (known.length === 0)
            return "no value yet";
        const least = known.reduce((best, entry) => entry[0] < best[0] ? entry : best);
        return `${number(known[0][0], 3)} to ${number(known.at(-1)[0], 3)}, least ${number(least[0], 3)} at step ` +
            count(this.data.series.step[least[1]]);
    }

    drawLayers(layers) {
        if (this.layer.options.length === layers.length + 1)
            return;
        fill(this.layer, h("option", { value: "" }, "all parameters"), layers.map(name => h("option", { value: name }, name)));
        this.layer.value = this.view.layer;
    }

    async picture() {
        const blob = await this.loss.picture();
        save(URL.createObjectURL(blob), `loss-${this.id}.png`);
    }
}
