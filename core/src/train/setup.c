/*
 * setup.c: what a caller can get wrong, found before anything is allocated, and limits resolved.
 *
 * Whoever reads options from outside has checked them against the same rows already; a C caller has
 * not.
 */
#include "train/trainer.h"

#include "base/field_check.h"

#include <math.h>

static gd_status refuse(const gd_field *field, const gdi_field_finding *found, gd_error *error)
{
    switch (found->fault) {
    case GDI_FIELD_OUT_OF_BOUNDS:
        return gd_fail(
            error, GD_INVALID_ARGUMENT, field->name, "%s must be %s %g and %s %g; it is %g",
            field->name, field->minimum_excluded ? "above" : "at least", field->minimum,
            field->maximum_excluded ? "below" : "at most", field->maximum, found->number);
    case GDI_FIELD_LENGTH:
        return gd_fail(error, GD_INVALID_ARGUMENT, field->name,
                       "%s must have %lld to %lld elements; it has %lld", field->name,
                       (long long)field->minimum_length, (long long)gdi_field_maximum_length(field),
                       (long long)found->length);
    case GDI_FIELD_NO_CHOICE:
        return gd_fail(error, GD_INVALID_ARGUMENT, field->name, "%s has no choice number %d",
                       field->name, found->choice);
    case GDI_FIELD_FITS:
        break;
    }
    return GD_OK;
}

static gd_status check_fields(const gd_field_table *table, const void *options, const char *owner,
                              gd_error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        const gdi_field_finding found = gdi_field_check(&table->fields[i], options);
        if (found.fault != GDI_FIELD_FITS) {
            return gd_error_prefix(error, refuse(&table->fields[i], &found, error), "%s", owner);
        }
    }
    return GD_OK;
}

static gd_status check_options(const gd_trainer_setup *setup, gd_error *error)
{
    const gd_optimizer_descriptor *optimizer = gd_optimizer_descriptor_at(setup->optimizer.type);
    const gd_schedule_descriptor *schedule = gd_schedule_descriptor_at(setup->schedule.type);
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(setup->loss.type);
    if (optimizer == NULL || schedule == NULL || loss == NULL) {
        const char *path = optimizer == NULL  ? "optimizer"
                           : schedule == NULL ? "optimizer/schedule"
                                              : "loss";
        return gd_fail(error, GD_INVALID_ARGUMENT, path, "%s has an unknown type", path);
    }
    gd_status status = check_fields(&optimizer->fields, &setup->optimizer, "optimizer", error);
    if (status == GD_OK && optimizer->check != NULL &&
        optimizer->check(&setup->optimizer, error) != GD_OK) {
        status = gd_error_prefix(error, GD_INVALID_ARGUMENT, "optimizer");
    }
    if (status == GD_OK) {
        status = check_fields(&schedule->fields, &setup->schedule, "optimizer/schedule", error);
    }
    if (status == GD_OK && schedule->check != NULL &&
        schedule->check(&setup->schedule, error) != GD_OK) {
        status = gd_error_prefix(error, GD_INVALID_ARGUMENT, "optimizer/schedule");
    }
    if (status == GD_OK) {
        status = check_fields(&loss->fields, &setup->loss, "loss", error);
    }
    if (status == GD_OK) {
        gd_training_options training = setup->training;
        training.epochs = training.epochs == 0 ? GDI_DEFAULT_EPOCHS : training.epochs;
        status = check_fields(gd_training_fields(), &training, "training", error);
    }
    if (status == GD_OK && setup->training.stop_early) {
        status = check_fields(gd_stop_fields(), &setup->training, "training/stop", error);
    }
    if (status == GD_OK && setup->training.clip != GD_CLIP_NONE &&
        !(setup->training.clip_limit > 0 && isfinite(setup->training.clip_limit))) {
        status =
            gd_fail(error, GD_INVALID_ARGUMENT, "optimizer/clip",
                    "the limit of clipping must be above 0; it is %g", setup->training.clip_limit);
    }
    return status;
}

/* Targets that are not at hand are all right where the least and the largest are. */
static gd_status check_extremes(const gd_loss_options *loss, const gd_examples *examples,
                                int64_t width, gdi_output_plan output, gd_error *error)
{
    const gd_source *source = examples->source;
    bool features = source->target_span == 0 || source->row_targets != width;
    return gd_loss_check(loss, source->extremes, features ? 0 : 2, width, output.width, error);
}

