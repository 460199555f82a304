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
    int64_t value_width;                /* target columns: a sequence has several times as many */
    column *columns;                    /* [value_width]; regression */
    double *restored, *predicted;       /* [value_width]; regression */
    gd_real *linked;                    /* [output_width]; classification */
    int64_t rows;                       /* looked at: of a sequence each of its places */
    int64_t hits;
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
    for (int64_t i = 0; i < e->value_width; i++) {
        values[i] = (double)prepared[i];
    }
}

static void add_regression_row(evaluation *e, const gd_real *outputs, const gd_real *targets)
{
    restore(e, targets, e->restored);
    restore(e, outputs, e->predicted);
    for (int64_t i = 0; i < e->value_width; i++) {
        column *c = &e->columns[i];
        double residual = e->predicted[i] - e->restored[i];
        double distance = e->restored[i] - c->mean;
        c->mean += distance / (double)(e->rows + 1);
        c->total += distance * (e->restored[i] - c->mean);
        c->squares += residual * residual;
        c->absolutes += fabs(residual);
    }
    e->rows++;
}

static void add_class_row(evaluation *e, const gd_real *outputs, const gd_real *targets)
{
    memcpy(e->linked, outputs, (size_t)e->output_width * sizeof *e->linked);
    gd_link_apply(e->link, e->linked, e->output.rows, e->output.width);
    for (int64_t i = 0; i < e->output.rows; i++) {
        int64_t found = gd_class_of(e->linked + i * e->output.width, e->output.width);
        e->hits += found == (int64_t)targets[i] ? 1 : 0;
        e->rows++;
    }
}

static void add_example(evaluation *e, const gd_real *outputs, const gd_real *targets,
                        bool classification)
{
    if (classification) {
        add_class_row(e, outputs, targets);
        return;
    }
    for (int64_t i = 0; i < e->target_width; i += e->value_width) {
        add_regression_row(e, outputs + i, targets + i);
    }
}

static void summarise(const evaluation *e, int64_t examples, gd_metrics *metrics)
{
    double rows = (double)e->rows, width = (double)e->value_width;
    metrics->loss = e->loss_sum / (double)examples;
    if (metrics->classification) {
        metrics->accuracy = (double)e->hits / rows;
        return;
    }
    double squares = 0, absolutes = 0, r2 = 0;
    for (int64_t i = 0; i < e->value_width; i++) {
        const column *c = &e->columns[i];
        squares += c->squares;
        absolutes += c->absolutes;
        r2 += c->total > 0 ? 1 - c->squares / c->total : NAN;
    }
    metrics->rmse = sqrt(squares / (rows * width));
    metrics->mae = absolutes / (rows * width);
    metrics->r2 = r2 / width;
}

/* One slice of `rows` examples from `first` on. */
static gd_status add_slice(evaluation *e, gdi_gatherer *gatherer, const gd_model *model,
                           const gd_real *parameters, gd_workspace *workspace,
                           const gd_loss_options *loss, int64_t first, int64_t rows,
                           bool classification, gd_error *error)
{
    const gd_real *features = NULL, *targets = NULL;
    gdi_gather(gatherer, NULL, first, rows, &features, &targets);
    const gd_real *outputs =
        gdi_gathered_forward(gatherer, features, model, parameters, workspace, rows, NULL);
    if (outputs == NULL) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "", "the forward pass took no batch");
    }
    e->loss_sum += (double)rows * gd_loss_descriptor_at(loss->type)
                                      ->evaluate(loss, outputs, targets, rows * e->output.rows,
                                                 e->output.width, NULL);
    for (int64_t row = 0; row < rows; row++) {
        add_example(e, outputs + (size_t)row * (size_t)e->output_width,
                    targets + (size_t)row * (size_t)e->target_width, classification);
    }
    return GD_OK;
}

static gd_status evaluate_slices(evaluation *e, const gd_model *model, const gd_real *parameters,
                                 const gd_loss_options *loss, const gd_examples *examples,
                                 bool classification, gd_error *error)
{
    int64_t slice = gdi_slice_rows(model, examples->count);
    gd_workspace *workspace = NULL;
    gdi_gatherer gatherer;
    gd_status status = gdi_gatherer_init(&gatherer, examples, slice, false, error);
    if (status == GD_OK) {
        status = gd_workspace_create(&workspace, model, slice, false, error);
    }
    for (int64_t first = 0; status == GD_OK && first < examples->count; first += slice) {
        int64_t rows = examples->count - first < slice ? examples->count - first : slice;
        status = add_slice(e, &gatherer, model, parameters, workspace, loss, first, rows,
                           classification, error);
    }
    gd_workspace_destroy(workspace);
    gdi_gatherer_dispose(&gatherer);
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
    bool fits = e->target_width == wanted && e->target_width % e->value_width == 0;
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
    e.value_width = preparation == NULL ? e.target_width : gd_preparation_target_width(preparation);
    *metrics = (gd_metrics){
        .classification = preparation == NULL
                              ? descriptor->link != GD_LINK_IDENTITY
                              : gd_preparation_task(preparation) == GD_TASK_CLASSIFICATION,
    };
    gd_status status = check(&e, model, examples, metrics->classification, error);
    if (status != GD_OK) {
        return status;
    }
    size_t width = (size_t)e.value_width;
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
        summarise(&e, examples->count, metrics);
    }
    gdi_free(e.columns);
    gdi_free(e.restored);
    gdi_free(e.predicted);
    gdi_free(e.linked);
    return status;
}
