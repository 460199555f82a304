// jobs.js: the list of jobs. What is filtered, sorted, paged and selected stands in the address. Rows are kept and
// changed in place, so a poll without news draws nothing.

import { get, query, write } from "../api.js";
import { drawSparkline, sparkline } from "../charts/sparkline.js";
import { ask, button, fill, h, icon, say, state } from "../dom.js";
import { ago, count, duration, number, short, title as nameOf, utc } from "../format.js";
import { JobList } from "../job_list.js";
import { poll } from "../poll.js";
import { notice } from "../shell.js";

export const title = "Jobs";

const PAGE = 50;
const STATES = ["running", "queued", "paused", "succeeded", "failed", "cancelled"];
const UNDO_SECONDS = 6;
const SPARK_POINTS = 60;

const DEMO = {
    name: "demo: two moons",
    labels: { demo: "yes" },
    model: { type: "mlp", hidden: [32, 32], activation: "tanh" },
    data: { generator: { type: "moons", samples: 1000, noise: 0.2 }, validation: { fraction: 0.2 } },
    optimizer: { type: "adam", learning_rate: 0.003, schedule: "cosine" },
    training: { epochs: 300, batch_size: 32, seed: 7 },
};

/** Steps a second, now or on average. */
function speed(job) {
    const { step, steps, seconds, eta_seconds: left } = job.progress;
    if (left > 0 && steps > step)
        return (steps - step) / left;
    return seconds > 0 && step > 0 ? step / seconds : null;
}

