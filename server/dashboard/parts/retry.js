// retry.js: the same job once more, as it was or with a change. Only what is changed is sent, as a merge patch; the
// service resolves and checks the rest anew.

import { get, write } from "../api.js";
import { ask, button, fill, h, icon, select } from "../dom.js";

/** Sets a member by its path, making the objects on the way. */
function put(target, path, value) {
    path.slice(0, -1).reduce((object, key) => object[key] ??= {}, target)[path.at(-1)] = value;
}

function value(text) {
    const trimmed = text.trim();
    return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** Asks what to change and starts the job. @param {Object} job with details @returns {Promise<?string>} id of the new one */
export async function retryDialog(job) {
    const catalog = await get("/v1/catalog");
    const { spec } = job;
    const limit = spec.training.steps ? "steps" : "epochs";
    const rows = [
        ["Name", ["name"], spec.name ?? ""],
        ["Learning rate", ["optimizer", "learning_rate"], spec.optimizer.learning_rate],
        [limit === "steps" ? "Steps" : "Epochs", ["training", limit], spec.training[limit]],
        ["Batch size", ["training", "batch_size"], spec.training.batch_size],
        ["Seed", ["training", "seed"], spec.training.seed],
    ].filter(([, , own]) => own !== undefined);
    return ask("Retry", finish => {
        const fields = rows.map(([words, path, own]) => ({ words, path, own: String(own), input: h("input", {
            id: `retry-${path.join("-")}`, value: String(own), data: { pointer: `/${path.join("/")}` } }) }));
        const optimizer = select(catalog.optimizers.map(entry => [entry.name, entry.name]), spec.optimizer.type, { id: "retry-optimizer-type" });
        const preview = h("pre", { class: "code" });
        const faults = h("div", { class: "stack", role: "alert" });
        const start = h("button", { type: "submit", class: "primary" }, "Retry as it is");

        function patch() {
            const change = {};
            if (optimizer.value !== spec.optimizer.type)
                put(change, ["optimizer", "type"], optimizer.value);
            for (const field of fields)
                if (field.input.value.trim() !== field.own)
                    put(change, field.path, field.path[0] === "name" ? field.input.value : value(field.input.value));
            // A new optimizer starts from its own defaults, but for a rate that was typed here.
            return change;
        }

        function show() {
            const change = patch();
            const same = Object.keys(change).length === 0;
            fill(preview, same ? "Nothing is changed: the result will be the same to the last bit." : JSON.stringify(change, null, 2));
            start.textContent = same ? "Retry as it is" : "Retry with this change";
        }

        show();
        return h("form", { class: "stack", on: { input: show, submit: async event => {
            event.preventDefault();
            const change = patch();
            start.disabled = true;
            try {
                const made = await write("POST", `/v1/jobs/${job.id}/retry`, Object.keys(change).length === 0 ? undefined : change);
                finish(made.id);
            } catch (error) {
                start.disabled = false;
                fill(faults, (error.problem?.errors ?? [{ pointer: "", detail: error.message }]).map(fault =>
                    h("p", { class: "fault" }, icon("warning"), fault.detail)));
                for (const field of fields)
                    field.input.setAttribute("aria-invalid", String((error.problem?.errors ?? []).some(fault =>
                        fault.pointer === field.input.dataset.pointer)));
            }
        } } },
        h("div", { class: "fields" }, fields.map(field => h("div", { class: "field" }, h("label", { for: field.input.id }, field.words), field.input)),
            h("div", { class: "field" }, h("label", { for: optimizer.id }, "Optimizer"), optimizer)),
        h("h3", null, "What is sent"), preview, faults,
        h("div", { class: "row" }, start, button("Leave it", () => finish(null))));
    });
}
