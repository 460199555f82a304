/*
 * plan_data.c: the stages of a plan that look at rows and columns: opening the source, finding the
 * columns, settling the task and the loss, splitting off validation rows, fitting the preparation.
 */
#include "jobs/plan_private.h"
#include "json/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLVED_NAMES_MAXIMUM 1000 /* features named in a resolved spec at most */

static void fault_no_column(const jobs_planning *planning, const char *member, int64_t index,
                            const char *name)
{
    const gd_frame *frame = planning->plan->frame;
    const char *names[256];
    size_t count = 0;
    for (int64_t i = 0; i < gd_frame_column_count(frame) && count < 256; i++)
        names[count++] = gd_frame_column(frame, i)->name;
    const char *nearest = json_nearest_name(name, names, count);
    jobs_plan_fault(planning, "data", member, index, "not_found",
                    "The data have no column \"%s\"%s%s%s.", name,
                    nearest != NULL ? "; did you mean \"" : "; their first is \"",
                    nearest != NULL ? nearest : names[0], nearest != NULL ? "\"?" : "\"");
}

/* Indices of the named columns; faults for those that are not there. */
static int64_t *find_columns(const jobs_planning *planning, const char *member,
                             const spec_name_list *list)
{
    int64_t *indices = calloc((size_t)list->count, sizeof *indices);
    for (int64_t i = 0; indices != NULL && i < list->count; i++) {
        indices[i] = gd_frame_find(planning->plan->frame, list->names[i]);
        if (indices[i] < 0)
            fault_no_column(planning, member, list->count == 1 ? -1 : i, list->names[i]);
    }
    return indices;
}

static bool is_target(const jobs_plan *plan, int64_t column)
{
    for (int64_t i = 0; i < plan->target_count; i++)
        if (plan->targets[i] == column)
            return true;
    return false;
}

static gd_status name_column(spec_name_list *list, const char *name)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return GD_OUT_OF_MEMORY;
    list->names[list->count++] = copy;
    return GD_OK;
}

/* Of windows every numeric column, the target's own past included; of texts the characters; else every
 * column that is no target. */
static bool is_default_feature(const jobs_plan *plan, int64_t column)
{
    if (plan->spec->data.window.length == 0)
        return !is_target(plan, column);
    bool joined = plan->spec->data.target_source.dataset[0] != '\0' && is_target(plan, column);
    return !joined &&
           (plan->text || gd_frame_column(plan->frame, column)->kind == GD_COLUMN_NUMERIC);
}

/* The resolved spec names them where they are not too many, and no elements of an array. */
static gd_status default_features(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    spec_name_list *list = &plan->spec->data.features;
    int64_t columns = gd_frame_column_count(plan->frame);
    plan->features = calloc((size_t)columns, sizeof *plan->features);
    if (plan->features == NULL)
        return GD_OUT_OF_MEMORY;
    for (int64_t i = 0; i < columns; i++)
        if (is_default_feature(plan, i))
            plan->features[plan->feature_count++] = i;
    if (plan->feature_count == 0) {
        jobs_plan_fault(planning, "data", "features", -1, "missing",
                        plan->spec->data.window.length > 0
                            ? "No column is numeric; name the features of the windows."
                            : "No column is left as a feature beside the target.");
        return GD_OK;
    }
    if (plan->feature_count > RESOLVED_NAMES_MAXIMUM || plan->spec->data.shape.rank > 1)
        return GD_OK;
    list->names = calloc((size_t)plan->feature_count, sizeof *list->names);
    gd_status status = list->names == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    for (int64_t i = 0; status == GD_OK && i < plan->feature_count; i++)
        status = name_column(list, gd_frame_column(plan->frame, plan->features[i])->name);
    return status;
}

