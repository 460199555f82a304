// line.js: curves over steps, epochs or seconds, by Chart.js. No value is left out silently: what a log axis cannot
// show is counted in the caption, non-finite steps are marked at the top edge, a value between two gaps is a dot.

import { fill, h, say } from "../dom.js";
import { count, number, short } from "../format.js";
import { asinhScale } from "./asinh.js";
import { colour, faded, letters, letterSize } from "./canvas.js";
import { LEFT, RIGHT, steer } from "./cursor.js";
import { axisScale, ticksOf } from "./scale.js";
import { dataTable } from "./table.js";

let loading = null;

function library() {
    loading ??= import("./chart.js").then(({ Chart, Scale }) => {
        Chart.register(asinhScale(Scale));
        return Chart;
    });
    return loading;
}

/**
 * One curve.
 * @typedef {{name: string, colour: string, dash?: Array<number>, width?: number, faint?: boolean, x: Array<number>,
 *     y: Array<number>, end?: string}} Series `colour` is a token of the style sheet; NaN in y is a gap; `end` is
 *     written at the last point
 * @typedef {{series: Array<Series>, xScale: string, yScale: string, range: [number, number], xName: string,
 *     marks?: Array<{x: number, text: string}>, rings?: Array<{x: number, y: number, colour: string}>, line?: number, yRange?: [number, number],
 *     bands?: Array<{colour: string, x: Array<number>, low: Array<number>, high: Array<number>}>,
 *     events?: Array<{x: number, text: string}>, summary: string, table: function(): Array<[string, Array]>}} LineView
 *     Scales are "", "log" or "asinh"; `range` is that of the x axis, `line` a level drawn across, `bands` lie behind the
 *     curves, `events` are ticks at the foot
 */

/** What both axes share. @param {import("./scale.js").AxisScale} mapping @param {function(): number} wanted
 * @param {function(number): string} words */
function axis(mapping, wanted, words) {
    return { type: { linear: "linear", log: "logarithmic", asinh: "asinh" }[mapping.kind], unit: mapping.unit,
        grid: { color: colour("--grid"), drawTicks: false, drawBorder: false },
        ticks: { color: colour("--muted"), font: { family: "Inter, system-ui, sans-serif", size: letterSize() }, maxRotation: 0, padding: 6, callback: words },
        afterBuildTicks: own => {
            own.ticks = ticksOf(mapping, own.min, own.max, wanted()).map(value => ({ value }));
        } };
}

export class LineChart {
    /** @param {{title: string, height: number, group: import("./cursor.js").CursorGroup}} options */
    constructor({ title, height, group }) {
        this.group = group;
        this.chart = null;
        /** @type {?LineView} */
        this.view = null;
        this.canvas = h("canvas", { role: "img", "aria-label": title });
        this.plot = h("div", { class: "plot", style: { height: `calc(${height}px * var(--tall))` } }, this.canvas);
        this.summary = h("span");
        this.table = dataTable(title, () => this.view?.table() ?? []);
        this.element = h("figure", { class: "chart" }, h("figcaption", null, h("h3", null, title), this.summary, this.table.toggle),
            this.plot, this.table.element);
        this.tell = steer(this.plot, group, { label: title, toX: pixel => this.toX(pixel) });
        this.recolour = () => this.view && this.show(this.view);
        addEventListener("themechange", this.recolour);
        group.charts.add(this);
    }

    destroy() {
        removeEventListener("themechange", this.recolour);
        this.group.charts.delete(this);
        this.chart?.destroy();
        this.chart = null;
        this.view = null;
    }

    toX(pixel) {
        const axis = this.chart?.scales.x;
        return axis ? axis.getValueForPixel(Math.max(axis.left, Math.min(pixel, axis.right))) : NaN;
    }

    drawCursor() {
        this.tell();
        this.chart?.draw();
    }

    /** @param {LineView} view */
    async show(view) {
        this.view = view;
        const Chart = await library();
        if (this.view !== view) // a newer one, or destroyed
            return;
        const { datasets, hidden, least, most } = this.prepare(view);
        const straight = this.scales(view, least, most);
        if (this.chart) {
            this.chart.data.datasets = datasets;
            Object.assign(this.chart.options.scales, this.axes);
            this.chart.update("none");
        } else {
            this.chart = new Chart(this.canvas, {
                type: "line",
                data: { datasets },
                options: {
                    animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
                    events: [], layout: { padding: { right: RIGHT, top: 9 } },
                    plugins: { legend: { display: false }, tooltip: { enabled: false } }, scales: this.axes,
                },
                plugins: [{ beforeDatasetsDraw: chart => this.drawBands(chart), afterDatasetsDraw: chart => this.decorate(chart) }],
            });
        }
        this.group.right = this.chart.width - this.chart.chartArea.right;
        const words = [view.summary, hidden > 0 ? `${count(hidden)} values at or below 0 have no place on a log axis` : "",
            straight].filter(Boolean).join(" · ");
        say(this.summary, words);
        this.canvas.setAttribute("aria-label", words);
        this.table.refresh();
        this.tell();
    }

