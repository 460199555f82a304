// compare.js: runs over each other: curves, one by one or by groups, the settings in which they differ, and how far and
// how fast each came. Everything that is chosen stands in the address, so the view can be passed on.

import { ApiError, get, query } from "../api.js";
import { CursorGroup } from "../charts/cursor.js";
import { drawLegend, LineChart } from "../charts/line.js";
import { ParallelChart } from "../charts/parallel.js";
import { axisScale, nearest } from "../charts/scale.js";
import { button, copier, fill, h, icon, say, select } from "../dom.js";
import { count, number, plain, title as nameOf } from "../format.js";
import { CompareTables } from "../parts/compare_tables.js";
import { CurveData } from "../parts/curve_data.js";
import { differing, groupBy, groupKeys, soFar, spread, valueOf } from "../parts/grouping.js";
import { poll } from "../poll.js";
import { notice } from "../shell.js";

export const title = "Compare";

const OVERLAY = 8; // lines over each other; more runs stand side by side
const MOST = 24;
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [], [7, 3], [2, 3], [9, 3, 2, 3]];
const SERIES = [["loss", "training loss"], ["best", "best training loss so far"], ["validation_loss", "validation loss"], ["gradient_norm", "gradient norm"],
    ["update_ratio", "update ratio"], ["learning_rate", "learning rate"]];
const AXES = [["step", "step"], ["epoch", "epoch"], ["seconds", "seconds"], ["evaluations", "gradient evaluations"]];
const SCALES = [["", "linear"], ["log", "log"], ["asinh", "asinh"]];
const NEAR = 10; // px from the pointer to a curve that it means
const SETTINGS = 7; // axes of the parallel chart besides the loss

/** Whether a run took one gradient for each step: a line search takes several, a test of rates some before the first, and
 * how many is not recorded. */
function isCounted({ spec: { optimizer } }) {
    return !(optimizer.type === "lbfgs" && optimizer.line_search !== "none") && optimizer.learning_rate !== "auto";
}

