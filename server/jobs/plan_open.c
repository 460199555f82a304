/*
 * plan_open.c: the first stage of a plan: opening where the rows come from, and putting targets from
 * another dataset behind them as a column, so that every later stage sees one frame.
 */
#include "jobs/plan_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "[10000,28,28]" of the store → [28, 28], a row's own shape; rank 0 where that is no array's. */
static gd_shape row_shape(const store_dataset *dataset)
{
    gd_shape shape = {0};
    const char *at = dataset->shape;
    bool array = strcmp(dataset->format, "idx") == 0 || strcmp(dataset->format, "npy") == 0;
    if (!array || at == NULL || (at = strchr(at, ',')) == NULL)
        return shape;
    while (*at == ',' && shape.rank < GD_SHAPE_MAXIMUM_RANK) {
        char *end;
        shape.dimensions[shape.rank++] = strtoll(at + 1, &end, 10);
        at = end;
    }
    return shape;
}

gd_status jobs_open_dataset(const jobs_resources *resources, const char *id, gd_frame **frame,
                            jobs_dataset_facts *facts, gd_error *error)
{
    store_dataset dataset;
    gd_status status = store_dataset_get(resources->store, id, &dataset, error);
    if (status != GD_OK)
        return status;
    if (resources->seen_by != NULL && strcmp(dataset.owner, resources->seen_by) != 0) {
        store_dataset_dispose(&dataset);
        return gd_fail(error, GD_NOT_FOUND, "", "there is no dataset %.64s", id);
    }
    if (facts != NULL)
        *facts = (jobs_dataset_facts){strcmp(dataset.format, "text") == 0, row_shape(&dataset)};
    size_t size = strlen(resources->data_directory) + strlen(dataset.file) + 16;
    char *path = malloc(size);
    if (path == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to open a dataset");
    } else {
        snprintf(path, size, "%s/datasets/%s", resources->data_directory, dataset.file);
        status = gd_frame_open(frame, path, error);
        /* The row is there and the file is not: the caller must not take it for an unknown id. */
        if (status == GD_NOT_FOUND)
            status = gd_fail(error, GD_IO_ERROR, JOBS_DATASET_FILE_MISSING,
                             "the file of dataset %.64s is missing on the service's disk: delete "
                             "the dataset and upload it again",
                             id);
    }
    free(path);
    store_dataset_dispose(&dataset);
    return status;
}

/* Keeps the frame to be closed with the plan. */
static gd_frame *keep(jobs_plan *plan, gd_frame *frame)
{
    plan->opened[plan->opened_count++] = frame;
    return frame;
}

/* *frame stays NULL, with a fault, where there is no such dataset. */
static gd_status open_named(jobs_planning *planning, const char *id, const char *pointer,
                            gd_frame **frame, jobs_dataset_facts *facts, gd_error *error)
{
    gd_frame *opened = NULL;
    gd_status status = jobs_open_dataset(planning->resources, id, &opened, facts, error);
    if (status == GD_OK)
        *frame = keep(planning->plan, opened);
    if (status != GD_NOT_FOUND)
        return status;
    jobs_plan_fault_at(planning, pointer, "not_found",
                       "There is no dataset %s: upload it first (POST /v1/datasets) and give the "
                       "id of the reply.",
                       id);
    return GD_OK;
}

/* The column the source names, or its only one; -1 with a fault. The resolved source names it. */
static int64_t find_column(const jobs_planning *planning, const gd_frame *frame,
                           spec_target_source *source, const char *pointer)
{
    char at[64];
    int64_t columns = gd_frame_column_count(frame);
    int64_t found = source->column[0] == '\0' ? 0 : gd_frame_find(frame, source->column);
    snprintf(at, sizeof at, "%s/column", pointer);
    if (source->column[0] == '\0' && columns != 1) {
        jobs_plan_fault_at(planning, at, "missing",
                           "The dataset of the targets has %lld columns: name one, as \"%s\".",
                           (long long)columns, gd_frame_column(frame, columns - 1)->name);
        return -1;
    }
    if (found < 0)
        jobs_plan_fault_at(planning, at, "not_found",
                           "The dataset of the targets has no column \"%s\"; its first is \"%s\".",
                           source->column, gd_frame_column(frame, 0)->name);
    else
        snprintf(source->column, sizeof source->column, "%s", gd_frame_column(frame, found)->name);
    return found;
}

