/*
 * metrics.h: how good a trained model is on given examples, in the units of the target.
 *
 * Predictions are outputs as the loss links them. accuracy: share of rows whose most probable class
 * (ties: the lowest index) is the target's; of binary_cross_entropy, of elements on the target's side
 * of 0.5. rmse, mae, r2 (1 - residual / total sum of squares about the mean, averaged over target
 * columns): on restored values, so that scaling does not show. Sums in double.
 */
#ifndef DESCENT_METRICS_H
#define DESCENT_METRICS_H

#include <descent/preparation.h>
#include <descent/training.h>

typedef struct gd_metrics {
    bool classification;
    double loss; /* as the loss defines it, on prepared targets */
    double accuracy;
    double rmse, mae, r2; /* r2 is NaN where the target is constant */
} gd_metrics;

/* `preparation` is what the examples came from; NULL: they are as they are, and the loss tells the
 * task. */
gd_status gd_metrics_evaluate(gd_metrics *metrics, const gd_model *model, const gd_real *parameters,
                              const gd_loss_options *loss, const gd_preparation *preparation,
                              const gd_examples *examples, gd_error *error);

/* The same of a formula at values [parameters] of its parameters. */
gd_status gd_metrics_of_formula(gd_metrics *metrics, const gd_formula *formula,
                                const double *parameters, const gd_loss_options *loss,
                                const gd_formula_examples *examples, gd_error *error);

/* Class of one row of linked outputs [width]: argmax, or 0.5 as the threshold where width is 1. */
int64_t gd_class_of(const gd_real *probabilities, int64_t width);

#endif
