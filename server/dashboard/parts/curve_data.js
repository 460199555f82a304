// curve_data.js: the points of one job's curves as the page holds them: read once, then only what is newer. When many
// have come in, the whole is read again, thinned by the service, so that the page stays as small after a day as
// after a minute.

import { get, query } from "../api.js";

const POINTS = 1000; // asked for
const POINTS_HELD = 2000;
const WINDOWS_KEPT = 8; // of a curve that grows no more

export class CurveData {
    /** @param {string} id of the job @param {string} [wanted] series besides seq and step, separated by commas; "": all */
    constructor(id, wanted = "") {
        this.id = id;
        this.wanted = wanted;
        /** A window of steps instead of all. @type {?{from: number, to: number}} */
        this.window = null;
        this.clear();
    }

    clear() {
        this.last = 0;
        this.of = 0;
        this.complete = false;
        /** Whether the points are still those of the view before. */
        this.stale = false;
        /** @type {Object<string, Array<?number>>} */
        this.series = { seq: [], step: [], epoch: [], seconds: [], loss: [], validation_loss: [] };
        /** @type {Array<{step: number, series: string, value: string}>} */
        this.nonfinite = [];
        /** The whole, while a window is shown. */
        this.whole = null;
        /** @type {Map<string, Object>} */
        this.windows = new Map();
        this.reply = null;
    }

    get length() {
        return this.series.step.length;
    }

    /** Reads other series from now on. @param {string} wanted */
    choose(wanted) {
        if (wanted === this.wanted)
            return;
        this.wanted = wanted;
        this.clear();
    }

    /** Shows a window of steps, or all for null: at once where it is known; else the next refresh reads it, and until then
     * the points are those of before, stale. @param {?{from: number, to: number}} window */
    look(window) {
        const { series, nonfinite, of, last, complete } = this;
        if (this.window === null && !this.stale && this.length > 0)
            this.whole = { series, nonfinite, of, last, complete, stale: false };
        const known = window === null ? this.whole : this.windows.get(`${window.from} ${window.to}`);
        this.window = window;
        this.reply = null;
        Object.assign(this, known ?? { last: 0, complete: false, stale: this.length > 0 });
    }

    /** Reads what is new. @param {AbortSignal} [signal] @returns {Promise<boolean>} whether there was anything */
    async refresh(signal) {
        if (this.complete)
            return false;
        const { window, wanted } = this;
        const whole = window !== null || this.last === 0 || this.length > POINTS_HELD;
        const members = window ? { from_step: window.from, to_step: window.to } : whole ? {} : { after: this.last };
        const reply = await get(`/v1/jobs/${this.id}/curve${query({ ...members, max_points: POINTS, series: this.wanted })}`, signal);
        if (window !== this.window || wanted !== this.wanted || (whole && reply === this.reply))
            return false;
        this.reply = whole ? reply : null;
        if (whole)
            this.replace(reply);
        else
            this.append(reply);
        return whole || reply.series.step.length > 0;
    }

    replace(reply) {
        this.series = reply.series;
        this.nonfinite = reply.nonfinite;
        this.of = reply.sampling.of;
        this.last = reply.last_seq;
        this.complete = reply.complete;
        this.stale = false;
        if (this.window && reply.complete) {
            const { series, nonfinite, of, last, complete } = this;
            this.windows.set(`${this.window.from} ${this.window.to}`, { series, nonfinite, of, last, complete, stale: false });
            if (this.windows.size > WINDOWS_KEPT)
                this.windows.delete(this.windows.keys().next().value);
        }
        if (!this.window && this.length > 0) // this object is the cache's: what grows must be a copy
            this.series = Object.fromEntries(Object.entries(reply.series).map(([name, values]) => [name, [...values]]));
    }

    append(reply) {
        for (const [name, values] of Object.entries(reply.series)) {
            this.series[name] ??= new Array(this.length).fill(null);
            this.series[name].push(...values);
        }
        this.nonfinite = [...this.nonfinite, ...reply.nonfinite];
        this.of += reply.sampling.of;
        this.last = reply.last_seq;
        this.complete = reply.complete;
    }

    /** The values of a series with x, without the points that have none; NaN where the value is not finite.
     * @param {string} name @param {Array<number>} x @returns {{x: Array<number>, y: Array<number>, index: Array<number>}} */
    points(name, x) {
        const values = this.series[name] ?? [];
        const bad = new Set(this.nonfinite.filter(entry => entry.series === name).map(entry => entry.step));
        const out = { x: [], y: [], index: [] };
        values.forEach((value, index) => {
            if (value === null && !bad.has(this.series.step[index]))
                return;
            out.x.push(x[index]);
            out.y.push(value ?? NaN);
            out.index.push(index);
        });
        return out;
    }
}
