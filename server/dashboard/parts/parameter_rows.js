// parameter_rows.js: the parameters of a formula in the form: of each a name, where it starts, and bounds where it has some.

import { button, fill, h } from "../dom.js";
import { pointer } from "./field.js";

const PARTS = [["start", "Start"], ["min", "Least"], ["max", "Most"]];

/** A number where it is one; nothing for nothing; else the text, for the service to say what is wrong with it. */
function read(text) {
    const trimmed = text.trim();
    return trimmed === "" ? undefined : Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** @param {Array<string|number>} path @param {import("./field.js").Draft} draft @param {string} label @returns {HTMLElement} */
export function parameterRows(path, draft, label) {
    const rows = Object.entries(draft.read(path) ?? {}).map(([name, own]) => ({ name, ...typeof own === "object" && own !== null ? own : { start: own } }));
    const list = h("div", { class: "stack" });
    const element = h("div", { class: "field wide", role: "group", "aria-label": label }, h("label", null, label), list,
        h("span", { class: "fault", data: { faultOf: pointer(path) } }),
        h("div", null, button("Add a parameter", () => {
            rows.push({ name: "", start: 0 });
            draw();
            list.querySelector("div:last-child input").focus();
        })));

    function store() {
        draft.write(path, Object.fromEntries(rows.filter(row => row.name !== "").map(({ name, ...own }) => [name,
            own.min === undefined && own.max === undefined ? own.start : own])));
    }

    function draw() {
        fill(list, rows.map((row, index) => {
            const own = pointer([...path, row.name]);
            const name = h("input", { value: row.name, "aria-label": "Name of a parameter", placeholder: "name", on: { change: () => {
                row.name = name.value.trim();
                store();
                draw();
            } } });
            const part = ([key, words]) => {
                const input = h("input", { inputmode: "decimal", value: String(row[key] ?? ""), placeholder: key === "start" ? "" : "none", id: `parameter-${index}-${key}`,
                    data: { pointer: key === "start" ? own : `${own}/${key}` }, on: { input: () => {
                        row[key] = read(input.value);
                        store();
                    } } });
                return h("label", { class: "named" }, words, input);
            };
            return h("div", { class: "parameter" }, name, PARTS.map(part), button("Remove", () => {
                rows.splice(index, 1);
                store();
                draw();
            }, { class: "quiet", "aria-label": `Remove ${row.name}` }), h("span", { class: "fault", data: { faultOf: own } }));
        }));
    }

    draw();
    return element;
}