/* Puts the targets of another dataset behind *frame; held-out ones get the name of those trained on. */
static gd_status join(jobs_planning *planning, gd_frame **frame, spec_target_source *source,
                      const char *pointer, const char *name, gd_error *error)
{
    char at[64];
    gd_frame *targets = NULL, *joined = NULL;
    snprintf(at, sizeof at, "%s/dataset", pointer);
    gd_status status = open_named(planning, source->dataset, at, &targets, NULL, error);
    if (status != GD_OK || targets == NULL)
        return status;
    int64_t column = find_column(planning, targets, source, pointer);
    if (column < 0)
        return GD_OK;
    status = gd_frame_join(&joined, *frame, targets, column, name, error);
    if (status == GD_OK)
        *frame = keep(planning->plan, joined);
    if (status != GD_SHAPE_MISMATCH)
        return status;
    jobs_plan_fault_at(planning, at, "shape_mismatch",
                       "The dataset of the targets has %lld rows where the data have %lld: there "
                       "must be a target for each row.",
                       (long long)gd_frame_row_count(targets),
                       (long long)gd_frame_row_count(*frame));
    return GD_OK;
}

static gd_status open_validation(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    spec_data *data = &plan->spec->data;
    spec_validation *validation = &data->validation;
    bool joined = data->target_source.dataset[0] != '\0';
    bool given = validation->target.dataset[0] != '\0';
    if (validation->type != SPEC_VALIDATION_DATASET || plan->frame == NULL)
        return GD_OK;
    if (joined != given) {
        jobs_plan_fault_at(planning, "data/validation/target", joined ? "missing" : "conflict",
                           joined ? "The targets come from another dataset, so those of the "
                                    "held-out rows must: add \"target\": {\"dataset\": …}."
                                  : "The target is a column of the data, so it is one of the "
                                    "held-out rows too: leave this out.");
        return GD_OK;
    }
    gd_status status = open_named(planning, validation->dataset, "data/validation/dataset",
                                  &plan->validation_frame, NULL, error);
    if (status == GD_OK && given && plan->validation_frame != NULL)
        status =
            join(planning, &plan->validation_frame, &validation->target, "data/validation/target",
                 gd_frame_column(plan->frame, gd_frame_column_count(plan->frame) - 1)->name, error);
    return status;
}

/* An array's own shape where no other was asked for; [height, width] are images of one channel. */
static void default_shape(spec_data *data, const jobs_dataset_facts *facts)
{
    if (data->shape.rank > 0 || data->window.length > 0 || data->features.count > 0 ||
        facts->shape.rank < 2 || facts->shape.rank >= GD_SHAPE_MAXIMUM_RANK)
        return;
    data->shape = facts->shape;
    if (data->shape.rank == 2)
        data->shape.dimensions[data->shape.rank++] = 1;
}

gd_status jobs_plan_open(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    spec_data *data = &plan->spec->data;
    gd_status status = GD_OK;
    if (data->source == SPEC_SOURCE_INLINE) {
        plan->frame = data->frame;
    } else if (data->source == SPEC_SOURCE_DATASET) {
        jobs_dataset_facts facts = {0};
        status = open_named(planning, data->dataset, "data/dataset", &plan->frame, &facts, error);
        plan->text = facts.text;
        if (!jobs_plan_is_formula(plan))
            default_shape(data, &facts);
    } else {
        gd_frame *made = NULL;
        status = gd_generate(&made, &data->generator, error);
        if (status == GD_OK)
            plan->frame = keep(plan, made);
    }
    if (status == GD_OK && plan->frame != NULL && data->target_source.dataset[0] != '\0')
        status = join(planning, &plan->frame, &data->target_source, "data/target", NULL, error);
    return status == GD_OK ? open_validation(planning, error) : status;
}
