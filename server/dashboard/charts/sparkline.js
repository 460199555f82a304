// sparkline.js: a loss curve the size of a word. On a log scale where every value is above 0, since losses fall by
// factors; the curve is decoration beside the numbers of its row, and says its course in one sentence.

import { h } from "../dom.js";
import { number } from "../format.js";
import { colour, sharpen } from "./canvas.js";

const WIDTH = 96;
const HEIGHT = 24;

/** @param {number} [width] @param {number} [height] @returns {HTMLCanvasElement} an empty one, its place kept */
export function sparkline(width = WIDTH, height = HEIGHT) {
    return h("canvas", { class: "sparkline", role: "img", "aria-label": "no curve yet", data: { width, height }, style: {
        width: `${width}px`, height: `${height}px` } });
}

/** Draws. @param {HTMLCanvasElement} canvas @param {Array<?number>} values in order
 * @param {{colour?: string, name?: string, straight?: boolean}} [options] `straight`: never on a log scale */
export function drawSparkline(canvas, values, { colour: token = "--series-1", name = "loss", straight = false } = {}) {
    const width = Number(canvas.dataset.width), height = Number(canvas.dataset.height);
    const finite = values.filter(value => Number.isFinite(value));
    if (finite.length === 0)
        return;
    const least = Math.min(...finite), most = Math.max(...finite);
    const scale = !straight && least > 0 && most / least > 3 ? Math.log : value => value;
    const low = scale(least), range = scale(most) - low || 1;
    const context = sharpen(canvas, width, height);
    context.strokeStyle = colour(token);
    context.lineWidth = 1.4;
    context.lineJoin = "round";
    context.beginPath();
    let pen = false, x = 0, y = 0;
    values.forEach((value, index) => {
        if (!Number.isFinite(value)) {
            pen = false;
            return;
        }
        x = 2 + index / Math.max(1, values.length - 1) * (width - 6);
        y = height - 3 - (scale(value) - low) / range * (height - 6);
        if (pen)
            context.lineTo(x, y);
        else
            context.moveTo(x, y);
        pen = true;
    });
    context.stroke();
    context.fillStyle = colour(token);
    context.beginPath();
    context.arc(x, y, 1.8, 0, 2 * Math.PI);
    context.fill();
    canvas.setAttribute("aria-label",
        `${name} from ${number(finite[0], 3)} to ${number(finite.at(-1), 3)}, least ${number(least, 3)}`);
}
