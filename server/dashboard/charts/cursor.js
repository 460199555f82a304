// cursor.js: what charts over the same points share: the position of the cursor, always a point that was really
// recorded, and the part of the axis a person asks to see closer.

import { axisScale, nearest } from "./scale.js";

/** Room left of every plot for the labels, and right of it, so that charts stand exactly below each other. */
export const LEFT = 58;
export const RIGHT = 14;

export class CursorGroup {
    constructor() {
        this.charts = new Set();
        /** @type {ArrayLike<number>} ascending x of the points */
        this.x = [];
        /** @type {import("./scale.js").AxisScale} of x */
        this.scale = axisScale("");
        /** Room right of the plots as they turned out. */
        this.right = RIGHT;
        this.index = -1;
        /** @type {function(number): void} told the index, -1 for none */
        this.moved = () => {};
        /** @type {function(number, number): void} told the x from where and to where */
        this.zoomed = () => {};
        /** @type {function(): void} */
        this.reset = () => {};
        /** @type {function(number): string} what a screen reader hears of a point */
        this.words = () => "";
    }

    /** @param {number} index */
    point(index) {
        const next = this.x.length === 0 ? -1 : Math.max(-1, Math.min(index, this.x.length - 1));
        if (next === this.index)
            return;
        this.index = next;
        for (const chart of this.charts)
            chart.drawCursor();
        this.moved(next);
    }

    /** Points at what lies nearest. @param {number} x */
    seek(x) {
        this.point(nearest(this.x, x, this.scale));
    }
}

/**
 * Makes an element a cursor over the group's points: pointer, drag to zoom, and keys (arrows move, Page by twenty,
 * + and − zoom around the cursor, 0 shows all again).
 * @param {HTMLElement} plot @param {CursorGroup} group
 * @param {{toX: function(number): number, label: string, picked?: function(number): void}} axis `toX` turns pixels from
 *     the plot's left edge into x; `picked` is told the pixels from the top of a click
 * @returns {function(): void} redraws what a screen reader is told
 */
export function steer(plot, group, axis) {
    let from = null;
    let sweep = null;
    plot.tabIndex = 0;
    plot.setAttribute("role", "slider");
    plot.setAttribute("aria-label", `${axis.label}: cursor`);
    const at = event => event.clientX - plot.getBoundingClientRect().left;

    function drop() {
        sweep?.remove();
        sweep = from = null;
    }

    plot.addEventListener("pointermove", event => {
        const x = at(event);
        group.seek(axis.toX(x));
        if (from === null || Math.abs(x - from) < 6)
            return;
        if (!sweep) {
            sweep = document.createElement("div");
            sweep.className = "sweep";
            plot.appendChild(sweep);
        }
        sweep.style.left = `${Math.min(from, x)}px`;
        sweep.style.width = `${Math.abs(x - from)}px`;
    });
    plot.addEventListener("pointerdown", event => {
        if (event.button === 0) {
            from = at(event);
            plot.setPointerCapture(event.pointerId);
        }
    });
    plot.addEventListener("pointerup", event => {
        const start = from, end = at(event), swept = sweep !== null;
        drop();
        if (swept)
            group.zoomed(axis.toX(Math.min(start, end)), axis.toX(Math.max(start, end)));
        else if (start !== null)
            axis.picked?.(event.clientY - plot.getBoundingClientRect().top);
    });
    plot.addEventListener("pointercancel", drop);
    plot.addEventListener("pointerleave", () => {
        if (from === null && document.activeElement !== plot)
            group.point(-1);
    });
    plot.addEventListener("dblclick", () => group.reset());
    plot.addEventListener("keydown", event => {
        const last = group.x.length - 1, index = group.index < 0 ? last : group.index;
        const moves = { ArrowRight: index + 1, ArrowUp: index + 1, ArrowLeft: index - 1, ArrowDown: index - 1,
            PageUp: index + 20, PageDown: index - 20, Home: 0, End: last };
        if (event.key in moves) {
            group.point(Math.max(0, moves[event.key]));
        } else if (event.key === "+" || event.key === "-") {
            const reach = Math.round(last * (event.key === "+" ? 0.125 : 0.5));
            group.zoomed(group.x[Math.max(0, index - reach)], group.x[Math.min(last, index + reach)]);
        } else if (event.key === "0" || event.key === "Escape") {
            group.reset();
        } else {
            return;
        }
        event.preventDefault();
    });
    return () => {
        plot.setAttribute("aria-valuemin", "0");
        plot.setAttribute("aria-valuemax", String(Math.max(0, group.x.length - 1)));
        plot.setAttribute("aria-valuenow", String(Math.max(0, group.index)));
        plot.setAttribute("aria-valuetext", group.index < 0 ? "no point chosen" : group.words(group.index));
    };
}
