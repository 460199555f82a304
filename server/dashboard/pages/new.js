// new.js: a new job from a form that is made from the service's catalogue: what the service can check, the form can ask.
// Every change is tried with a dry run; faults stand at their fields, the estimate beside them.

import { get, write } from "../api.js";
import { ask, button, copier, fill, h, icon, say, select } from "../dom.js";
import { drawSparkline, sparkline } from "../charts/sparkline.js";
import { bytes, count, curlOf, duration, number, short } from "../format.js";
import { dataSection } from "../parts/data_section.js";
import { Draft, field, fieldOf, pointer, words } from "../parts/field.js";
import { parameterRows } from "../parts/parameter_rows.js";
import { guess, readPaces } from "../parts/pace.js";
import { notice } from "../shell.js";

export const title = "New job";

const PAUSE = 250; // ms after the last change
const BASIC = ["epochs", "steps", "batch_size", "target_loss"];

/** Problems to start from. */
const STARTS = [
    ["Two moons", { name: "two moons", model: { type: "mlp", hidden: [16], activation: "tanh" },
        data: { generator: { type: "moons" }, validation: { fraction: 0.2 } }, optimizer: { type: "adam", learning_rate: 0.01 }, training: { epochs: 100 } }],
    ["Spiral", { name: "spiral", model: { type: "mlp", hidden: [32, 32, 16], activation: "tanh" },
        data: { generator: { type: "spiral", samples: 1000 }, validation: { fraction: 0.2 } },
        optimizer: { type: "adam", learning_rate: 0.003, schedule: { type: "cosine", warmup_steps: 100 } }, training: { epochs: 300 } }],
    ["Logistic", { name: "logistic", model: { type: "logistic" }, data: { generator: { type: "moons" }, validation: { fraction: 0.2 } },
        optimizer: { type: "sgd", learning_rate: 0.5 }, training: { epochs: 50 } }],
    ["Softmax", { name: "softmax", model: { type: "softmax" }, data: { generator: { type: "blobs" }, validation: { fraction: 0.2 } },
        optimizer: { type: "sgd", learning_rate: 0.1 }, training: { epochs: 50 } }],
    ["Straight line", { name: "straight line", model: { type: "linear" }, data: { generator: { type: "linear" } },
        optimizer: { type: "sgd", learning_rate: 0.05 }, training: { epochs: 50 } }],
    ["Quadratic", { name: "quadratic", model: { type: "formula", formula: "0.5*(x^2 + 25*y^2)", parameters: { x: 4, y: 1.5 } },
        optimizer: { type: "sgd", learning_rate: 0.07 }, training: { steps: 100 } }],
    ["Rosenbrock", { name: "rosenbrock", model: { type: "formula", formula: "(1 - x)^2 + 100*(y - x^2)^2", parameters: { x: -1.2, y: 1 } },
        optimizer: { type: "adam", learning_rate: 0.02 }, training: { steps: 3000 } }],
    ["Himmelblau", { name: "himmelblau", model: { type: "formula", formula: "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", parameters: { x: 0, y: 0 } },
        optimizer: { type: "sgd", learning_rate: 0.01 }, training: { steps: 100 } }],
    ["XOR", { name: "xor", model: { type: "mlp", hidden: [8], activation: "tanh" }, data: { generator: { type: "xor" } },
        optimizer: { type: "sgd", learning_rate: 0.5, momentum: 0.9 }, training: { epochs: 100 } }],
];

function key() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

/** A resolved spec as a person would have written it: a shorthand's own layers are left to the service. */
function reopen(spec) {
    const copy = structuredClone(spec);
    if (copy.model?.type !== "sequential" && copy.model)
        delete copy.model.layers;
    return copy;
}

