// poll.js: asking again and again, politely: at the pace the page wants while it is shown, every 30 s while it is
// hidden, at once when it is shown again, ever more slowly while the service cannot be reached.

import { report } from "./shell.js";
import { ApiError } from "./api.js";

const HIDDEN = 30000;
const BACKOFF_FIRST = 1000;
const BACKOFF_LAST = 30000;

/**
 * @param {function(AbortSignal): Promise<?number>} task asks once and says after how many ms to ask again; null: never
 * @returns {{now: function(): void, stop: function(): void}}
 */
export function poll(task) {
    let timer = 0, failures = 0, stopped = false, running = false, again = false;
    const control = new AbortController();

    async function run() {
        clearTimeout(timer);
        if (stopped)
            return;
        if (running) {
            again = true;
            return;
        }
        running = true;
        let pause = null;
        try {
            pause = await task(control.signal);
            failures = 0;
            if (!stopped)
                report({ ok: true });
        } catch (error) {
            if (stopped)
                return;
            // A refusal is an answer: the page shows it. Only 429 and 5xx are worth asking again.
            const retry = !(error instanceof ApiError) || error.status >= 500 || error.status === 429;
            pause = Math.max(Math.min(BACKOFF_LAST, BACKOFF_FIRST * 2 ** failures++) * (0.75 + Math.random() / 2), error.wait ?? 0);
            report({ ok: !retry, error, retry: retry ? Date.now() + pause : 0 });
            if (!retry)
                pause = null;
        } finally {
            running = false;
        }
        if (again) {
            again = false;
            run();
        } else if (pause !== null && !stopped) {
            timer = setTimeout(run, document.hidden ? Math.max(pause, HIDDEN) : pause);
        }
    }

    const shown = () => {
        if (!document.hidden)
            run();
    };
    document.addEventListener("visibilitychange", shown);
    run();
    return {
        now: run,
        stop() {
            stopped = true;
            clearTimeout(timer);
            control.abort();
            document.removeEventListener("visibilitychange", shown);
        },
    };
}
