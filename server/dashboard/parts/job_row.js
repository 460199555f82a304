// job_row.js: the columns of the list of jobs, and one row of it: made once, changed in place where something differs.

import { sparkline } from "../charts/sparkline.js";
import { button, fill, h, icon, say, state } from "../dom.js";
import { ago, count, duration, inLine, number, short, title as nameOf, utc } from "../format.js";

export const STATES = ["running", "queued", "paused", "succeeded", "failed", "cancelled"];
export const PIN = "pinned"; // the label that keeps a job on top

/** Steps a second, now or on average. */
function speed(job) {
    const { step, steps, seconds, eta_seconds: left } = job.progress;
    if (left > 0 && steps > step)
        return (steps - step) / left;
    return seconds > 0 && step > 0 ? step / seconds : null;
}

const loss = value => value ?? Infinity;
const plain = (key, words, sort, text, classes) => ({ key, words, sort, classes, draw: (cell, job) => say(cell, text(job)) });

/**
 * What a column is called in an address and at its head, what it is sorted by, the classes of its cells (small to
 * huge ones go where the window is too narrow, unless columns were chosen), and how it is drawn.
 * @type {Array<{key: string, words: string, sort?: function(Object): *, classes: string, draw?: function(HTMLElement, Object): void}>}
 */
export const COLUMNS = [
    { key: "name", words: "Name", sort: job => nameOf(job).toLowerCase(), classes: "name" },
    { key: "state", words: "State", sort: job => STATES.indexOf(job.status), classes: "" },
    { key: "progress", words: "Progress", sort: job => job.progress.fraction, classes: "medium progress" },
    plain("best", "Best loss", job => loss(job.loss?.best), job => number(job.loss?.best), "numeric"),
    plain("last", "Last", job => loss(job.loss?.last), job => number(job.loss?.last), "numeric small"),
    plain("validation", "Validation", job => loss(job.validation?.best_loss), job => number(job.validation?.best_loss), "numeric small"),
    { key: "curve", words: "Curve", classes: "medium" },
    plain("speed", "Steps/s", job => -(speed(job) ?? -1), job => short(speed(job)), "numeric large"),
    plain("time", "Time", job => job.progress.eta_seconds ?? job.progress.seconds, job => job.progress.eta_seconds !== null ?
        `${duration(job.progress.eta_seconds)} left` : job.progress.seconds > 0 ? duration(job.progress.seconds) : "–", "numeric medium"),
    plain("model", "Model", job => job.model_type, job => job.model_type, "large"),
    plain("optimizer", "Optimizer", job => job.optimizer_type ?? "", job => job.optimizer_type ?? "–", "large"),
    plain("attempt", "Attempt", job => job.attempt, job => count(job.attempt), "numeric huge"),
    { key: "priority", words: "Priority", sort: job => -job.priority, classes: "numeric", hidden: true, draw: (cell, job) => say(cell, count(job.priority)) },
    { key: "created", words: "Created", classes: "large" },
];

/** @param {string} keys as in the address @returns {Array<Object>} the usual ones for "" */
export function columnsOf(keys) {
    const chosen = keys.split(",").filter(Boolean);
    return COLUMNS.filter(column => column.key === "name" || (chosen.length > 0 ? chosen.includes(column.key) : !column.hidden));
}

/** @typedef {{select: function(Object, boolean): void, pin: function(Object, boolean): void, label: function(string): void}} RowActs */

export class JobRow {
    /** @param {Object} job @param {Array<Object>} columns @param {boolean} narrow whether cells may go where there is no room
     * @param {RowActs} acts */
    constructor(job, columns, narrow, acts) {
        this.acts = acts;
        this.columns = columns;
        this.job = null;
        this.points = -1;
        this.seen = false;
        this.tick = h("input", { type: "checkbox", on: { change: () => acts.select(this.job, this.tick.checked) } });
        this.pin = h("button", { type: "button", class: "pin", on: { click: () => acts.pin(this.job, !this.isPinned()) } }, icon("pin"));
        this.link = h("a", { href: `#/jobs/${job.id}` });
        this.labels = h("span", { class: "labels" });
        this.bar = h("progress", { max: 1 });
        this.share = h("span", { class: "share" });
        this.spark = sparkline();
        this.created = h("time", { datetime: job.created_at, title: utc(job.created_at) });
        const content = { name: h("span", null, this.pin, this.link, this.labels), progress: [this.bar, this.share], curve: this.spark, created: this.created };
        this.cells = new Map(columns.map(({ key, classes }) => [key, h(key === "name" ? "th" : "td", { scope: key === "name" ? "row" : null,
            class: narrow ? classes : classes.replace(/small|medium|large|huge/, "") }, content[key] ?? null)]));
        this.element = h("tr", { data: { id: job.id } }, h("td", { class: "tick" }, this.tick), [...this.cells.values()]);
    }

    isPinned() {
        return this.job.labels[PIN] !== undefined;
    }

    /** @param {Object} job @param {boolean} selected */
    update(job, selected) {
        this.tick.checked = selected;
        this.element.classList.toggle("selected", selected);
        say(this.created, ago(job.created_at));
        if (this.job === job)
            return;
        const before = this.job;
        this.job = job;
        for (const { key, draw } of this.columns)
            draw?.(this.cells.get(key), job);
        this.drawName();
        if (before?.status !== job.status || before?.requested !== job.requested || before?.attempt !== job.attempt)
            fill(this.cells.get("state") ?? h("td"), state(job.status), [job.requested ? `${job.requested} asked` : "",
                job.status === "failed" ? job.reason : "", job.attempt > 1 ? `attempt ${job.attempt}` : ""].filter(Boolean)
                .map(words => h("small", null, ` ${words}`)));
        this.bar.value = job.progress.fraction;
        this.bar.setAttribute("aria-label", `${Math.floor(job.progress.fraction * 100)} % of the steps`);
        say(this.share, job.status === "queued" && job.queue_position !== null ? inLine(job.queue_position) :
            `${short(job.progress.step)} / ${short(job.progress.steps)}`);
    }

    drawName() {
        const { job } = this, name = nameOf(job), pinned = this.isPinned();
        say(this.link, name);
        this.link.title = name;
        this.tick.setAttribute("aria-label", `Select ${name}`);
        this.pin.setAttribute("aria-pressed", String(pinned));
        this.pin.setAttribute("aria-label", `Keep ${name} on top`);
        const texts = Object.entries(job.labels).filter(([key]) => key !== PIN).map(([key, value]) => `${key}: ${value}`);
        if (texts.join("\n") === this.said)
            return;
        this.said = texts.join("\n");
        fill(this.labels, texts.map(text => button(text, () => this.acts.label(text.replace(": ", ":")),
            { class: "tag", title: "Show jobs with this label" })));
    }
}
