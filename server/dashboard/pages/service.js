// service.js: the service about itself: what it is busy with, what waits, how fast it answers, what it runs on.

import { get, getText } from "../api.js";
import { fill, h, say, state } from "../dom.js";
import { ago, bytes, clock, count, duration, inLine, short, title as nameOf, utc } from "../format.js";
import { poll } from "../poll.js";

export const title = "Service";

const STATES = ["running", "queued", "paused", "succeeded", "failed", "cancelled"];
const LICENCES = [["descentd", "MIT"], ["Chart.js", "MIT"], ["cJSON", "MIT"], ["GNU libmicrohttpd", "LGPL 2.1"], ["GNU Nettle", "LGPL 3"],
    ["SQLite", "public domain"], ["zlib", "zlib"]];

/** The bound below which so much of a histogram lies, in words, "" where nothing was counted. @param {string} metrics
 * @param {number} share */
function quantile(metrics, share) {
    const buckets = [...metrics.matchAll(/^descentd_http_request_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)].map(match => [match[1], Number(match[2])]);
    const all = buckets.at(-1)?.[1] ?? 0;
    const bound = buckets.find(([, below]) => below >= all * share)?.[0];
    return all === 0 ? "" : bound === "+Inf" ? "over 2.5 s" : `≤ ${duration(Number(bound))}`;
}

