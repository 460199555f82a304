// job.js: one job while it runs and after: where it stands, its curves, what happened, what it was made from, what can
// be done with it.

import { ApiError, download, get, query, save, write } from "../api.js";
import { add, button, copier, fill, h, icon, say, state } from "../dom.js";
import { clock, count, duration, inLine, number, plain, short, title as nameOf, utc } from "../format.js";
import { Curves } from "../parts/curves.js";
import { FormulaTable } from "../parts/formula_table.js";
import { Histograms } from "../parts/histograms.js";
import { toNpy } from "../parts/npy.js";
import { predictBox } from "../parts/predict.js";
import { remove } from "../parts/removal.js";
import { retryDialog } from "../parts/retry.js";
import { poll } from "../poll.js";
import { entered, notice } from "../shell.js";

export const title = "Job";

const METRICS = { accuracy: "Accuracy", rmse: "RMSE", mae: "MAE", r2: "R²" };

function figure(words) {
    const value = h("b", null, "–"), note = h("small");
    return { element: h("div", { class: "figure" }, h("span", null, words), value, note), set(text, more = "") {
        say(value, text);
        say(note, more);
    } };
}

/** Members of a spec as lines of a list, nested ones with their path. */
function lines(value, path = "") {
    if (value === null || typeof value !== "object" || Array.isArray(value))
        return [[path, plain(value)]];
    return Object.entries(value).flatMap(([key, own]) => lines(own, path ? `${path}.${key}` : key));
}

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    const { id } = route;
    let job = null;
    let lastEvent = 0;
    let origin = null; // the job this one is a retry of
    let recovered = false;
    const checkpoint = h("span");
    const saved = h("li", { hidden: true }, h("span", null, "last"), h("span", null, h("b", null, "checkpoint"), checkpoint));
    const starts = []; // at which steps attempts began
    let hasPredict = false;
    const curves = new Curves(id, () => poller.now());
    const histograms = new Histograms(id, () => poller.now());
    const formula = new FormulaTable(id);
    const head = h("h1", null, "…");
    const status = h("span");
    const actions = h("div", { class: "row" });
    const bar = h("progress", { max: 1, "aria-label": "Share of the steps done" });
    const message = h("p");
    const figures = { step: figure("Step"), loss: figure("Loss"), best: figure("Best loss"), validation: figure("Best validation"),
        metric: figure("Quality"), speed: figure("Speed"), time: figure("Time"), attempt: figure("Attempt") };
    const events = h("ol", { class: "events", tabindex: "0", "aria-label": "Events" }, saved);
    const spec = h("dl"), model = h("div"), source = h("dl");
    const predict = h("section", { class: "card stack", hidden: true, "aria-labelledby": "predict-head" });
    const predictBody = h("div");
    add(predict, [h("h2", { id: "predict-head" }, "Predict"), predictBody]);
    const downloads = h("div", { class: "row" });

    fill(root, h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Jobs")),
        h("div", { class: "page-head" }, head, status, actions),
        h("section", { class: "card overall", "aria-label": "Where it stands" }, bar,
            h("div", { class: "figures" }, Object.values(figures).map(own => own.element)), message),
        h("div", { class: "job-grid" }, h("div", { class: "stack" }, formula.element, curves.element, histograms.element), h("div", { class: "stack" },
            h("section", { class: "card stack" }, h("h2", null, "Events"), events), predict,
            h("section", { class: "card stack" }, h("h2", null, "Downloads"), downloads),
            h("section", { class: "card stack" }, h("h2", null, "Model"), model),
            h("section", { class: "card stack" }, h("div", { class: "section-head" }, h("h2", null, "Resolved spec"),
                copier("Copy JSON", () => JSON.stringify(job.spec, null, 2), { class: "quiet" })), spec),
            h("section", { class: "card stack" }, h("h2", null, "Where it ran"), source))));

    async function act(action, words) {
        try {
            await write("POST", `/v1/jobs/${id}/${action}`);
            notice(words, { seconds: 4 });
        } catch (error) {
            notice(error.message, { bad: true });
        }
        poller.now();
    }

    function drawActions() {
        const can = { pause: ["running", "queued"], resume: ["paused"], cancel: ["running", "queued", "paused"] };
        const made = [];
        if (can.pause.includes(job.status) && !job.requested)
            made.push(button("Pause", () => act("pause", "It pauses after the step under way."), { id: "pause" }));
        if (can.resume.includes(job.status))
            made.push(button("Resume", () => act("resume", "It goes on."), { id: "resume", class: "primary" }));
        if (can.cancel.includes(job.status) && job.requested !== "cancel")
            made.push(button("Cancel", () => act("cancel", "It stops after the step under way; what was learnt stays."), { id: "cancel" }));
        made.push(button("Retry…", async () => {
            const made_ = await retryDialog(job);
            if (made_)
                location.hash = `#/jobs/${made_}`;
        }, { id: "retry" }), h("a", { class: "button", href: `#/new?from=${id}` }, "Clone"),
        h("a", { class: "button", href: `#/compare?jobs=${[job.retry_of, id].filter(Boolean).join(",")}` }, "Compare"));
        if (job.terminal)
            made.push(button("Replay", async () => {
                try {
                    const again = await write("POST", `/v1/jobs/${id}/retry`);
                    location.hash = `#/compare?jobs=${id},${again.id}`;
                } catch (error) {
                    notice(error.message, { bad: true });
                }
            }, { id: "replay", title: "Runs the same spec again and lays both runs over each other: they must be equal to the last bit" }));
        if (job.terminal || job.status === "queued")
            made.push(button("Delete", () => {
                remove([job]);
                location.hash = "#/";
            }, { class: "danger" }));
        fill(actions, made);
    }

    function drawState() {
        const { progress, loss, validation } = job;
        fill(status, state(job.status), job.requested ? h("small", null, ` ${job.requested} asked`) : null);
        bar.value = progress.fraction;
        figures.step.set(count(progress.step), `of ${count(progress.steps)} · epoch ${count(progress.epoch)}` +
            `${progress.epochs > 0 ? ` of ${count(progress.epochs)}` : ""}`);
        figures.loss.set(number(loss?.last), loss ? `started at ${number(loss.first, 3)}` : "");
        figures.best.set(number(loss?.best), loss ? `at step ${count(loss.best_step)}` : "");
        figures.validation.element.hidden = !validation;
        figures.validation.set(number(validation?.best_loss), validation ? `at step ${count(validation.best_step)}, last ${number(validation.loss, 3)}` : "");
        const metric = Object.keys(METRICS).find(name => job.metrics?.[name] !== undefined);
        figures.metric.element.hidden = !metric;
        if (metric)
            figures.metric.set(metric === "accuracy" ? `${number(job.metrics[metric] * 100, 4)} %` : number(job.metrics[metric]),
                `${METRICS[metric]}, ${job.metrics.part} part`);
        figures.speed.set(progress.samples_per_second ? `${short(progress.samples_per_second)}/s` : "–", "samples");
        if (progress.eta_seconds !== null)
            figures.time.set(`${duration(progress.eta_seconds)} left`, progress.seconds > 0 ? `${duration(progress.seconds)} so far` : "");
        else
            figures.time.set(duration(progress.seconds), job.status === "queued" && job.queue_position !== null ?
                inLine(job.queue_position) : "of training");
        figures.attempt.element.hidden = job.attempt <= 1;
        drawAttempt();
        drawMoments();
        say(message, job.message ?? "");
        message.hidden = !job.message;
        message.className = job.status === "failed" ? "fault" : "hint";
    }

    /** What is marked at the foot of the curve. Checkpoints are no events: there may be thousands; the last one counts. */
    function drawMoments() {
        const step = job.checkpoint_step;
        saved.hidden = step === null;
        if (step !== null)
            say(checkpoint, ` at step ${count(step)}: a crash would go on from there`);
        curves.events = [...starts.slice(1).map((start, index) => ({ step: start.step, text: `${start.crashed ? "after a crash: " : ""}goes on (${index + 2}.)` })),
            ...step === null ? [] : [{ step, text: "checkpoint" }]];
    }

    function drawAttempt() {
        const last = starts.at(-1);
        figures.attempt.set(count(job.attempt), !last || starts.length < 2 ? "" : last.step > 0 ?
            `resumed ${last.crashed ? "after a crash " : ""}at step ${count(last.step)}` : "begun anew");
    }

    /** A job that was cancelled while it was paused has parameters, too. */
    function hasParameters() {
        return job.digest !== null || ((job.terminal || job.status === "paused") && job.progress.step > 0);
    }

    /** What does not change while it runs. */
    function drawOnce() {
        say(head, nameOf(job));
        entered("/jobs", nameOf(job));
        fill(head, nameOf(job), " ", Object.entries(job.labels).map(([key, value]) =>
            h("a", { class: "button tag", href: `#/${query({ label: `${key}:${value}` })}` }, `${key}: ${value}`)));
        fill(spec, lines({ ...job.spec, name: undefined, labels: undefined, model: { ...job.spec.model, layers: undefined } })
            .filter(([, value]) => value !== "–").map(([path, value]) => [h("dt", null, path), h("dd", { class: "mono" }, value)]));
        fill(model, h("p", { class: "hint" }, `${count(job.model.parameters)} parameters`), h("div", { class: "table-scroll" }, h("table", null,
            h("thead", null, h("tr", null, ["Layer", "Type", "Output"].map(words => h("th", { scope: "col" }, words)),
                h("th", { scope: "col", class: "numeric" }, "Parameters"))),
            h("tbody", null, job.model.layers.map(layer => h("tr", null, h("th", { scope: "row" }, layer.name.replace("layers.", "")),
                h("td", null, layer.type), h("td", { class: "mono" }, (layer.output_shape ?? []).join(" × ")),
                h("td", { class: "numeric" }, count(layer.parameters))))))));
        drawDownloads();
    }

    function drawSource() {
        const rows = [["Created", job.created_at], ["Started", job.started_at], ["Ended", job.finished_at]];
        fill(source, rows.filter(([, time]) => time).map(([words, time]) => [h("dt", null, words), h("dd", null, clock(time), " ",
            h("small", null, utc(time)))]),
        job.retry_of ? [h("dt", null, "Retry of"), h("dd", null, h("a", { href: `#/jobs/${job.retry_of}` }, job.retry_of.slice(-12)))] : null,
        origin?.digest && job.digest ? [h("dt", null, "Result"), h("dd", null, origin.digest === job.digest ?
            "the same as of what it repeats, to the last bit" : "another one than of what it repeats")] : null,
        [["Version", job.environment?.version], ["Processor", job.environment?.cpu], ["Kernels", job.environment?.kernels], ["Id", job.id],
            ["Digest", job.digest]].filter(([, value]) => value).map(([words, value]) => [h("dt", null, words), h("dd", { class: "mono" }, value)]));
    }

    function drawDownloads() {
        const base = `/v1/jobs/${id}`;
        const link = (words, path, name) => h("button", { type: "button", on: { click: () =>
            download(path, name).catch(error => notice(error.message, { bad: true })) } }, icon("download"), words);
        const learnt = hasParameters();
        fill(downloads, link("Curve, CSV", `${base}/curve?max_points=0&format=csv`, `curve-${id}.csv`),
            link("Curve, JSON", `${base}/curve?max_points=0&format=json`, `curve-${id}.json`),
            h("button", { type: "button", title: "NumPy's format: a structured array of little-endian float64, NaN where a point has no value",
                on: { click: () => downloadRaw().catch(error => notice(error.message, { bad: true })) } }, icon("download"), "Curve, float64"),
            learnt ? [link("Parameters, safetensors", `${base}/parameters?format=safetensors`, `${id}.safetensors`),
                link("Parameters, JSON", `${base}/parameters?format=json`, `${id}.json`)] : null,
            link("Job, JSON", base, `job-${id}.json`),
            learnt ? null : h("p", { class: "hint" }, "Parameters can be had once it has paused or ended."));
    }

    async function downloadRaw() {
        const { series } = await get(`/v1/jobs/${id}/curve?max_points=0`);
        save(URL.createObjectURL(new Blob([toNpy(series)])), `curve-${id}.npy`);
    }

    async function readEvents(signal) {
        const reply = await get(`/v1/jobs/${id}/events${query({ after: lastEvent || null, limit: 500 })}`, signal);
        for (const event of reply.events) {
            if (event.seq <= lastEvent)
                continue;
            lastEvent = event.seq;
            const local = clock(event.at).slice(-8);
            saved.after(h("li", null, h("time", { datetime: event.at, title: utc(event.at) }, local,
                utc(event.at).includes(local) ? null : h("small", null, utc(event.at).slice(11))),
            h("span", null, h("b", null, event.type), ` ${event.message ?? ""}`)));
            if (event.type === "started")
                starts.push({ step: event.data?.step ?? 0, crashed: recovered });
            recovered = event.type === "recovered";
        }
        drawAttempt();
        drawMoments();
    }

    function gone(words) {
        curves.destroy();
        histograms.destroy();
        fill(root, h("section", { class: "empty card" }, h("h1", null, words), h("p", null, "It may have been deleted meanwhile. Its address stays free."),
            h("p", null, h("a", { href: "#/" }, "All jobs"))));
        return null;
    }

    async function turn(signal) {
        const before = job;
        job = await get(`/v1/jobs/${id}`, signal);
        if (job !== before) {
            if (!before)
                drawOnce();
            drawState();
            if (before?.status !== job.status || before?.requested !== job.requested || before?.digest !== job.digest) {
                if (job.retry_of && (!origin || !origin.terminal))
                    origin = await get(`/v1/jobs/${job.retry_of}`, signal).catch(() => null);
                drawActions();
                drawSource();
                drawDownloads();
                await readEvents(signal);
            }
            if (!hasPredict && (job.status === "running" || hasParameters()) && job.spec.data) {
                hasPredict = true;
                predict.hidden = false;
                predictBox(predictBody, job);
            }
        }
        await curves.refresh(signal, job);
        await (job.spec.model.type === "formula" ? formula : histograms).refresh(job, signal);
        if (job.terminal && curves.data.complete)
            return null;
        return job.status === "running" ? Math.max(500, Math.min(job.poll_after_ms ?? 1000, 1000)) : job.poll_after_ms ?? 5000;
    }

    let turns = 0;
    const poller = poll(async signal => {
        try {
            const pause = await turn(signal);
            // Notable moments that are no change of state: checkpoints and the like.
            if (pause !== null && ++turns % 8 === 0)
                await readEvents(signal);
            return pause;
        } catch (error) {
            // All that a turn reads stands below the job's address: any of it may be the first to miss the job.
            if (error instanceof ApiError && error.status === 404)
                return gone("There is no such job");
            throw error;
        }
    });
    return () => {
        poller.stop();
        curves.destroy();
        histograms.destroy();
    };
}
