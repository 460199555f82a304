// compare.js: up to eight runs over each other: curves, the settings in which they differ, and how far and how fast each
// came. Everything that is chosen stands in the address, so the view can be passed on.

import { ApiError, get, query } from "../api.js";
import { CursorGroup } from "../charts/cursor.js";
import { drawLegend, LineChart } from "../charts/line.js";
import { nearest } from "../charts/scale.js";
import { button, fill, h, icon, say, select, state } from "../dom.js";
import { count, duration, number, plain, title as nameOf } from "../format.js";
import { CurveData } from "../parts/curve_data.js";
import { poll } from "../poll.js";
import { notice } from "../shell.js";

export const title = "Compare";

const MOST = 8;
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [], [7, 3], [2, 3], [9, 3, 2, 3]];
const SERIES = [["loss", "training loss"], ["validation_loss", "validation loss"], ["gradient_norm", "gradient norm"], ["learning_rate", "learning rate"]];
const AXES = [["step", "step"], ["epoch", "epoch"], ["seconds", "seconds"]];
const SCALES = [["", "linear"], ["log", "log"]];

/** Members of a spec by path; what names a run is no setting of it. */
function settings(spec) {
    const out = new Map();
    const walk = (value, path) => {
        if (value === null || typeof value !== "object" || Array.isArray(value))
            out.set(path, value);
        else
            for (const [key, own] of Object.entries(value))
                walk(own, path ? `${path}.${key}` : key);
    };
    walk({ ...spec, name: undefined, labels: undefined, priority: undefined, model: spec.model && { ...spec.model,
        layers: spec.model.type === "sequential" ? spec.model.layers : undefined } }, "");
    return out;
}

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    const view = {
        jobs: (route.query.get("jobs") ?? "").split(",").filter(Boolean).slice(0, MOST),
        series: route.query.get("series") ?? "loss", x: route.query.get("x") ?? "step",
        xs: route.query.get("xs") ?? "", ys: route.query.get("ys") ?? "", threshold: route.query.get("threshold") ?? "",
    };
    /** @type {Map<string, {job: Object, data: CurveData, reached: string, reachedFor: string}>} */
    const runs = new Map();
    const group = new CursorGroup();
    const chart = new LineChart({ title: "Curves over each other", height: 380, group });
    const legend = h("div", { class: "legend" }), readout = h("div", { class: "readout" });
    const figures = h("div"), differences = h("div"), picker = h("div", { class: "row" }), chosen = h("div", { class: "starts" });
    const change = (name, options, label) => {
        const control = select(options, view[name], { "aria-label": label, on: { change: () => {
            view[name] = control.value;
            remember();
            draw();
        } } });
        return h("label", { class: "named" }, label, control);
    };
    const threshold = h("input", { id: "threshold", inputmode: "decimal", value: view.threshold, placeholder: "for example 0.1", on: { change: () => {
        view.threshold = threshold.value.trim();
        remember();
        draw();
    } } });

    function remember() {
        history.replaceState(null, "", `#/compare${query({ ...view, jobs: view.jobs.join(",") }).replaceAll("%2C", ",")}`);
    }

    const content = h("div", { class: "stack" },
        h("section", { class: "card stack" }, h("h2", { class: "unseen" }, "Curves"), h("div", { class: "controls" }, change("series", SERIES, "Show"), change("x", AXES, "over"),
            change("xs", SCALES, "x scale"), change("ys", SCALES, "y scale")), legend, readout, chart.element),
        h("section", { class: "card stack" }, h("div", { class: "section-head" }, h("h2", null, "How far, how fast"),
            h("div", { class: "controls" }, h("label", { class: "named", for: "threshold" }, "Threshold"), threshold)), figures),
        h("section", { class: "card stack" }, h("h2", null, "Settings that differ"), differences));
    const none = h("p", { class: "hint" }, "Choose two runs or more, here or by ticking them in the list of jobs.");
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Compare"), button("Copy link", async () => {
        await navigator.clipboard.writeText(location.href);
        notice("The link is on the clipboard.", { seconds: 4 });
    })), h("section", { class: "card stack" }, chosen, picker), h("div", { class: "row" }), none, content);

    group.words = index => `${view.x} ${number(group.x[index], 5)}`;
    group.moved = drawReadout;
    group.reset = () => zoom(null);
    group.zoomed = (from, to) => zoom([from, to]);

    /** Every run's part of what is on the axis; each is read again from the service. */
    function zoom(range) {
        view.range = range;
        for (const run of runs.values()) {
            const { step } = run.data.series, x = run.data.series[view.x];
            const first = range ? Math.max(0, x.findIndex(value => value >= range[0]) - 1) : 0;
            const last = range ? x.findLastIndex(value => value <= range[1]) + 1 : 0;
            run.data.look(range && last > first ? { from: step[first] ?? 0, to: step[Math.min(last, step.length - 1)] } : null);
        }
        poller.now();
    }

    /* --- Choosing --------------------------------------------------------------------------- */

    async function drawPicker() {
        const list = (await get("/v1/jobs?limit=200")).jobs.filter(job => !view.jobs.includes(job.id));
        const control = select([["", list.length > 0 ? "add a run…" : "no other run"], ...list.map(job =>
            [job.id, `${nameOf(job)} · ${job.status} · best ${number(job.loss?.best)} · ${job.id.slice(-6)}`])], "", {
            "aria-label": "Add a run", id: "add-run", disabled: view.jobs.length >= MOST, on: { change: () => {
                view.jobs.push(control.value);
                remember();
                drawPicker();
                poller.now();
            } } });
        fill(picker, control, view.jobs.length >= MOST ? h("span", { class: "hint" }, "Eight is the most.") : null);
    }

    function drop(id) {
        view.jobs = view.jobs.filter(own => own !== id);
        runs.delete(id);
        remember();
        draw();
        drawPicker();
    }

    const token = index => `--series-${index + 1}`;
    const swatch = index => h("i", { class: DASHES[index].length > 0 ? "swatch dashed" : "swatch", style: { "--own": `var(${token(index)})` } });
    const known = () => view.jobs.map((id, index) => ({ id, index, ...runs.get(id) })).filter(run => run.job);

    /** Runs of one name are told apart by the end of their id. */
    function label(run) {
        const own = nameOf(run.job);
        return known().some(other => other.id !== run.id && nameOf(other.job) === own) ? `${own} ${run.id.slice(-4)}` : own;
    }

    /* --- Drawing ------------------------------------------------------------------------------ */

    function draw() {
        const list = known();
        fill(chosen, list.map(run => h("span", { class: "starts" }, h("a", { href: `#/jobs/${run.id}` }, swatch(run.index), label(run)),
            button("Remove", () => drop(run.id), { class: "quiet", "aria-label": `Remove ${label(run)}` }))));
        none.hidden = view.jobs.length >= 2;
        content.hidden = list.length === 0;
        if (list.length === 0)
            return;
        const series = list.map(run => ({ name: label(run), colour: token(run.index), dash: DASHES[run.index], end: list.length > 1 ? label(run).slice(0, 22) : "",
            ...run.data.points(view.series, run.data.series[view.x] ?? []) }));
        drawLegend(legend, series);
        const all = [...new Set(series.flatMap(own => own.x))].sort((a, b) => a - b);
        group.x = all;
        group.log = view.xs === "log";
        const first = view.range?.[0] ?? (view.xs === "log" ? all.find(x => x > 0) ?? 1e-3 : 0);
        const marks = list.flatMap(run => run.data.nonfinite.filter(entry => entry.series === view.series).map(entry =>
            ({ x: run.data.series[view.x][run.data.series.step.indexOf(entry.step)] })));
        chart.show({ series, marks, xLog: view.xs === "log", yLog: view.ys === "log", xName: view.x,
            range: [Math.max(first, view.xs === "log" ? 1e-9 : -Infinity), view.range?.[1] ?? all.at(-1) ?? 1],
            summary: list.map(run => `${label(run)}: ${count(run.data.length)} of ${count(run.data.of)} points`).join(" · "),
            table: () => [[view.x, all], ...series.map(own => {
                const at = new Map(own.x.map((x, index) => [x, own.y[index]]));
                return [own.name, all.map(x => at.get(x) ?? null)];
            })] });
        drawReadout(group.index);
        drawFigures(list);
        drawDifferences(list);
    }

    function drawReadout(index) {
        if (index < 0)
            return fill(readout, h("span", null, "Point at the chart to read the values that were recorded there."));
        const x = group.x[index];
        return fill(readout, h("span", null, `${view.x} `, h("b", null, number(x, 6))), known().map(run => {
            const points = run.data.points(view.series, run.data.series[view.x] ?? []);
            const at = nearest(points.x, x, group.log);
            return at < 0 ? null : h("span", null, swatch(run.index), `${label(run)} `, h("b", null, number(points.y[at])),
                points.x[at] === x ? "" : ` (at ${number(points.x[at], 6)})`);
        }));
    }

    function drawFigures(list) {
        const best = Math.min(...list.map(run => run.job.loss?.best ?? Infinity));
        const bestValidation = Math.min(...list.map(run => run.job.validation?.best_loss ?? Infinity));
        const limit = Number(view.threshold);
        const cell = (value, least) => h("td", { class: value === least ? "numeric best" : "numeric" }, number(value), value === least ? " ★" : "");
        fill(figures, h("div", { class: "table-scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "Run"), h("th", { scope: "col" }, "State"),
            ["Best loss", "at step", "Last loss", "Best validation", "Steps", "Time"].map(words => h("th", { scope: "col", class: "numeric" }, words)),
            h("th", { scope: "col" }, view.threshold && Number.isFinite(limit) ? `Loss ≤ ${number(limit)} first` : "Time to threshold"))),
        h("tbody", null, list.map(run => h("tr", null, h("th", { scope: "row" }, swatch(run.index), label(run)), h("td", null, state(run.job.status)),
            cell(run.job.loss?.best, best), h("td", { class: "numeric" }, count(run.job.loss?.best_step)), h("td", { class: "numeric" }, number(run.job.loss?.last)),
            cell(run.job.validation?.best_loss, bestValidation), h("td", { class: "numeric" }, count(run.job.progress.step)),
            h("td", { class: "numeric" }, duration(run.job.progress.seconds)), h("td", null, reached(run, limit))))))),
        h("p", { class: "hint" }, "★ least of those shown. The threshold is held against the loss of single steps."));
    }

    /** First step at or below the threshold: found among the points held, then exactly by reading the steps before it. */
    function reached(run, limit) {
        if (view.threshold === "" || !Number.isFinite(limit))
            return "set a threshold";
        const own = runs.get(run.id);
        const key = `${limit} ${own.data.last} ${own.data.window !== null}`;
        if (own.reachedFor === key)
            return own.reached;
        own.reachedFor = key;
        own.reached = "…";
        const out = h("span", null, "…");
        exact(run, limit).then(text => {
            own.reached = text;
            say(out, text);
        }, () => say(out, "–"));
        return out;
    }

    async function exact(run, limit) {
        const coarse = await get(`/v1/jobs/${run.id}/curve?series=loss,seconds&max_points=1000`);
        const at = coarse.series.loss.findIndex(value => value !== null && value <= limit);
        if (at < 0)
            return "never";
        const fine = await get(`/v1/jobs/${run.id}/curve${query({ series: "loss,seconds", max_points: 0,
            from_step: coarse.series.step[Math.max(0, at - 1)], to_step: coarse.series.step[at] })}`);
        const first = fine.series.loss.findIndex(value => value !== null && value <= limit);
        return `step ${count(fine.series.step[first])}, ${duration(fine.series.seconds[first])}`;
    }

    function drawDifferences(list) {
        const own = list.map(run => settings(run.job.spec));
        const paths = [...new Set(own.flatMap(map => [...map.keys()]))].filter(path => new Set(own.map(map => JSON.stringify(map.get(path)))).size > 1);
        fill(differences, list.length < 2 ? h("p", { class: "hint" }, "One run alone has nothing to differ from.") : paths.length === 0 ?
            h("p", { class: "hint" }, "None: these runs have the same settings, seed and all.") :
            h("div", { class: "table-scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "Setting"),
                list.map(run => h("th", { scope: "col" }, swatch(run.index), label(run))))),
            h("tbody", null, paths.map(path => h("tr", null, h("th", { scope: "row", class: "mono" }, path), own.map(map => h("td", { class: "mono" }, plain(map.get(path))))))))));
    }

    async function readRun(id, signal) {
        const run = runs.get(id) ?? { data: new CurveData(id) };
        try {
            run.job = await get(`/v1/jobs/${id}`, signal);
            await run.data.refresh(signal);
            runs.set(id, run);
        } catch (error) {
            if (!(error instanceof ApiError) || error.status !== 404)
                throw error;
            notice(`A run that was to be compared is gone: ${id}`, { bad: true });
            view.jobs = view.jobs.filter(own => own !== id);
            runs.delete(id);
            remember();
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
        chart.destroy();
    };
}
