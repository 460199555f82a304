// api.js: the one place that talks to the service. Reads remember the entity tag of each path and give the very same
// object back on 304, so a page can see that nothing changed. A 401 asks for the token, which this tab keeps.

import { ask, h } from "./dom.js";

/** A refusal: `status` and the problem document of RFC 9457 (`problem.errors` names every fault). */
export class ApiError extends Error {
    /** @param {number} status @param {Object} problem @param {number} [wait] */
    constructor(status, problem, wait = 0) {
        super(problem.detail || problem.title || `The service answered ${status}.`);
        /** After so many ms the service wants to be asked again; 0: it did not say. */
        this.wait = wait;
        this.status = status;
        this.problem = problem;
    }
}

const REMEMBERED = 64; // replies with their tags, the oldest goes first
const PATIENCE = 20000; // ms for a read
const TOKEN = "descentd.token";

/** @type {Map<string, {etag: string, value: *}>} */
const replies = new Map();
let asking = null;

/** The token of this tab, or null. @returns {?string} */
export function token() {
    return sessionStorage.getItem(TOKEN);
}

function askToken() {
    asking ??= ask("This service wants a token", finish => {
        const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
        return h("form", { on: { submit: event => {
            event.preventDefault();
            finish(input.value.trim());
        } } },
        h("label", { for: "token" }, "Token"), input,
        h("p", { class: "hint" }, "An operator makes one with “descentd token add”. It is kept until this tab is closed."),
        h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Use it")));
    }).then(given => {
        asking = null;
        if (!given)
            return false;
        sessionStorage.setItem(TOKEN, given);
        replies.clear();
        return true;
    });
    return asking;
}

async function send(method, path, headers, body, signal) {
    for (;;) {
        const own = { ...headers };
        if (token())
            own.Authorization = `Bearer ${token()}`;
        const reply = await fetch(path, { method, headers: own, body, signal, credentials: "same-origin",
            keepalive: method === "DELETE" });
        if (reply.status !== 401 || !await askToken())
            return reply;
    }
}

async function refusal(reply) {
    let problem = {};
    try {
        problem = await reply.json();
    } catch {
        // Not a problem document: the status has to do.
    }
    return new ApiError(reply.status, problem, 1000 * (Number(reply.headers.get("Retry-After")) || 0));
}

/**
 * Reads JSON. The same object as before where the service says that nothing changed.
 * @param {string} path @param {AbortSignal} [signal] @returns {Promise<*>}
 */
export async function get(path, signal) {
    const known = replies.get(path);
    const late = AbortSignal.timeout(PATIENCE);
    const reply = await send("GET", path, known ? { "If-None-Match": known.etag } : {}, undefined,
        signal ? AbortSignal.any([signal, late]) : late);
    if (reply.status === 304 && known)
        return known.value;
    if (!reply.ok) {
        replies.delete(path);
        throw await refusal(reply);
    }
    const value = await reply.json();
    const etag = reply.headers.get("ETag");
    replies.delete(path);
    if (etag && !path.includes("after=")) {
        replies.set(path, { etag, value });
        if (replies.size > REMEMBERED)
            replies.delete(replies.keys().next().value);
    }
    return value;
}

/** Reads a text. @param {string} path @param {AbortSignal} [signal] @returns {Promise<string>} */
export async function getText(path, signal) {
    const reply = await send("GET", path, {}, undefined, signal);
    if (!reply.ok)
        throw await refusal(reply);
    return reply.text();
}

/** Writes JSON and reads what comes back, null for none. @param {string} method @param {string} path @param {*} [document]
 * @param {{signal?: AbortSignal, key?: string}} [options] `key`: sent as Idempotency-Key @returns {Promise<*>} */
export async function write(method, path, document, { signal, key } = {}) {
    const headers = {};
    if (document !== undefined)
        headers["Content-Type"] = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    if (key)
        headers["Idempotency-Key"] = key;
    const reply = await send(method, path, headers, document === undefined ? undefined : JSON.stringify(document), signal);
    if (!reply.ok)
        throw await refusal(reply);
    return reply.status === 204 ? null : reply.json();
}

/** How a file is sent, by the end of its name: texts, arrays, else CSV; gzipped or not. */
function formOf(name) {
    const plain = name.replace(/\.gz$/i, "");
    const [, format] = [[/(ubyte|\.idx\d?)$/i, "idx"], [/\.npy$/i, "npy"], [/\.(libsvm|svm|svmlight)$/i, "libsvm"]].find(([ending]) => ending.test(plain)) ?? [];
    const type = format ? "application/octet-stream" : /\.(txt|text|md)$/i.test(plain) ? "text/plain" : "text/csv";
    return { type, format: format ? `&format=${format}` : "", gzip: plain !== name };
}

/**
 * Sends a file as a dataset; XMLHttpRequest, because only it tells how much of a body has gone out.
 * @param {File} file @param {string} query @param {function(number): void} progress share from 0 to 1
 * @returns {Promise<Object>} the dataset
 */
export function upload(file, query, progress) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        const form = formOf(file.name);
        request.open("POST", `/v1/datasets?${query}${form.format}`);
        request.setRequestHeader("Content-Type", form.type);
        if (form.gzip)
            request.setRequestHeader("Content-Encoding", "gzip");
        if (token())
            request.setRequestHeader("Authorization", `Bearer ${token()}`);
        request.upload.addEventListener("progress", event => progress(event.total > 0 ? event.loaded / event.total : 0));
        request.addEventListener("load", () => {
            let document = {};
            try {
                document = JSON.parse(request.responseText);
            } catch {
                // Told by the status below.
            }
            if (request.status === 201)
                resolve(document);
            else if (request.status === 401)
                askToken().then(given => given ? upload(file, query, progress).then(resolve, reject) :
                    reject(new ApiError(401, document)));
            else
                reject(new ApiError(request.status, document));
        });
        request.addEventListener("error", () => reject(new TypeError("The connection broke during the upload.")));
        request.send(file);
    });
}

/** Saves what a path gives: a plain link where no token is needed. @param {string} path @param {string} name */
export async function download(path, name) {
    let url = path;
    if (token()) {
        const reply = await send("GET", path, {});
        if (!reply.ok)
            throw await refusal(reply);
        url = URL.createObjectURL(await reply.blob());
    }
    save(url, name);
}

/** Saves a URL under a name. @param {string} url @param {string} name */
export function save(url, name) {
    const link = h("a", { href: url, download: name });
    document.body.appendChild(link);
    link.click();
    link.remove();
    if (url.startsWith("blob:"))
        setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** A query string without the members that are empty. @param {Object<string, *>} members @returns {string} */
export function query(members) {
    const out = new URLSearchParams();
    for (const [name, value] of Object.entries(members))
        if (value !== null && value !== undefined && value !== "")
            out.set(name, String(value));
    const text = out.toString();
    return text === "" ? "" : `?${text}`;
}
