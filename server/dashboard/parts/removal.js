// removal.js: deleting with time to think: what is to go vanishes from every list at once and is deleted some seconds
// later, or at once when the tab is closed. Until then it can be had back.

import { write } from "../api.js";
import { count, title as nameOf } from "../format.js";
import { notice } from "../shell.js";

const SECONDS = 8;

/** Ids that are to go. @type {Map<string, function(): void>} */
const going = new Map();

/** @param {string} id @returns {boolean} */
export function isGoing(id) {
    return going.has(id);
}

function changed() {
    dispatchEvent(new Event("removal"));
}

/** Deletes jobs after a while. "removal" is told to the window at every change. @param {Array<Object>} jobs */
export function remove(jobs) {
    const ids = jobs.map(job => job.id);
    const forget = () => {
        ids.forEach(id => going.delete(id));
        changed();
    };
    const finish = async () => {
        if (!going.has(ids[0]))
            return;
        close();
        const outcomes = await Promise.allSettled(jobs.map(job => write("DELETE", `/v1/jobs/${job.id}`)));
        const refused = outcomes.map((outcome, index) => [outcome, jobs[index]])
            .filter(([{ status, reason }]) => status === "rejected" && reason.status !== 404);
        forget();
        const first = refused[0];
        notice(`Deleted: ${count(ids.length - refused.length)}${first ? `; ${count(refused.length)} not (${nameOf(first[1])}: ${first[0].reason.message})` : ""}`,
            { seconds: first ? 0 : 5, bad: Boolean(first) });
    };
    const close = notice(`${ids.length === 1 ? `“${nameOf(jobs[0])}” is deleted` : `${count(ids.length)} jobs are deleted`} in ${SECONDS} s`,
        { seconds: SECONDS, action: "Undo", act: forget, over: finish });
    ids.forEach(id => going.set(id, finish));
    changed();
}

addEventListener("pagehide", () => new Set(going.values()).forEach(finish => finish()));
