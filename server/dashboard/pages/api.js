// api.js: the interface as the service publishes it, every operation with a form to try it. Nothing is fetched from
// elsewhere: the document, the service and this page are one program.

import { get, token } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { bytes, duration } from "../format.js";

export const title = "Interface";

const METHODS = ["get", "post", "patch", "delete"];
const SHOWN = 20000; // characters of an answer

/** @type {import("../app.js").Page["show"]} */
export function show(root) {
    let left = false;
    fill(root, h("div", { class: "page-head" }, h("h1", null, "Interface")), h("p", { class: "hint" }, "Asking the service…"));

    function build(document) {
        const resolve = own => own.$ref ? own.$ref.slice(2).split("/").reduce((at, key) => at[key], document) : own;
        const groups = new Map();
        for (const [path, item] of Object.entries(document.paths))
            for (const method of METHODS.filter(word => item[word])) {
                const operation = item[method], tag = operation.tags?.[0] ?? "other";
                const parameters = [...item.parameters ?? [], ...operation.parameters ?? []].map(resolve);
                groups.set(tag, [...groups.get(tag) ?? [], { path, method, operation, parameters }]);
            }
        fill(root, h("div", { class: "page-head" }, h("h1", null, "Interface"), h("span", { class: "hint" }, `${document.info.title} ${document.info.version} · `,
            h("a", { href: "/v1/openapi.json" }, "OpenAPI document"))),
        h("div", { class: "stack" }, [...groups].map(([tag, list]) => h("section", { class: "card stack" }, h("h2", null, tag), list.map(entry => draw(entry, resolve))))));
    }

    function draw({ path, method, operation, parameters }, resolve) {
        const inputs = parameters.filter(own => ["path", "query"].includes(own.in)).map(own => ({ own, input: h("input", {
            id: `${operation.operationId}-${own.name}`, autocomplete: "off", placeholder: own.schema?.default === undefined ? "" : String(own.schema.default) }) }));
        const type = Object.keys(resolve(operation.requestBody ?? {}).content ?? {})[0];
        const body = type ? h("textarea", { id: `${operation.operationId}-body`, spellcheck: "false" }) : null;
        const answer = h("div", { class: "stack", role: "status" });
        const form = h("form", { class: "stack", on: { submit: async event => {
            event.preventDefault();
            fill(answer, await run({ path, method, inputs, type, body }));
        } } }, inputs.length > 0 ? h("div", { class: "fields" }, inputs.map(({ own, input }) => h("div", { class: "field" },
            h("label", { for: input.id }, own.name + (own.required ? " *" : "")), input, h("span", { class: "hint" }, own.description ?? "")))) : null,
        body ? h("div", { class: "field" }, h("label", { for: body.id }, `Body, ${type}`), body) : null,
        h("div", { class: "row" }, h("button", { type: "submit", class: method === "delete" ? "danger" : null }, `Send ${method.toUpperCase()}`)), answer);
        return h("details", { class: "operation" }, h("summary", null, h("b", { class: "mono" }, method.toUpperCase()), " ", h("code", null, path), " ",
            h("span", { class: "hint" }, operation.summary ?? "")), operation.description ? h("p", { class: "hint" }, operation.description) : null, form);
    }

    async function run({ path, method, inputs, type, body }) {
        const search = new URLSearchParams();
        let url = path;
        for (const { own, input } of inputs)
            if (own.in === "path")
                url = url.replace(`{${own.name}}`, encodeURIComponent(input.value));
            else if (input.value !== "")
                search.set(own.name, input.value);
        if (search.size > 0)
            url += `?${search}`;
        const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
        const content = body?.value ? body.value : undefined;
        if (content)
            headers["Content-Type"] = type;
        const start = performance.now();
        try {
            const reply = await fetch(url, { method: method.toUpperCase(), headers, body: content });
            const text = await reply.text();
            let told = text;
            try {
                told = JSON.stringify(JSON.parse(text), null, 2);
            } catch {
                // Not JSON: as it came.
            }
            return [h("p", { class: reply.ok ? "state state-succeeded" : "fault" }, icon(reply.ok ? "succeeded" : "warning"),
                `${reply.status} · ${bytes(text.length)} · ${duration((performance.now() - start) / 1000)}`),
            text ? h("pre", { class: "code", tabindex: "0" }, told.length > SHOWN ? `${told.slice(0, SHOWN)}\n… ${told.length - SHOWN} characters more` : told) : null];
        } catch (error) {
            return h("p", { class: "fault" }, icon("warning"), error.message);
        }
    }

    get("/v1/openapi.json").then(document => left || build(document), error =>
        left || fill(root, h("section", { class: "empty card" }, h("h1", null, "The interface cannot be read"), h("p", { class: "fault" }, error.message))));
    return () => {
        left = true;
    };
}