/** @type {import("../app.js").Page["show"]} */
export function show(root, route) {
    let left = false;
    let timer = 0;
    let control = null;
    fill(root, h("div", { class: "page-head" }, h("h1", null, "New job")), h("p", { class: "hint" }, "Asking the service what it offers…"));

    async function build() {
        const catalog = await get("/v1/catalog");
        const from = route.query.get("from");
        let start = structuredClone(STARTS[0][1]);
        if (from)
            start = reopen((await get(`/v1/jobs/${from}`)).spec);
        else if (route.query.get("dataset"))
            start = { model: { type: "softmax" }, data: { dataset: route.query.get("dataset"), validation: { fraction: 0.2 }, scaling: "standardize" },
                optimizer: { type: "adam", learning_rate: 0.01 }, training: { epochs: 100 } };
        const [paces, sources] = await Promise.all([readPaces().catch(() => []), get("/v1/jobs?status=succeeded&limit=100").then(reply => reply.jobs, () => [])]);
        if (!left)
            form(catalog, start, paces, sources);
    }

    /** @param {Array<Object>} sources jobs whose parameters a new one can start from */
    function form(catalog, start, paces, sources) {
        let idempotency = key();
        const draft = new Draft(start, () => {
            idempotency = key();
            soon();
        });
        const basics = h("fieldset"), model = h("fieldset"), learning = h("fieldset"), training = h("fieldset");
        const data = dataSection(draft, catalog);
        const estimate = h("div", { class: "stack", role: "status" });
        const json = h("pre", { class: "code", tabindex: "0" });
        const submit = h("button", { type: "submit", class: "primary", id: "submit" }, "Start the job");
        const body = h("form", { class: "form-grid", novalidate: true, on: { submit: event => {
            event.preventDefault();
            run();
        } } }, h("div", { class: "card stack" }, basics, data.element, model, learning, training),
        h("section", { class: "card stack estimate", "aria-label": "Estimate" }, h("h2", null, "What it comes to"), estimate,
            h("div", { class: "row" }, submit, copier("Copy as curl", () => curlOf(draft.document)), button("Import JSON…", load)),
            h("details", null, h("summary", null, "The spec that is sent"), json)));
        fill(root, h("div", { class: "page-head" }, h("h1", null, "New job"), h("div", { class: "starts" }, h("span", { class: "hint" }, "Start from"),
            STARTS.filter(([, spec]) => catalog.models.some(row => row.name === spec.model.type)).map(([text, spec]) => button(text, () => restart(structuredClone(spec)))))), body);

        function restart(spec) {
            draft.document = spec;
            drawAll();
            draft.changed();
        }

        /* --- Sections --------------------------------------------------------------------- */

        function drawBasics() {
            const name = h("input", { value: draft.read(["name"]) ?? "", maxlength: 200, on: { input: () => draft.write(["name"], name.value || undefined) } });
            const labels = h("input", { value: Object.entries(draft.read(["labels"]) ?? {}).map(([own, value]) => `${own}: ${value}`).join(", "),
                placeholder: "team: plants, round: 2", on: { input: () => {
                    const pairs = labels.value.split(",").map(part => part.split(":").map(text => text.trim())).filter(pair => pair[0]);
                    draft.write(["labels"], pairs.length > 0 ? Object.fromEntries(pairs.map(([own, value]) => [own, value ?? ""])) : undefined);
                } } });
            const priority = h("input", { inputmode: "numeric", value: String(draft.read(["priority"]) ?? ""), placeholder: "0", on: { input: () =>
                draft.write(["priority"], priority.value.trim() === "" ? undefined : Number.isFinite(Number(priority.value)) ? Number(priority.value) : priority.value) } });
            fill(basics, h("legend", null, "Job"), h("div", { class: "fields" }, field("Name", name, ["name"]), field("Labels", labels, ["labels"]),
                field("Priority", priority, ["priority"], "higher runs earlier")));
        }

        /** A select of a table of the catalogue, and the fields of what is chosen. */
        function typed(label, table, path, usual, options = {}) {
            const own = draft.read(path);
            const type = (typeof own === "string" ? own : own?.type) ?? usual;
            const entry = table.find(row => row.name === type);
            const chosen = select([...options.none ? [["", options.none]] : [], ...table.map(row => [row.name, row.name])], type ?? "", { on: { change: () => {
                const keep = options.keep?.(own, chosen.value) ?? {};
                draft.write(path, chosen.value === "" ? undefined : { type: chosen.value, ...keep });
                options.redraw();
            } } });
            return [field(label, chosen, options.pointer ?? [...path, "type"], entry?.help), (entry?.fields ?? []).map(row => row.type === "parameters" ? parameterRows([...path, row.name], draft, words(row.name)) :
                fieldOf(row, path, draft))];
        }

        function drawModel() {
            const keep = (own, type) => {
                const wanted = catalog.models.find(row => row.name === type).fields.map(row => row.name);
                const kept = Object.fromEntries(Object.entries(own ?? {}).filter(([name]) => wanted.includes(name)));
                if (type === "formula")
                    return { formula: "(x - 1)^2 + 10*(y - 2)^2", parameters: { x: 0, y: 0 } };
                if (type === "sequential")
                    return { layers: own?.layers ?? [{ type: "dense", units: 16, activation: "tanh" }, { type: "dense", units: "auto" }] };
                return wanted.includes("hidden") ? { hidden: [16], ...kept } : kept;
            };
            fill(model, h("legend", null, "Model"), h("div", { class: "fields" }, typed("Model", catalog.models, ["model"], "mlp", { keep, redraw: () => {
                data.follow();
                drawModel();
            } })),
                draft.read(["model", "type"]) === "formula" ? h("p", { class: "hint" }, `Functions: ${catalog.functions.map(own => own.name).join(", ")}; ${
                    catalog.constants.join(" and ")}. Names that are no parameters are columns of the data.`) : null,
                draft.read(["model", "type"]) === "sequential" ? layers() : null);
        }

        function layers() {
            const path = ["model", "layers"];
            const list = draft.read(path) ?? [];
            const put = changed => {
                draft.write(path, changed);
                drawModel();
            };
            return h("div", { class: "stack" }, list.map((layer, index) => h("div", { class: "layer" }, h("div", { class: "section-head" },
                h("h3", null, `Layer ${index + 1}`), h("div", { class: "starts" },
                    button("Up", () => put(list.toSpliced(index, 1).toSpliced(index - 1, 0, layer)), { class: "quiet", disabled: index === 0 }),
                    button("Down", () => put(list.toSpliced(index, 1).toSpliced(index + 1, 0, layer)), { class: "quiet", disabled: index === list.length - 1 }),
                    button("Remove", () => put(list.toSpliced(index, 1)), { class: "quiet" }))),
            h("div", { class: "fields" }, typed("Type", catalog.layers, [...path, index], layer.type, { redraw: drawModel })))),
            h("div", null, button("Add a layer", () => put([...list, { type: "dense", units: 16 }]))), h("span", { class: "fault", data: { faultOf: pointer(path) } }));
        }

        function drawLearning() {
            const path = ["optimizer", "clip"];
            const own = draft.read(path);
            const type = own?.norm !== undefined ? "norm" : own?.value !== undefined ? "value" : "";
            const clip = select([["", "none"], ["norm", "by norm"], ["value", "by value"]], type, { on: { change: () => {
                draft.write(path, clip.value === "" ? undefined : { [clip.value]: 1 });
                drawLearning();
            } } });
            const limit = h("input", { inputmode: "decimal", value: String(own?.[type] ?? ""), on: { input: () =>
                draft.write([...path, type], Number.isFinite(Number(limit.value)) && limit.value.trim() !== "" ? Number(limit.value) : limit.value) } });
            const keep = previous => Object.fromEntries(["learning_rate", "schedule", "clip"].filter(name => previous?.[name] !== undefined)
                .map(name => [name, previous[name]]));
            fill(learning, h("legend", null, "Loss and optimizer"), h("div", { class: "fields" },
                typed("Loss", catalog.losses, ["loss"], undefined, { none: "the task's usual one", redraw: drawLearning, pointer: ["loss"] })),
            h("div", { class: "fields" }, typed("Optimizer", catalog.optimizers, ["optimizer"], "adam", { keep, redraw: drawLearning })),
            h("div", { class: "fields" }, typed("Schedule of the rate", catalog.schedules, ["optimizer", "schedule"], "constant", { redraw: drawLearning })),
            h("div", { class: "fields" }, field("Clip gradients", clip, path), type ? field("Limit", limit, [...path, type]) : null));
        }

        function drawTraining() {
            const path = ["training"];
            const seed = h("input", { inputmode: "numeric", value: String(draft.read([...path, "seed"]) ?? ""), placeholder: "drawn by the service", on: { input: () =>
                draft.write([...path, "seed"], seed.value.trim() === "" ? undefined : Number.isSafeInteger(Number(seed.value)) ? Number(seed.value) : seed.value.trim()) } });
            const stop = h("input", { type: "checkbox", on: { change: () => {
                draft.write([...path, "stop"], stop.checked ? {} : undefined);
                drawTraining();
            } } });
            stop.checked = draft.read([...path, "stop"]) !== undefined;
            const from = draft.read([...path, "from_job"]);
            const known = sources.some(job => job.id === from?.job) || !from ? sources : [{ id: from.job, name: from.job.slice(-6) }, ...sources];
            const source = select([["", "values drawn anew"], ...known.map(job => [job.id, `${job.name || "job"} · ${job.id.slice(-6)}`])], from?.job ?? "", { on: { change: () => {
                draft.write([...path, "from_job"], source.value === "" ? undefined : { job: source.value });
                drawTraining();
            } } });
            const which = select((catalog["from_job.which"] ?? ["final"]).map(own => [own, own]), from?.which ?? "final", { on: { change: () =>
                draft.write([...path, "from_job", "which"], which.value) } });
            const rows = catalog.training;
            const of = list => list.map(row => fieldOf(row, path, draft));
            fill(training, h("legend", null, "Training"), h("div", { class: "fields" }, of(rows.filter(row => BASIC.includes(row.name))),
                field("Seed", seed, [...path, "seed"], "the same seed gives the same bytes"),
                field("First parameters", source, [...path, "from_job", "job"], "a warm start, from another job's"),
                from ? field("Of that job", which, [...path, "from_job", "which"]) : null,
                field("Stop early", stop, [...path, "stop"], "once nothing improves any more")),
            stop.checked ? h("div", { class: "fields" }, catalog.stop.map(row => fieldOf(row, [...path, "stop"], draft))) : null,
            h("details", null, h("summary", null, "More about training"), h("div", { class: "row" }),
                h("div", { class: "fields" }, of(rows.filter(row => !BASIC.includes(row.name))))));
        }

        function drawAll() {
            drawBasics();
            data.draw();
            drawModel();
            drawLearning();
            drawTraining();
        }

        /* --- Dry run ------------------------------------------------------------------------ */

        function soon() {
            say(json, JSON.stringify(draft.document, null, 2));
            estimate.setAttribute("aria-busy", "true"); // what stands there is of the spec before
            clearTimeout(timer);
            timer = setTimeout(tryIt, PAUSE);
        }

        async function tryIt() {
            control?.abort();
            const own = control = new AbortController();
            try {
                const reply = await write("POST", "/v1/jobs?dry_run=true", draft.document, { signal: own.signal });
                estimate.removeAttribute("aria-busy");
                showFaults([]);
                showEstimate(reply);
            } catch (error) {
                if (own.signal.aborted || left)
                    return;
                estimate.removeAttribute("aria-busy");
                const faults = error.problem?.errors ?? [{ pointer: "", detail: error.message }];
                showFaults(faults);
                fill(estimate, h("p", { class: "fault" }, icon("warning"), faults.length === 1 ? "One thing is not right yet" : `${faults.length} things are not right yet`),
                    h("ul", { class: "faults" }, faults.map(fault => h("li", null, button(fault.pointer.slice(1).replaceAll("/", " › ") || "the spec",
                        () => find(fault.pointer)?.focus(), { class: "tag" }), h("span", null, fault.detail)))));
            }
        }

        /** The control of a pointer, or of what holds it. */
        function find(own) {
            for (let path = own; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
                const element = body.querySelector(`[data-pointer="${CSS.escape(path)}"], [data-pointer="${CSS.escape(`${path}/type`)}"]`);
                if (element)
                    return element;
            }
            return null;
        }

        function showFaults(faults) {
            for (const element of body.querySelectorAll("[aria-invalid]"))
                element.removeAttribute("aria-invalid");
            for (const slot of body.querySelectorAll("[data-fault-of]"))
                fill(slot);
            for (const fault of faults) {
                const element = find(fault.pointer);
                const place = element?.dataset.pointer ?? fault.pointer;
                const slot = body.querySelector(`[data-fault-of="${CSS.escape(fault.pointer)}"]`) ?? body.querySelector(`[data-fault-of="${CSS.escape(place)}"]`);
                element?.setAttribute("aria-invalid", "true");
                if (slot)
                    fill(slot, icon("warning"), fault.detail);
            }
            submit.disabled = faults.length > 0;
        }

        function showEstimate(reply) {
            const figure = (text, value) => h("div", { class: "figure" }, h("span", null, text), h("b", null, value));
            const time = guess(reply, paces), rates = reply.schedule?.relative ? null : reply.schedule?.series?.learning_rate;
            const line = sparkline(340, 44);
            if (rates)
                drawSparkline(line, rates, { colour: "--series-3", name: "learning rate", straight: true });
            fill(estimate, h("div", { class: "figures" }, figure("Parameters", count(reply.model.parameters)), figure("Memory", bytes(reply.memory_bytes)),
                figure("Rows to learn", count(reply.rows.training)), figure("Held out", count(reply.rows.validation)),
                figure("FLOPs an epoch", short(reply.flops_per_epoch)), time ? figure("Time, about", duration(time.seconds)) : null),
            time ? h("p", { class: "hint" }, `The time is judged by “${time.by}”, which ran here.`) : null,
            rates ? [h("div", { class: "section-head" }, h("span", { class: "hint" }, "Learning rate over the job"), h("span", { class: "hint" },
                `${number(rates[0], 3)} to ${number(rates.at(-1), 3)}`)), line] : null,
            reply.warnings.map(warning => h("p", { class: "fault" }, icon("warning"), warning.message)),
            h("p", { class: "hint" }, reply.spec.data ? `${words(reply.spec.data.task ?? "")} · loss ${typeof reply.spec.loss === "string" ? reply.spec.loss :
                reply.spec.loss?.type} · target ${[reply.spec.data.target ?? "none"].flat().join(", ")}` : "No data: the formula itself is minimised."),
            h("div", { class: "table-scroll" }, h("table", { class: "columns-table" }, h("caption", { class: "unseen" }, "Layers"), h("thead", null, h("tr", null,
                ["Layer", "Output"].map(text => h("th", { scope: "col" }, text)), h("th", { scope: "col", class: "numeric" }, "Parameters"))),
            h("tbody", null, reply.model.layers.map(layer => h("tr", null, h("th", { scope: "row" }, layer.type), h("td", { class: "mono" }, (layer.output_shape ?? []).join(" × ")),
                h("td", { class: "numeric" }, count(layer.parameters))))))));
        }

        /* --- Sending ------------------------------------------------------------------------ */

        async function run() {
            submit.disabled = true;
            try {
                const job = await write("POST", "/v1/jobs", draft.document, { key: idempotency });
                location.hash = `#/jobs/${job.id}`;
            } catch (error) {
                submit.disabled = false;
                showFaults(error.problem?.errors ?? []);
                notice(error.message, { bad: true });
            }
        }

        async function load() {
            const spec = await ask("Import a spec", finish => {
                const text = h("textarea", { id: "import", spellcheck: "false", "aria-label": "JSON of a spec" });
                const fault = h("p", { class: "fault", role: "alert" });
                return h("form", { class: "stack", on: { submit: event => {
                    event.preventDefault();
                    try {
                        const read = JSON.parse(text.value);
                        finish(read.spec ?? read);
                    } catch (error) {
                        say(fault, `This is not JSON: ${error.message}`);
                    }
                } } }, h("p", { class: "hint" }, "A spec, or a job as the service gives it."), text, fault,
                h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Import"), button("Leave it", () => finish(null))));
            });
            if (spec)
                restart(reopen(spec));
        }

        drawAll();
        soon();
    }

    build().catch(error => {
        if (!left)
            fill(root, h("section", { class: "empty card" }, h("h1", null, "The form cannot be made"), h("p", { class: "fault" }, error.message),
                h("div", null, button("Try again", () => show(root, route)))));
    });
    return () => {
        left = true;
        clearTimeout(timer);
        control?.abort();
    };
}
