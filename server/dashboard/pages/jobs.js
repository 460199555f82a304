// jobs.js: the list of jobs. What is filtered, sorted, paged, selected and which columns are shown stands in the address.
// Rows are kept and changed in place, so a poll without news draws nothing.

import { get, query, write } from "../api.js";
import { drawSparkline } from "../charts/sparkline.js";
import { button, copier, fill, h, icon } from "../dom.js";
import { count, curlOf } from "../format.js";
import { JobList } from "../job_list.js";
import { bulkBar } from "../parts/bulk.js";
import { COLUMNS, columnsOf, JobRow, PIN, STATES } from "../parts/job_row.js";
import { isGoing } from "../parts/removal.js";
import { poll } from "../poll.js";
import { notice } from "../shell.js";

export const title = "Jobs";

const PAGE = 50;
const SPARK_POINTS = 60;
const SELECTED = 50; // that the address holds

const DEMO = {
    name: "demo: two moons",
    labels: { demo: "yes" },
    model: { type: "mlp", hidden: [32, 32], activation: "tanh" },
    data: { generator: { type: "moons", samples: 1000, noise: 0.2 }, validation: { fraction: 0.2 } },
    optimizer: { type: "adam", learning_rate: 0.003, schedule: "cosine" },
    training: { epochs: 300, batch_size: 32, seed: 7 },
};

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    const given = name => route.query.get(name) ?? "";
    const view = {
        status: given("status"), name: given("name"), label: given("label"), columns: given("columns"), sort: given("sort"),
        down: given("order") === "down", page: Math.max(1, Number(given("page")) || 1),
        selected: new Set(given("selected").split(",").filter(Boolean)),
    };
    /** @type {Map<string, JobRow>} */
    const rows = new Map();
    const list = new JobList(() => query({ status: view.status, name: view.name, label: view.label }), `${PIN}:yes`);

    const chips = h("div", { class: "chips", role: "group", "aria-label": "Show jobs by state" });
    const search = h("input", { type: "search", id: "search", value: view.name, "aria-label": "Part of a job's name",
        placeholder: "Name…", on: { input: () => refilter({ name: search.value }) } });
    const label = h("input", { type: "search", id: "label", value: view.label, "aria-label": "Label as key:value",
        placeholder: "label:value", on: { change: () => refilter({ label: label.value.includes(":") ? label.value : "" }) } });
    const columns = columnMenu();
    const bulk = bulkBar({ chosen: () => list.jobs().filter(job => view.selected.has(job.id) && !isGoing(job.id)),
        clear: () => {
            view.selected.clear();
            remember();
            draw();
        }, done: () => {
            list.reset();
            poller.now();
        } });
    const body = h("tbody"), head = h("tr"), foot = h("div", { class: "pager" });
    const table = h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table of jobs" }, h("table", { class: "jobs" },
        h("caption", { class: "unseen" }, "Jobs"), h("thead", null, head), body));
    const content = h("div");
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Jobs"),
        h("a", { class: "button primary", href: "#/new" }, icon("plus"), "New job")), content);

    function remember() {
        const text = query({ status: view.status, name: view.name, label: view.label, columns: view.columns, sort: view.sort,
            order: view.sort && view.down ? "down" : "", page: view.page > 1 ? view.page : "",
            selected: [...view.selected].slice(0, SELECTED).join(",") }).replaceAll("%2C", ",");
        history.replaceState(null, "", `#/${text}`);
    }

    function refilter(change) {
        Object.assign(view, change, { page: 1 });
        remember();
        list.reset();
        poller.now();
    }

    /* --- Columns and order ------------------------------------------------------------------ */

    function columnMenu() {
        const boxes = () => COLUMNS.slice(1).map(({ key, words }) => {
            const box = h("input", { type: "checkbox", id: `column-${key}`, on: { change: () => {
                const keys = columnsOf(view.columns).map(own => own.key).filter(own => own !== key || box.checked);
                choose([...keys, ...box.checked ? [key] : []]);
            } } });
            box.checked = columnsOf(view.columns).some(own => own.key === key);
            return h("div", { class: "check" }, box, h("label", { for: box.id }, words));
        });
        const choose = keys => {
            const usual = columnsOf("").map(own => own.key);
            const ordered = COLUMNS.map(own => own.key).filter(key => keys.includes(key));
            view.columns = ordered.join() === usual.join() ? "" : ordered.join(",");
            remember();
            rows.forEach(drop);
            rows.clear();
            drawHead();
            draw();
        };
        const panel = h("div", { class: "panel" });
        const menu = h("details", { class: "menu", on: { toggle: () => menu.open && fill(panel, boxes(), button("The usual ones", () => {
            choose(columnsOf("").map(own => own.key));
            menu.open = false;
        }, { class: "quiet" })), keydown: event => {
            if (event.key === "Escape") {
                menu.open = false;
                menu.firstChild.focus();
            }
        }, focusout: event => {
            if (event.relatedTarget && !menu.contains(event.relatedTarget))
                menu.open = false;
        } } }, h("summary", { class: "button" }, "Columns"), panel);
        return menu;
    }

    function sortBy(key) {
        [view.sort, view.down] = view.sort !== key ? [key, false] : view.down ? ["", false] : [key, true];
        view.page = 1;
        remember();
        drawHead();
        poller.now();
    }

    function drawHead() {
        const all = h("input", { type: "checkbox", "aria-label": "Select all jobs on this page", on: { change: () => {
            for (const job of shown())
                view.selected[all.checked ? "add" : "delete"](job.id);
            remember();
            draw();
        } } });
        fill(head, h("th", { class: "tick", scope: "col" }, all), columnsOf(view.columns).map(({ key, words, sort, classes }) => h("th", { scope: "col",
            class: view.columns ? classes.replace(/small|medium|large|huge/, "") : classes, "aria-sort": view.sort === key ? view.down ? "descending" : "ascending" : null },
        sort ? h("button", { type: "button", class: "sort", on: { click: () => sortBy(key) } }, words,
            h("span", { "aria-hidden": "true" }, view.sort === key ? view.down ? " ↓" : " ↑" : "")) : words)));
    }

    /** All rows known, those that are pinned first. */
    function ordered() {
        const jobs = list.jobs().filter(job => !isGoing(job.id));
        const key = COLUMNS.find(column => column.key === view.sort)?.sort;
        const keyed = jobs.map((job, index) => ({ job, index, pin: job.labels[PIN] === undefined ? 1 : 0, key: key?.(job) ?? 0 }));
        keyed.sort((a, b) => a.pin - b.pin || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (view.down ? -1 : 1) || a.index - b.index);
        return keyed.map(entry => entry.job);
    }

    function shown() {
        return ordered().slice((view.page - 1) * PAGE, view.page * PAGE);
    }

    /* --- Rows ------------------------------------------------------------------------------- */

    const acts = {
        select(job, chosen) {
            view.selected[chosen ? "add" : "delete"](job.id);
            remember();
            draw();
        },
        async pin(job, pinned) {
            try {
                await write("PATCH", `/v1/jobs/${job.id}`, { labels: { [PIN]: pinned ? "yes" : null } });
            } catch (error) {
                notice(error.message, { bad: true });
            }
            list.reset();
            poller.now();
        },
        label(text) {
            label.value = text;
            refilter({ label: text });
        },
    };

    function drop(row) {
        watcher.unobserve(row.element);
        row.element.remove();
        waiting.delete(row);
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
        if (row.job && row.spark.isConnected && row.points !== row.job.progress.step && row.job.loss)
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
        row.points = row.job.progress.step;
        const curve = await get(`/v1/jobs/${row.job.id}/curve${query({ series: "loss", max_points: SPARK_POINTS })}`);
        drawSparkline(row.spark, curve.series.loss);
    }

    function redrawCurves() {
        for (const row of rows.values()) {
            row.points = -1;
            if (row.seen)
                spark(row);
        }
    }

    /* --- The whole ---------------------------------------------------------------------------- */

    function drawChips() {
        const { counts } = list;
        const all = STATES.reduce((sum, own) => sum + (counts[own] ?? 0), 0);
        fill(chips, [["", "all", all], ...STATES.map(own => [own, own, counts[own] ?? 0])].map(([value, words, n]) =>
            h("button", { type: "button", class: "chip", "aria-pressed": String(view.status === value),
                on: { click: () => refilter({ status: value }) } },
            value ? icon(value) : null, words, h("b", null, count(n)))));
    }

    function drawEmpty() {
        fill(content, h("section", { class: "empty split card" }, h("div", { class: "stack" }, h("h2", null, "Nothing has been trained here yet"),
            h("p", null, "A demo job separates two half moons with a small network. It takes some seconds; watch its loss fall."),
            h("div", { class: "row" }, button("Run the demo job", async () => {
                try {
                    location.hash = `#/jobs/${(await write("POST", "/v1/jobs", DEMO)).id}`;
                } catch (error) {
                    notice(error.message, { bad: true });
                }
            }, { class: "primary", id: "demo" }), h("a", { class: "button", href: "#/new" }, "Make one of your own"))),
        h("div", { class: "stack" }, h("div", { class: "section-head" }, h("h3", null, "The same from a shell"), copier("Copy", () => curlOf(DEMO), { class: "quiet" })),
            h("pre", { class: "code", tabindex: "0" }, curlOf(DEMO)))));
    }

    let counted = "";

    function draw() {
        const jobs = shown();
        if (list.total("") === 0 && !view.status && !view.name && !view.label && list.ready) {
            drawEmpty();
            return;
        }
        if (!table.isConnected)
            fill(content, h("div", { class: "filters" }, chips, search, label, columns), bulk.element, table, foot);
        const counts = JSON.stringify([list.counts, view.status]);
        if (counts !== counted) { // a button under the hand stays the same one
            counted = counts;
            drawChips();
        }
        drawRows(jobs);
        bulk.draw();
        drawFoot(jobs);
    }

    function drawRows(jobs) {
        const wanted = new Set(jobs.map(job => job.id));
        for (const [id, row] of rows)
            if (!wanted.has(id)) {
                drop(row);
                rows.delete(id);
            }
        let place = body.firstChild;
        for (const job of jobs) {
            let row = rows.get(job.id);
            if (!row) {
                row = new JobRow(job, columnsOf(view.columns), view.columns === "", acts);
                watcher.observe(row.element);
                rows.set(job.id, row);
            }
            row.update(job, view.selected.has(job.id));
            if (row.seen)
                spark(row);
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
            body.appendChild(h("tr", null, h("td", { colspan: columnsOf(view.columns).length + 1, class: "hint" },
                list.ready ? "No job fits the filter." : "Asking the service…")));
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
        view.sort && list.more ? h("span", null, ` · reading all to sort them: ${count(known)} so far`) : null,
        view.page === 1 && known <= PAGE && !list.more ? null : [button("Newer", () => turn(-1), { disabled: view.page === 1, "aria-label": "Page before" }),
            button("Older", () => turn(1), { disabled: known <= first + PAGE && !list.more, "aria-label": "Next page" })],
        view.sort ? button("Newest first", () => {
            view.sort = "";
            remember();
            drawHead();
            draw();
        }, { class: "quiet" }) : null);
    }

    const removed = () => {
        if (list.ready)
            draw();
        poller.now();
    };
    drawHead();
    addEventListener("themechange", redrawCurves);
    addEventListener("removal", removed);
    const poller = poll(async signal => {
        await list.refresh(view.sort ? Infinity : view.page * PAGE, signal, draw);
        draw();
        return list.jobs().some(job => job.status === "running") ? 1000 : 5000;
    });
    return () => {
        poller.stop();
        watcher.disconnect();
        removeEventListener("themechange", redrawCurves);
        removeEventListener("removal", removed);
    };
}