static gd_status find_targets(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    spec_data *data = &plan->spec->data;
    if (plan->spec->model.type == SPEC_MODEL_AUTOENCODER) {
        if (data->targets.count > 0 || data->target_source.dataset[0] != '\0')
            jobs_plan_fault(planning, "data", "target", -1, "conflict",
                            "An autoencoder's target is its features: leave \"target\" out, and "
                            "choose columns with \"features\".");
        return GD_OK;
    }
    if (data->target_source.dataset[0] != '\0') {
        plan->targets = calloc(1, sizeof *plan->targets);
        if (plan->targets == NULL)
            return GD_OUT_OF_MEMORY;
        plan->targets[0] = gd_frame_column_count(plan->frame) - 1;
        plan->target_count = 1;
        return GD_OK;
    }
    if (data->targets.count == 0 && (data->source == SPEC_SOURCE_GENERATOR || plan->text)) {
        data->targets.names = calloc(1, sizeof *data->targets.names);
        if (data->targets.names == NULL)
            return GD_OUT_OF_MEMORY;
        gd_status status = name_column(
            &data->targets, plan->text ? GD_CORPUS_COLUMN
                                       : gd_generator_descriptor_at(data->generator.type)->target);
        if (status != GD_OK)
            return status;
    }
    if (data->targets.count == 0) {
        jobs_plan_fault(planning, "data", "target", -1, "missing",
                        "Name the column to predict in \"target\" (the last column is \"%s\").",
                        gd_frame_column(plan->frame, gd_frame_column_count(plan->frame) - 1)->name);
        return GD_OK;
    }
    plan->targets = find_columns(planning, "target", &data->targets);
    plan->target_count = data->targets.count;
    return plan->targets == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

gd_status jobs_plan_columns(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    spec_name_list *features = &plan->spec->data.features;
    gd_status status = find_targets(planning);
    if (status != GD_OK || planning->faults->total > 0)
        return status;
    if (features->count == 0)
        return default_features(planning);
    plan->features = find_columns(planning, "features", features);
    plan->feature_count = features->count;
    for (int64_t i = 0; plan->features != NULL && i < plan->feature_count; i++)
        if (plan->features[i] >= 0 && plan->spec->data.window.length == 0 &&
            is_target(plan, plan->features[i]))
            jobs_plan_fault(planning, "data", "features", i, "conflict",
                            "Column \"%s\" is the target and cannot be a feature too.",
                            features->names[i]);
    return plan->features == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

/* What the model's type or the loss says of the task; -1 where neither does. */
static int implied_task(const spec_job *spec)
{
    switch (spec->model.type) {
    case SPEC_MODEL_LINEAR:
        return GD_TASK_REGRESSION;
    case SPEC_MODEL_LOGISTIC:
    case SPEC_MODEL_SOFTMAX:
        return GD_TASK_CLASSIFICATION;
    case SPEC_MODEL_AUTOENCODER:
        return GD_TASK_RECONSTRUCTION;
    default:
        if (!spec->has_loss)
            return -1;
        return gd_loss_descriptor_at(spec->loss.type)->classification ? GD_TASK_CLASSIFICATION
                                                                      : GD_TASK_REGRESSION;
    }
}

static gd_task settle_task(jobs_planning *planning)
{
    const jobs_plan *plan = planning->plan;
    const spec_job *spec = plan->spec;
    int implied = implied_task(spec);
    bool categorical =
        plan->target_count == 1 &&
        gd_frame_column(plan->frame, plan->targets[0])->kind == GD_COLUMN_CATEGORICAL;
    if (spec->data.has_task && implied >= 0 && (int)spec->data.task != implied)
        jobs_plan_fault(
            planning, "data", "task", -1, "conflict",
            "Task \"%s\" does not go with %s \"%s\", which is for %s.",
            spec_task_names[spec->data.task],
            spec->model.type == SPEC_MODEL_MLP || spec->model.type == SPEC_MODEL_SEQUENTIAL
                ? "loss"
                : "model",
            spec->model.type == SPEC_MODEL_MLP || spec->model.type == SPEC_MODEL_SEQUENTIAL
                ? gd_loss_descriptor_at(spec->loss.type)->name
                : spec_model_names[spec->model.type],
            spec_task_names[implied]);
    if (spec->data.has_task)
        return spec->data.task;
    if (implied >= 0)
        return (gd_task)implied;
    return categorical ? GD_TASK_CLASSIFICATION : GD_TASK_REGRESSION;
}

static void check_targets(jobs_planning *planning, gd_task task)
{
    const jobs_plan *plan = planning->plan;
    if (task == GD_TASK_CLASSIFICATION && plan->target_count != 1)
        jobs_plan_fault(planning, "data", "target", -1, "conflict",
                        "Classification has one target column; here are %lld.",
                        (long long)plan->target_count);
    for (int64_t i = 0; task == GD_TASK_REGRESSION && i < plan->target_count; i++) {
        const gd_column *column = gd_frame_column(plan->frame, plan->targets[i]);
        if (column->kind == GD_COLUMN_CATEGORICAL)
            jobs_plan_fault(planning, "data", "target", plan->target_count == 1 ? -1 : i,
                            "wrong_kind",
                            "Column \"%s\" holds texts (\"%s\", …), which a regression cannot "
                            "predict: use a classifier (model \"softmax\", or task "
                            "\"classification\").",
                            column->name, column->classes[0]);
    }
}

static void settle_loss(jobs_planning *planning, gd_task task)
{
    spec_job *spec = planning->plan->spec;
    bool two_classes = spec->model.type == SPEC_MODEL_LOGISTIC;
    if (!spec->has_loss) {
        spec->loss.type = task != GD_TASK_CLASSIFICATION ? GD_LOSS_MSE
                          : two_classes                  ? GD_LOSS_BINARY_CROSS_ENTROPY
                                                         : GD_LOSS_CROSS_ENTROPY;
        spec->has_loss = true;
        gd_fields_set_defaults(&gd_loss_descriptor_at(spec->loss.type)->fields, &spec->loss);
        return;
    }
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(spec->loss.type);
    bool of_classes = loss->classification;
    if (task == GD_TASK_CLASSIFICATION && !of_classes)
        jobs_plan_fault(planning, "loss", NULL, -1, "conflict",
                        "Loss \"%s\" is for regression, the task is classification: use "
                        "\"cross_entropy\", or set data.task to \"regression\".",
                        loss->name);
    if (task == GD_TASK_REGRESSION && of_classes)
        jobs_plan_fault(planning, "loss", NULL, -1, "conflict",
                        "Loss \"%s\" is for classification, the task is regression: use \"mse\", "
                        "or set data.task to \"classification\".",
                        loss->name);
    if (task == GD_TASK_RECONSTRUCTION && loss->class_targets)
        jobs_plan_fault(planning, "loss", NULL, -1, "conflict",
                        "An autoencoder has no classes: use \"mse\".");
    if (two_classes && loss->class_targets)
        jobs_plan_fault(planning, "loss", NULL, -1, "conflict",
                        "A logistic model has one output: use \"binary_cross_entropy\", or model "
                        "\"softmax\".");
    if (spec->model.type == SPEC_MODEL_SOFTMAX && of_classes && !loss->class_targets)
        jobs_plan_fault(planning, "loss", NULL, -1, "conflict",
                        "A softmax model has an output a class: use \"cross_entropy\", or model "
                        "\"logistic\".");
}

void jobs_plan_task(jobs_planning *planning)
{
    spec_job *spec = planning->plan->spec;
    gd_task task = settle_task(planning);
    check_targets(planning, task);
    settle_loss(planning, task);
    spec->data.has_task = true;
    spec->data.task = task;
    bool validated = spec->data.validation.type != SPEC_VALIDATION_NONE;
    if (spec->training.stop_early && !validated &&
        spec->training.stop_monitor == GD_MONITOR_VALIDATION_LOSS)
        jobs_plan_fault(planning, "training", "stop", -1, "conflict",
                        "Stopping on \"validation_loss\" needs data.validation; add it, or set "
                        "\"monitor\" to \"loss\".");
    if (!validated)
        spec->training.stop_monitor = GD_MONITOR_LOSS;
}

static gd_status all_rows(int64_t count, int64_t **rows)
{
    *rows = malloc((size_t)count * sizeof **rows);
    for (int64_t i = 0; *rows != NULL && i < count; i++)
        (*rows)[i] = i;
    return *rows == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

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

gd_status jobs_plan_split(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    const spec_validation *validation = &plan->spec->data.validation;
    int64_t rows = gd_frame_row_count(plan->frame);
    gd_status status;
    if (plan->window.length > 0 && (validation->type == SPEC_VALIDATION_FRACTION ||
                                    validation->type == SPEC_VALIDATION_LAST)) {
        status = jobs_plan_window_split(planning, error);
    } else if (validation->type == SPEC_VALIDATION_FRACTION) {
        status = gd_split_fraction(rows, validation->fraction, validation->seed,
                                   &plan->training_rows, &plan->training_count,
                                   &plan->validation_rows, &plan->validation_count, error);
    } else if (validation->type == SPEC_VALIDATION_LAST) {
        status = gd_split_last(rows, validation->last, &plan->training_rows, &plan->training_count,
                               &plan->validation_rows, &plan->validation_count, error);
    } else {
        plan->training_count = rows;
        status = all_rows(rows, &plan->training_rows);
        if (status == GD_OK && plan->validation_frame != NULL) {
            check_held_out(planning, plan->features, plan->feature_count);
            check_held_out(planning, plan->targets, plan->target_count);
            plan->validation_count = gd_frame_row_count(plan->validation_frame);
            status = all_rows(plan->validation_count, &plan->validation_rows);
        }
    }
    if (status == GD_OK && plan->window.length > 0 && plan->validation_count > 0 &&
        gd_window_count(&plan->validation_window, plan->validation_count) == 0)
        jobs_plan_fault(planning, "data", "validation", -1, "out_of_range",
                        "The %lld held-out rows are too few for a window and its target.",
                        (long long)plan->validation_count);
    if (status == GD_INVALID_ARGUMENT || status == GD_INVALID_DATA) {
        jobs_plan_fault(planning, "data", "validation", -1, "out_of_range", "%s", error->message);
        return GD_OK;
    }
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

gd_status jobs_plan_fit(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    const spec_data *data = &plan->spec->data;
    gd_preparation_options options = {
        .features = plan->features,
        .feature_count = plan->feature_count,
        .targets = plan->targets,
        .target_count = plan->target_count,
        .task = data->task,
        .scaling = data->scaling,
        .missing = data->missing,
        .overlap = data->window.length > 0,
        .symbols = plan->text,
        .one_scale = data->shape.rank > 1,
    };
    gd_status status = gd_preparation_fit(&plan->preparation, &options, plan->frame,
                                          plan->training_rows, plan->training_count, error);
    if (status == GD_OUT_OF_MEMORY || status == GD_IO_ERROR || status == GD_OK)
        return status;
    fault_of_fit(planning, error);
    return GD_OK;
}
