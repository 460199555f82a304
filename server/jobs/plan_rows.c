/*
 * plan_rows.c: the stages of a plan that say which rows train and which validate, and what is made of
 * their columns.
 *
 * Widths and classes come from the dataset's schema, whichever rows train, so that they are known
 * without a look at the rows. A small dataset is split and fitted at once, which finds every fault of
 * its rows when the job is submitted; of a large one rows are only counted and the preparation is a
 * draft, until jobs_plan_load.
 */
#include "jobs/plan_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_AT_ONCE ((int64_t)1 << 20) /* a few milliseconds of a request */

/* The dataset held out must have the columns used, of the same kinds, by name. */
static void check_held_out(const jobs_planning *planning, const int64_t *columns, int64_t count)
{
    const jobs_plan *plan = planning->plan;
    json_path root = json_path_root();
    json_path data = json_path_member(&root, "data");
    json_path validation = json_path_member(&data, "validation");
    json_path path = json_path_member(&validation, "dataset");
    int64_t rows = gd_frame_row_count(plan->validation_frame);
    for (int64_t i = 0; i < count; i++) {
        const gd_column *wanted = gd_frame_column(plan->frame, columns[i]);
        int64_t index = gd_frame_find(plan->validation_frame, wanted->name);
        if (index < 0)
            json_faults_add(planning->faults, &path, "not_found", NULL,
                            "The dataset for validation has no column \"%s\", which the job uses.",
                            wanted->name);
        else if (gd_frame_column(plan->validation_frame, index)->kind != wanted->kind &&
                 gd_frame_column(plan->validation_frame, index)->missing < rows)
            json_faults_add(planning->faults, &path, "wrong_kind", NULL,
                            "Column \"%s\" holds %s, but %s in the dataset for validation.",
                            wanted->name, wanted->kind == GD_COLUMN_NUMERIC ? "numbers" : "texts",
                            wanted->kind == GD_COLUMN_NUMERIC ? "texts" : "numbers");
    }
}

/* Validation by fraction, listed or, of a draft, counted. */
static gd_status split_fraction(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    const spec_validation *validation = &plan->spec->data.validation;
    int64_t rows = gd_frame_row_count(plan->frame);
    gd_status status =
        gd_split_fraction_count(rows, validation->fraction, &plan->validation_count, error);
    plan->training_count = rows - plan->validation_count;
    if (status == GD_OK && !plan->drafted)
        status = gd_split_fraction(rows, validation->fraction, validation->seed,
                                   &plan->training_rows, &plan->validation_rows, watch, error);
    return status;
}

static gd_status split_last(jobs_plan *plan, gd_error *error)
{
    gd_status status =
        gd_split_last(gd_frame_row_count(plan->frame), plan->spec->data.validation.last,
                      &plan->training_rows, &plan->validation_rows, error);
    plan->training_count = plan->training_rows.count;
    plan->validation_count = plan->validation_rows.count;
    return status;
}

/* All rows train; another dataset may validate. */
static void take_all(const jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    plan->training_count = gd_frame_row_count(plan->frame);
    plan->training_rows = gd_rows_range(0, plan->training_count);
    if (plan->validation_frame == NULL)
        return;
    check_held_out(planning, plan->features, plan->feature_count);
    check_held_out(planning, plan->targets, plan->target_count);
    plan->validation_count = gd_frame_row_count(plan->validation_frame);
    plan->validation_rows = gd_rows_range(0, plan->validation_count);
}

static bool is_large(const gd_frame *frame)
{
    return frame != NULL &&
           gd_frame_row_count(frame) > CELLS_AT_ONCE / gd_frame_column_count(frame);
}

gd_status jobs_plan_split(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    const spec_validation *validation = &plan->spec->data.validation;
    bool held_out =
        validation->type == SPEC_VALIDATION_FRACTION || validation->type == SPEC_VALIDATION_LAST;
    gd_status status = GD_OK;
    plan->drafted = is_large(plan->frame);
    if (plan->window.length > 0 && held_out)
        status = jobs_plan_window_split(planning, error);
    else if (validation->type == SPEC_VALIDATION_FRACTION)
        status = split_fraction(plan, planning->resources->watch, error);
    else if (validation->type == SPEC_VALIDATION_LAST)
        status = split_last(plan, error);
    else
        take_all(planning);
    if (status == GD_OK && plan->window.length > 0 && plan->validation_count > 0 &&
        gd_window_count(&plan->validation_window, plan->validation_count) == 0)
        jobs_plan_fault(planning, "data", "validation", -1, "out_of_range",
                        "The %lld held-out rows are too few for a window and its target.",
                        (long long)plan->validation_count);
    if (status == GD_INVALID_ARGUMENT || status == GD_INVALID_DATA || status == GD_TOO_LARGE) {
        jobs_plan_fault(planning, "data", "validation", -1, "out_of_range", "%s", error->message);
        return GD_OK;
    }
    return status;
}

