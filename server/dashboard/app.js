// app.js: which page stands in the address, and its coming and going. Addresses are fragments (#/jobs/ID?…), so that
// the service knows one page alone and every view can be linked to.

import { fill, h } from "./dom.js";
import { entered, start } from "./shell.js";

/**
 * What a page module gives: draws into `root` and returns what to call when it is left.
 * @typedef {{title: string, show: function(HTMLElement, Route): (function(): void)}} Page
 * @typedef {{path: string, id: string, query: URLSearchParams}} Route
 */

/** @type {Array<[RegExp, function(): Promise<Page>]>} */
const ROUTES = [
    [/^\/(?:jobs)?$/, () => import("./pages/jobs.js")],
    [/^\/jobs\/([0-9a-f-]+)$/, () => import("./pages/job.js")],
    [/^\/new$/, () => import("./pages/new.js")],
    [/^\/compare$/, () => import("./pages/compare.js")],
    [/^\/api$/, () => import("./pages/api.js")],
    [/^\/service$/, () => import("./pages/service.js")],
];

let leave = null;
let visit = 0;

/** @returns {Route} */
function read() {
    const [path, text] = (location.hash.slice(1) || "/").split("?");
    return { path: path || "/", id: "", query: new URLSearchParams(text ?? "") };
}

async function enter() {
    const own = ++visit;
    const root = document.getElementById("main");
    const route = read();
    if (!route.path.startsWith("/"))
        return; // the fragment of a link inside the page
    for (const [pattern, load] of ROUTES) {
        const match = pattern.exec(route.path);
        if (!match)
            continue;
        route.id = match[1] ?? "";
        const page = await load();
        if (own !== visit)
            return;
        leave?.();
        leave = null;
        fill(root);
        entered(route.path, page.title);
        leave = page.show(root, route);
        return;
    }
    leave?.();
    leave = null;
    fill(root, h("section", { class: "card" }, h("h1", null, "There is no such page"),
        h("p", null, h("a", { href: "#/" }, "All jobs"))));
}

start();
addEventListener("hashchange", enter);
document.querySelector(".skip").addEventListener("click", event => {
    event.preventDefault();
    document.getElementById("main").focus();
});
enter();
