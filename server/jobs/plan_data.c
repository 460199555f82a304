/*
 * plan_data.c: the stages of a plan that look at columns: finding them, settling the task and the
 * loss.
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
    bool sparse = jobs_plan_is_sparse(plan);
    if (data->targets.count == 0 &&
        (data->source == SPEC_SOURCE_GENERATOR || plan->text || sparse)) {
        data->targets.names = calloc(1, sizeof *data->targets.names);
        if (data->targets.names == NULL)
            return GD_OUT_OF_MEMORY;
        gd_status status = name_column(
            &data->targets, plan->text ? GD_CORPUS_COLUMN
                            : sparse   ? GD_LIBSVM_LABEL
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
    if (status != GD_OK || planning->faults->total > 0 || jobs_plan_is_sparse(plan))
        return status;
    if (jobs_plan_is_formula(plan))
        return jobs_plan_formula_columns(planning);
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
    case SPEC_MODEL_FORMULA:
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

void jobs_plan_monitor(jobs_planning *planning)
{
    spec_job *spec = planning->plan->spec;
    bool validated = spec->data.validation.type != SPEC_VALIDATION_NONE;
    if (spec->training.stop_early && !validated &&
        spec->training.stop_monitor == GD_MONITOR_VALIDATION_LOSS)
        jobs_plan_fault(planning, "training", "stop", -1, "conflict",
                        "Stopping on \"validation_loss\" needs data.validation; add it, or set "
                        "\"monitor\" to \"loss\".");
    if (!validated)
        spec->training.stop_monitor = GD_MONITOR_LOSS;
}

void jobs_plan_task(jobs_planning *planning)
{
    spec_job *spec = planning->plan->spec;
    gd_task task = settle_task(planning);
    check_targets(planning, task);
    settle_loss(planning, task);
    spec->data.has_task = true;
    spec->data.task = task;
    jobs_plan_monitor(planning);
}
