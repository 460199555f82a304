/*
 * measure.c: see measure.h.
 */
#include "jobs/measure.h"

#include "jobs/plan_private.h"

#include <math.h>

#define METRICS_MAXIMUM 65536

static void write_number(json_writer *writer, const char *key, double number)
{
    json_writer_key(writer, key);
    if (isfinite(number))
        json_writer_double(writer, number);
    else
        json_writer_null(writer);
}

static gd_status measure(const jobs_plan *plan, const void *parameters, gd_metrics *metrics)
{
    bool validated = plan->validation.count > 0;
    if (jobs_plan_is_formula(plan))
        return gd_metrics_of_formula(
            metrics, plan->spec->model.formula, parameters, &plan->spec->loss,
            validated ? &plan->formula_validation : &plan->formula_examples, NULL);
    return gd_metrics_evaluate(metrics, plan->model, parameters, &plan->spec->loss,
                               plan->preparation, validated ? &plan->validation : &plan->examples,
                               NULL);
}

static bool write_errors(json_writer *writer, const jobs_plan *plan, const char *which,
                         const double *parameters, double *quantile)
{
    const gd_formula *formula = plan->spec->model.formula;
    const gd_formula_examples *examples = &plan->formula_examples;
    double errors[GD_FORMULA_MAXIMUM_PARAMETERS];
    if (gd_formula_standard_errors(formula, parameters, examples->features, examples->targets,
                                   examples->count, errors, quantile, NULL) != GD_OK)
        return false;
    json_writer_key(writer, which);
    json_writer_begin_object(writer);
    for (int64_t i = 0; i < gd_formula_parameter_count(formula); i++)
        write_number(writer, gd_formula_parameter_at(formula, i)->name, errors[i]);
    json_writer_end_object(writer);
    return true;
}

static bool write_fit(json_writer *writer, const jobs_plan *plan, const double *final,
                      const double *best)
{
    double quantile = NAN;
    if (!jobs_plan_is_formula(plan) || plan->spec->loss.type != GD_LOSS_MSE)
        return true;
    json_writer_key(writer, "standard_errors");
    json_writer_begin_object(writer);
    bool written = write_errors(writer, plan, "final", final, &quantile) &&
                   (best == NULL || write_errors(writer, plan, "best", best, &quantile));
    write_number(writer, "t", quantile);
    json_writer_end_object(writer);
    return written;
}

static bool write_members(json_writer *writer, const jobs_plan *plan, const void *final,
                          const void *best)
{
    gd_metrics metrics = {0};
    double value = NAN;
    json_writer_key(writer, "part");
    if (jobs_plan_is_alone(plan)) {
        json_writer_string(writer, "formula");
        gd_status status =
            gd_formula_evaluate(plan->spec->model.formula, final, NULL, 1, &value, NULL);
        write_number(writer, "loss", value);
        return status == GD_OK;
    }
    if (measure(plan, final, &metrics) != GD_OK)
        return false;
    json_writer_string(writer, plan->validation.count > 0 ? "validation" : "training");
    json_writer_key(writer, "loss");
    json_writer_double(writer, metrics.loss);
    if (metrics.classification) {
        json_writer_key(writer, "accuracy");
        json_writer_double(writer, metrics.accuracy);
        return true;
    }
    json_writer_key(writer, "rmse");
    json_writer_double(writer, metrics.rmse);
    json_writer_key(writer, "mae");
    json_writer_double(writer, metrics.mae);
    json_writer_key(writer, "r2");
    json_writer_double(writer, metrics.r2);
    return write_fit(writer, plan, final, best);
}

char *jobs_write_metrics(const jobs_plan *plan, const void *final, const void *best)
{
    json_writer *writer = json_writer_create(METRICS_MAXIMUM);
    json_writer_begin_object(writer);
    bool written = write_members(writer, plan, final, best);
    json_writer_end_object(writer);
    char *text = written ? json_writer_finish(writer, NULL) : NULL;
    json_writer_destroy(writer);
    return text;
}