/** Words of a column's head, the key it is sorted by, and the classes of its cells. */
const COLUMNS = [
    ["Name", job => nameOf(job).toLowerCase(), "name"],
    ["State", job => STATES.indexOf(job.status), ""],
    ["Progress", job => job.progress.fraction, "medium"],
    ["Best loss", job => job.loss?.best ?? Infinity, "numeric"],
    ["Last", job => job.loss?.last ?? Infinity, "numeric small"],
    ["Validation", job => job.validation?.best_loss ?? Infinity, "numeric small"],
    ["Curve", null, "medium"],
    ["Steps/s", job => -(speed(job) ?? -1), "numeric large"],
    ["Time", job => job.progress.eta_seconds ?? job.progress.seconds, "numeric medium"],
    ["Model", job => job.model_type, "large"],
    ["Created", null, "large"],
];

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    const view = {
        status: route.query.get("status") ?? "",
        name: route.query.get("name") ?? "",
        label: route.query.get("label") ?? "",
        sort: COLUMNS.findIndex(column => column[0].toLowerCase() === route.query.get("sort")),
        page: Math.max(1, Number(route.query.get("page")) || 1),
        selected: new Set((route.query.get("selected") ?? "").split(",").filter(Boolean)),
        down: route.query.get("order") === "down",
    };
    /** @type {Map<string, {element: HTMLElement, cells: Object, job: Object, points: number}>} */
    const rows = new Map();
    const going = new Map(); // ids under deletion, with their timers
    const list = new JobList(() => query({ status: view.status, name: view.name, label: view.label }));

    const chips = h("div", { class: "chips", role: "group", "aria-label": "Show jobs by state" });
    const search = h("input", { type: "search", id: "search", value: view.name, "aria-label": "Part of a job's name",
        placeholder: "Name…", on: { input: () => refilter({ name: search.value }) } });
    const label = h("input", { type: "search", id: "label", value: view.label, "aria-label": "Label as key:value",
        placeholder: "label:value", on: { change: () => refilter({ label: label.value.includes(":") ? label.value : "" }) } });
    const bulk = h("div", { class: "bulk", hidden: true });
    const body = h("tbody");
    const head = h("tr");
    const foot = h("div", { class: "pager" });
    const table = h("div", { class: "table-scroll" }, h("table", { class: "jobs" },
        h("caption", { class: "unseen" }, "Jobs"), h("thead", null, head), body));
    const content = h("div");
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Jobs"),
        h("a", { class: "button primary", href: "#/new" }, icon("plus"), "New job")), content);

    function remember() {
        const text = query({ status: view.status, name: view.name, label: view.label,
            sort: view.sort >= 0 ? COLUMNS[view.sort][0].toLowerCase() : "", order: view.sort >= 0 && view.down ? "down" : "",
            page: view.page > 1 ? view.page : "", selected: [...view.selected].slice(0, 50).join(",") });
        history.replaceState(null, "", `#/${text}`);
    }

    function refilter(change) {
        Object.assign(view, change, { page: 1 });
        remember();
        list.reset();
        poller.now();
    }

    function sortBy(index) {
        view.down = view.sort === index ? !view.down : false;
        view.sort = view.sort === index && !view.down ? -1 : index;
        view.page = 1;
        remember();
        drawHead();
        poller.now();
    }

    function drawHead() {
        const all = h("input", { type: "checkbox", "aria-label": "Select all jobs on this page", on: { change: () => {
            for (const job of shown())
                if (all.checked)
                    view.selected.add(job.id);
                else
                    view.selected.delete(job.id);
            remember();
            draw();
        } } });
        fill(head, h("th", { class: "tick" }, all), COLUMNS.map(([words, key, classes], index) => h("th", { scope: "col",
            class: classes, "aria-sort": view.sort === index ? view.down ? "descending" : "ascending" : null },
        key ? h("button", { type: "button", class: "sort", on: { click: () => sortBy(index) } }, words,
            h("span", { "aria-hidden": "true" }, view.sort === index ? view.down ? " ↓" : " ↑" : "")) : words)));
    }

    function ordered() {
        const jobs = list.jobs().filter(job => !going.has(job.id));
        if (view.sort < 0)
            return jobs;
        const key = COLUMNS[view.sort][1];
        const keyed = jobs.map((job, index) => ({ job, index, key: key(job) }));
        keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (view.down ? -1 : 1) || a.index - b.index);
        return keyed.map(entry => entry.job);
    }

    function shown() {
        return ordered().slice((view.page - 1) * PAGE, view.page * PAGE);
    }

    /* --- Rows ----------------------------------------------------------------------------- */

    function makeRow(job) {
        const cells = {
            tick: h("input", { type: "checkbox", on: { change: event => {
                if (event.target.checked)
                    view.selected.add(job.id);
                else
                    view.selected.delete(job.id);
                remember();
                draw();
            } } }),
            link: h("a", { href: `#/jobs/${job.id}` }), labels: h("span", { class: "labels" }),
            state: h("td"), bar: h("progress", { max: 1 }), share: h("span", { class: "share" }), best: h("td", { class: "numeric" }),
            last: h("td", { class: "numeric small" }), validation: h("td", { class: "numeric small" }), spark: sparkline(),
            speed: h("td", { class: "numeric large" }), time: h("td", { class: "numeric medium" }),
            model: h("td", { class: "large" }), created: h("time"),
        };
        const element = h("tr", { data: { id: job.id } }, h("td", { class: "tick" }, cells.tick),
            h("th", { scope: "row", class: "name" }, cells.link, cells.labels), cells.state,
            h("td", { class: "medium progress" }, cells.bar, cells.share), cells.best, cells.last, cells.validation,
            h("td", { class: "medium" }, cells.spark), cells.speed, cells.time, cells.model,
            h("td", { class: "large" }, cells.created));
        watcher.observe(element);
        return { element, cells, job: null, points: -1 };
    }

    function drawRow(row, job) {
        const { cells } = row;
        cells.tick.checked = view.selected.has(job.id);
        row.element.classList.toggle("selected", cells.tick.checked);
        say(cells.created, ago(job.created_at));
        if (row.job === job)
            return;
        if (row.job?.status !== job.status || row.job?.requested !== job.requested)
            fill(cells.state, state(job.status), job.requested ? h("small", null, ` ${job.requested} asked`) : null,
                job.status === "failed" && job.reason ? h("small", null, ` ${job.reason}`) : null);
        row.job = job;
        say(cells.link, nameOf(job));
        cells.tick.setAttribute("aria-label", `Select ${nameOf(job)}`);
        fill(cells.labels, Object.entries(job.labels).map(([key, value]) => button(`${key}: ${value}`, () => {
            label.value = `${key}:${value}`;
            refilter({ label: label.value });
        }, { class: "tag", title: "Show jobs with this label" })));
        cells.bar.value = job.progress.fraction;
        cells.bar.setAttribute("aria-label", `${Math.floor(job.progress.fraction * 100)} % of the steps`);
        say(cells.share, job.status === "queued" && job.queue_position !== null ? `${count(job.queue_position + 1)}. in line` :
            `${short(job.progress.step)} / ${short(job.progress.steps)}`);
        say(cells.best, number(job.loss?.best));
        say(cells.last, number(job.loss?.last));
        say(cells.validation, number(job.validation?.best_loss));
        say(cells.speed, short(speed(job)));
        say(cells.time, job.progress.eta_seconds !== null ? `${duration(job.progress.eta_seconds)} left` :
            job.progress.seconds > 0 ? duration(job.progress.seconds) : "–");
        say(cells.model, job.model_type);
        cells.created.dateTime = job.created_at;
        cells.created.title = utc(job.created_at);
        if (row.seen)
            spark(row);
    }

    // Curves are fetched for the rows on the screen alone, four at a time, and again only where there is news.
    const watcher = new IntersectionObserver(entries => {
        for (const entry of entries) {
            const row = rows.get(entry.target.dataset.id);
            if (row && (row.seen = entry.isIntersecting))
                spark(row);
        }
    });
    const waiting = new Set();
    let fetching = 0;

    function spark(row) {
        if (row.job && row.points !== row.job.progress.step && row.job.loss)
            waiting.add(row);
        while (fetching < 4 && waiting.size > 0) {
            const [next] = waiting;
            waiting.delete(next);
            fetching++;
            drawCurve(next).catch(() => {}).finally(() => {
                fetching--;
                if (waiting.size > 0)
                    spark(row);
            });
        }
    }

    async function drawCurve(row) {
        const step = row.job.progress.step;
        row.points = step;
        const curve = await get(`/v1/jobs/${row.job.id}/curve${query({ series: "loss", max_points: SPARK_POINTS })}`);
        drawSparkline(row.cells.spark, curve.series.loss);
    }

    function redrawCurves() {
        for (const row of rows.values()) {
            row.points = -1;
            if (row.seen)
                spark(row);
        }
    }

    /* --- What is done to several jobs ------------------------------------------------------- */

    async function each(words, jobs, act) {
        const refused = [];
        let done = 0;
        await Promise.all(jobs.map(async job => {
            try {
                await act(job);
                done++;
            } catch (error) {
                refused.push(`${nameOf(job)}: ${error.message}`);
            }
        }));
        notice(`${words}: ${count(done)}${refused.length > 0 ? `; not ${count(refused.length)} (${refused[0]})` : ""}`,
            { seconds: refused.length > 0 ? 0 : 5, bad: refused.length > 0 });
        list.reset();
        poller.now();
    }

    const chosen = () => list.jobs().filter(job => view.selected.has(job.id));

    function remove(jobs) {
        const ids = jobs.map(job => job.id);
        const finish = () => {
            clearTimeout(timer);
            ids.forEach(id => going.delete(id));
            list.forget(ids);
            return each("Deleted", jobs, job => write("DELETE", `/v1/jobs/${job.id}`));
        };
        const timer = setTimeout(finish, UNDO_SECONDS * 1000);
        for (const id of ids) {
            going.set(id, finish);
            view.selected.delete(id);
        }
        remember();
        draw();
        notice(`${count(ids.length)} ${ids.length === 1 ? "job goes" : "jobs go"} in ${UNDO_SECONDS} s`, { seconds: UNDO_SECONDS,
            action: "Undo", act: () => {
                clearTimeout(timer);
                ids.forEach(id => going.delete(id));
                draw();
            } });
    }

    async function tag(jobs) {
        const given = await ask(`Tag ${count(jobs.length)} ${jobs.length === 1 ? "job" : "jobs"}`, finish => {
            const key = h("input", { id: "tag-key", required: true, maxlength: 100 });
            const value = h("input", { id: "tag-value", maxlength: 100 });
            return h("form", { on: { submit: event => {
                event.preventDefault();
                finish([key.value.trim(), value.value.trim()]);
            } } },
            h("div", { class: "fields" }, h("div", { class: "field" }, h("label", { for: "tag-key" }, "Key"), key),
                h("div", { class: "field" }, h("label", { for: "tag-value" }, "Value (empty: takes the tag off)"), value)),
            h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Tag"),
                button("Leave it", () => finish(null))));
        });
        if (given)
            await each("Tagged", jobs, job => write("PATCH", `/v1/jobs/${job.id}`, { labels: { [given[0]]: given[1] || null } }));
    }

    function drawBulk() {
        const jobs = chosen();
        bulk.hidden = jobs.length === 0;
        if (bulk.hidden)
            return;
        const act = (words, done, action) => button(words,
            () => each(done, chosen(), job => write("POST", `/v1/jobs/${job.id}/${action}`)));
        fill(bulk, h("strong", null, `${count(jobs.length)} selected`),
            jobs.length > 1 && jobs.length <= 8 ? h("a", { class: "button", href: `#/compare?jobs=${jobs.map(job => job.id).join(",")}` },
                "Compare") : null,
            act("Cancel", "Cancelled", "cancel"), act("Pause", "Paused", "pause"), act("Resume", "Resumed", "resume"),
            button("Tag…", () => tag(chosen())), button("Delete", () => remove(chosen()), { class: "danger" }),
            button("Clear", () => {
                view.selected.clear();
                remember();
                draw();
            }, { class: "quiet" }));
    }

    /* --- The whole ---------------------------------------------------------------------------- */

    function drawChips() {
        const counts = list.counts;
        const all = STATES.reduce((sum, own) => sum + (counts[own] ?? 0), 0);
        fill(chips, [["", "all", all], ...STATES.map(own => [own, own, counts[own] ?? 0])].map(([value, words, n]) =>
            h("button", { type: "button", class: "chip", "aria-pressed": String(view.status === value),
                on: { click: () => refilter({ status: value }) } },
            value ? icon(value) : null, words, h("b", null, count(n)))));
    }

    function drawEmpty() {
        const line = `curl -H 'Content-Type: application/json' ${location.origin}/v1/jobs -d '${JSON.stringify(DEMO)}'`;
        fill(content, h("section", { class: "empty card" }, h("h2", null, "Nothing has been trained here yet"),
            h("p", null, "A demo job separates two half moons with a small network. It takes some seconds; watch its loss fall."),
            h("div", { class: "row" }, button("Run the demo job", async () => {
                const job = await write("POST", "/v1/jobs", DEMO);
                location.hash = `#/jobs/${job.id}`;
            }, { class: "primary", id: "demo" }), h("a", { class: "button", href: "#/new" }, "Make one of your own")),
            h("p", { class: "hint" }, "The same from a shell:"), h("pre", { class: "code", tabindex: "0" }, line)));
    }

    function draw() {
        const jobs = shown();
        const total = list.total(view.status);
        if (total === 0 && !view.status && !view.name && !view.label && list.ready) {
            drawEmpty();
            return;
        }
        if (!table.isConnected)
            fill(content, h("div", { class: "filters" }, chips, search, label), bulk, table, foot);
        drawChips();
        const wanted = new Set(jobs.map(job => job.id));
        for (const [id, row] of rows)
            if (!wanted.has(id)) {
                watcher.unobserve(row.element);
                row.element.remove();
                rows.delete(id);
                waiting.delete(row);
            }
        let place = body.firstChild;
        for (const job of jobs) {
            let row = rows.get(job.id);
            if (!row) {
                row = makeRow(job);
                rows.set(job.id, row);
            }
            drawRow(row, job);
            if (row.element === place)
                place = place.nextSibling;
            else
                body.insertBefore(row.element, place);
        }
        while (place) { // the line that says there is nothing
            const next = place.nextSibling;
            place.remove();
            place = next;
        }
        if (jobs.length === 0)
            body.appendChild(h("tr", null, h("td", { colspan: COLUMNS.length + 1, class: "hint" },
                list.ready ? "No job fits the filter." : "Asking the service…")));
        drawBulk();
        drawFoot(jobs);
    }

    function drawFoot(jobs) {
        const known = ordered().length;
        const total = view.name || view.label ? null : list.total(view.status);
        const first = (view.page - 1) * PAGE;
        const turn = by => {
            view.page += by;
            remember();
            draw();
            poller.now();
        };
        fill(foot, h("span", null, jobs.length === 0 ? "" : `${count(first + 1)}–${count(first + jobs.length)} of ` +
            `${total === null ? `${count(known)}${list.more ? " or more" : ""}` : count(total)}`),
        view.sort >= 0 && list.more ? h("span", null, ` · reading all to sort them: ${count(known)} so far`) : null,
        view.page === 1 && known <= PAGE && !list.more ? null : [button("Newer", () => turn(-1), { disabled: view.page === 1, "aria-label": "Page before" }),
        button("Older", () => turn(1), { disabled: known <= first + PAGE && !list.more, "aria-label": "Next page" })],
        view.sort >= 0 ? button("Newest first", () => {
            view.sort = -1;
            remember();
            drawHead();
            draw();
        }, { class: "quiet" }) : null);
    }

    drawHead();
    const leaving = () => going.forEach(finish => finish());
    addEventListener("pagehide", leaving);
    addEventListener("themechange", redrawCurves);
    const poller = poll(async signal => {
        await list.refresh(view.sort >= 0 ? Infinity : view.page * PAGE, signal, draw);
        draw();
        return list.jobs().some(job => job.status === "running") ? 1000 : 5000;
    });
    return () => {
        poller.stop();
        leaving();
        watcher.disconnect();
        removeEventListener("pagehide", leaving);
        removeEventListener("themechange", redrawCurves);
    };
}
