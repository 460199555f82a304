// curves.js: the charts of one job: losses, learning rate, gradients by layer, size of updates, all over one axis with
// one cursor.

import { save } from "../api.js";
import { CursorGroup } from "../charts/cursor.js";
import { drawLegend, LineChart } from "../charts/line.js";
import { smooth } from "../charts/scale.js";
import { StripChart } from "../charts/strip.js";
import { button, fill, h, icon, say, select } from "../dom.js";
import { count, duration, number } from "../format.js";
import { CurveData } from "./curve_data.js";

const LAYER = "gradient_norm.";
const AXES = { step: "step", epoch: "epoch", seconds: "seconds" };

/** A row of buttons of which one is pressed. */
function choice(label, options, value, chosen) {
    const buttons = options.map(([own, words]) => button(words, () => {
        for (const [other, control] of buttons)
            control.setAttribute("aria-pressed", String(other === own));
        chosen(own);
    }, { "aria-pressed": String(own === value) })).map((control, index) => [options[index][0], control]);
    return h("span", { class: "named", role: "group", "aria-label": label }, h("span", { "aria-hidden": "true" }, label),
        h("span", { class: "choice" }, buttons.map(entry => entry[1])));
}

export class Curves {
    /** @param {string} id of the job @param {function(): void} wanted asks for a refresh */
    constructor(id, wanted) {
        this.id = id;
        this.wanted = wanted;
        this.data = new CurveData(id);
        this.view = { axis: "step", xLog: false, yLog: false, smoothing: 0, layer: "" };
        this.group = new CursorGroup();
        this.loss = new LineChart({ title: "Loss", height: 320, group: this.group });
        this.rate = new LineChart({ title: "Learning rate", height: 110, group: this.group });
        this.gradient = new LineChart({ title: "Gradient norm", height: 130, group: this.group });
        this.update = new LineChart({ title: "Update size / parameter size", height: 130, group: this.group });
        this.strip = new StripChart({ title: "Gradient norm by layer", group: this.group });
        this.legend = h("div", { class: "legend" });
        this.readout = h("div", { class: "readout" });
        this.live = h("div", { class: "unseen", "aria-live": "polite" });
        this.marks = h("p", { class: "marks" });
        this.back = button("Show all", () => this.look(null), { hidden: true });
        this.layer = h("select", { "aria-label": "Gradient norm of", on: { change: () => {
            this.view.layer = this.layer.value;
            this.draw();
        } } });
        this.element = this.layOut();
        this.steering();
    }

    layOut() {
        const redraw = change => {
            Object.assign(this.view, change);
            this.draw();
        };
        const smoothing = select([["0", "off"], ["0.01", "1 % of the axis"], ["0.03", "3 % of the axis"], ["0.1", "10 % of the axis"]],
            "0", { "aria-label": "Smoothing", on: { change: event => redraw({ smoothing: Number(event.target.value) }) } });
        return h("section", { class: "card stack", "aria-label": "Curves" },
            h("div", { class: "section-head" }, h("h2", null, "Curves"),
                h("div", { class: "controls" },
                    choice("x", Object.keys(AXES).map(axis => [axis, AXES[axis]]), "step", axis => redraw({ axis })),
                    choice("x scale", [["", "linear"], ["log", "log"]], "", scale => redraw({ xLog: scale === "log" })),
                    choice("y scale", [["", "linear"], ["log", "log"]], "", scale => redraw({ yLog: scale === "log" })),
                    h("label", { class: "named" }, "Smoothing", smoothing), this.back,
                    h("button", { type: "button", class: "quiet", on: { click: () => this.picture() } }, icon("download"), "PNG"))),
            this.legend, this.readout, this.live, this.marks, this.loss.element, this.rate.element, this.strip.element,
            h("div", { class: "controls" }, h("label", { class: "named" }, "Line of", this.layer)), this.gradient.element, this.update.element,
            h("p", { class: "hint" }, "Drag over a chart to see a part closer; double-click shows all. With the keyboard: arrows move " +
                "the cursor, + and − zoom, 0 shows all."));
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
        this.refresh().catch(() => this.wanted());
    }

    /** Reads what is new and draws it. @param {AbortSignal} [signal] */
    async refresh(signal) {
        if (await this.data.refresh(signal) || this.drawn === undefined)
            this.draw();
    }

    destroy() {
        for (const chart of [this.loss, this.rate, this.gradient, this.update, this.strip])
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
        let checked = own;
        while (checked >= 0 && (series.validation_loss?.[checked] ?? null) === null)
            checked--;
        return fill(this.readout, h("span", null, index < 0 ? "latest:" : "at the cursor:"), entry("step", count(series.step[own])),
            entry("epoch", number(series.epoch[own], 5)), entry("after", duration(series.seconds[own])),
            entry("loss", this.told("loss", own)),
            checked >= 0 ? entry("validation", number(series.validation_loss[checked]) +
                (checked === own ? "" : ` (step ${count(series.step[checked])})`)) : null,
            entry("learning rate", number(series.learning_rate?.[own])), entry("gradient norm", this.told("gradient_norm", own)),
            entry("update ratio", number(series.update_ratio?.[own])));
    }