    /** Data sets of the library, and the extent of y over what is seen. */
    prepare(view) {
        let hidden = 0, least = Infinity, most = -Infinity;
        const datasets = view.series.map((series, place) => {
            const points = [];
            for (let index = 0; index < series.x.length; index++) {
                let y = series.y[index];
                const x = series.x[index];
                if (y === null)
                    y = NaN;
                if ((view.yScale === "log" && y <= 0) || (view.xScale === "log" && x <= 0)) {
                    hidden++;
                    y = NaN;
                }
                points.push({ x, y });
                if (Number.isFinite(y) && x >= view.range[0] && x <= view.range[1]) {
                    least = Math.min(least, y);
                    most = Math.max(most, y);
                }
            }
            // One radius for all: the library would else work out the looks of every single point.
            const few = points.length <= 40;
            const gap = index => !Number.isFinite(points[index]?.y ?? NaN);
            const alone = few ? [] : points.map((_, index) => index).filter(index => !gap(index) && gap(index - 1) && gap(index + 1));
            return { data: points, borderColor: series.faint ? faded(series.colour, 0.35) : colour(series.colour),
                backgroundColor: colour(series.colour), borderWidth: series.width ?? 1.5, borderDash: series.dash ?? [],
                pointRadius: few ? 2 : 0, pointBorderWidth: 0, pointHitRadius: 0, tension: 0, spanGaps: false, own: series, alone, order: -place };
        });
        for (const band of view.bands ?? [])
            band.x.forEach((x, index) => {
                if (x < view.range[0] || x > view.range[1] || (view.yScale === "log" && band.low[index] <= 0))
                    return;
                least = Math.min(least, band.low[index]);
                most = Math.max(most, band.high[index]);
            });
        if (Number.isFinite(view.line) && Number.isFinite(least)) {
            least = Math.min(least, view.line);
            most = Math.max(most, view.line);
        }
        return { datasets, hidden, least, most };
    }

    /** Options of both axes. @returns {string} what must be said of them */
    scales(view, least, most) {
        let [low, high] = view.yRange ?? [least, most];
        if (!Number.isFinite(low))
            [low, high] = view.yScale === "log" ? [0.1, 1] : [0, 1];
        if (view.yScale === "log") {
            const margin = Math.max(1.08, (high / low) ** 0.06);
            low /= margin;
            high *= margin;
        } else {
            const margin = (high - low || Math.abs(high) || 1) * 0.06;
            low = low >= 0 && low - margin < 0 ? 0 : low - margin;
            high += margin;
        }
        const [first, last] = view.range[1] > view.range[0] ? view.range : [view.range[0], view.range[0] + 1];
        this.x = axisScale(view.xScale, Math.max(Math.abs(first), Math.abs(last)));
        const y = axisScale(view.yScale, Math.max(Math.abs(low), Math.abs(high)));
        // The library knows the size; asking the page for it would make the browser lay it out for each chart.
        const wide = () => Math.max(2, Math.floor((this.chart?.width ?? this.plot.clientWidth) / 110));
        const tall = () => Math.max(2, Math.floor((this.chart?.height ?? this.plot.clientHeight) / 36));
        this.axes = {
            x: { ...axis(this.x, wide, value => short(value)), min: first, max: last },
            y: { ...axis(y, tall, value => number(value, 3)), min: low, max: high, afterFit: own => {
                own.width = LEFT;
            } },
        };
        return [[view.xScale, this.x], [view.yScale, y]].filter(([kind]) => kind === "asinh").map(([, scale], index, all) =>
            `asinh${all.length > 1 ? index === 0 ? " x" : " y" : ""}: straight up to ${number(scale.unit, 2)}`).join(" · ");
    }

    drawBands(chart) {
        const { ctx: context, chartArea: area, scales: { x, y } } = chart;
        context.save();
        context.beginPath();
        context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
        context.clip();
        for (const band of this.view?.bands ?? []) {
            const point = (values, index) => [x.getPixelForValue(band.x[index]),
                y.getPixelForValue(this.view.yScale === "log" ? Math.max(values[index], y.min / 10) : values[index])];
            context.fillStyle = faded(band.colour, 0.2);
            context.beginPath();
            band.x.forEach((_, index) => context.lineTo(...point(band.high, index)));
            for (let index = band.x.length - 1; index >= 0; index--)
                context.lineTo(...point(band.low, index));
            context.fill();
        }
        context.restore();
    }

