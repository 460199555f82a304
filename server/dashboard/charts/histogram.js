// histogram.js: two histograms over the same bins, one tensor: how its numbers lay at first as a line, how they lie now as
// bars. Heights go by the square root of the counts, so that a spike, like that of biases which all begin at 0, does not
// flatten the rest.

import { number } from "../format.js";
import { colour, faded, letters, letterSize, sharpen } from "./canvas.js";

export const HEIGHT = 86;
const TOP = 4;

/**
 * @typedef {{minimum: ?number, maximum: ?number, mean: number, deviation: number, nonfinite: number, counts: Array<number>}} Spread
 * @typedef {{name: string, shape: Array<number>, count: number, from: ?number, to: ?number, first: Spread, last: Spread}} Tensor
 */

/** @param {Spread} spread @returns {string} */
function told(spread) {
    return `${number(spread.minimum, 3)} to ${number(spread.maximum, 3)}, mean ${number(spread.mean, 3)}, deviation ${number(spread.deviation, 3)}${
        spread.nonfinite > 0 ? `, ${spread.nonfinite} not finite` : ""}`;
}

/** Draws as wide as the canvas stands on the page, and says what is drawn. @param {HTMLCanvasElement} canvas @param {Tensor} tensor */
export function drawHistogram(canvas, tensor) {
    const width = canvas.clientWidth, foot = letterSize() + 6, floor = HEIGHT - foot;
    canvas.setAttribute("aria-label", `${tensor.name}, ${tensor.count} numbers: first ${told(tensor.first)}; last ${told(tensor.last)}`);
    if (width === 0)
        return;
    const context = sharpen(canvas, width, HEIGHT);
    const { from, to, first, last } = tensor, bins = first.counts.length;
    const most = Math.sqrt(Math.max(1, ...first.counts, ...last.counts));
    const top = count => floor - Math.sqrt(count) / most * (floor - TOP);
    // All of one value: one bar in the middle.
    const left = bin => to > from ? bin / bins * width : (0.5 + (bin === 0 ? -0.02 : 0.02)) * width;
    context.fillStyle = faded("--series-1", 0.55);
    last.counts.forEach((count, bin) => {
        if (count > 0)
            context.fillRect(left(bin), top(count), Math.max(1, left(bin + 1) - left(bin) - 0.5), floor - top(count));
    });
    context.strokeStyle = colour("--ink");
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(left(0), floor);
    first.counts.slice(0, to > from ? bins : 1).forEach((count, bin) => {
        context.lineTo(left(bin), top(count));
        context.lineTo(left(bin + 1), top(count));
    });
    context.lineTo(left(to > from ? bins : 1), floor);
    context.stroke();
    context.strokeStyle = colour("--edge");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, floor + 0.5);
    context.lineTo(width, floor + 0.5);
    if (from < 0 && to > 0) { // where 0 is
        context.moveTo(-from / (to - from) * width, floor);
        context.lineTo(-from / (to - from) * width, floor + 4);
    }
    context.stroke();
    context.font = letters();
    context.fillStyle = colour("--muted");
    context.textBaseline = "bottom";
    const zero = from < 0 && to > 0 ? -from / (to - from) * width : -1;
    for (const [text, align, at] of to > from ? [[number(from, 2), "left", 0], [number(to, 2), "right", width], ["0", "center", zero]] :
        [[number(from, 3), "center", width / 2]]) {
        if (text === "0" && align === "center" && to > from && (zero < 48 || zero > width - 48))
            continue; // no room between the ends
        context.textAlign = align;
        context.fillText(text, at, HEIGHT);
    }
}