    /** A value, or the word for what it is instead. */
    told(name, index) {
        const value = this.data.series[name]?.[index];
        if (value !== null && value !== undefined)
            return number(value);
        const step = this.data.series.step[index];
        return this.data.nonfinite.find(entry => entry.series === name && entry.step === step)?.value ?? "–";
    }

    axis() {
        const { axis, xLog } = this.view;
        const x = this.data.series[axis] ?? [];
        let range = [x[0] ?? 0, x.at(-1) ?? 1];
        if (xLog)
            range = [x.find(value => value > 0) ?? 1e-3, Math.max(range[1], 1e-3)];
        else if (!this.data.window)
            range[0] = 0;
        return { x, range };
    }

    /** All charts, from the points held. */
    draw() {
        this.drawn = true;
        const { series, nonfinite, length, of, window } = this.data;
        const { axis, xLog, yLog, smoothing, layer } = this.view;
        const { x, range } = this.axis();
        this.group.x = x;
        this.group.log = xLog;
        const place = new Map(series.step.map((step, index) => [step, x[index]]));
        const said = `${count(length)} of ${count(of)} points${window ? `, steps ${count(window.from)} to ${count(window.to)}` : ""}`;
        const common = { xLog, range, xName: axis };
        const columns = names => () => [["step", series.step], [axis === "step" ? "epoch" : axis, series[axis === "step" ? "epoch" : axis] ?? []],
            ...names.filter(name => series[name]).map(name => [name, series[name].map((value, index) => value ?? this.told(name, index))])];

        const laidOut = this.drawLoss(common, place, said, columns, yLog, smoothing, x);
        this.rate.show({ ...common, yLog: false, series: [{ name: "learning rate", colour: "--series-3", ...this.data.points("learning_rate", x) }],
            summary: this.course("learning_rate"), table: columns(["learning_rate"]) });
        const layers = Object.keys(series).filter(name => name.startsWith(LAYER));
        this.strip.element.hidden = layers.length === 0;
        if (layers.length > 0) {
            /* Norms of layers are not measured at every point. */
            const measured = this.data.points(layers[0], x), pick = values => measured.index.map(index => values[index]);
            if (measured.index.length > 0)
                laidOut.then(() => this.strip.show({ rows: layers.map(name => ({ name: name.slice(LAYER.length).replace("layers.", "layer "), values: pick(series[name]) })),
                    x: measured.x, xLog, range, steps: pick(series.step), summary: `${count(layers.length)} layers, ${said}` }));
        }
        this.drawLayers(layers);
        const name = layer && series[LAYER + layer] ? LAYER + layer : "gradient_norm";
        const bad = nonfinite.filter(entry => entry.series === name);
        this.gradient.show({ ...common, yLog: true, series: [{ name, colour: "--series-4", width: 1.2, ...this.data.points(name, x) }],
            marks: bad.map(entry => ({ x: place.get(entry.step) })), summary: this.course(name), table: columns([name]) });
        this.update.show({ ...common, yLog: true, line: 1e-3, series: [{ name: "update ratio", colour: "--series-7", width: 1.2,
            ...this.data.points("update_ratio", x) }], summary: `${this.course("update_ratio")} · around 0.001 is usual`, table: columns(["update_ratio"]) });
        this.drawReadout(this.group.index);
    }

    drawLoss(common, place, said, columns, yLog, smoothing, x) {
        const { nonfinite } = this.data;
        const training = { name: "training", colour: "--series-1", ...this.data.points("loss", x) };
        const validation = { name: "validation", colour: "--series-2", dash: [6, 3], width: 1.8, ...this.data.points("validation_loss", x) };
        const curves = [training, ...validation.x.length > 0 ? [validation] : []];
        const rings = curves.map(curve => this.least(curve)).filter(Boolean);
        let shown = curves;
        if (smoothing > 0) {
            const width = (common.range[1] - common.range[0]) * smoothing;
            shown = [{ ...training, faint: true }, ...curves.slice(1),
                { name: `training, smoothed: exponential mean, half-width ${number(width, 3)} ${this.view.axis === "seconds" ? "s" : `${this.view.axis}s`}`,
                    colour: "--series-6", width: 1.8, x: training.x, y: smooth(training.x, training.y, width) }];
        }
        drawLegend(this.legend, shown);
        const bad = nonfinite.filter(entry => entry.series === "loss" || entry.series === "validation_loss");
        say(this.marks, bad.length === 0 ? "" : `▼ not finite: ${bad.slice(0, 3).map(entry =>
            `${entry.series} is ${entry.value} at step ${count(entry.step)}`).join("; ")}${bad.length > 3 ? ` and ${count(bad.length - 3)} more` : ""}`);
        this.marks.hidden = bad.length === 0;
        return this.loss.show({ ...common, yLog, series: shown, rings, marks: bad.map(entry => ({ x: place.get(entry.step) })),
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
        fill(this.layer, h("option", { value: "" }, "all parameters"), layers.map(name => h("option", { value: name.slice(LAYER.length) },
            name.slice(LAYER.length))));
    }

    async picture() {
        const blob = await this.loss.picture();
        save(URL.createObjectURL(blob), `loss-${this.id}.png`);
    }
}