    /** What stands on the curves: level, marks, rings, names at the ends, the cursor. */
    decorate(chart) {
        const { ctx: context, chartArea: area, scales: { x, y } } = chart;
        const view = this.view;
        if (!view)
            return;
        context.save();
        context.font = letters();
        if (Number.isFinite(view.line)) {
            context.strokeStyle = colour("--edge");
            context.setLineDash([2, 3]);
            context.beginPath();
            context.moveTo(area.left, y.getPixelForValue(view.line));
            context.lineTo(area.right, y.getPixelForValue(view.line));
            context.stroke();
            context.setLineDash([]);
        }
        for (const ring of view.rings ?? []) {
            const left = x.getPixelForValue(ring.x), top = y.getPixelForValue(ring.y);
            if (!Number.isFinite(left + top) || left < area.left - 1 || left > area.right + 1)
                continue;
            context.strokeStyle = colour(ring.colour);
            context.fillStyle = colour("--surface");
            context.lineWidth = 2;
            context.beginPath();
            context.arc(left, top, 4, 0, 2 * Math.PI);
            context.fill();
            context.stroke();
        }
        this.drawAlone(context, chart);
        this.drawEvents(context, area, x);
        this.drawMarks(context, area, x);
        this.drawEnds(context, chart, area);
        if (this.group.index >= 0 && this.group.index < this.group.x.length)
            this.drawLine(context, chart, area, x);
        context.restore();
    }

    /** Values between two gaps, which no line shows. */
    drawAlone(context, chart) {
        chart.data.datasets.forEach((dataset, place) => {
            context.fillStyle = dataset.backgroundColor;
            for (const index of dataset.alone) {
                const { x, y } = chart.getDatasetMeta(place).data[index] ?? {};
                context.beginPath();
                context.arc(x, y, 2, 0, 2 * Math.PI);
                context.fill();
            }
        });
    }

    /** What is not finite: at the top edge, with its step where there is room. */
    drawMarks(context, area, x) {
        let before = -Infinity, written = -Infinity;
        context.fillStyle = colour("--bad");
        context.textAlign = "left";
        for (const mark of this.view.marks ?? []) {
            const left = x.getPixelForValue(mark.x);
            if (!(left >= area.left - 1 && left <= area.right + 1) || left - before < 3)
                continue;
            before = left;
            context.beginPath();
            context.moveTo(left - 5, area.top - 7);
            context.lineTo(left + 5, area.top - 7);
            context.lineTo(left, area.top + 2);
            context.fill();
            const width = context.measureText(mark.text ?? "").width;
            const start = left + 8 + width > area.right ? left - 8 - width : left + 8;
            if (mark.text && start > written + 6) {
                context.fillText(mark.text, start, area.top + 4);
                written = start + width;
            }
        }
    }

    /** Short ticks at the foot, their words beside them while there is room. */
    drawEvents(context, area, x) {
        let written = -Infinity;
        context.fillStyle = context.strokeStyle = colour("--muted");
        context.lineWidth = 1;
        context.textAlign = "left";
        for (const event of this.view.events ?? []) {
            const left = x.getPixelForValue(event.x);
            if (!(left >= area.left - 1 && left <= area.right + 1))
                continue;
            context.beginPath();
            context.moveTo(left, area.bottom - 9);
            context.lineTo(left, area.bottom);
            context.stroke();
            const width = context.measureText(event.text).width;
            if (left + 4 > written && left + 4 + width < area.right) {
                context.fillText(event.text, left + 4, area.bottom - 4);
                written = left + 10 + width;
            }
        }
    }

    drawEnds(context, chart, area) {
        context.textAlign = "right";
        const taken = [];
        for (const dataset of chart.data.datasets) {
            const series = dataset.own;
            const index = series.end ? dataset.data.findLastIndex(point => Number.isFinite(point.y)) : -1;
            if (index < 0)
                continue;
            const { x: right, y: height } = chart.getDatasetMeta(chart.data.datasets.indexOf(dataset)).data[index] ?? {};
            let top = Math.max(area.top + 10, Math.min(height - 6, area.bottom - 4));
            const end = Math.min(right, area.right) - 2;
            const start = end - context.measureText(series.end).width;
            if (start < area.left)
                continue; // the legend names it
            while (taken.some(other => Math.abs(other.top - top) < 13 && other.start < end && start < other.end))
                top -= 13;
            taken.push({ top, start, end });
            context.fillStyle = faded("--surface", 0.85); // over a noisy curve letters alone could not be read
            context.fillRect(start - 3, top - 10, end - start + 6, 13);
            context.fillStyle = colour(series.colour);
            context.fillText(series.end, end, top);
        }
    }

    drawLine(context, chart, area, x) {
        const left = x.getPixelForValue(this.group.x[this.group.index]);
        if (!(left >= area.left - 1 && left <= area.right + 1))
            return;
        context.strokeStyle = colour("--edge");
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(left, area.top);
        context.lineTo(left, area.bottom);
        context.stroke();
    }

    /** The picture as it is seen, on the page's ground. @returns {Promise<Blob>} */
    picture() {
        const copy = document.createElement("canvas");
        copy.width = this.canvas.width;
        copy.height = this.canvas.height;
        const context = copy.getContext("2d");
        context.fillStyle = colour("--surface");
        context.fillRect(0, 0, copy.width, copy.height);
        context.drawImage(this.canvas, 0, 0);
        return new Promise(resolve => copy.toBlob(resolve));
    }
}

/** Words and lines that say which curve is which. @param {HTMLElement} legend @param {Array<Series>} series */
export function drawLegend(legend, series) {
    fill(legend, series.map(own => h("span", { class: "key" },
        h("i", { class: own.dash?.length ? "dashed" : null, style: { "--own": `var(${own.colour})` } }), own.name)));
}