/** All values of several ascending lists, ascending, each once. @param {Array<Array<number>>} lists @returns {Float64Array} */
function union(lists) {
    const all = new Float64Array(lists.reduce((sum, own) => sum + own.length, 0));
    let length = 0;
    for (const own of lists) {
        all.set(own, length);
        length += own.length;
    }
    all.sort();
    let kept = 0;
    for (let index = 0; index < length; index++)
        if (index === 0 || all[index] !== all[kept - 1])
            all[kept++] = all[index];
    return all.subarray(0, kept);
}

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    const given = (name, usual = "") => route.query.get(name) ?? usual;
    const view = {
        jobs: [...new Set(given("jobs").split(",").filter(Boolean))].slice(0, MOST), series: given("series", "loss"), x: given("x", "step"),
        xs: given("xs"), ys: given("ys"), threshold: given("threshold"), group: given("group"), baseline: given("baseline"),
    };
    let range = null, lit = -1;
    const closing = new AbortController();
    /** @type {Map<string, {job: Object, data: CurveData}>} */
    const runs = new Map();
    const group = new CursorGroup();
    const chart = new LineChart({ title: "Curves over each other", height: 380, group });
    /** @type {Map<string, LineChart>} */
    const small = new Map();
    const parallel = new ParallelChart({ title: "Settings and best loss", lit: index => light(index) });
    const tables = new CompareTables(id => change({ baseline: id }));
    const legend = h("div", { class: "legend" }), readout = h("div", { class: "readout" }), multiples = h("div", { class: "multiples" });
    const without = h("p", { class: "hint", hidden: true });
    const picker = h("div", { class: "row" }), chosen = h("div", { class: "starts" }), sweep = h("section", { class: "card stack" }, h("h2", { class: "unseen" }, "Sweep"), parallel.element);
    const groups = h("select", { "aria-label": "Group by", id: "group", on: { change: () => change({ group: groups.value }) } });
    const control = (name, options, label) => {
        const own = select(options, view[name], { "aria-label": label, on: { change: () => change({ [name]: own.value }) } });
        return h("label", { class: "named" }, label, own);
    };
    const threshold = h("input", { id: "threshold", inputmode: "decimal", value: view.threshold, placeholder: "for example 0.1",
        on: { change: () => change({ threshold: threshold.value.trim() }) } });

    /** The series along x: of the runs that have an axis of evaluations at all, it is that of steps. */
    const axis = () => view.x === "evaluations" ? "step" : view.x;
    /** What is read of a curve. */
    const wanted = () => `${view.series === "best" ? "loss" : view.series},epoch,seconds`;

    function change(members) {
        Object.assign(view, members);
        if (members.series) {
            range = null;
            runs.forEach(run => run.data.choose(wanted()));
            poller.now();
        }
        history.replaceState(null, "", `#/compare${query({ ...view, jobs: view.jobs.join(",") }).replaceAll("%2C", ",")}`);
        draw();
    }

    const content = h("div", { class: "stack" },
        h("section", { class: "card stack" }, h("h2", { class: "unseen" }, "Curves"), h("div", { class: "controls" }, control("series", SERIES, "Show"), control("x", AXES, "over"),
            control("xs", SCALES, "x scale"), control("ys", SCALES, "y scale"), h("label", { class: "named" }, "Group by", groups)), legend, readout, without, chart.element, multiples),
        h("section", { class: "card stack" }, h("div", { class: "section-head" }, h("h2", null, "How far, how fast"),
            h("div", { class: "controls" }, h("label", { class: "named", for: "threshold" }, "Threshold"), threshold)), tables.figures),
        sweep, h("section", { class: "card stack" }, h("h2", null, "Settings that differ"), tables.differences));
    const none = h("p", { class: "hint" }, "Choose two runs or more, here or by ticking them in the list of jobs.");
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Compare"), copier("Copy link", () => location.href)),
        h("section", { class: "card stack" }, chosen, picker), h("div", { class: "row" }), none, content);

    group.words = index => `${view.x} ${number(group.x[index], 6)}: ${valuesAt(index).map(([name, value]) => `${name} ${number(value)}`).join(", ")}`;
    group.moved = drawReadout;
    group.reset = () => zoom(null);
    group.zoomed = (from, to) => zoom([from, to]);

    /** Every run's part of what is on the axis: drawn at once from the points that are there, then read closer from the service. */
    function zoom(to) {
        range = to;
        for (const run of runs.values()) {
            const { step } = run.data.series, x = run.data.series[axis()];
            const first = range ? Math.max(0, x.findIndex(value => value >= range[0]) - 1) : 0;
            const last = range ? x.findLastIndex(value => value <= range[1]) + 1 : 0;
            run.data.look(range && last > first ? { from: step[first] ?? 0, to: step[Math.min(last, step.length - 1)] } : null);
        }
        drawCurves(known());
        Promise.all([...runs.values()].map(run => run.data.refresh(closing.signal))).then(read => {
            if (read.some(Boolean))
                drawCurves(known());
        }, () => poller.now());
    }

    function light(index) {
        if (index === lit)
            return;
        lit = index;
        const list = known();
        drawCurves(list);
        drawSweep(list);
    }

    /** The run whose curve lies under the pointer is lit among the settings, too. */
    chart.plot.addEventListener("pointermove", event => {
        const y = chart.chart?.scales.y, list = plotted(known());
        if (!y || view.group || sweep.hidden || event.buttons > 0 || list.length !== known().length)
            return;
        const box = chart.plot.getBoundingClientRect(), x = chart.toX(event.clientX - box.left), top = event.clientY - box.top;
        const far = list.map(run => {
            const own = curve(run), at = nearest(own.x, x, group.scale);
            return at < 0 || !Number.isFinite(own.y[at]) ? Infinity : Math.abs(y.getPixelForValue(own.y[at]) - top);
        });
        const least = Math.min(...far);
        light(least < NEAR ? far.indexOf(least) : -1);
    });
    chart.plot.addEventListener("pointerleave", () => light(-1));

    /* --- Choosing --------------------------------------------------------------------------- */

    async function drawPicker() {
        const list = (await get("/v1/jobs?limit=200")).jobs.filter(job => !view.jobs.includes(job.id));
        const full = view.jobs.length >= MOST;
        const own = select([["", list.length > 0 ? "add a run…" : "no other run"], ...list.map(job =>
            [job.id, `${nameOf(job)} · ${job.status} · best ${number(job.loss?.best)} · ${job.id.slice(-6)}`])], "", {
            "aria-label": "Add a run", id: "add-run", disabled: full, on: { change: () => {
                change({ jobs: [...view.jobs, own.value] });
                drawPicker();
                poller.now();
            } } });
        fill(picker, own, full ? h("span", { class: "hint" }, `${MOST} is the most.`) : null);
    }

    function drop(id) {
        runs.delete(id);
        change({ jobs: view.jobs.filter(own => own !== id), baseline: view.baseline === id ? "" : view.baseline });
        drawPicker();
    }

    const token = index => `--series-${index % OVERLAY + 1}`;
    const swatch = index => h("i", { class: DASHES[index % OVERLAY].length > 0 ? "swatch dashed" : "swatch", style: { "--own": `var(${token(index)})` } });

    /** Runs of one name are told apart by the end of their id. */
    function known() {
        const list = view.jobs.map((id, index) => ({ id, index, ...runs.get(id) })).filter(run => run.job);
        const names = list.map(run => nameOf(run.job));
        return list.map(run => ({ ...run, swatch: () => swatch(run.index),
            name: names.filter(name => name === nameOf(run.job)).length > 1 ? `${nameOf(run.job)} ${run.id.slice(-4)}` : nameOf(run.job) }));
    }

    /* --- Drawing ------------------------------------------------------------------------------ */

    /** Those that have a place on the axis. */
    const plotted = list => view.x === "evaluations" ? list.filter(run => isCounted(run.job)) : list;

    function curve(run) {
        const own = run.data.points(view.series === "best" ? "loss" : view.series, run.data.series[axis()] ?? []);
        return view.series === "best" ? soFar(own) : own;
    }

    /** What is drawn: a line a run, or a median with its band a group. */
    function lines(list) {
        if (!view.group)
            return list.map(run => ({ name: run.name, colour: token(run.index), dash: DASHES[run.index % OVERLAY], faint: lit >= 0 && list[lit]?.id !== run.id,
                width: run.id === view.baseline ? 2.8 : 1.5, end: list.length > 1 ? run.name.slice(0, 22) : "", ...curve(run) }));
        return groupBy(list, view.group).slice(0, OVERLAY).map(({ value, runs: own }, index) => ({ name: `${plain(value)}: median of ${count(own.length)}`, colour: token(index),
            dash: DASHES[index], width: 2, end: plain(value).slice(0, 22), ...spread(own.map(curve)) }));
    }

    function draw() {
        const list = known();
        fill(chosen, list.map(run => h("span", { class: "starts" }, h("a", { href: `#/jobs/${run.id}` }, swatch(run.index), run.name),
            button("Remove", () => drop(run.id), { class: "quiet", "aria-label": `Remove ${run.name}` }))));
        none.hidden = view.jobs.length >= 2;
        content.hidden = list.length === 0;
        if (list.length === 0)
            return;
        drawGroups(list);
        drawCurves(list);
        tables.draw(list, view.baseline, view.threshold);
        drawSweep(list);
    }

    function points(list) {
        const sum = of => count(list.reduce((all, run) => all + run.data[of], 0));
        return list.some(run => run.data.stale) ? "reading closer…" : `${sum("length")} of ${sum("of")} points`;
    }

    function drawGroups(list) {
        const keys = groupKeys(list.map(run => run.job));
        if (view.group && !keys.includes(view.group))
            keys.push(view.group);
        if ([...groups.options].slice(1).map(own => own.value).join("\n") !== keys.join("\n"))
            fill(groups, h("option", { value: "" }, "nothing"), keys.map(key => h("option", { value: key }, key)));
        groups.value = view.group;
    }

    function drawCurves(all_) {
        const list = plotted(all_), left = all_.filter(run => !list.includes(run)).map(run => run.name);
        say(without, left.length > 0 ? `Without ${left.join(", ")}: several gradients a step, and how many is not recorded.` : "");
        without.hidden = left.length === 0;
        const series = lines(list);
        const all = union(series.map(own => own.x));
        const log = view.xs === "log";
        const reach = [Math.max(range?.[0] ?? (log ? all.find(x => x > 0) ?? 1e-3 : 0), log ? 1e-9 : -Infinity), range?.[1] ?? all.at(-1) ?? 1];
        group.x = all;
        group.scale = axisScale(view.xs, Math.max(Math.abs(reach[0]), Math.abs(reach[1])));
        const bad = run => run.data.nonfinite.filter(entry => entry.series === (view.series === "best" ? "loss" : view.series)).map(entry =>
            ({ x: run.data.series[axis()][run.data.series.step.indexOf(entry.step)], text: `${entry.value} at step ${count(entry.step)}` }));
        const common = { xScale: view.xs, yScale: view.ys, xName: view.x, range: reach };
        const table = own => () => [[view.x, all], ...own.map(line => {
            const at = new Map(line.x.map((x, index) => [x, line.y[index]]));
            return [line.name, Array.from(all, x => at.get(x) ?? null)];
        })];
        const apart = !view.group && list.length > OVERLAY;
        chart.element.hidden = apart;
        legend.hidden = !view.group; // else the names above have their lines
        multiples.hidden = !apart;
        if (apart) {
            drawMultiples(list, series, common, bad);
        } else {
            drawLegend(legend, series);
            chart.show({ ...common, series, marks: list.flatMap(bad), bands: view.group ? series : [],
                summary: view.group ? `median and reach over ${count(list.length)} runs, grouped by ${view.group}` :
                    `${list.length === 1 ? "" : `${count(list.length)} runs, `}${points(list)}`, table: table(series) });
        }
        drawReadout(group.index);
    }

    /** More than can be told apart: a small chart each, all with the same axes. */
    function drawMultiples(list, series, common, bad) {
        const values = series.flatMap(own => own.y.filter((y, index) => Number.isFinite(y) && (view.ys !== "log" || y > 0) && own.x[index] >= common.range[0] && own.x[index] <= common.range[1]));
        const yRange = values.length > 0 ? values.reduce(([low, high], y) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]) : null;
        for (const [id, own] of small)
            if (!list.some(run => run.id === id)) {
                own.destroy();
                own.element.remove();
                small.delete(id);
            }
        list.forEach((run, index) => {
            if (!small.has(run.id))
                small.set(run.id, new LineChart({ title: run.name, height: 150, group }));
            const own = small.get(run.id);
            multiples.appendChild(own.element);
            own.show({ ...common, yRange, series: [{ ...series[index], end: "", dash: [] }], marks: bad(run), summary: run.data.stale ? "reading closer…" : `best ${number(run.job.loss?.best)} · ${points([run])}`,
                table: () => [[view.x, series[index].x], [view.series, series[index].y]] });
        });
    }

    function drawSweep(list) {
        const paths = differing(list.map(run => run.job)).filter(path => !path.endsWith("seed") || list.length <= OVERLAY).slice(0, SETTINGS);
        sweep.hidden = list.length < 3 || paths.length === 0;
        if (!sweep.hidden)
            parallel.show([...paths.map(path => ({ name: path, values: list.map(run => valueOf(run.job, path)) })),
                { name: "best loss", values: list.map(run => run.job.loss?.best) }],
            list.map(run => ({ name: run.name, colour: token(run.index), dash: DASHES[run.index % OVERLAY] })), lit);
    }

    /** Names and values at a place of the axis. @param {number} index @returns {Array<[string, number]>} */
    function valuesAt(index) {
        return lines(plotted(known())).map(own => [own.name, own.y[nearest(own.x, group.x[index], group.scale)]]).filter(([, value]) => value !== undefined);
    }

    function drawReadout(index) {
        if (index < 0)
            return fill(readout, h("span", null, "Point at the chart to read the values that were recorded there."));
        const x = group.x[index];
        const list = plotted(known());
        return fill(readout, h("span", null, `${view.x} `, h("b", null, number(x, 6))), lines(list).map((own, place) => {
            const at = nearest(own.x, x, group.scale);
            return at < 0 ? null : h("span", null, swatch(view.group ? place : list[place].index), `${own.name} `, h("b", null, number(own.y[at])),
                own.low ? ` (${number(own.low[at])} to ${number(own.high[at])})` : "", own.x[at] === x ? "" : ` (at ${number(own.x[at], 6)})`);
        }));
    }

    async function readRun(id, signal) {
        const run = runs.get(id) ?? { data: new CurveData(id, wanted()) };
        try {
            const [job] = await Promise.all([run.job?.terminal ? run.job : get(`/v1/jobs/${id}`, signal), run.data.refresh(signal)]);
            run.job = job;
            runs.set(id, run);
        } catch (error) {
            if (!(error instanceof ApiError) || error.status !== 404)
                throw error;
            notice(`A run that was to be compared is gone: ${id}`, { bad: true });
            drop(id);
        }
    }

    drawPicker().catch(() => fill(picker, h("span", { class: "fault" }, icon("warning"), "The list of runs could not be read.")));
    draw();
    const poller = poll(async signal => {
        await Promise.all(view.jobs.map(id => readRun(id, signal)));
        draw();
        return known().some(run => !run.job.terminal || !run.data.complete) ? 1500 : 30000;
    });
    return () => {
        poller.stop();
        closing.abort();
        chart.destroy();
        parallel.destroy();
        small.forEach(own => own.destroy());
    };
}
