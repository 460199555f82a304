// dom.js: elements made by hand. Text goes in as text nodes alone, so nothing a user typed can become markup; the
// page's policy forbids markup from strings besides.

/**
 * Makes an element.
 * @param {string} tag
 * @param {Object<string, *>} [attributes] "on" holds listeners, "data" the data- attributes, "style" custom
 *     properties; true is an attribute without a value; null, undefined and false are left out
 * @param {...(Node|string|number|null|undefined|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false)
            continue;
        if (name === "on")
            for (const [event, listener] of Object.entries(value))
                element.addEventListener(event, listener);
        else if (name === "data")
            Object.assign(element.dataset, value);
        else if (name === "style")
            for (const [property, content] of Object.entries(value))
                element.style.setProperty(property, content);
        else if (name === "value")
            element.value = value;
        else
            element.setAttribute(name, value === true ? "" : String(value));
    }
    add(element, children);
    return element;
}

/**
 * Appends nodes, texts and (nested) lists of them; nothing for null and undefined.
 * @param {Node} parent
 * @param {*} child
 */
export function add(parent, child) {
    if (Array.isArray(child))
        for (const item of child)
            add(parent, item);
    else if (child !== null && child !== undefined && child !== false)
        parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
}

/** Puts children in place of what an element holds. @param {Node} parent @param {...*} children */
export function fill(parent, ...children) {
    while (parent.firstChild)
        parent.removeChild(parent.firstChild);
    add(parent, children);
}

/** Sets a text only where it differs, so that a poll without news touches nothing. @param {Node} node @param {*} text */
export function say(node, text) {
    const words = String(text);
    if (node.textContent !== words)
        node.textContent = words;
}

const PATHS = {
    queued: "M8 3.5v4.7l3 1.8M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13",
    running: "M5 3l8 5l-8 5z",
    paused: "M5.5 3v10M10.5 3v10",
    succeeded: "M2.5 8.5l3.5 3.5l7.5-8",
    failed: "M3.5 3.5l9 9M12.5 3.5l-9 9",
    cancelled: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M3.5 12.5l9-9",
    jobs: "M2 3.5h12M2 8h12M2 12.5h12",
    plus: "M8 2.5v11M2.5 8h11",
    compare: "M2 12c3-8 5-8 12-9M2 4c3 6 6 8 12 8.5",
    service: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
    system: "M2 3h12v8h-12zM6 14h4M8 11v3",
    light: "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6M8 1v1.5M8 13.5v1.5M1 8h1.5M13.5 8h1.5M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
    dark: "M13.5 9.5a6 6 0 1 1-7-7a4.8 4.8 0 0 0 7 7",
    pin: "M8 1.8l1.9 4l4.3.5l-3.2 3l.9 4.3L8 11.4l-3.9 2.2l.9-4.3l-3.2-3l4.3-.5z",
    warning: "M8 2l6.5 11.5h-13zM8 6.5v3.5M8 11.8h.1",
    download: "M8 2v8M4.5 7l3.5 3.5l3.5-3.5M2.5 13.5h11",
};

/**
 * A small line drawing. It says nothing to a screen reader: a word always stands beside it.
 * @param {keyof PATHS} name
 * @returns {SVGElement}
 */
export function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("viewBox", "0 0 16 16");
    drawing.setAttribute("class", "icon");
    drawing.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", PATHS[name]);
    drawing.appendChild(path);
    return drawing;
}

/** State as an icon and a word. @param {string} status @returns {HTMLElement} */
export function state(status) {
    return h("span", { class: `state state-${status}` }, icon(status), status);
}

/** A button. @param {string} label @param {function(Event): void} act @param {Object} [attributes] @returns {HTMLElement} */
export function button(label, act, attributes) {
    return h("button", { type: "button", ...attributes, on: { click: act } }, label);
}

/** A row of buttons of which one is pressed. @param {string} label @param {Array<[string, string]>} options value and words
 * @param {string} value @param {function(string): void} chosen @returns {{element: HTMLElement, next: function(): void}} `next`
 *     presses the one after */
export function choice(label, options, value, chosen) {
    let now = value;
    const press = own => {
        now = own;
        controls.forEach((control, index) => control.setAttribute("aria-pressed", String(options[index][0] === own)));
        chosen(own);
    };
    const controls = options.map(([own, words]) => button(words, () => press(own), { "aria-pressed": String(own === value) }));
    return { element: h("span", { class: "named", role: "group", "aria-label": label }, h("span", { "aria-hidden": "true" }, label),
        h("span", { class: "choice" }, controls)),
    next: () => press(options[(options.findIndex(([own]) => own === now) + 1) % options.length][0]) };
}

/** A select. @param {Array<[string, string]>} options value and words @param {string} value @param {Object} [attributes] */
export function select(options, value, attributes) {
    return h("select", { ...attributes },
        options.map(([own, words]) => h("option", { value: own, selected: own === value }, words)));
}

/** A button that puts a text on the clipboard, or, where the browser forbids that, shows it to be copied by hand.
 * @param {string} label @param {function(): string} text @param {Object} [attributes] @returns {HTMLElement} */
export function copier(label, text, attributes) {
    const control = button(label, async () => {
        try {
            await navigator.clipboard.writeText(text());
            say(control, "Copied");
            setTimeout(() => say(control, label), 2500);
        } catch {
            ask(label, finish => [h("textarea", { readonly: true, "aria-label": label, value: text() }),
                h("div", { class: "row" }, button("Close", () => finish(null)))]);
        }
    }, { "aria-live": "polite", ...attributes });
    return control;
}

/** A modal dialog; resolves with what `finish` is called with, null where it was closed. @param {string} title
 * @param {function(function(*): void): *} content makes the children @returns {Promise<*>} */
export function ask(title, content) {
    return new Promise(resolve => {
        let answer = null;
        const heading = h("h2", { id: `dialog-${Date.now()}` }, title);
        const dialog = h("dialog", { "aria-labelledby": heading.id, on: { close: () => {
            dialog.remove();
            resolve(answer);
        } } }, heading);
        add(dialog, content(value => {
            answer = value;
            dialog.close();
        }));
        document.body.appendChild(dialog);
        dialog.showModal();
    });
}
