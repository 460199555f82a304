// bulk.js: what can be done to several jobs at once.

import { write } from "../api.js";
import { ask, button, fill, h } from "../dom.js";
import { count, title as nameOf } from "../format.js";
import { notice } from "../shell.js";
import { PIN } from "./job_row.js";
import { remove } from "./removal.js";

const COMPARED = 24; // that the page of comparison takes

/** What can be asked of jobs, and in which states.
 * @type {Array<{words: string, done: string, action: string, from: Array<string>}>} */
const ACTS = [
    { words: "Cancel", done: "Cancelled", action: "cancel", from: ["running", "queued", "paused"] },
    { words: "Pause", done: "Paused", action: "pause", from: ["running", "queued"] },
    { words: "Resume", done: "Resumed", action: "resume", from: ["paused"] },
];
const GONE = ["succeeded", "failed", "cancelled", "queued"]; // what can be deleted

async function askTag(jobs) {
    return ask(`Tag ${count(jobs.length)} ${jobs.length === 1 ? "job" : "jobs"}`, finish => {
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
}

/**
 * The bar above the list, hidden while nothing is selected.
 * @param {{chosen: function(): Array<Object>, clear: function(): void, done: function(): void}} options
 * @returns {{element: HTMLElement, draw: function(): void}}
 */
export function bulkBar({ chosen, clear, done }) {
    const element = h("div", { class: "bulk", role: "group", "aria-label": "Selected jobs", hidden: true });
    let drawn = "";

    async function each(words, jobs, act) {
        if (jobs.length === 0) // they ended meanwhile
            return done();
        const refused = [];
        await Promise.all(jobs.map(job => act(job).catch(error => refused.push(`${nameOf(job)}: ${error.message}`))));
        notice(`${words}: ${count(jobs.length - refused.length)}${refused.length > 0 ? `; not ${count(refused.length)} (${refused[0]})` : ""}`,
            { seconds: refused.length > 0 ? 0 : 5, bad: refused.length > 0 });
        return done();
    }

    const label = labels => job => write("PATCH", `/v1/jobs/${job.id}`, { labels });

    function draw() {
        const jobs = chosen();
        element.hidden = jobs.length === 0;
        const pinned = jobs.every(job => job.labels[PIN] !== undefined);
        const state = `${jobs.map(job => job.id + job.status).join()} ${pinned}`;
        if (jobs.length === 0 || state === drawn)
            return;
        drawn = state;
        const focused = element.contains(document.activeElement) ? document.activeElement.textContent.replace(/ [\d,]+$/, "") : null;
        const fit = from => chosen().filter(job => from.includes(job.status));
        /** A button that says how many it is for where these are not all. */
        const act = (words, from, run, attributes) => {
            const { length } = fit(from);
            return button(length === 0 || length === jobs.length ? words : `${words} ${count(length)}`, () => run(fit(from)),
                { ...attributes, disabled: length === 0, title: length === 0 ? `None of these is ${from.join(" or ")}` : null });
        };
        fill(element, h("strong", null, `${count(jobs.length)} selected`),
            jobs.length > 1 && jobs.length <= COMPARED ? h("a", { class: "button", href: `#/compare?jobs=${jobs.map(job => job.id).join(",")}` },
                "Compare") : null,
            ACTS.map(({ words, done: after, action, from }) => act(words, from, own =>
                each(after, own, job => write("POST", `/v1/jobs/${job.id}/${action}`)))),
            button("Tag…", async () => {
                const given = await askTag(chosen());
                if (given)
                    await each("Tagged", chosen(), label({ [given[0]]: given[1] || null }));
            }),
            button(pinned ? "Unpin" : "Pin", () => each(pinned ? "Unpinned" : "Pinned", chosen(), label({ [PIN]: pinned ? null : "yes" }))),
            act("Delete", GONE, own => {
                clear();
                remove(own);
            }, { class: "danger" }),
            button("Clear", clear, { class: "quiet" }));
        if (focused)
            [...element.querySelectorAll("button")].find(own => own.textContent.replace(/ [\d,]+$/, "") === focused)?.focus();
    }

    return { element, draw };
}
