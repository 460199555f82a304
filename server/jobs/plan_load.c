/*
 * plan_load.c: a plan's rows made ready to train: split and fitted where the plan is a draft, then
 * prepared in memory or left to be prepared from the mapped file.
 *
 * Every pass over the rows asks the watch, so that a large dataset keeps nobody waiting who wants the
 * job to stop.
 */
#include "jobs/plan_private.h"

/* [rows, width]; sizes were checked against the memory limit by the plan. */
static gd_real *allocate_rows(size_t rows, int64_t width)
{
    return gd_allocate_block(rows, (size_t)width * sizeof(gd_real));
}

static gd_status load_part(const jobs_plan *plan, const gd_frame *frame, const gd_rows *rows,
                           gd_real **features, gd_real **targets, gd_examples *prepared,
                           const gd_watch *watch, gd_error *error)
{
    *prepared = (gd_examples){
        .feature_width = gd_preparation_feature_width(plan->preparation),
        .target_width = gd_preparation_target_width(plan->preparation),
    };
    const size_t count = (size_t)rows->count;
    *features = allocate_rows(count, prepared->feature_width);
    bool own_targets = gd_preparation_task(plan->preparation) != GD_TASK_RECONSTRUCTION;
    *targets = own_targets ? allocate_rows(count, prepared->target_width) : NULL;
    if (*features == NULL || (own_targets && *targets == NULL))
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld prepared rows",
                       (long long)rows->count);
    gd_status status = gd_preparation_apply_rows(plan->preparation, frame, rows, *features,
                                                 *targets, &prepared->count, watch, error);
    prepared->features = *features;
    prepared->targets = own_targets ? *targets : *features;
    return status;
}

static gd_status map_part(const jobs_plan *plan, const gd_frame *frame, gd_rows *rows,
                          bool validation, gd_source **source, gd_examples *examples,
                          const gd_watch *watch, gd_error *error)
{
    gd_source_options options = {
        .preparation = plan->preparation,
        .frame = frame,
        .rows = rows,
        .window = validation ? plan->validation_window : plan->window,
        .sequence = plan->sequence,
        .fitted = !validation,
    };
    gd_status status = gd_source_create(source, &options, watch, error);
    if (status == GD_OK)
        *examples = gd_source_examples(*source);
    return status;
}

static gd_status load_training(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    gd_examples rows;
    gd_status status;
    if (plan->spec->data.storage == SPEC_STORAGE_MAPPED) {
        status = map_part(plan, plan->frame, &plan->training_rows, false, &plan->sources[0],
                          &plan->examples, watch, error);
    } else {
        status = load_part(plan, plan->frame, &plan->training_rows, &plan->values[0],
                           &plan->values[1], &rows, watch, error);
        if (status == GD_OK)
            plan->examples = jobs_plan_examples(plan, &rows, false);
    }
    if (status == GD_OK && plan->training_rows.count == 0)
        status = gd_fail(error, GD_INVALID_DATA, "data",
                         "no training row is left without missing "
                         "cells");
    return status;
}

static gd_status load_validation(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    gd_examples rows;
    const gd_frame *frame = plan->validation_frame != NULL ? plan->validation_frame : plan->frame;
    if (plan->spec->data.storage == SPEC_STORAGE_MAPPED && !plan->validation_in_memory)
        return map_part(plan, frame, &plan->validation_rows, true, &plan->sources[1],
                        &plan->validation, watch, error);
    gd_status status = load_part(plan, frame, &plan->validation_rows, &plan->values[2],
                                 &plan->values[3], &rows, watch, error);
    if (status == GD_OK)
        plan->validation = jobs_plan_examples(plan, &rows, true);
    return status;
}

/* What the plan left to be done here, as the rows are many. */
static gd_status complete_draft(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    gd_preparation_options options = jobs_plan_fit_options(plan);
    gd_preparation *fitted = NULL;
    gd_status status = jobs_plan_list_rows(plan, watch, error);
    if (status == GD_OK)
        status = gd_preparation_fit_rows(&fitted, &options, plan->frame, &plan->training_rows,
                                         watch, error);
    if (status != GD_OK)
        return status;
    gd_preparation_destroy(plan->preparation);
    plan->preparation = fitted;
    return GD_OK;
}

gd_status jobs_plan_load(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    if (jobs_plan_is_alone(plan))
        return GD_OK;
    gd_status status = plan->drafted ? complete_draft(plan, watch, error) : GD_OK;
    if (status == GD_OK && jobs_plan_is_formula(plan))
        return jobs_plan_load_formula(plan, watch, error);
    if (status == GD_OK && jobs_plan_is_sparse(plan))
        return jobs_plan_load_sparse(plan, watch, error);
    if (status == GD_OK)
        status = load_training(plan, watch, error);
    if (status == GD_OK && plan->validation_count > 0)
        status = load_validation(plan, watch, error);
    return status;
}
