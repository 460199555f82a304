/*
 * plan_model.c: the stages of a plan that look at the network: its layers on the prepared width, and
 * what an experienced eye would say before the run.
 */
#include "jobs/plan_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SCALE_RATIO 1e4
#define PIXEL_LIMIT 16.0 /* elements of images beyond this want scaling */

/* Outputs the loss wants for the target. */
static int64_t output_width(const jobs_plan *plan)
{
    return gd_loss_descriptor_at(plan->spec->loss.type)->class_targets
               ? gd_preparation_class_count(plan->preparation)
               : gd_preparation_target_width(plan->preparation);
}

static void check_classes(jobs_planning *planning)
{
    const jobs_plan *plan = planning->plan;
    int64_t classes = gd_preparation_class_count(plan->preparation);
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(plan->spec->loss.type);
    if (plan->spec->data.task != GD_TASK_CLASSIFICATION)
        return;
    if (classes < 2)
        jobs_plan_fault(planning, "data", "target", -1, "out_of_range",
                        "The target has %lld class in the training rows; classification needs at "
                        "least 2.",
                        (long long)classes);
    else if (!loss->class_targets && classes != 2)
        jobs_plan_fault(planning, "data", "target", -1, "out_of_range",
                        "The target has %lld classes; %s wants exactly 2: use model \"softmax\" or "
                        "loss \"cross_entropy\".",
                        (long long)classes,
                        plan->spec->model.type == SPEC_MODEL_LOGISTIC ? "a logistic model"
                                                                      : "binary_cross_entropy");
}

void jobs_plan_add_error(const jobs_planning *planning, const gd_error *error)
{
    char first[64] = "", second[64] = "";
    if (sscanf(error->path, "%63[a-z_]/%63[a-z_0-9]", first, second) < 1)
        snprintf(first, sizeof first, "training");
    jobs_plan_fault(planning, first, second[0] != '\0' ? second : NULL, -1,
                    gd_status_name(error->status), "%s", error->message);
}

/* Adds a gd_error of the network's plan at /model/<path>. */
static void add_model_error(const jobs_planning *planning, const gd_error *error)
{
    int64_t layer;
    char member[64] = "";
    json_path root = json_path_root();
    json_path model = json_path_member(&root, "model");
    json_path layers = json_path_member(&model, "layers");
    if (sscanf(error->path, "layers/%ld/%63[a-z_0-9]", &layer, member) >= 1) {
        json_path item = json_path_item(&layers, layer);
        json_path field = json_path_member(&item, member);
        json_faults_add(planning->faults, member[0] != '\0' ? &field : &item,
                        gd_status_name(error->status), NULL, "%s", error->message);
        return;
    }
    json_faults_add(planning->faults, &model, gd_status_name(error->status), NULL, "%s",
                    error->message);
}

gd_shape jobs_input_shape(const spec_data *data, const gd_preparation *preparation)
{
    int64_t width = gd_preparation_feature_width(preparation);
    if (data->window.length > 0)
        return gd_preparation_has_symbols(preparation)
                   ? (gd_shape){1, {data->window.length}}
                   : (gd_shape){2, {data->window.length, width}};
    return data->shape.rank > 0 ? data->shape : (gd_shape){1, {width}};
}

static void check_shape(const jobs_planning *planning)
{
    const jobs_plan *plan = planning->plan;
    const gd_shape *shape = &plan->spec->data.shape;
    int64_t width = gd_preparation_feature_width(plan->preparation);
    if (shape->rank > 0 && gd_shape_size(shape) != width)
        jobs_plan_fault_at(planning, "data/shape", "shape_mismatch",
                           "The shape has %lld elements; a prepared row has %lld.",
                           (long long)gd_shape_size(shape), (long long)width);
}

/* "auto" becomes a number: the width the target needs, and the symbols there are. */
static void settle_widths(jobs_planning *planning, int64_t width)
{
    const jobs_plan *plan = planning->plan;
    const spec_model *model = &plan->spec->model;
    int64_t symbols = gd_preparation_has_symbols(plan->preparation)
                          ? gd_preparation_column(plan->preparation, 0)->class_count
                          : width;
    for (int64_t i = 0; i < model->layer_count; i++) {
        gd_layer_options *layer = &model->layers[i];
        if (layer->type == GD_LAYER_DENSE && layer->of.dense.units == GD_AUTOMATIC)
            layer->of.dense.units = width;
        if (layer->type == GD_LAYER_EMBEDDING && layer->of.embedding.vocabulary == GD_AUTOMATIC)
            layer->of.embedding.vocabulary = symbols;
    }
    if (plan->text && model->layers[0].of.embedding.vocabulary < symbols)
        jobs_plan_fault_at(planning, "model/layers/0/vocabulary", "out_of_range",
                           "The text has %lld different characters and the vocabulary %lld: set "
                           "it to \"auto\".",
                           (long long)symbols, (long long)model->layers[0].of.embedding.vocabulary);
}

