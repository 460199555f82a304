/*
 * metrics.c: a model's quality on given examples, slice by slice.
 *
 * One pass: the loss on prepared targets, and of predictions, as the loss links outputs to them,
 * either hits or the sums behind rmse, mae and r2 on restored values. The total sum of squares is
 * Welford's, so that a large mean costs no digits.
 */
#include <descent/metrics.h>

#include "base/memory.h"
#include "loss/loss.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

typedef struct column {
    double mean, total;        /* of the target's values and their squared distance from the mean */
    double squares, absolutes; /* of the residuals */
} column;

typedef struct evaluation {
    const gd_model *model;
    const gd_real *parameters;
    const gd_loss_options *options;
    const gd_loss_descriptor *loss;
    const gd_preparation *preparation;
    bool classification;
    int64_t output_width, target_width; /* of an example */
    gdi_output_plan output;             /* as the loss sees them */
    int64_t value_width;                /* target columns: a sequence has several times as many */
    column *columns;                    /* [value_width]; regression */
    double *restored, *predicted;       /* [value_width]; regression */
    gd_real *linked;                    /* [output_width] predictions */
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

static void add_numbers(evaluation *e, const gd_real *predictions, const gd_real *targets)
{
    restore(e, targets, e->restored);
    restore(e, predictions, e->predicted);
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

/* A row of predictions for each target: of a class by its index, else of one of two by one number. */
static void add_classes(evaluation *e, const gd_real *predictions, const gd_real *targets)
{
    bool indices = e->loss->class_targets;
    int64_t width = indices ? e->output.width : 1;
    for (int64_t i = 0; i < e->target_width; i++) {
        int64_t wanted = indices ? gdi_class_index(targets[i], gdi_class_count(width))
                                 : gd_class_of(&targets[i], 1);
        e->hits += gd_class_of(predictions + i * width, width) == wanted ? 1 : 0;
        e->rows++;
    }
}

static void add_example(evaluation *e, const gd_real *outputs, const gd_real *targets)
{
    memcpy(e->linked, outputs, (size_t)e->output_width * sizeof *e->linked);
    gd_link_apply(e->loss->link, e->linked, e->output.rows, e->output.width);
    if (e->classification) {
        add_classes(e, e->linked, targets);
        return;
    }
    for (int64_t i = 0; i < e->target_width; i += e->value_width) {
        add_numbers(e, e->linked + i, targets + i);
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
static gd_status add_slice(evaluation *e, gdi_gatherer *gatherer, gd_workspace *workspace,
                           int64_t first, int64_t rows, gd_error *error)
{
    const gd_real *features = NULL, *targets = NULL;
    gdi_gather(gatherer, NULL, first, rows, &features, &targets);
    const gd_real *outputs =
        gdi_gathered_forward(gatherer, features, e->model, e->parameters, workspace, rows, NULL);
    if (outputs == NULL) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "", "the forward pass took no batch");
    }
    e->loss_sum += (double)rows * e->loss->evaluate(e->options, outputs, targets,
                                                    rows * e->output.rows, e->output.width, NULL);
    for (int64_t row = 0; row < rows; row++) {
        add_example(e, outputs + (size_t)row * (size_t)e->output_width,
                    targets + (size_t)row * (size_t)e->target_width);
    }
    return GD_OK;
}

static gd_status evaluate_slices(evaluation *e, const gd_examples *examples, gd_error *error)
{
    int64_t slice = gdi_slice_rows(e->model, examples->count);
    gd_workspace *workspace = NULL;
    gdi_gatherer gatherer;
    gd_status status = gdi_gatherer_init(&gatherer, examples, slice, false, error);
    if (status == GD_OK) {
        status = gd_workspace_create(&workspace, e->model, slice, false, error);
    }
    for (int64_t first = 0; status == GD_OK && first < examples->count; first += slice) {
        int64_t rows = examples->count - first < slice ? examples->count - first : slice;
        status = add_slice(e, &gatherer, workspace, first, rows, error);
    }
    gd_workspace_destroy(workspace);
    gdi_gatherer_dispose(&gatherer);
    return status;
}

static gd_status check(const evaluation *e, const gd_examples *examples, gd_error *error)
{
    if (examples->count < 1) {
        return gd_fail(error, GD_INVALID_DATA, "", "there are no examples to measure on");
    }
    bool one_each = e->loss->class_targets || (e->classification && e->output.width == 1);
    int64_t wanted = one_each ? e->output.rows : e->output_width;
    bool fits = e->target_width == wanted && e->target_width % e->value_width == 0;
    if (!fits || examples->feature_width != gd_shape_size(gd_model_input_shape(e->model))) {
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
        .model = model,
        .parameters = parameters,
        .options = loss,
        .loss = descriptor,
        .preparation = preparation,
        .classification = preparation == NULL
                              ? descriptor->classification
                              : gd_preparation_task(preparation) == GD_TASK_CLASSIFICATION,
        .output_width = gd_shape_size(gd_model_output_shape(model)),
        .target_width = examples->target_width,
        .output = gdi_plan_output(model),
    };
    e.value_width = preparation == NULL ? e.target_width : gd_preparation_target_width(preparation);
    *metrics = (gd_metrics){.classification = e.classification};
    gd_status status = check(&e, examples, error);
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
        status = evaluate_slices(&e, examples, error);
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
