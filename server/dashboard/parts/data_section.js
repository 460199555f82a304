// data_section.js: where the rows of a new job come from: a generator, a dataset that is there, a file sent now; and
// which of its columns are learnt from which.

import { get, upload } from "../api.js";
import { button, fill, h, icon, say, select } from "../dom.js";
import { bytes, count, number } from "../format.js";
import { field, fieldOf } from "./field.js";

const PREVIEW_ROWS = 5;
const PREVIEW_COLUMNS = 60;
const SPARSE_SHOWN = 12; // numbers of a row

function extent(column) {
    if (column.kind === "numeric")
        return `${number(column.min, 3)} to ${number(column.max, 3)}, mean ${number(column.mean, 3)}`;
    const names = column.classes ?? [];
    return `${count(column.class_count ?? names.length)} classes: ${names.slice(0, 4).join(", ")}${names.length > 4 ? ", …" : ""}`;
}

/** @param {import("./field.js").Draft} draft @param {Object} catalog @returns {{element: HTMLElement, draw: function(): void, follow: function(): void}} */
export function dataSection(draft, catalog) {
    const source = h("div", { class: "stack" });
    const common = h("div", { class: "fields" });
    const kinds = h("div", { class: "choice", role: "group", "aria-label": "Where the rows come from" });
    const element = h("fieldset", null, h("legend", null, "Data"), h("div", null, kinds), source, common);
    let sets = [];
    let showing = null;

    const isFormula = () => draft.read(["model", "type"]) === "formula";
    const kind = () => showing ?? (isFormula() && draft.read(["data"]) === undefined ? "none" : draft.read(["data", "inline"]) ? "inline" : draft.read(["data", "dataset"]) !== undefined ? "dataset" : "generator");

    function change(to) {
        showing = to;
        if (to === "none")
            draft.write(["data"], undefined);
        if (to === "generator" && !draft.read(["data", "generator"])) {
            for (const name of ["dataset", "inline", "target", "features", "task"])
                draft.write(["data", name], undefined);
            draft.write(["data", "generator"], { type: "moons" });
        }
        draw();
    }

    function drawGenerator() {
        const path = ["data", "generator"];
        const own = draft.read(path);
        const type = typeof own === "string" ? own : own?.type ?? catalog.generators[0].name;
        const control = select(catalog.generators.map(entry => [entry.name, entry.name]), type, { on: { change: () => {
            draft.write(path, { type: control.value });
            draw();
        } } });
        const kindOf = catalog.generators.find(entry => entry.name === type);
        fill(source, h("div", { class: "fields" }, field("Generator", control, [...path, "type"], kindOf?.help), (kindOf?.fields ?? []).map(row => fieldOf(row, path, draft))));
    }

    const isSparse = () => sets.find(set => set.id === draft.read(["data", "dataset"]))?.format === "libsvm";

    /** Takes a dataset: of a table the last column is the likely target, a text is learnt from windows; sparse rows have one
     * label, are not scaled and lack nothing. */
    function take(set) {
        for (const name of ["generator", "inline", "features", "task", ...set.format === "libsvm" ? ["scaling", "missing", "shape"] : []])
            draft.write(["data", name], undefined);
        draft.write(["data", "dataset"], set.id);
        draft.write(["data", "target"], set.format === "csv" ? set.columns.at(-1)?.name : undefined);
        draft.write(["data", "window"], set.format === "text" ? { length: 32 } : undefined);
        draw();
    }

    async function send(file, bar, told) {
        bar.hidden = false;
        try {
            const set = await upload(file, new URLSearchParams({ name: file.name.replace(/(\.(csv|tsv|txt|npy|idx|libsvm|svm|svmlight))?(\.gz)?$/i, "") }).toString(), share => {
                bar.value = share;
                say(told, share < 1 ? `${Math.floor(share * 100)} % of ${bytes(file.size)} sent` : "sent; the service reads it…");
            });
            say(told, `${count(set.rows)} rows, ${count(set.column_count)} columns`);
            sets = [set, ...sets];
            take(set);
        } catch (error) {
            bar.hidden = true;
            fill(told, h("span", { class: "fault" }, icon("warning"), error.message));
        }
    }

    function drawDataset() {
        const id = draft.read(["data", "dataset"]);
        const told = h("span", { class: "hint", role: "status" });
        const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
        const file = h("input", { type: "file", id: "upload", accept: ".csv,.tsv,.txt,.idx,.npy,.libsvm,.svm,.svmlight,.gz,text/csv,text/plain", on: { change: () =>
            file.files[0] && send(file.files[0], bar, told) } });
        const chosen = select([["", sets.length > 0 ? "choose…" : "none is there yet"], ...sets.map(set =>
            [set.id, `${set.name || set.id.slice(-6)} · ${count(set.rows)} rows × ${count(set.column_count)} · ${set.id.slice(-6)}`])], id ?? "", {
            on: { change: () => chosen.value && take(sets.find(set => set.id === chosen.value)) } });
        const set = sets.find(own => own.id === id);
        fill(source, h("div", { class: "fields" }, field("Dataset", chosen, ["data", "dataset"]),
            h("div", { class: "field" }, h("label", { for: "upload" }, "Or send a file: CSV, text, IDX, NPY, LIBSVM"), file, bar, told)),
        set ? set.format === "libsvm" ? drawSparse(set) : drawColumns(set) : null);
    }

    /** Sparse rows: every index is a feature, the label the target. */
    function drawSparse(set) {
        const told = h("p", { class: "hint" }), rows = h("tbody");
        const label = set.columns[0];
        get(`/v1/datasets/${set.id}/rows?limit=${PREVIEW_ROWS}`).then(reply => {
            say(told, `${count(set.rows)} rows, ${count(reply.features)} features, ${count(reply.non_zeros)} numbers that are not zero (${
                number(reply.non_zeros / set.rows / reply.features * 100, 2)} %). All features are used; the ${label.name} is the target: ${extent(label)}.`);
            fill(rows, reply.sparse.map((row, index) => h("tr", null, h("td", null, String(reply.rows[index][0])), h("td", { class: "mono" },
                Object.entries(row).slice(0, SPARSE_SHOWN).map(([at, value]) => `${at}:${value}`).join(" "), Object.keys(row).length > SPARSE_SHOWN ? " …" : ""))));
        }, () => {});
        return h("div", { class: "stack" }, told, h("div", { class: "table-scroll" }, h("table", { class: "columns-table" }, h("caption", { class: "unseen" }, "First rows"),
            h("thead", null, h("tr", null, [label.name, "index:value"].map(text => h("th", { scope: "col" }, text)))), rows)),
        h("span", { class: "fault", data: { faultOf: "/data/features" } }));
    }

    function drawColumns(set) {
        const targets = [draft.read(["data", "target"]) ?? []].flat();
        const features = draft.read(["data", "features"]);
        const role = name => targets[0] === name ? "target" : targets.includes(name) ? "also" : !features || features.includes(name) ? "feature" : "unused";
        const assign = (name, wanted) => {
            const roles = new Map(set.columns.map(column => [column.name, role(column.name)]));
            if (wanted === "target")
                targets.forEach(own => roles.set(own, "feature"));
            roles.set(name, wanted);
            const pick = (...kinds) => set.columns.map(column => column.name).filter(own => kinds.includes(roles.get(own)));
            const chosen = [...pick("target"), ...pick("also")];
            draft.write(["data", "target"], chosen.length > 1 ? chosen : chosen[0]);
            draft.write(["data", "features"], pick("unused").length > 0 ? pick("feature") : undefined);
            draw();
        };
        const rows = h("div", { class: "table-scroll" });
        get(`/v1/datasets/${set.id}/rows?limit=${PREVIEW_ROWS}`).then(reply => fill(rows, h("table", { class: "columns-table" },
            h("caption", { class: "unseen" }, "First rows"), h("thead", null, h("tr", null, reply.columns.slice(0, PREVIEW_COLUMNS).map(name => h("th", { scope: "col" }, name)))),
            h("tbody", null, reply.rows.map(row => h("tr", null, row.slice(0, PREVIEW_COLUMNS).map(value => h("td", null, value === null ? "–" : String(value)))))))), () => {});
        return h("div", { class: "stack" }, h("div", { class: "table-scroll" }, h("table", { class: "columns-table" },
            h("thead", null, h("tr", null, ["Column", "Kind", "Values", "Missing", "Used as"].map(text => h("th", { scope: "col" }, text)))),
            h("tbody", null, set.columns.slice(0, PREVIEW_COLUMNS).map(column => h("tr", null, h("th", { scope: "row" }, column.name), h("td", null, column.kind),
                h("td", null, extent(column)), h("td", null, count(column.missing)),
                h("td", null, select([["feature", "feature"], ["target", "target"], ...targets.length > 0 && typeof targets[0] === "string" ?
                    [["also", "another target"]] : [], ["unused", "not used"]], role(column.name), {
                    "aria-label": `${column.name} is used as`, data: { column: column.name },
                    on: { change: event => assign(column.name, event.target.value) } }))))))),
        set.column_count > PREVIEW_COLUMNS ? h("p", { class: "hint" }, `and ${count(set.column_count - PREVIEW_COLUMNS)} columns more`) : null,
        h("span", { class: "fault", data: { faultOf: "/data/features" } }),
        h("details", null, h("summary", null, "First rows"), rows));
    }

    /** A select of the datasets there are. @param {?string} id @param {function(string): void} chosen @param {Array<[string, string]>} [before] */
    function setChoice(id, chosen, before = []) {
        const control = select([...before, ...sets.map(set => [set.id, `${set.name || set.id.slice(-6)} · ${count(set.rows)} rows`])], id ?? "", {
            on: { change: () => chosen(control.value) } });
        return control;
    }

    /** Targets that lie in a dataset of their own, row for row, and images. */
    function drawArrays() {
        const target = draft.read(["data", "target"]);
        const apart = typeof target === "object" && !Array.isArray(target) ? target.dataset : "";
        const shape = h("input", { inputmode: "text", value: (draft.read(["data", "shape"]) ?? []).join(", "), placeholder: "for example 28, 28, 1", on: { input: () => {
            const parts = shape.value.split(/[\s,×x]+/).filter(Boolean);
            draft.write(["data", "shape"], parts.length > 0 ? parts.map(part => Number.isFinite(Number(part)) ? Number(part) : part) : undefined);
        } } });
        return [field("Targets come from", setChoice(apart, id => {
            draft.write(["data", "target"], id === "" ? undefined : { dataset: id });
            draw();
        }, [["", "a column of this table"]]), ["data", "target"]), field("Shape of an example", shape, ["data", "shape"], "of images: rows, columns, channels")];
    }

    function drawWindow() {
        const path = ["data", "window"];
        const own = draft.read(path);
        const control = h("input", { type: "checkbox", on: { change: () => {
            draft.write(path, control.checked ? { length: 12 } : undefined);
            draw();
        } } });
        control.checked = own !== undefined;
        const part = (name, usual, help) => {
            const input = h("input", { inputmode: "numeric", value: String(own[name] ?? ""), placeholder: usual, on: { input: () =>
                draft.write([...path, name], input.value.trim() === "" ? undefined : Number.isFinite(Number(input.value)) ? Number(input.value) :
                    input.value) } });
            return field(name[0].toUpperCase() + name.slice(1), input, [...path, name], help);
        };
        return [field("A series: learn from windows of rows", control, path), own === undefined ? null : [part("length", "", "rows a window holds"),
            part("horizon", "1", "rows ahead that are predicted"), part("stride", "1", "rows from one window to the next")]];
    }

    function drawValidation() {
        const path = ["data", "validation"];
        const own = draft.read(path);
        const type = ["fraction", "last", "dataset"].find(name => own?.[name] !== undefined) ?? "none";
        const usual = { fraction: { fraction: 0.2 }, last: { last: 100 }, dataset: { dataset: sets[0]?.id ?? "" } };
        const control = select([["none", "none"], ["fraction", "a random share"], ["last", "the last rows"],
            ...sets.length > 0 ? [["dataset", "another dataset"]] : []], type, { on: { change: () => {
            draft.write(path, usual[control.value]);
            draw();
        } } });
        if (type === "dataset")
            return [field("Held out for validation", control, path), field("Dataset held out", setChoice(own.dataset, id => draft.write([...path, "dataset"], id)), [...path, "dataset"])];
        const amount = h("input", { inputmode: "decimal", value: String(own?.[type] ?? ""), on: { input: () =>
            draft.write([...path, type], amount.value.trim() === "" || !Number.isFinite(Number(amount.value)) ? amount.value : Number(amount.value)) } });
        return [field("Held out for validation", control, path), type === "none" ? null :
            field(type === "fraction" ? "Share held out" : "Rows held out", amount, [...path, type])];
    }

    function plainChoice(label, name, choices, usual) {
        const control = select(choices.map(choice => [choice, choice]), draft.read(["data", name]) ?? usual, { on: { change: () =>
            draft.write(["data", name], control.value === usual ? undefined : control.value) } });
        return field(label, control, ["data", name]);
    }

    function draw() {
        const own = kind();
        const inline = draft.read(["data", "inline"]);
        fill(kinds, [...isFormula() ? [["none", "None"]] : [], ["generator", "Generated"], ["dataset", "A table"], ...inline ? [["inline", "Inline"]] : []].map(([value, text]) =>
            button(text, () => change(value), { "aria-pressed": String(own === value), data: { source: value } })));
        if (own === "generator")
            drawGenerator();
        else if (own === "dataset")
            drawDataset();
        else if (own === "none")
            return fill(common, fill(source, h("p", { class: "hint" }, "Nothing is fitted: the least value of the formula itself is looked for.")));
        else
            fill(source, h("p", { class: "hint" }, `${count(inline.rows?.length)} rows of ${count(inline.columns?.length)} columns came with the imported JSON.`));
        const dense = !(own === "dataset" && isSparse());
        fill(common, drawValidation(), dense ? plainChoice("Scaling of features", "scaling", catalog.scalings, "none") : null,
            own === "generator" || !dense ? null : plainChoice("Missing values", "missing", catalog.missing, "error"),
            own === "generator" ? null : plainChoice("Task", "task", ["by the target", ...catalog.tasks], "by the target"),
            own === "generator" || !dense ? null : [own === "dataset" ? drawArrays() : null, drawWindow()]);
    }

    get("/v1/datasets?limit=100").then(reply => {
        const known = new Set(reply.datasets.map(set => set.id));
        sets = [...sets.filter(set => !known.has(set.id)), ...reply.datasets];
        const wanted = sets.find(set => set.id === draft.read(["data", "dataset"]));
        if (wanted && draft.read(["data", "target"]) === undefined)
            take(wanted);
        else if (kind() === "dataset")
            draw();
    }, () => {});
    draw();
    return { element, draw() {
        showing = null;
        draw();
    }, follow() { // another model was chosen: a formula can do without data, others cannot
        showing = null;
        if (isFormula())
            draft.write(["data"], undefined);
        else if (draft.read(["data"]) === undefined)
            draft.write(["data"], { generator: { type: "moons" } });
        draw();
    } };
}
