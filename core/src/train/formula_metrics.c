/*
 * formula_metrics.c: how good a formula is on given examples, in double in any build (metrics.h).
 */
#include <descent/metrics.h>

#include "base/memory.h"
#include "train/wide.h"

#include <math.h>

/* Of linked values; the total sum of squares in two passes. */
static void measure(gd_metrics *metrics, const double *values, const double *targets, int64_t rows)
{
    double mean = 0, squares = 0, absolutes = 0, total = 0;
    for (int64_t i = 0; i < rows; i++) {
        double residual = values[i] - targets[i];
        mean += targets[i];
        squares += residual * residual;
        absolutes += fabs(residual);
    }
    mean /= (double)rows;
    for (int64_t i = 0; i < rows; i++) {
        total += (targets[i] - mean) * (targets[i] - mean);
    }
    metrics->rmse = sqrt(squares / (double)rows);
    metrics->mae = absolutes / (double)rows;
    metrics->r2 = total > 0 ? 1 - squares / total : NAN;
}

gd_status gd_metrics_of_formula(gd_metrics *metrics, const gd_formula *formula,
                                const double *parameters, const gd_loss_options *loss,
                                const gd_formula_examples *examples, gd_error *error)
{
    *metrics = (gd_metrics){.classification = false};
    if (gd_loss_descriptor_at(loss->type) == NULL) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "loss", "loss has an unknown type");
    }
    if (examples->count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "", "there are no examples to measure on");
    }
    double *values = gdi_allocate((size_t)examples->count, sizeof *values);
    if (values == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to measure the formula");
    }
    gd_status status = gd_formula_evaluate(formula, parameters, examples->features, examples->count,
                                           values, error);
    if (status == GD_OK) {
        metrics->loss = gdi_wide.loss(loss, values, examples->targets, examples->count);
        measure(metrics, values, examples->targets, examples->count);
    }
    gdi_free(values);
    return status;
}
