// ahead.js: the learning rate that is still to come, as the service computes it for the whole job, and how far the axis
// reaches into it.

import { ApiError, get } from "../api.js";

const ROOM = 0.15; // of what is past, shown of what is ahead

export class Ahead {
    /** @param {string} id of the job */
    constructor(id) {
        this.id = id;
        this.schedule = null;
        this.asked = false;
        this.active = false;
        this.progress = null;
        this.words = "";
    }

    /** Reads the schedule once, while there is something ahead. @param {Object} job @param {AbortSignal} [signal] */
    async follow(job, signal) {
        this.active = !job.terminal && job.progress.steps > job.progress.step;
        this.progress = job.progress;
        if (!this.active || this.asked)
            return;
        this.asked = true;
        try {
            this.schedule = await get(`/v1/jobs/${this.id}/schedule`, signal);
            this.words = this.schedule.series === null ? ` · ${this.schedule.type} follows the losses: nothing is known ahead` : "";
        } catch (error) {
            this.asked = error instanceof ApiError; // a refusal stays one; a broken connection does not
        }
    }

    /** Where the axis ends. @param {Object} series @param {string} axis @param {number} last x now
     * @param {boolean} whole up to the job's end @returns {number} */
    reach(series, axis, last, whole) {
        if (!this.active || series.step.length === 0)
            return last;
        const end = this.turn(series, axis)(this.progress.steps);
        return whole ? Math.max(last, end) : Math.min(Math.max(last, end), last * (1 + ROOM));
    }

    /** Steps into x: epochs by the job's own length, seconds by the pace so far. */
    turn(series, axis) {
        const now = series.step.at(-1) ?? 0, x = series[axis]?.at(-1) ?? 0;
        return step => axis === "step" || now === 0 ? step : step * x / now;
    }

    /** The rates after the last point, it included. @param {Object} series @param {string} axis
     * @returns {?{x: Array<number>, y: Array<number>}} null where nothing is known */
    line(series, axis) {
        const now = series.step.at(-1), rate = series.learning_rate?.at(-1);
        const own = this.schedule?.series;
        if (!this.active || !own || now === undefined || rate === null || rate === undefined)
            return null;
        const first = own.step.findIndex(step => step > now);
        if (first < 0)
            return null;
        // Rates of a range test are told as multiples of what it found.
        const scale = this.schedule.relative ? rate / own.learning_rate[Math.max(0, first - 1)] : 1;
        const turn = this.turn(series, axis);
        return { x: [turn(now), ...own.step.slice(first).map(turn)], y: [rate, ...own.learning_rate.slice(first).map(value => value * scale)] };
    }
}
