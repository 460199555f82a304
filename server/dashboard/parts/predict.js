// predict.js: the box that asks a trained model for one row: a field a feature, filled with a usual value; or a line of
// comma-separated values where there are many.

import { get, write } from "../api.js";
import { button, fill, h, select } from "../dom.js";
import { number } from "../format.js";

const FIELDS_MAXIMUM = 24;

/** What is known of the feature columns: of a dataset much, of generated or inline data their names. */
async function columnsOf(spec) {
    const names = spec.data.features ?? [];
    let known = [];
    if (spec.data.dataset)
        known = (await get(`/v1/datasets/${spec.data.dataset}`).catch(() => ({ columns: [] }))).columns;
    const inline = spec.data.inline;
    return names.map(name => {
        const column = known.find(own => own.name === name);
        const first = inline ? inline.rows[0]?.[inline.columns.indexOf(name)] : undefined;
        return { name, classes: column?.classes, usual: column?.mean ?? column?.classes?.[0] ?? first ?? 0 };
    });
}

function cell(text) {
    const trimmed = text.trim();
    return trimmed === "" ? null : Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

function drawReply(reply) {
    const prediction = reply.predictions.at(-1);
    const parts = [h("p", { class: "verdict" }, Array.isArray(prediction) ? prediction.map(value => number(value)).join(", ") :
        typeof prediction === "number" ? number(prediction, 6) : String(prediction))];
    if (reply.classes && reply.probabilities?.length > 0) {
        const order = reply.classes.map((name, index) => [name, reply.probabilities.at(-1)[index]]).sort((a, b) => b[1] - a[1]);
        parts.push(h("div", { class: "bars" }, order.slice(0, 12).map(([name, share]) => [h("span", null, String(name)),
            h("progress", { max: 1, value: share, "aria-label": `probability of ${name}` }), h("span", { class: "numeric" },
                `${number(share * 100, 3)} %`)])));
    }
    return [parts, h("p", { class: "hint" }, `with the parameters after step ${reply.step}`)];
}

/** A text model writes on where a prompt ends. */
function promptBox(root, job) {
    const prompt = h("textarea", { id: "predict-prompt" });
    const length = h("input", { id: "predict-length", inputmode: "numeric", value: "200" });
    const temperature = h("input", { id: "predict-temperature", inputmode: "decimal", value: "0.7" });
    const out = h("pre", { class: "code", "aria-live": "polite", hidden: true });
    fill(root, h("form", { class: "stack", on: { submit: async event => {
        event.preventDefault();
        out.hidden = false;
        try {
            const reply = await write("POST", `/v1/jobs/${job.id}/predict`, { prompt: prompt.value, length: Number(length.value),
                temperature: Number(temperature.value) });
            fill(out, h("b", null, prompt.value), reply.text);
        } catch (error) {
            fill(out, [error.message, ...(error.problem?.errors ?? []).map(fault => fault.detail)].join(" "));
        }
    } } }, h("div", { class: "field" }, h("label", { for: prompt.id }, "Prompt"), prompt), h("div", { class: "fields" },
        h("div", { class: "field" }, h("label", { for: length.id }, "Characters"), length),
        h("div", { class: "field" }, h("label", { for: temperature.id }, "Temperature"), temperature)),
    h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Write on")), out));
}

/** The numbers of a sparse row by their index: "1:0.5 3:1". @param {string} text @returns {Object<string, *>} */
function sparseRow(text) {
    return Object.fromEntries(text.split(/[\s,]+/).filter(Boolean).map(part => {
        const [at, value] = part.split(":");
        return [at, cell(value ?? "")];
    }));
}

/** @param {HTMLElement} root @param {Object} job with details */
export async function predictBox(root, job) {
    const set = job.spec.data.dataset ? await get(`/v1/datasets/${job.spec.data.dataset}`).catch(() => null) : null;
    if (set?.format === "text") {
        promptBox(root, job);
        return;
    }
    const columns = await columnsOf(job.spec);
    const out = h("div", { class: "stack", "aria-live": "polite" });
    const which = select([["final", "final parameters"], ["best", "best parameters"]], "final", { "aria-label": "Which parameters" });
    let read, many = null, sparse = null;
    let inputs;
    if (set?.format === "libsvm") {
        const text = h("textarea", { id: "predict-sparse", placeholder: "1:0.5 3:1" });
        inputs = h("div", { class: "field wide" }, h("label", { for: text.id }, "One row: index:value of what is not zero, as in the file"), text);
        sparse = () => [sparseRow(text.value)];
    } else if (columns.length <= FIELDS_MAXIMUM) {
        const fields = columns.map((column, index) => [column, column.classes ?
            select(column.classes.map(name => [String(name), String(name)]), String(column.usual), { id: `predict-${index}` }) :
            h("input", { id: `predict-${index}`, inputmode: "decimal", value: typeof column.usual === "number" ?
                String(Number(column.usual.toPrecision(4))) : String(column.usual) })]);
        inputs = h("div", { class: "fields" }, fields.map(([column, input]) => h("div", { class: "field" },
            h("label", { for: input.id }, column.name), input)));
        read = () => fields.map(([, input]) => cell(input.value));
    } else {
        const text = h("textarea", { id: "predict-row", value: columns.map(column => column.usual).join(", ") });
        inputs = h("div", { class: "field wide" }, h("label", { for: "predict-row" }, `One row of ${columns.length} values, separated by commas`), text);
        read = () => text.value.split(",").map(cell);
    }
    const rows = job.spec.data.window?.length;
    if (rows > 1) {
        const text = h("textarea", { id: "predict-rows", value: new Array(rows).fill(columns.map(column => column.usual).join(", ")).join("\n") });
        inputs = h("div", { class: "field wide" }, h("label", { for: "predict-rows" }, `At least ${rows} rows of the series: ${
            columns.map(column => column.name).join(", ")}`), text);
        many = () => text.value.trim().split("\n").map(line => line.split(",").map(cell));
    }
    const form = h("form", { class: "stack", on: { submit: async event => {
        event.preventDefault();
        try {
            fill(out, drawReply(await write("POST", `/v1/jobs/${job.id}/predict`, { ...sparse ? { sparse: sparse() } :
                { rows: many ? many() : [read()] }, which: which.value })));
        } catch (error) {
            fill(out, h("p", { class: "fault" }, [error.message, ...(error.problem?.errors ?? []).map(fault => fault.detail)].join(" ")));
        }
    } } }, inputs, h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Predict"), which,
        button("Clear", () => fill(out), { class: "quiet" })), out);
    fill(root, form);
}
