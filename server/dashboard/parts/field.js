// field.js: one field of a spec as a control, made from its row in the catalogue: type, bounds, default, help. A control
// that stands at its default puts nothing into the spec.

import { h } from "../dom.js";
import { number } from "../format.js";

/**
 * @typedef {{name: string, type: string, required: boolean, default?: *, minimum?: number, exclusiveMinimum?: number,
 *     maximum?: number, exclusiveMaximum?: number, or?: string, choices?: Array<string>, help: string}} FieldRow
 */

/** The draft of a spec: a JSON document that is changed by path. Empty objects vanish with their last member. */
export class Draft {
    /** @param {Object} document @param {function(): void} changed */
    constructor(document, changed) {
        this.document = document;
        this.changed = changed;
    }

    /** @param {Array<string|number>} path @returns {*} undefined where there is none */
    read(path) {
        return path.reduce((own, key) => own?.[key], this.document);
    }

    /** Undefined takes the member away. @param {Array<string|number>} path @param {*} value */
    write(path, value) {
        let own = this.document;
        for (const key of path.slice(0, -1)) {
            if (typeof own[key] !== "object" || own[key] === null)
                own[key] = typeof own[key] === "string" ? { type: own[key] } : {};
            own = own[key];
        }
        if (value === undefined)
            delete own[path.at(-1)];
        else
            own[path.at(-1)] = value;
        this.changed();
    }
}

/** @param {Array<string|number>} path @returns {string} its RFC 6901 pointer */
export function pointer(path) {
    return path.map(part => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** What a person typed as a JSON value: a number where it is one, a list for list fields, undefined for nothing. */
function parse(text, type) {
    const trimmed = text.trim();
    if (trimmed === "" && type !== "numbers" && type !== "integers")
        return undefined;
    const single = part => part !== "" && Number.isFinite(Number(part)) ? Number(part) : part;
    if (type === "numbers" || type === "integers")
        return trimmed === "" ? undefined : trimmed.split(/[\s,]+/).filter(Boolean).map(single);
    return single(trimmed);
}

function bounds(row) {
    const least = row.exclusiveMinimum ?? row.minimum, most = row.exclusiveMaximum ?? row.maximum;
    const parts = [];
    if (least !== undefined && Math.abs(least) < 1e300)
        parts.push(row.exclusiveMinimum !== undefined ? `above ${number(least)}` : `from ${number(least)}`);
    if (most !== undefined && most < 1e5)
        parts.push(row.exclusiveMaximum !== undefined ? `below ${number(most)}` : `to ${number(most)}`);
    if (row.or)
        parts.push(`or “${row.or}”`);
    return parts.join(" ");
}

/** A labelled part of the form; faults of its pointer are shown in it.
 * @param {string} label @param {HTMLElement} control @param {Array<string|number>} path @param {string} [help] @returns {HTMLElement} */
export function field(label, control, path, help) {
    const own = pointer(path);
    control.id = `field${own}`;
    control.dataset.pointer = own;
    const hint = h("span", { class: "hint", id: `hint${own}` }, help ?? "");
    control.setAttribute("aria-describedby", `hint${own} fault${own}`);
    const fault = h("span", { class: "fault", id: `fault${own}`, data: { faultOf: own } });
    if (control.type === "checkbox")
        return h("div", { class: "field" }, h("div", { class: "check" }, control, h("label", { for: control.id }, label)), hint, fault);
    return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint, fault);
}

/** "learning_rate" as a person reads it. @param {string} name @returns {string} */
export function words(name) {
    const text = name.replaceAll("_", " ");
    return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/**
 * The control of a row of the catalogue.
 * @param {FieldRow} row @param {Array<string|number>} parent path of the object it belongs to @param {Draft} draft
 * @returns {HTMLElement}
 */
export function fieldOf(row, parent, draft) {
    const path = [...parent, row.name];
    const value = draft.read(path);
    const label = words(row.name) + (row.required ? " *" : "");
    if (row.type === "boolean") {
        const control = h("input", { type: "checkbox", on: { change: () => draft.write(path, control.checked === row.default ? undefined :
            control.checked) } });
        control.checked = value ?? row.default ?? false;
        return field(label, control, path, row.help);
    }
    if (row.type === "formula") {
        const control = h("input", { class: "mono", autocomplete: "off", spellcheck: "false", value: value ?? "", "aria-required": row.required ? "true" : null,
            on: { input: () => draft.write(path, control.value.trim() || undefined) } });
        const own = field(label, control, path, row.help);
        own.classList.add("wide");
        return own;
    }
    if (row.type === "string") {
        const control = h("select", { on: { change: () => draft.write(path, control.value === row.default ? undefined : control.value) } },
            row.choices.map(choice => h("option", { value: choice, selected: choice === (value ?? row.default) }, choice)));
        return field(label, control, path, row.help);
    }
    const shown = value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
    const usual = row.required || row.default === null || row.default === undefined || (row.default === 0 && row.minimum > 0) ? "" :
        Array.isArray(row.default) ? row.default.join(", ") : String(row.default);
    const control = h("input", { inputmode: row.or || row.type.endsWith("s") ? "text" : "decimal", autocomplete: "off", value: shown,
        placeholder: usual, "aria-required": row.required ? "true" : null,
        on: { input: () => draft.write(path, parse(control.value, row.type)) } });
    return field(label, control, path, [row.help, bounds(row)].filter(Boolean).join(" · "));
}
