// shell.js: what stands around every page: the navigation, the theme switch, how old the data is, notices.

import { button, fill, h, icon, say } from "./dom.js";
import { duration } from "./format.js";

const PAGES = [["#/", "jobs", "Jobs"], ["#/new", "plus", "New job"], ["#/compare", "compare", "Compare"],
    ["#/service", "service", "Service"]];
const THEMES = ["system", "light", "dark"];

/** @type {{at: number, ok: boolean, retry: number, message: string}} */
const connection = { at: 0, ok: true, retry: 0, message: "" };

/**
 * Tells how asking went, for the line at the top.
 * @param {{ok: boolean, error?: Error, retry?: number}} outcome `retry`: when it is tried again, ms; 0: not
 */
export function report(outcome) {
    connection.ok = outcome.ok;
    connection.retry = outcome.retry ?? 0;
    connection.message = outcome.error?.message ?? "";
    connection.word = outcome.error?.status ? `answer ${outcome.error.status}` : "no answer";
    if (outcome.ok)
        connection.at = Date.now();
    showConnection();
}

function showConnection() {
    const line = document.getElementById("connection");
    const age = (Date.now() - connection.at) / 1000;
    line.classList.toggle("bad", !connection.ok);
    if (connection.at === 0 && connection.ok)
        say(line, "");
    else if (connection.ok)
        say(line, age < 3 ? "up to date" : `data is ${duration(Math.floor(age))} old`);
    else if (connection.retry === 0)
        say(line, connection.message);
    else
        say(line, `${connection.word} · ${connection.at === 0 ? "" : `data is ${duration(Math.floor(age))} old · `}` +
            `again in ${Math.max(0, Math.ceil((connection.retry - Date.now()) / 1000))} s`);
}

/** A line at the foot of the page; it stays until it is closed or `seconds` are over, which wait while it is pointed at or
 * has the focus.
 * @param {string} text @param {{seconds?: number, action?: string, act?: function(): void, over?: function(): void,
 *     bad?: boolean}} [options] `over` is called when the time is over or the line was closed
 * @returns {function(): void} closes it, calling nothing */
export function notice(text, options = {}) {
    let timer = 0;
    const close = () => {
        clearInterval(timer);
        line.remove();
    };
    const finish = () => {
        close();
        options.over?.();
    };
    const line = h("div", { class: options.bad ? "notice bad" : "notice" }, h("span", null, text),
        options.action ? button(options.action, () => {
            close();
            options.act();
        }) : null,
        button("Close", finish, { class: "quiet" }));
    document.getElementById("notices").appendChild(line);
    let left = options.seconds;
    if (left)
        timer = setInterval(() => {
            if (!line.matches(":hover, :focus-within") && --left <= 0)
                finish();
        }, 1000);
    return close;
}

function theme() {
    return document.documentElement.dataset.theme ?? "system";
}

function setTheme(wanted) {
    if (wanted === "system")
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = wanted;
    try {
        if (wanted === "system")
            localStorage.removeItem("descentd.theme");
        else
            localStorage.setItem("descentd.theme", wanted);
    } catch {
        // Storage may be forbidden; the choice then lasts as long as the page.
    }
    showTheme();
    dispatchEvent(new Event("themechange"));
}

function showTheme() {
    const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
    const control = document.getElementById("theme");
    fill(control, icon(theme()), h("span", { class: "wide" }, theme()));
    control.setAttribute("aria-label", `Theme: ${theme()}. Change to ${next}.`);
    control.onclick = () => setTheme(next);
}

/** Draws the parts that stay. */
export function start() {
    fill(document.getElementById("nav"),
        PAGES.map(([href, drawing, words]) => h("a", { href }, icon(drawing), h("span", null, words))));
    showTheme();
    setInterval(showConnection, 1000);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
}

/** Marks the page that is shown. @param {string} path @param {string} title */
export function entered(path, title) {
    document.title = `${title} · descentd`;
    const own = path.startsWith("/jobs") ? "#/" : `#${path}`;
    for (const link of document.querySelectorAll("#nav a"))
        if (link.getAttribute("href") === own)
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
}