static void check_output(const jobs_planning *planning, int64_t width, gd_error *error)
{
    const jobs_plan *plan = planning->plan;
    const gd_shape *output = gd_model_output_shape(plan->model);
    int64_t outputs = plan->sequence ? output->dimensions[output->rank - 1] : gd_shape_size(output);
    if (outputs == width)
        return;
    error->status = GD_SHAPE_MISMATCH;
    snprintf(error->path, sizeof error->path, "layers/%lld",
             (long long)plan->spec->model.layer_count - 1);
    snprintf(error->message, sizeof error->message,
             "The last layer gives %lld outputs where the target needs %lld: set its units to "
             "\"auto\".",
             (long long)outputs, (long long)width);
    add_model_error(planning, error);
}

gd_status jobs_plan_model(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    spec_model *model = &plan->spec->model;
    check_classes(planning);
    check_shape(planning);
    if (planning->faults->total > 0)
        return GD_OK;
    if (jobs_plan_is_formula(plan))
        return gd_model_create_formula(&plan->model, model->formula, error);
    int64_t width = output_width(plan);
    settle_widths(planning, width);
    if (planning->faults->total > 0)
        return GD_OK;
    gd_shape input = jobs_input_shape(&plan->spec->data, plan->preparation);
    if (input.rank > 1)
        spec_model_flatten(model);
    int64_t limit = planning->resources->memory_limit / (int64_t)sizeof(gd_real);
    gd_status status = gd_model_create(&plan->model, &input, model->layers, model->layer_count,
                                       width, limit, error);
    if (status == GD_OUT_OF_MEMORY)
        return status;
    if (status != GD_OK)
        add_model_error(planning, error);
    else
        check_output(planning, width, error);
    return GD_OK;
}

/* Images of bytes: all elements share one scale, so that minmax divides by 255. */
static void look_at_pixels(jobs_plan *plan)
{
    double largest = 0;
    for (int64_t i = 0; i < plan->feature_count; i++) {
        const gd_column *column = gd_frame_column(plan->frame, plan->features[i]);
        largest = column->maximum > largest ? column->maximum : largest;
    }
    if (largest > PIXEL_LIMIT)
        jobs_plan_warn(plan, "/data/scaling", "feature_scales",
                       "Elements of the images reach %g: set \"scaling\" to \"minmax\", which "
                       "brings them onto [0, 1].",
                       largest);
}

static void look_at_scales(jobs_plan *plan)
{
    double smallest = INFINITY, largest = 0;
    const char *small_name = "", *large_name = "";
    if (plan->spec->data.scaling != GD_SCALING_NONE)
        return;
    if (plan->spec->data.shape.rank > 1) {
        look_at_pixels(plan);
        return;
    }
    for (int64_t i = 0; i < plan->feature_count; i++) {
        const gd_column *column = gd_frame_column(plan->frame, plan->features[i]);
        double spread = column->standard_deviation;
        if (column->kind != GD_COLUMN_NUMERIC || !(spread > 0))
            continue;
        if (spread < smallest) {
            smallest = spread;
            small_name = column->name;
        }
        if (spread > largest) {
            largest = spread;
            large_name = column->name;
        }
    }
    if (largest > smallest * SCALE_RATIO)
        jobs_plan_warn(plan, "/data/scaling", "feature_scales",
                       "Column \"%s\" varies %.0f times as much as \"%s\": set \"scaling\" to "
                       "\"standardize\".",
                       large_name, largest / smallest, small_name);
}

static void look_at_last_activation(jobs_plan *plan)
{
    const spec_model *model = &plan->spec->model;
    const gd_layer_options *last = &model->layers[model->layer_count - 1];
    int activation = last->type == GD_LAYER_DENSE        ? last->of.dense.activation
                     : last->type == GD_LAYER_ACTIVATION ? last->of.activation.function
                                                         : GD_ACTIVATION_IDENTITY;
    if (activation == GD_ACTIVATION_IDENTITY ||
        !gd_loss_descriptor_at(plan->spec->loss.type)->classification)
        return;
    jobs_plan_warn(
        plan, "/model", "activated_logits",
        "The last layer ends in \"%s\", but loss \"%s\" takes logits and applies its own "
        "sigmoid or softmax: leave the last activation out.",
        gd_activation_descriptor_at((gd_activation)activation)->name,
        gd_loss_descriptor_at(plan->spec->loss.type)->name);
}

void jobs_plan_look(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    if (!jobs_plan_is_formula(plan)) {
        look_at_scales(plan);
        look_at_last_activation(plan);
    }
    if (plan->spec->training.batch_size > plan->examples.count)
        jobs_plan_warn(plan, "/training/batch_size", "batch_size",
                       "The batch size %lld is beyond the %lld training %s: every step uses all "
                       "of them.",
                       (long long)plan->spec->training.batch_size, (long long)plan->examples.count,
                       plan->window.length > 0 ? "windows" : "rows");
    if (gd_frame_row_count(plan->frame) >= 20 &&
        plan->spec->data.validation.type == SPEC_VALIDATION_NONE &&
        plan->spec->data.task != GD_TASK_RECONSTRUCTION &&
        plan->spec->model.type != SPEC_MODEL_LINEAR && !jobs_plan_is_formula(plan))
        jobs_plan_warn(plan, "/data/validation", "no_validation",
                       "No rows are held out, so overfitting would not show: set \"validation\" to "
                       "{\"fraction\": 0.2}.");
}
