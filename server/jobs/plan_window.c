/*
 * plan_window.c: the stage of a plan that is about windows over series and texts: their defaults, what
 * cannot go together, and the split by time.
 *
 * Training and held-out windows share no row, targets included, and the held-out ones come last: a
 * random split would put nearly the same window on both sides.
 */
#include "jobs/plan_private.h"

#include <math.h>
#include <string.h>

/* Before columns are looked for. */
void jobs_plan_window_defaults(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    spec_data *data = &plan->spec->data;
    if (plan->text && data->shape.rank > 0)
        jobs_plan_fault_at(planning, "data/shape", "conflict",
                           "A text has no shape: examples are windows of its characters.");
    if (plan->text && data->window.length == 0)
        data->window = (gd_window){SPEC_DEFAULT_WINDOW, 1, 0};
    if (data->window.length == 0)
        return;
    if (data->missing == GD_MISSING_DROP)
        jobs_plan_fault_at(planning, "data/missing", "conflict",
                           "Rows cannot be left out of a series, whose windows need every step: "
                           "set \"missing\" to \"mean\" or \"error\".");
    if (plan->spec->model.type == SPEC_MODEL_AUTOENCODER)
        jobs_plan_fault_at(planning, "data/window", "conflict",
                           "An autoencoder takes plain rows: leave \"window\" out.");
}

static void check_text_model(const jobs_planning *planning)
{
    const spec_model *model = &planning->plan->spec->model;
    if (model->type != SPEC_MODEL_SEQUENTIAL)
        jobs_plan_fault_at(planning, "model", "conflict",
                           "A text wants a model of type \"sequential\" that begins with an "
                           "\"embedding\" layer: characters are no numbers.");
    else if (model->layers[0].type != GD_LAYER_EMBEDDING)
        jobs_plan_fault_at(planning, "model/layers/0", "conflict",
                           "A text model begins with an \"embedding\" layer: characters are no "
                           "numbers.");
}

/* Whether the model gives an output for each row. Widths do not matter for that. */
static bool gives_sequence(const jobs_plan *plan)
{
    const spec_model *model = &plan->spec->model;
    gd_shape input = {.rank = plan->text ? 1 : 2,
                      .dimensions = {plan->spec->data.window.length, plan->feature_count}};
    gd_model *probe = NULL;
    if (model->type != SPEC_MODEL_SEQUENTIAL ||
        gd_model_create(&probe, &input, model->layers, model->layer_count, 2, 0, NULL) != GD_OK)
        return false;
    const gd_shape *output = gd_model_output_shape(probe);
    bool sequence = output->rank == 2 && output->dimensions[0] == input.dimensions[0];
    gd_model_destroy(probe);
    return sequence;
}

/* Once columns are known. */
void jobs_plan_window(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    gd_window *window = &plan->spec->data.window;
    int64_t rows = gd_frame_row_count(plan->frame);
    if (window->length == 0)
        return;
    if (plan->text)
        check_text_model(planning);
    if (gd_window_count(&(gd_window){window->length, window->horizon, 1}, rows) == 0)
        jobs_plan_fault_at(planning, "data/window/length", "out_of_range",
                           "A window of %lld rows and a target %lld behind need %lld rows; the "
                           "data have %lld.",
                           (long long)window->length, (long long)window->horizon,
                           (long long)(window->length + window->horizon), (long long)rows);
    plan->sequence = gives_sequence(plan);
    /* With a target for each character, windows that follow each other show every one once an epoch. */
    if (window->stride == 0)
        window->stride = plan->text && plan->sequence ? window->length : 1;
    plan->window = plan->validation_window = *window;
    if (plan->sequence && window->stride < window->length)
        plan->validation_window.stride = window->length;
}

gd_status jobs_plan_window_split(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    const spec_validation *validation = &plan->spec->data.validation;
    int64_t rows = gd_frame_row_count(plan->frame), last = 0;
    if (validation->type == SPEC_VALIDATION_FRACTION)
        last = (int64_t)llround(validation->fraction * (double)rows);
    else
        last = gd_window_rows(&plan->validation_window, validation->last);
    int64_t needed = plan->window.length + plan->window.horizon;
    if (last > rows - needed || last < needed) {
        jobs_plan_fault_at(planning, "data/validation", "out_of_range",
                           "Held out would be the last %lld of %lld rows; training and held-out "
                           "part each need %lld rows for one window and its target.",
                           (long long)(last > rows ? rows : last), (long long)rows,
                           (long long)needed);
        return GD_OK;
    }
    gd_status status =
        gd_split_last(rows, last, &plan->training_rows, &plan->validation_rows, error);
    plan->training_count = plan->training_rows.count;
    plan->validation_count = plan->validation_rows.count;
    return status;
}

gd_examples jobs_plan_examples(const jobs_plan *plan, const gd_examples *rows, bool validation)
{
    if (plan->window.length == 0)
        return *rows;
    return gd_window_examples(validation ? &plan->validation_window : &plan->window, rows,
                              plan->sequence);
}
