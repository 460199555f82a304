// table.js: the numbers of a chart as a table, for people who do not see the chart or do not trust it. It is built
// when it is opened, a hundred rows at a time.

import { button, fill, h } from "../dom.js";
import { count, number } from "../format.js";

const ROWS = 100;

/** @param {string} title @param {function(): Array<[string, Array]>} columns names with values, all of one length
 * @returns {{toggle: HTMLElement, element: HTMLElement, refresh: function(): void}} `toggle` opens and closes `element` */
export function dataTable(title, columns) {
    let start = 0;
    const element = h("div", { class: "data", hidden: true });
    const toggle = button("Data table", () => {
        element.hidden = !element.hidden;
        toggle.setAttribute("aria-expanded", String(!element.hidden));
        draw();
    }, { class: "quiet", "aria-expanded": "false", "aria-label": `Data table of: ${title}` });

    function draw() {
        if (element.hidden) {
            fill(element);
            return;
        }
        const own = columns();
        const length = own[0]?.[1].length ?? 0;
        start = Math.max(0, Math.min(start, Math.floor((length - 1) / ROWS) * ROWS));
        const rows = [];
        for (let row = start; row < Math.min(length, start + ROWS); row++)
            rows.push(h("tr", null, own.map(([, values]) => h("td", { class: "numeric" }, typeof values[row] === "string" ?
                values[row] : number(values[row], 6)))));
        const turn = by => () => {
            start += by;
            draw();
        };
        fill(element, h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `${title}, numbers` },
            h("table", null, h("caption", { class: "unseen" }, title),
                h("thead", null, h("tr", null, own.map(([name]) => h("th", { scope: "col", class: "numeric" }, name)))),
                h("tbody", null, rows))),
        h("div", { class: "pager" }, `${count(length === 0 ? 0 : start + 1)}–${count(Math.min(length, start + ROWS))} of ${count(length)}`,
            button("Before", turn(-ROWS), { disabled: start === 0 }),
            button("Next", turn(ROWS), { disabled: start + ROWS >= length })));
    }

    return { toggle, element, refresh: draw };
}