/** @type {import("../app.js").Page["show"]} */
export function show(root) {
    const figures = h("div", { class: "figures" });
    const slots = h("div", { class: "stack" });
    const queue = h("div");
    const states = h("div", { class: "bars" });
    const about = h("dl");
    const ready = h("p");
    const datasets = h("div");
    const section = (words, content) => h("section", { class: "card stack" }, h("h2", null, words), content);
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Service"), ready),
        h("section", { class: "card overall", "aria-label": "Figures" }, figures),
        h("div", { class: "service-grid" },
            h("div", { class: "stack" }, section("Workers", slots), section("Queue", queue), section("Datasets", datasets)),
            h("div", { class: "stack" }, section("Jobs by state", states), section("Version and machine", about),
                section("Licences", h("dl", null, LICENCES.map(([name, licence]) => [h("dt", null, name), h("dd", null, licence)]))))));

    const figure = (words, value, note) => h("div", { class: "figure" }, h("span", null, words), h("b", null, value), h("small", null, note ?? ""));

    function drawWorkers(version, running) {
        fill(slots, Array.from({ length: version.workers }, (_, index) => {
            const job = running[index];
            return h("div", { class: "stack" }, h("div", { class: "section-head" },
                job ? h("a", { href: `#/jobs/${job.id}` }, nameOf(job)) : h("span", { class: "hint" }, "free"),
                h("small", null, job ? `${short(job.progress.step)} of ${short(job.progress.steps)} steps` +
                    `${job.progress.eta_seconds === null ? "" : ` · ${duration(job.progress.eta_seconds)} left`}` : "")),
            h("progress", { max: 1, value: job ? job.progress.fraction : 0, "aria-label": `Worker ${index + 1}` }));
        }), version.workers === 0 ? h("p", { class: "hint" }, "This process runs no jobs: it was started with --workers 0.") : null);
    }

    function drawQueue(waiting, total) {
        fill(queue, total === 0 ? h("p", { class: "hint" }, "Nothing waits.") : h("div", { class: "table-scroll" }, h("table", null,
            h("thead", null, h("tr", null, h("th", { scope: "col", class: "numeric" }, "Place"), h("th", { scope: "col" }, "Job"),
                h("th", { scope: "col", class: "numeric" }, "Priority"), h("th", { scope: "col" }, "Waiting since"))),
            h("tbody", null, waiting.map(job => h("tr", null, h("td", { class: "numeric" }, inLine(job.queue_position).replace(/\D* in line/, "")),
                h("th", { scope: "row" }, h("a", { href: `#/jobs/${job.id}` }, nameOf(job))), h("td", { class: "numeric" }, count(job.priority)),
                h("td", null, ago(job.created_at))))))),
        total > waiting.length ? h("p", { class: "hint" }, `and ${count(total - waiting.length)} more`) : null);
    }

    function drawFigures(load, metrics, commit) {
        const { jobs: counts } = load;
        fill(figures, figure("Workers busy", `${count(load.workers_busy)} of ${count(load.workers)}`),
            figure("Waiting", count(counts.queued)), figure("Failed", count(counts.failed), counts.failed > 0 ? "ever, until deleted" : ""),
            figure("Taken up again", count(load.recovered), "after the last stop"),
            figure("Half of all answers", quantile(metrics, 0.5) || "–", quantile(metrics, 0.99) ? `99 %: ${quantile(metrics, 0.99)}` : ""),
            figure("A commit", commit === null ? "–" : duration(commit / 1000), "with the way here and back"),
            figure("Database", bytes(load.database_bytes), `${bytes(load.log_bytes)} of it the log`), figure("Free on disk", bytes(load.free_bytes)),
            figure("Up for", duration((Date.now() - Date.parse(load.started_at)) / 1000), `since ${clock(load.started_at)}`));
        const most = Math.max(1, ...STATES.map(own => counts[own]));
        fill(states, STATES.map(own => [h("a", { href: `#/?status=${own}` }, state(own)),
            h("progress", { max: most, value: counts[own], "aria-label": own }), h("span", { class: "numeric" }, count(counts[own]))]));
    }

    function drawVersion(version) {
        fill(about, [["Version", version.version], ["Interface", version.api], ["Kernels in use", version.kernels],
            ["Processor", version.environment.cpu], ["Started", utc(version.started_at)]].map(([words, value]) =>
            [h("dt", null, words), h("dd", null, value)]),
        [["Interface, to try", "#/api", "all operations"], ["Catalogue", "/v1/catalog"], ["Readiness", "/readyz"], ["Metrics", "/metrics"]].map(([words, href, text]) =>
            [h("dt", null, words), h("dd", null, h("a", { href }, text ?? href))]));
    }

    function drawDatasets(list) {
        fill(datasets, list.length === 0 ? h("p", { class: "hint" }, "None yet. They are uploaded with a new job.") :
            h("div", { class: "table-scroll" }, h("table", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "Name"),
                h("th", { scope: "col", class: "numeric" }, "Rows"), h("th", { scope: "col", class: "numeric" }, "Columns"),
                h("th", { scope: "col", class: "numeric" }, "Size"), h("th", { scope: "col" }, "Use"))),
            h("tbody", null, list.map(own => h("tr", null, h("th", { scope: "row" }, own.name || own.id.slice(-6)), h("td", { class: "numeric" }, count(own.rows)),
                h("td", { class: "numeric" }, count(own.column_count)), h("td", { class: "numeric" }, bytes(own.bytes)),
                h("td", null, h("a", { href: `#/new?dataset=${own.id}` }, "Train on it"))))))));
    }

    /** A real commit is what readiness means: how long it takes, ms; null where it cannot be. */
    async function tryCommit(signal) {
        const start = performance.now();
        try {
            await get("/readyz", signal);
        } catch (error) {
            if (error.status === undefined)
                throw error;
            return null;
        }
        return performance.now() - start;
    }

    const poller = poll(async signal => {
        const [about, load, running, queued, sets, metrics] = await Promise.all([get("/v1/version", signal), get("/v1/load", signal),
            get("/v1/jobs?status=running&limit=64", signal), get("/v1/jobs?status=queued&limit=200", signal), get("/v1/datasets?limit=20", signal),
            getText("/metrics", signal).catch(() => "")]);
        const commit = await tryCommit(signal);
        drawVersion({ ...about, ...load });
        drawFigures(load, metrics, commit);
        drawWorkers(load, running.jobs);
        drawQueue([...queued.jobs].sort((a, b) => a.queue_position - b.queue_position).slice(0, 10), load.jobs.queued);
        drawDatasets(sets.datasets);
        say(ready, commit === null ? "not ready: it is shutting down or cannot write" : "ready");
        ready.className = commit === null ? "fault" : "state state-succeeded";
        return 2000;
    });
    return () => poller.stop();
}