/*
 * The values of the first `count` targets; their sizes in any case. Targets that overlap stand in one
 * piece and are looked at once; with gaps between them, example by example.
 */
static gd_status check_targets(const gd_loss_options *loss, const gd_examples *examples,
                               int64_t count, gdi_output_plan output, gd_error *error)
{
    int64_t stride = gdi_target_stride(examples);
    int64_t width = examples->target_width / output.rows;
    if (count > 0 && examples->source != NULL) {
        return check_extremes(loss, examples, width, output, error);
    }
    if (count == 0 || (stride <= examples->target_width && stride % width == 0)) {
        int64_t rows = count == 0 ? 0 : ((count - 1) * stride + examples->target_width) / width;
        return gd_loss_check(loss, examples->targets, rows, width, output.width, error);
    }
    gd_status status = GD_OK;
    for (int64_t i = 0; status == GD_OK && i < count; i++) {
        status = gd_loss_check(loss, examples->targets + i * stride, output.rows, width,
                               output.width, error);
    }
    return status;
}

/* The last element of both matrices can be counted. */
static bool is_countable(const gd_examples *examples)
{
    int64_t elements = 0;
    return examples->feature_stride >= 0 && examples->target_stride >= 0 &&
           !__builtin_mul_overflow(examples->count, gdi_feature_stride(examples), &elements) &&
           !__builtin_add_overflow(elements, examples->feature_width, &elements) &&
           !__builtin_mul_overflow(examples->count, gdi_target_stride(examples), &elements) &&
           !__builtin_add_overflow(elements, examples->target_width, &elements);
}

/* Rows of the matrix for every example, and a model that takes them. */
static gd_status check_sparse(const gd_model *model, const gd_examples *examples, const char *name,
                              gd_error *error)
{
    const gd_sparse_rows *rows = examples->sparse;
    const gd_sparse_matrix *matrix = rows->matrix;
    if (!gd_model_takes_sparse(model)) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "model/layers/0",
                       "%s are sparse rows, which only a dense layer takes as the first", name);
    }
    if (matrix->width > examples->feature_width) {
        return gd_fail(error, GD_SHAPE_MISMATCH, name, "%s are %lld wide; the model takes %lld",
                       name, (long long)matrix->width, (long long)examples->feature_width);
    }
    bool inside = rows->list != NULL ||
                  (rows->first >= 0 && rows->first <= matrix->row_count - examples->count);
    for (int64_t i = 0; rows->list != NULL && inside && i < examples->count; i++) {
        inside = (int64_t)rows->list[i] < matrix->row_count;
    }
    if (!inside) {
        return gd_fail(error, GD_INVALID_ARGUMENT, name, "%s are beyond the %lld rows there are",
                       name, (long long)matrix->row_count);
    }
    return GD_OK;
}

static gd_status check_examples(const gd_trainer_setup *setup, const gd_examples *examples,
                                const char *name, bool loaded, gd_error *error)
{
    int64_t inputs = gd_shape_size(gd_model_input_shape(setup->model));
    gdi_output_plan output = gdi_plan_output(setup->model);
    bool dense = examples->sparse == NULL;
    if (loaded && examples->source == NULL &&
        ((dense && examples->features == NULL) || examples->targets == NULL)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, name, "%s have no features or targets", name);
    }
    if (examples->feature_width != inputs) {
        return gd_fail(error, GD_SHAPE_MISMATCH, name,
                       "%s have %lld features; the model takes %lld", name,
                       (long long)examples->feature_width, (long long)inputs);
    }
    if (examples->target_width < 1 || examples->target_width % output.rows != 0) {
        return gd_fail(error, GD_SHAPE_MISMATCH, name,
                       "%s have %lld targets; the model gives outputs at %lld places", name,
                       (long long)examples->target_width, (long long)output.rows);
    }
    gd_status status = dense ? GD_OK : check_sparse(setup->model, examples, name, error);
    if (status == GD_OK && !dense && loaded) {
        status = gd_sparse_check(examples->sparse->matrix, error);
    }
    if (status != GD_OK) {
        return status;
    }
    if (!is_countable(examples)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, name, "%s have strides that cannot be", name);
    }
    if (check_targets(&setup->loss, examples, loaded ? examples->count : 0, output, error) !=
        GD_OK) {
        return gd_error_prefix(error, error->status, "%s", name);
    }
    return GD_OK;
}

