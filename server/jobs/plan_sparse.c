/*
 * plan_sparse.c: the stage of a plan that is about sparse data (LIBSVM): what cannot go with rows whose
 * features are known by their non-zeros alone, and the examples such rows make.
 *
 * Nothing of the size rows × features is made: examples point into the mapped file.
 */
#include "jobs/plan_private.h"

#include <descent/libsvm.h>

#include <stdlib.h>

static void check_data(const jobs_planning *planning)
{
    const spec_data *data = &planning->plan->spec->data;
    if (data->scaling != GD_SCALING_NONE)
        jobs_plan_fault_at(planning, "data/scaling", "conflict",
                           "Sparse features are not scaled: \"%s\" subtracts from every number and "
                           "would leave no zeros. Set it to \"none\", and scale the values in the "
                           "file where they need it.",
                           data->scaling == GD_SCALING_MINMAX ? "minmax" : "standardize");
    if (data->missing != GD_MISSING_ERROR)
        jobs_plan_fault_at(planning, "data/missing", "conflict",
                           "What a sparse row does not list is zero, not missing: leave this out.");
    if (data->features.count > 0)
        jobs_plan_fault_at(planning, "data/features", "conflict",
                           "The features of a sparse dataset are all of its indices: leave this "
                           "out.");
    if (data->shape.rank > 0)
        jobs_plan_fault_at(planning, "data/shape", "conflict",
                           "Sparse rows have no shape: leave this out.");
    if (data->storage != SPEC_STORAGE_AUTO)
        jobs_plan_fault_at(planning, "data/storage", "conflict",
                           "Sparse rows are read from the mapped file and shuffled as a whole: "
                           "leave this out.");
    if (data->window.length > 0)
        jobs_plan_fault_at(planning, "data/window", "conflict",
                           "Windows want a series of dense rows: leave this out.");
}

static void check_model(const jobs_planning *planning)
{
    const spec_model *model = &planning->plan->spec->model;
    if (model->type == SPEC_MODEL_AUTOENCODER)
        jobs_plan_fault_at(planning, "model/type", "conflict",
                           "An autoencoder gives back every zero of sparse rows too: send the data "
                           "as CSV or NPY.");
    else if (model->layers[0].type != GD_LAYER_DENSE)
        jobs_plan_fault_at(planning, "model/layers/0", "conflict",
                           "A layer of type \"%s\" takes no sparse rows: begin with a \"dense\" "
                           "layer, or send the data as CSV or NPY.",
                           gd_layer_descriptor_at(model->layers[0].type)->name);
}

static void check_held_out(const jobs_planning *planning)
{
    const jobs_plan *plan = planning->plan;
    int64_t width = gd_frame_sparse(plan->frame)->width;
    const gd_sparse_matrix *held_out =
        plan->validation_frame == NULL ? NULL : gd_frame_sparse(plan->validation_frame);
    if (plan->validation_frame != NULL && held_out == NULL)
        jobs_plan_fault_at(planning, "data/validation/dataset", "wrong_kind",
                           "The rows to train on are sparse; those held out must be a LIBSVM "
                           "file too.");
    else if (held_out != NULL && held_out->width > width)
        jobs_plan_fault_at(planning, "data/validation/dataset", "shape_mismatch",
                           "The held-out rows have indices up to %lld, those to train on up to "
                           "%lld: send the latter with ?features=%lld.",
                           (long long)held_out->width, (long long)width,
                           (long long)held_out->width);
}

bool jobs_plan_is_sparse(const jobs_plan *plan)
{
    return plan->frame != NULL && gd_frame_sparse(plan->frame) != NULL;
}

void jobs_plan_sparse(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    if (!jobs_plan_is_sparse(plan)) {
        if (plan->validation_frame != NULL && gd_frame_sparse(plan->validation_frame) != NULL)
            jobs_plan_fault_at(planning, "data/validation/dataset", "wrong_kind",
                               "The held-out rows are sparse (LIBSVM), those to train on are not.");
        return;
    }
    check_data(planning);
    check_model(planning);
    check_held_out(planning);
}

double jobs_plan_operations(const jobs_plan *plan)
{
    double count = (double)plan->examples.count;
    double dense = (double)gd_model_operations(plan->model) * count;
    if (!jobs_plan_is_sparse(plan))
        return dense;
    const gd_sparse_matrix *matrix = plan->sparse[0].matrix;
    const gd_shape *units = gd_model_layer_shape(plan->model, 0);
    double a_weight = 4.0 * (double)units->dimensions[0]; /* forward and gradient, 2 each */
    double non_zeros = (double)matrix->non_zeros * count / (double)matrix->row_count;
    return dense - a_weight * (double)plan->examples.feature_width * count + a_weight * non_zeros;
}

/* Targets alone are prepared; the features are the file's. */
static gd_status load_part(jobs_plan *plan, const gd_frame *frame, const gd_rows *rows, int part,
                           const gd_watch *watch, gd_error *error)
{
    gd_examples *examples = part == 0 ? &plan->examples : &plan->validation;
    int64_t prepared = 0;
    gd_real *targets =
        calloc((size_t)rows->count * (size_t)examples->target_width, sizeof *targets);
    plan->values[2 * part + 1] = targets;
    if (targets == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld targets",
                       (long long)rows->count);
    plan->sparse[part].list = rows->list;
    plan->sparse[part].first = rows->first;
    examples->targets = targets;
    return gd_preparation_apply_rows(plan->preparation, frame, rows, NULL, targets, &prepared,
                                     watch, error);
}

gd_status jobs_plan_load_sparse(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    const gd_frame *frame = plan->validation_frame != NULL ? plan->validation_frame : plan->frame;
    jobs_plan_size_sparse(plan);
    gd_status status = load_part(plan, plan->frame, &plan->training_rows, 0, watch, error);
    if (status == GD_OK && plan->validation_count > 0)
        status = load_part(plan, frame, &plan->validation_rows, 1, watch, error);
    return status;
}

void jobs_plan_size_sparse(jobs_plan *plan)
{
    for (int part = 0; part < 2; part++) {
        const gd_frame *frame =
            part == 1 && plan->validation_frame != NULL ? plan->validation_frame : plan->frame;
        gd_examples *examples = part == 0 ? &plan->examples : &plan->validation;
        plan->sparse[part] = (gd_sparse_rows){.matrix = gd_frame_sparse(frame)};
        *examples = (gd_examples){
            .count = part == 0 ? plan->training_count : plan->validation_count,
            .feature_width = gd_preparation_feature_width(plan->preparation),
            .target_width = gd_preparation_target_width(plan->preparation),
            .sparse = &plan->sparse[part],
        };
    }
}
