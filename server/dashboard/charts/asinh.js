// asinh.js: the axis that Chart.js lacks: straight around 0, logarithmic far from it.

/** @param {Function} Scale Chart.js's own @returns {Function} a class to register; its options hold `unit`, up to where it is straight */
export function asinhScale(Scale) {
    return class Asinh extends Scale {
        static id = "asinh";

        static defaults = {};

        determineDataLimits() {
            this.min = this.options.min;
            this.max = this.options.max;
        }

        buildTicks() {
            return [];
        }

        getPixelForValue(value) {
            const to = own => Math.asinh(own / this.options.unit);
            return this.getPixelForDecimal((to(value) - to(this.min)) / (to(this.max) - to(this.min)));
        }

        getValueForPixel(pixel) {
            const to = own => Math.asinh(own / this.options.unit);
            return Math.sinh(to(this.min) + this.getDecimalForPixel(pixel) * (to(this.max) - to(this.min))) * this.options.unit;
        }
    };
}
