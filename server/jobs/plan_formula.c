/*
 * plan_formula.c: the stages of a plan that are about formulas: what cannot go with one, the columns it
 * names, its examples, and the whole of a plan without data.
 *
 * A formula is computed in double, so its examples are cells as the frame holds them: no scaling, no
 * one-hot columns, all of them in memory.
 */
#include "jobs/plan_private.h"
#include "json/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAXIMUM 256

bool jobs_plan_is_formula(const jobs_plan *plan)
{
    return plan->spec->model.type == SPEC_MODEL_FORMULA;
}

bool jobs_plan_is_alone(const jobs_plan *plan)
{
    return plan->spec->data.source == SPEC_SOURCE_NONE;
}

static gd_status make_model(jobs_plan *plan, gd_error *error)
{
    return gd_model_create_formula(&plan->model, plan->spec->model.formula, error);
}

void jobs_plan_minimise(jobs_planning *planning, gd_error *error)
{
    jobs_plan *plan = planning->plan;
    plan->spec->loss.type = GD_LOSS_OUTPUT;
    plan->spec->has_loss = true;
    plan->examples = (gd_examples){.count = 1, .feature_width = 1, .target_width = 1};
    jobs_plan_monitor(planning);
    if (planning->faults->total > 0 || make_model(plan, error) != GD_OK)
        return;
    gd_trainer_setup setup = jobs_plan_setup(plan);
    gd_error refused = {0};
    if (gd_trainer_check(&setup, &refused) != GD_OK)
        jobs_plan_add_error(planning, &refused);
    else
        plan->memory_bytes = gd_trainer_bytes(&setup);
}

/* A resolved spec lists them in their order. */
static bool are_own(const spec_name_list *features, const gd_formula *formula)
{
    bool same = features->count == gd_formula_column_count(formula);
    for (int64_t i = 0; same && i < features->count; i++)
        same = strcmp(features->names[i], gd_formula_column(formula, i)) == 0;
    return same;
}

/* Features are the columns the formula names, as they are. */
void jobs_plan_formula(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    spec_data *data = &plan->spec->data;
    if (!jobs_plan_is_formula(plan))
        return;
    if (plan->text || gd_frame_sparse(plan->frame) != NULL)
        jobs_plan_fault_at(planning, "data/dataset", "wrong_kind",
                           "A formula wants columns of numbers: upload them as CSV or NPY.");
    if (data->features.count > 0 && !are_own(&data->features, plan->spec->model.formula))
        jobs_plan_fault_at(planning, "data/features", "conflict",
                           "The features of a formula are the columns it names: leave this out.");
    if (data->scaling != GD_SCALING_NONE)
        jobs_plan_fault_at(
            planning, "data/scaling", "conflict",
            "A formula is fitted to the numbers as they are, for its parameters mean "
            "something in their units: leave this out.");
    if (data->missing == GD_MISSING_MEAN)
        jobs_plan_fault_at(planning, "data/missing", "conflict",
                           "A formula is not fitted to numbers that were filled in: set this to "
                           "\"drop\" or \"error\".");
    if (data->shape.rank > 0)
        jobs_plan_fault_at(planning, "data/shape", "conflict",
                           "A formula sees columns, not shapes: leave this out.");
    if (data->window.length > 0)
        jobs_plan_fault_at(planning, "data/window", "conflict",
                           "A formula sees one row at a time: leave this out.");
    if (data->storage == SPEC_STORAGE_MAPPED)
        jobs_plan_fault_at(planning, "data/storage", "conflict",
                           "The rows of a formula are kept in memory: leave this out.");
    if (gd_formula_column_count(plan->spec->model.formula) == 0)
        jobs_plan_fault_at(
            planning, "model/formula", "missing",
            "The formula names no column of the data: leave \"data\" out to minimise "
            "it, or name one, such as \"%s\".",
            gd_frame_column(plan->frame, 0)->name);
}

static void fault_no_column(const jobs_planning *planning, const char *name)
{
    const jobs_plan *plan = planning->plan;
    const gd_formula *formula = plan->spec->model.formula;
    const char *names[NAMES_MAXIMUM];
    size_t count = 0;
    for (int64_t i = 0; i < gd_formula_parameter_count(formula); i++)
        names[count++] = gd_formula_parameter_at(formula, i)->name;
    for (int64_t i = 0; i < gd_frame_column_count(plan->frame) && count < NAMES_MAXIMUM; i++)
        names[count++] = gd_frame_column(plan->frame, i)->name;
    const char *nearest = json_nearest_name(name, names, count);
    jobs_plan_fault_at(planning, "model/formula", "not_found",
                       "\"%s\" is neither a parameter nor a column of the data%s%s%s", name,
                       nearest != NULL ? "; did you mean \"" : ", whose first column is \"",
                       nearest != NULL ? nearest : gd_frame_column(plan->frame, 0)->name,
                       nearest != NULL ? "\"?" : "\".");
}

static void check_column(const jobs_planning *planning, int64_t index)
{
    const jobs_plan *plan = planning->plan;
    const gd_column *column = gd_frame_column(plan->frame, index);
    for (int64_t i = 0; i < plan->target_count; i++)
        if (plan->targets[i] == index)
            jobs_plan_fault_at(planning, "model/formula", "conflict",
                               "Column \"%s\" is the target and cannot be in the formula too.",
                               column->name);
    if (column->kind != GD_COLUMN_NUMERIC)
        jobs_plan_fault_at(planning, "model/formula", "wrong_kind",
                           "Column \"%s\" holds texts (\"%s\", …): a formula wants numbers.",
                           column->name, column->class_count > 0 ? column->classes[0] : "");
}

