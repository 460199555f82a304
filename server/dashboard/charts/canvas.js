// canvas.js: what every drawing shares: sharp pixels, and the colours of the style sheet.

/** Sizes a canvas for the screen's pixels and clears it; drawing is then in CSS pixels.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @returns {CanvasRenderingContext2D} */
export function sharpen(canvas, width, height) {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
}

/** @type {Map<string, string>} */
const colours = new Map();
let probe = null;

/** A colour of the style sheet as a canvas takes it. @param {string} name "--series-1" @returns {string} */
export function colour(name) {
    if (!probe) {
        probe = document.createElement("span");
        probe.hidden = true;
        document.body.appendChild(probe);
        addEventListener("themechange", () => colours.clear());
    }
    let value = colours.get(name);
    if (value === undefined) {
        probe.style.color = `var(${name})`;
        value = getComputedStyle(probe).color;
        colours.set(name, value);
    }
    return value;
}

/** Letters on a canvas, which grow with those of the page. @param {string} [weight] @returns {string} */
export function letters(weight = "") {
    return `${weight} ${letterSize()}px Inter, system-ui, sans-serif`;
}

let size = 0;
addEventListener("resize", () => {
    size = 0;
});

/** @returns {number} CSS pixels; kept until the window changes, since asking makes the browser lay out the page */
export function letterSize() {
    size ||= Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) / 14 * 11);
    return size;
}

/** The same with an opacity. @param {string} name @param {number} alpha @returns {string} */
export function faded(name, alpha) {
    const parts = colour(name).match(/[\d.]+/g) ?? ["0", "0", "0"];
    return `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha})`;
}
