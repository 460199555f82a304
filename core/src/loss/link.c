/*
 * link.c: outputs to predictions, in place and without overflow.
 */
#include "loss/loss.h"

#include "math/kernels.h"

static void apply_softmax(gd_real *outputs, int64_t rows, int64_t width)
{
    for (int64_t r = 0; r < rows; r++) {
        gd_real *row = outputs + r * width;
        gd_real largest = row[0];
        for (int64_t c = 1; c < width; c++) {
            largest = row[c] > largest ? row[c] : largest;
        }
        for (int64_t c = 0; c < width; c++) {
            row[c] -= largest;
        }
    }
    gdi_kernels_best()->exponential(outputs, outputs, (size_t)(rows * width));
    for (int64_t r = 0; r < rows; r++) {
        gd_real *row = outputs + r * width;
        double sum = 0.0;
        for (int64_t c = 0; c < width; c++) {
            sum += (double)row[c];
        }
        for (int64_t c = 0; c < width; c++) {
            row[c] = (gd_real)((double)row[c] / sum);
        }
    }
}

/* Of equal outputs the first is the largest; a NaN is never chosen but by being first. */
static void apply_decision(gd_real *row, int64_t width)
{
    int64_t largest = 0;
    if (width == 1) {
        row[0] = row[0] >= 0;
        return;
    }
    for (int64_t c = 1; c < width; c++) {
        largest = row[c] > row[largest] ? c : largest;
    }
    for (int64_t c = 0; c < width; c++) {
        row[c] = c == largest;
    }
}

void gd_link_apply(gd_link link, gd_real *outputs, int64_t rows, int64_t width)
{
    switch (link) {
    case GD_LINK_IDENTITY:
        break;
    case GD_LINK_SIGMOID:
        gdi_kernels_best()->sigmoid(outputs, outputs, (size_t)rows * (size_t)width);
        break;
    case GD_LINK_SOFTMAX:
        apply_softmax(outputs, rows, width);
        break;
    case GD_LINK_EXPONENTIAL:
        gdi_kernels_best()->exponential(outputs, outputs, (size_t)rows * (size_t)width);
        break;
    case GD_LINK_DECISION:
        for (int64_t r = 0; r < rows; r++) {
            apply_decision(outputs + r * width, width);
        }
        break;
    }
}
