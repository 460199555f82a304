// pace.js: how long a job will take, judged by what jobs of its kind took here: a guess, and told as one.

import { get } from "../api.js";

const DENSE = ["linear", "logistic", "softmax", "mlp", "autoencoder"]; // work for each example grows with the parameters
const LOOKED_AT = 5;

/** @typedef {{name: string, parameters: number, rate: number}} Pace `rate`: examples a second */

/** The last jobs that ran long enough to tell. @returns {Promise<Array<Pace>>} */
export async function readPaces() {
    const { jobs } = await get("/v1/jobs?status=succeeded&limit=50");
    const rows = jobs.filter(job => DENSE.includes(job.model_type) && job.progress.seconds > 0.02 && job.progress.samples_per_second > 0).slice(0, LOOKED_AT);
    const whole = await Promise.all(rows.map(job => get(`/v1/jobs/${job.id}`)));
    return whole.map(job => ({ name: job.name || job.id.slice(-6), parameters: job.model.parameters, rate: job.progress.samples_per_second }));
}

/** @param {Object} reply of a dry run @param {Array<Pace>} paces @returns {?{seconds: number, by: string}} */
export function guess(reply, paces) {
    const { model, training } = reply.spec;
    const batch = training.batch_size === "full" ? reply.rows.training : training.batch_size;
    const examples = (training.epochs ? training.epochs * reply.rows.training : training.steps * batch) * (training.restarts ?? 1);
    if (!DENSE.includes(model.type) || paces.length === 0)
        return null;
    const far = pace => Math.abs(Math.log(pace.parameters / reply.model.parameters));
    const near = paces.reduce((best, pace) => far(pace) < far(best) ? pace : best);
    // Below some thousand parameters a step's own cost rules, whatever the model's size.
    const factor = Math.max(reply.model.parameters, 2000) / Math.max(near.parameters, 2000);
    return { seconds: examples / near.rate * factor, by: near.name };
}
