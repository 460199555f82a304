// job_list.js: the jobs that fit a filter, as many as were asked for, kept in step with the service. The first page
// is read at every turn; of the rest only jobs that can still change. Pages follow cursors, so rows that are added
// meanwhile neither repeat nor hide others.

import { get } from "./api.js";

const FIRST = 50;
const MORE = 500;
const ACTIVE = "running,queued,paused";

export class JobList {
    /** @param {function(): string} filter the query string of the filter, "" or "?…"
     * @param {string} pin the label of jobs that are always read, however old */
    constructor(filter, pin) {
        this.filter = filter;
        this.pin = pin;
        this.counts = {};
        this.reset();
    }

    /** Forgets every row: the filter changed, or many rows did. */
    reset() {
        /** @type {Map<string, Object>} newest first */
        this.rows = new Map();
        /** @type {Map<string, Object>} those with the pin that are not among the rows */
        this.pinned = new Map();
        this.next = null;
        this.more = false;
        this.ready = false;
        this.turn = (this.turn ?? 0) + 1;
    }

    /** @returns {Array<Object>} newest first */
    jobs() {
        return [...this.rows.values(), ...this.pinned.values()];
    }

    /** How many jobs a state has ("": all), as the service counts them. @param {string} status @returns {number} */
    total(status) {
        const words = status ? status.split(",") : Object.keys(this.counts);
        return words.reduce((sum, word) => sum + (this.counts[word] ?? 0), 0);
    }

    async page(extra, signal) {
        const filter = this.filter();
        return get(`/v1/jobs${filter}${filter ? "&" : "?"}${extra}`, signal);
    }

    /**
     * Reads what is new, and on until `wanted` rows are known or there are no more.
     * @param {number} wanted @param {AbortSignal} signal @param {function(): void} drawn called between pages
     */
    async refresh(wanted, signal, drawn) {
        const turn = this.turn;
        const first = await this.page(`limit=${FIRST}`, signal);
        if (turn !== this.turn)
            return;
        this.merge(first);
        await this.readPinned(turn, signal);
        while (this.more && this.rows.size < wanted) {
            drawn();
            const page = await this.page(`limit=${MORE}&cursor=${encodeURIComponent(this.next)}`, signal);
            if (turn !== this.turn)
                return;
            for (const job of page.jobs) {
                this.rows.set(job.id, job);
                this.pinned.delete(job.id);
            }
            this.next = page.next_cursor;
            this.more = this.next !== null;
        }
        if (this.rows.size > FIRST && !this.filter().includes("status="))
            await this.refreshActive(turn, signal);
    }

    /** Puts the newest page before the rows known; what lies in its span but not in it is gone. */
    merge(first) {
        this.counts = first.counts;
        const rows = new Map(first.jobs.map(job => [job.id, job]));
        const last = first.jobs.at(-1);
        for (const [id, job] of this.rows)
            if (!rows.has(id) && first.next_cursor !== null && (!last || job.created_at <= last.created_at))
                rows.set(id, job);
        if (!this.ready || first.next_cursor === null) {
            this.next = first.next_cursor;
            this.more = this.next !== null;
        }
        this.ready = true;
        this.rows = rows;
    }

    async readPinned(turn, signal) {
        if (this.filter().includes("label="))
            return;
        const { jobs } = await this.page(`label=${encodeURIComponent(this.pin)}&limit=${FIRST}`, signal);
        if (turn === this.turn)
            this.pinned = new Map(jobs.filter(job => !this.rows.has(job.id)).map(job => [job.id, job]));
    }

    async refreshActive(turn, signal) {
        const changing = [...this.rows.values()].filter(job => !job.terminal).map(job => job.id);
        if (changing.length === 0)
            return;
        // A page may be short, or empty, and yet have a next one.
        const now = new Map();
        let cursor = "";
        do {
            const page = await this.page(`status=${ACTIVE}&limit=${MORE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, signal);
            if (turn !== this.turn)
                return;
            page.jobs.forEach(job => now.set(job.id, job));
            cursor = page.next_cursor;
        } while (cursor !== null && now.size < MORE);
        for (const id of changing) {
            if (now.has(id)) {
                this.rows.set(id, now.get(id));
            } else if (cursor === null) {
                // It has ended, or was deleted under us.
                const job = await get(`/v1/jobs/${id}`, signal).catch(() => null);
                if (job === null)
                    this.rows.delete(id);
                else
                    this.rows.set(id, { ...job, model_type: job.spec.model.type, optimizer_type: job.spec.optimizer.type });
            }
        }
    }
}