gd_status jobs_plan_list_rows(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    bool counted = plan->drafted && plan->training_rows.count == 0;
    plan->drafted = plan->drafted && !counted;
    gd_status status = counted ? split_fraction(plan, watch, error) : GD_OK;
    plan->drafted = plan->drafted || counted;
    return status;
}

/* At the member of "data" that the error's path names, or at the cell where cells stand in the spec. */
static void fault_of_fit(const jobs_planning *planning, const gd_error *error)
{
    static const char *const members[] = {"target", "features", "scaling"};
    bool is_inline = planning->plan->spec->data.source == SPEC_SOURCE_INLINE;
    long long row, column;
    json_path root = json_path_root();
    json_path data = json_path_member(&root, "data");
    json_path cells = json_path_member(&data, "inline");
    json_path rows = json_path_member(&cells, "rows");
    if (is_inline && sscanf(error->path, "rows/%lld/%lld", &row, &column) == 2) {
        json_path at = json_path_item(&rows, row);
        json_path cell = json_path_item(&at, column);
        json_faults_add(planning->faults, &cell, gd_status_name(error->status), NULL, "%s",
                        error->message);
        return;
    }
    const char *member = NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(error->path, members[i]) == 0)
            member = members[i];
    jobs_plan_fault(planning, "data", member, -1, gd_status_name(error->status), "%s",
                    error->message);
}

gd_preparation_options jobs_plan_fit_options(const jobs_plan *plan)
{
    const spec_data *data = &plan->spec->data;
    return (gd_preparation_options){
        .features = plan->features,
        .feature_count = plan->feature_count,
        .sparse_width = jobs_plan_is_sparse(plan) ? gd_frame_sparse(plan->frame)->width : 0,
        .targets = plan->targets,
        .target_count = plan->target_count,
        .task = data->task,
        .scaling = data->scaling,
        .missing = data->missing,
        .overlap = data->window.length > 0,
        .symbols = plan->text,
        .one_scale = data->shape.rank > 1,
        .all_classes = true,
        .class_numbers = plan->class_numbers,
        .class_number_count = plan->class_number_count,
    };
}

/* A fault at the first column that lacks a value where none may be missing. */
static void check_missing(const jobs_planning *planning, const int64_t *columns, int64_t count,
                          bool targets)
{
    const jobs_plan *plan = planning->plan;
    gd_missing missing = plan->spec->data.missing;
    if (missing == GD_MISSING_DROP || (missing == GD_MISSING_MEAN && !targets))
        return;
    for (int64_t i = 0; i < count; i++) {
        const gd_column *column = gd_frame_column(plan->frame, columns[i]);
        if (column->missing == 0)
            continue;
        gd_error error;
        int64_t row = gd_frame_find_missing(plan->frame, columns[i]);
        char path[64];
        snprintf(path, sizeof path, "rows/%lld/%lld", (long long)row, (long long)columns[i]);
        gd_fail(&error, GD_INVALID_DATA, path,
                "row %lld (from 0) has no value in column '%s'; `missing` can be set to %s",
                (long long)row, column->name, targets ? "drop" : "drop or mean");
        fault_of_fit(planning, &error);
        return;
    }
}

/* The numbers of a numeric target that is to be classified, which no schema lists. */
static gd_status list_class_numbers(const jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    if (plan->spec->data.task != GD_TASK_CLASSIFICATION ||
        gd_frame_column(plan->frame, plan->targets[0])->kind != GD_COLUMN_NUMERIC)
        return GD_OK;
    const char *name = gd_frame_column(plan->frame, plan->targets[0])->name;
    gd_status status = gd_frame_numbers(plan->frame, plan->targets[0], GD_FRAME_MAXIMUM_CLASSES,
                                        &plan->class_numbers, &plan->class_number_count,
                                        planning->resources->watch, error);
    if (status != GD_TOO_LARGE)
        return status;
    jobs_plan_fault(planning, "data", "target", -1, "invalid_data",
                    "column '%s' has more than %lld different numbers and cannot be classified; "
                    "the task may be regression",
                    name, (long long)GD_FRAME_MAXIMUM_CLASSES);
    return GD_OK;
}

gd_status jobs_plan_fit(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    gd_status status = list_class_numbers(planning, error);
    if (status != GD_OK || planning->faults->total > 0)
        return status;
    gd_preparation_options options = jobs_plan_fit_options(plan);
    if (plan->drafted) {
        check_missing(planning, plan->features, plan->feature_count, false);
        if (planning->faults->total == 0)
            check_missing(planning, plan->targets, plan->target_count, true);
        if (planning->faults->total == 0)
            status = gd_preparation_draft(&plan->preparation, &options, plan->frame, error);
    } else {
        status = gd_preparation_fit_rows(&plan->preparation, &options, plan->frame,
                                         &plan->training_rows, planning->resources->watch, error);
    }
    if (status == GD_OUT_OF_MEMORY || status == GD_IO_ERROR || status == GD_INTERRUPTED ||
        status == GD_OK)
        return status;
    fault_of_fit(planning, error);
    return GD_OK;
}
