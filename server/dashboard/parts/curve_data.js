// curve_data.js: the points of one job's curves as the page holds them: read once, then only what is newer. When many
// have come in, the whole is read again, thinned by the service, so that the page stays as small after a day as
// after a minute.

import { get, query } from "../api.js";

const POINTS = 1000; // asked for
const POINTS_HELD = 2000;

export class CurveData {
    /** @param {string} id of the job */
    constructor(id) {
        this.id = id;
        /** A window of steps instead of all. @type {?{from: number, to: number}} */
        this.window = null;
        this.clear();
    }

    clear() {
        this.last = 0;
        this.of = 0;
        this.complete = false;
        /** @type {Object<string, Array<?number>>} */
        this.series = { seq: [], step: [], epoch: [], seconds: [], loss: [], validation_loss: [] };
        /** @type {Array<{step: number, series: string, value: string}>} */
        this.nonfinite = [];
    }

    get length() {
        return this.series.step.length;
    }

    /** Shows a window of steps, or all for null; the next refresh reads it. @param {?{from: number, to: number}} window */
    look(window) {
        this.window = window;
        this.clear();
    }

    /** Reads what is new. @param {AbortSignal} [signal] @returns {Promise<boolean>} whether there was anything */
    async refresh(signal) {
        if (this.complete)
            return false;
        const window = this.window;
        const whole = window !== null || this.last === 0 || this.length > POINTS_HELD;
        const members = window ? { from_step: window.from, to_step: window.to } : whole ? {} : { after: this.last };
        const reply = await get(`/v1/jobs/${this.id}/curve${query({ ...members, max_points: POINTS })}`, signal);
        if (window !== this.window || (whole && reply === this.reply))
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