gdi_output_plan gdi_plan_output(const gd_model *model)
{
    const gd_shape *shape = gd_model_output_shape(model);
    gdi_output_plan plan = {1, shape->dimensions[shape->rank - 1]};
    for (int64_t i = 0; i + 1 < shape->rank; i++) {
        plan.rows *= shape->dimensions[i];
    }
    return plan;
}

static gd_status resolve_limits(gd_trainer_setup *setup, gd_error *error)
{
    gd_training_options *training = &setup->training;
    if (training->epochs > 0 && training->steps > 0) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "training/steps",
                       "epochs and steps exclude each other");
    }
    training->batch_size = gdi_batch_rows(training, &setup->examples);
    int64_t batches = gdi_batch_count(training, &setup->examples);
    if (training->steps > 0) {
        training->epochs = training->steps / batches + (training->steps % batches != 0 ? 1 : 0);
    } else {
        training->epochs = training->epochs > 0 ? training->epochs : GDI_DEFAULT_EPOCHS;
        if ((double)training->epochs * (double)batches > GDI_MAXIMUM_STEPS) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "training/epochs",
                           "%lld epochs of %lld updates are more than the %g updates allowed",
                           (long long)training->epochs, (long long)batches, GDI_MAXIMUM_STEPS);
        }
        training->steps = training->epochs * batches;
    }
    int64_t restarts = training->restarts;
    if ((double)training->steps * (double)restarts > GDI_MAXIMUM_STEPS) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "training/restarts",
                       "%lld restarts of %lld updates are more than the %g updates allowed",
                       (long long)restarts, (long long)training->steps, GDI_MAXIMUM_STEPS);
    }
    if (training->threads == GD_AUTOMATIC) {
        training->threads = gdi_processor_count();
    }
    if (training->record_every == GD_AUTOMATIC) {
        training->record_every = training->steps * restarts / GDI_CURVE_POINTS;
        training->record_every = training->record_every < 1 ? 1 : training->record_every;
    }
    return GD_OK;
}

/* Examples of a formula are doubles, and so is gd_real where this comes to be done (wide.h). */
static gd_examples adopt(const gd_formula_examples *given, int64_t columns)
{
    return (gd_examples){.features = (const gd_real *)(const void *)given->features,
                         .targets = (const gd_real *)(const void *)given->targets,
                         .count = given->count,
                         .feature_width = columns,
                         .target_width = 1};
}

/* Of a formula: its examples, or the one that stands for none. */
static void settle_formula(gd_trainer_setup *setup)
{
    static const double nothing = 0;
    static const gd_formula_examples none = {&nothing, &nothing, 1};
    const gd_formula *formula = setup->model == NULL ? NULL : gd_model_formula(setup->model);
    if (formula == NULL) {
        return;
    }
    int64_t columns = gd_formula_column_count(formula);
    if (columns == 0) {
        setup->loss.type = GD_LOSS_OUTPUT;
        setup->formula_validation.count = 0;
    }
    setup->examples = columns == 0 ? adopt(&none, 1) : adopt(&setup->formula_examples, columns);
    setup->validation = adopt(&setup->formula_validation, columns);
    setup->shuffle_window = 0;
}

gd_status gdi_setup_check(gd_trainer_setup *setup, bool loaded, gd_error *error)
{
    gd_error unread;
    error = error == NULL ? &unread : error;
    settle_formula(setup);
    if (setup->model == NULL || gd_model_trained_count(setup->model) == 0) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "model", "the model has no parameters to train");
    }
    gd_status status = check_options(setup, error);
    if (status == GD_OK && setup->examples.count < 1) {
        status = gd_fail(error, GD_INVALID_DATA, "examples", "there are no training examples");
    }
    if (status == GD_OK) {
        status = check_examples(setup, &setup->examples, "examples", loaded, error);
    }
    if (status == GD_OK && setup->shuffle_window < 0) {
        status = gd_fail(error, GD_INVALID_ARGUMENT, "shuffle_window",
                         "the window to shuffle in cannot be below 0");
    }
    if (status == GD_OK && setup->validation.count > 0) {
        status = check_examples(setup, &setup->validation, "validation", loaded, error);
    }
    return status == GD_OK ? resolve_limits(setup, error) : status;
}