static gd_status name_features(const gd_formula *formula, spec_name_list *list)
{
    int64_t count = list->count > 0 ? 0 : gd_formula_column_count(formula);
    if (count > 0)
        list->names = calloc((size_t)count, sizeof *list->names);
    for (int64_t i = 0; i < count; i++) {
        char *copy = list->names == NULL ? NULL : strdup(gd_formula_column(formula, i));
        if (copy == NULL)
            return GD_OUT_OF_MEMORY;
        list->names[list->count++] = copy;
    }
    return GD_OK;
}

/* Once the targets are known. */
gd_status jobs_plan_formula_columns(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    const gd_formula *formula = plan->spec->model.formula;
    int64_t count = gd_formula_column_count(formula);
    plan->features = calloc((size_t)count, sizeof *plan->features);
    if (plan->features == NULL)
        return GD_OUT_OF_MEMORY;
    if (plan->target_count != 1)
        jobs_plan_fault_at(planning, "data/target", "conflict",
                           "A formula has one target column; here are %lld.",
                           (long long)plan->target_count);
    for (int64_t i = 0; i < count; i++) {
        int64_t index = gd_frame_find(plan->frame, gd_formula_column(formula, i));
        if (index < 0)
            fault_no_column(planning, gd_formula_column(formula, i));
        else
            check_column(planning, index);
        plan->features[plan->feature_count++] = index;
    }
    return name_features(formula, &plan->spec->data.features);
}

/* Columns of the frame at hand, by the names they have in the first one. */
static gd_status find_columns(const jobs_plan *plan, const gd_frame *frame, int64_t *columns)
{
    for (int64_t i = 0; i <= plan->feature_count; i++) {
        int64_t own = i < plan->feature_count ? plan->features[i] : plan->targets[0];
        columns[i] = gd_frame_find(frame, gd_frame_column(plan->frame, own)->name);
        if (columns[i] < 0)
            return GD_INVALID_DATA;
    }
    return GD_OK;
}

/* One row into the examples; false where a cell is missing. */
static bool take_row(const jobs_plan *plan, const double *cells, const int64_t *columns,
                     double *features, double *target)
{
    bool whole = isfinite(cells[columns[plan->feature_count]]);
    for (int64_t i = 0; i < plan->feature_count; i++) {
        features[i] = cells[columns[i]];
        whole = whole && isfinite(features[i]);
    }
    *target = cells[columns[plan->feature_count]];
    return whole;
}

typedef struct loading {
    const gd_frame *frame;
    const gd_rows *rows;
    int64_t *columns;
    double *cells;
    double *features, *targets;
} loading;

static gd_status load_rows(const jobs_plan *plan, const loading *from, int64_t *count,
                           const gd_watch *watch, gd_error *error)
{
    bool drop = plan->spec->data.missing == GD_MISSING_DROP;
    for (int64_t i = 0; i < from->rows->count; i++) {
        int64_t row = gd_row_at(from->rows, i);
        if (i % GD_WATCH_EVERY == 0 && gd_watch_stops(watch))
            return gd_fail(error, GD_INTERRUPTED, "", "loading was stopped");
        gd_frame_read_row(from->frame, row, from->cells);
        if (take_row(plan, from->cells, from->columns,
                     from->features + *count * plan->feature_count, from->targets + *count))
            (*count)++;
        else if (!drop)
            return gd_fail(error, GD_INVALID_DATA, "data",
                           "row %lld (from 0) has no value in a column the formula uses; `missing` "
                           "can be set to drop",
                           (long long)row);
    }
    return GD_OK;
}

static gd_status load_part(jobs_plan *plan, const gd_frame *frame, const gd_rows *rows, int part,
                           gd_formula_examples *examples, const gd_watch *watch, gd_error *error)
{
    size_t count = (size_t)rows->count, width = (size_t)plan->feature_count;
    loading from = {.frame = frame, .rows = rows};
    from.columns = calloc(width + 1, sizeof *from.columns);
    from.cells = calloc((size_t)gd_frame_column_count(frame), sizeof *from.cells);
    from.features = plan->formula_values[2 * part] = calloc(count * width + 1, sizeof(double));
    from.targets = plan->formula_values[2 * part + 1] = calloc(count + 1, sizeof(double));
    gd_status status =
        from.columns == NULL || from.cells == NULL || from.features == NULL || from.targets == NULL
            ? gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld rows",
                      (long long)rows->count)
            : GD_OK;
    *examples = (gd_formula_examples){from.features, from.targets, 0};
    if (status == GD_OK && find_columns(plan, frame, from.columns) != GD_OK)
        status = gd_fail(error, GD_INVALID_DATA, "data", "a column of the formula is not there");
    if (status == GD_OK)
        status = load_rows(plan, &from, &examples->count, watch, error);
    if (status == GD_OK && examples->count == 0)
        status = gd_fail(error, GD_INVALID_DATA, "data", "no row is left without missing cells");
    free(from.columns);
    free(from.cells);
    return status;
}

gd_status jobs_plan_load_formula(jobs_plan *plan, const gd_watch *watch, gd_error *error)
{
    const gd_frame *frame = plan->validation_frame != NULL ? plan->validation_frame : plan->frame;
    gd_status status = load_part(plan, plan->frame, &plan->training_rows, 0,
                                 &plan->formula_examples, watch, error);
    if (status == GD_OK && plan->validation_count > 0)
        status = load_part(plan, frame, &plan->validation_rows, 1, &plan->formula_validation, watch,
                           error);
    plan->examples.count = plan->formula_examples.count;
    plan->validation.count = plan->formula_validation.count;
    return status;
}
