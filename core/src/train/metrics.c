/*
 * metrics.c: a model's quality on given examples, slice by slice.
 *
 * One pass: the loss on prepared targets, and either hits or the sums behind rmse, mae and r2 on
 * restored values. The total sum of squares is Welford's, so that a large mean costs no digits.
 */
#include <descent/metrics.h>

#include "base/memory.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

enum {
    SLICE = 4096
}; /* rows a forward pass */

typedef struct column {
    double mean, total;        /* of the target's values and their squared distance from the mean */
    double squares, absolutes; /* of the residuals */
} column;

typedef struct evaluation {
    const gd_preparation *preparation;
    gd_link link;
    bool class_targets;
    int64_t output_width, target_width; /* of an example */
    gdi_output_plan output;             /* as the loss sees them */
    column *columns;                    /* [target_width]; regression */
    double *restored, *predicted;       /* [target_width]; regression */
    gd_real *linked;                    /* [output_width]; classification */
    int64_t rows, hits;
    double loss_sum;
} evaluation;

int64_t gd_class_of(const gd_real *probabilities, int64_t width)
{
    if (width == 1) {
        return probabilities[0] >= (gd_real)0.5 ? 1 : 0;
    }
    int64_t best = 0;
    for (int64_t i = 1; i < width; i++) {
        if (probabilities[i] > probabilities[best]) {
            best = i;
        }
    }
    return best;
}

static void restore(const evaluation *e, const gd_real *prepared, double *values)
{
    if (e->preparation != NULL) {
        gd_preparation_restore(e->preparation, prepared, values);
        return;
    }
    for (int64_t i = 0; i < e->target_width; i++) {
        values[i] = (double)prepared[i];
    }
}

static void add_regression_row(evaluation *e, const gd_real *outputs, const gd_real *targets)
{
    restore(e, targets, e->restored);
    restore(e, outputs, e->predicted);
    for (int64_t i = 0; i < e->target_width; i++) {
        column *c = &e->columns[i];
        double residual = e->predicted[i] - e->restored[i];
        double distance = e->restored[i] - c->mean;
        c->mean += distance / (double)(e->rows + 1);
        c->total += distance * (e->restored[i] - c->mean);
        c->squares += residual * residual;
        c->absolutes += fabs(residual);
    }
}

static void add_class_row(evaluation *e, const gd_real *outputs, const gd_real *targets)
{
    memcpy(e->linked, outputs, (size_t)e->output_width * sizeof *e->linked);
    gd_link_apply(e->link, e->linked, e->output.rows, e->output.width);
    for (int64_t i = 0; i < e->output.rows; i++) {
        int64_t found = gd_class_of(e->linked + i * e->output.width, e->output.width);
        e->hits += found == (int64_t)targets[i] ? 1 : 0;
    }
}

static void summarise(const evaluation *e, gd_metrics *metrics)
{
    double rows = (double)e->rows, width = (double)e->target_width;
    metrics->loss = e->loss_sum / rows;
    if (metrics->classification) {
        metrics->accuracy = (double)e->hits / (rows * (double)e->output.rows);
        return;
    }
    double squares = 0, absolutes = 0, r2 = 0;
    for (int64_t i = 0; i < e->target_width; i++) {
        const column *c = &e->columns[i];
        squares += c->squares;
        absolutes += c->absolutes;
        r2 += c->total > 0 ? 1 - c->squares / c->total : NAN;
    }
    metrics->rmse = sqrt(squares / (rows * width));
    metrics->mae = absolutes / (rows * width);
    metrics->r2 = r2 / width;
}

static gd_status evaluate_slices(evaluation *e, const gd_model *model, const gd_real *parameters,
                                 const gd_loss_options *loss, const gd_examples *examples,
                                 bool classification, gd_error *error)
{
    const gd_loss_descriptor *descriptor = gd_loss_descriptor_at(loss->type);
    int64_t slice = examples->count < SLICE ? examples->count : SLICE;
    gd_workspace *workspace = NULL;
    gd_status status = gd_workspace_create(&workspace, model, slice, false, error);
    for (int64_t first = 0; status == GD_OK && first < examples->count; first += slice) {
        int64_t rows = examples->count - first < slice ? examples->count - first : slice;
        const gd_real *features =
            examples->features + (size_t)first * (size_t)examples->feature_width;
        const gd_real *targets = examples->targets + (size_t)first * (size_t)e->target_width;
        const gd_real *outputs =
            gd_model_forward(model, parameters, workspace, features, rows, NULL);
        if (outputs == NULL) {
            status = gd_fail(error, GD_SHAPE_MISMATCH, "", "the forward pass took no batch");
            break;
        }
        e->loss_sum += (double)rows *
                       descriptor->evaluate(loss, outputs, targets, rows, e->output_width, NULL);
        for (int64_t row = 0; row < rows; row++, e->rows++) {
            const gd_real *output = outputs + (size_t)row * (size_t)e->output_width;
            const gd_real *target = targets + (size_t)row * (size_t)e->target_width;
            if (classification) {
                add_class_row(e, output, target);
            } else {
                add_regression_row(e, output, target);
            }
        }
    }
    gd_workspace_destroy(workspace);
    return status;
}

static gd_status check(const evaluation *e, const gd_model *model, const gd_examples *examples,
                       bool classification, gd_error *error)
{
    if (examples->count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "", "there are no examples to measure on");
    }
    int64_t wanted = e->class_targets || (classification && e->output.width == 1) ? e->output.rows
                                                                                  : e->output_width;
    bool fits = e->target_width == wanted;
    if (!fits || examples->feature_width != gd_shape_size(gd_model_input_shape(model))) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "",
                       "examples of %lld features and %lld targets do not fit the model",
                       (long long)examples->feature_width, (long long)e->target_width);
    }
    return GD_OK;
}

gd_status gd_metrics_evaluate(gd_metrics *metrics, const gd_model *model, const gd_real *parameters,
                              const gd_loss_options *loss, const gd_preparation *preparation,
                              const gd_examples *examples, gd_error *error)
{
    const gd_loss_descriptor *descriptor = gd_loss_descriptor_at(loss->type);
    if (descriptor == NULL) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "loss", "loss has an unknown type");
    }
    evaluation e = {
        .preparation = preparation,
        .link = descriptor->link,
        .class_targets = descriptor->class_targets,
        .output_width = gd_shape_size(gd_model_output_shape(model)),
        .target_width = examples->target_width,
        .output = gdi_plan_output(model),
    };
    *metrics = (gd_metrics){
        .classification = preparation == NULL
                              ? descriptor->link != GD_LINK_IDENTITY
                              : gd_preparation_task(preparation) == GD_TASK_CLASSIFICATION,
    };
    gd_status status = check(&e, model, examples, metrics->classification, error);
    if (status != GD_OK) {
        return status;
    }
    size_t width = (size_t)e.target_width;
    e.columns = gdi_allocate(width, sizeof *e.columns);
    e.restored = gdi_allocate(width, sizeof *e.restored);
    e.predicted = gdi_allocate(width, sizeof *e.predicted);
    e.linked = gdi_allocate((size_t)e.output_width, sizeof *e.linked);
    if (e.columns == NULL || e.restored == NULL || e.predicted == NULL || e.linked == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to measure the model");
    } else {
        status =
            evaluate_slices(&e, model, parameters, loss, examples, metrics->classification, error);
    }
    if (status == GD_OK) {
        summarise(&e, metrics);
    }
    gdi_free(e.columns);
    gdi_free(e.restored);
    gdi_free(e.predicted);
    gdi_free(e.linked);
    return status;
}
