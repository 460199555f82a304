/*
 * plan_memory.c: the stage of a plan that decides where prepared rows are, and what all of it takes.
 *
 * Rows that are few when prepared are kept in memory. More of them, or more than a job may take, stay
 * in the mapped file and are prepared batch by batch; then only the pages of two windows, the one that
 * trains and the one read ahead, are counted, for the system can take back all others.
 */
#include "jobs/plan_private.h"

#include <math.h>
#include <stdlib.h>

#define PREPARED_MAXIMUM ((int64_t)256 << 20) /* bytes of prepared rows kept without being asked */
#define WINDOW_MAXIMUM   ((int64_t)64 << 20)  /* bytes of the file a shuffle reaches over */
#define WINDOW_MINIMUM   ((int64_t)1 << 20)
#define WINDOWS_A_JOB    6    /* of its memory one window is at most this part */
#define SLICE_ROWS       4096 /* of a validation pass at most */
#define UNCOUNTABLE      (-1)

/* a · b · c, or UNCOUNTABLE. */
static int64_t times(int64_t a, int64_t b, int64_t c)
{
    int64_t product;
    return a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product) ||
                   __builtin_mul_overflow(product, c, &product)
               ? UNCOUNTABLE
               : product;
}

static int64_t sum(const int64_t *parts, size_t count)
{
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i] < 0 || __builtin_add_overflow(total, parts[i], &total))
            return UNCOUNTABLE;
    return total;
}

/* Sizes that both ways have in common. */
typedef struct sizing {
    const jobs_planning *planning;
    int64_t width;                /* prepared numbers of a row, targets included */
    int64_t training, validation; /* bytes of prepared rows */
    int64_t initial;              /* of a warm start */
} sizing;

/* The trainer, as the spec stands. */
static int64_t trainer_bytes(const jobs_plan *plan)
{
    gd_trainer_setup setup = jobs_plan_setup(plan);
    return gd_trainer_bytes(&setup);
}

static int64_t memory_total(const sizing *sizes)
{
    const int64_t parts[] = {trainer_bytes(sizes->planning->plan), sizes->training,
                             sizes->validation, sizes->initial};
    return sum(parts, sizeof parts / sizeof parts[0]);
}

/* Bytes of the file an example advances by. */
static int64_t example_bytes(const jobs_plan *plan)
{
    int64_t rows = plan->window.length > 0 ? plan->window.stride : 1;
    return times(rows, gd_frame_row_bytes(plan->frame), 1);
}

static void settle_window(const sizing *sizes)
{
    spec_data *data = &sizes->planning->plan->spec->data;
    int64_t bytes = sizes->planning->resources->memory_limit / WINDOWS_A_JOB;
    bytes = bytes > WINDOW_MAXIMUM ? WINDOW_MAXIMUM : bytes;
    bytes = bytes < WINDOW_MINIMUM ? WINDOW_MINIMUM : bytes;
    if (data->shuffle_window == 0)
        data->shuffle_window = bytes / example_bytes(sizes->planning->plan) + 1;
}

/* Also settles whether the rows held out, which are few as a rule, are prepared once. */
static int64_t mapped_total(const sizing *sizes)
{
    jobs_plan *plan = sizes->planning->plan;
    const spec_job *spec = plan->spec;
    int64_t window = spec->data.shuffle_window;
    window = window < plan->examples.count ? window : plan->examples.count;
    bool lists = spec->data.missing == GD_MISSING_DROP ||
                 spec->data.validation.type == SPEC_VALIDATION_FRACTION;
    int64_t example = plan->examples.feature_width + plan->examples.target_width;
    int64_t batch = spec->training.batch_size;
    batch = batch == GD_AUTOMATIC || batch > plan->examples.count ? plan->examples.count : batch;
    const int64_t parts[] = {
        trainer_bytes(plan),
        times(2 * window, example_bytes(plan), 1),
        times(lists ? gd_frame_row_count(plan->frame) : 0, sizeof(uint32_t), 1),
        times(batch + SLICE_ROWS, example, sizeof(gd_real)),
        sizes->initial,
    };
    int64_t total = sum(parts, sizeof parts / sizeof parts[0]), all = UNCOUNTABLE;
    const int64_t both[] = {total, sizes->validation};
    all = sum(both, 2);
    plan->validation_in_memory = all >= 0 && sizes->validation <= PREPARED_MAXIMUM &&
                                 all <= sizes->planning->resources->memory_limit;
    return plan->validation_in_memory ? all : total;
}

static void settle_storage(const sizing *sizes)
{
    jobs_plan *plan = sizes->planning->plan;
    spec_data *data = &plan->spec->data;
    if (jobs_plan_is_sparse(plan)) { /* neither: rows are read where they are mapped */
        int64_t all = memory_total(sizes);
        plan->memory_bytes = all >= 0 ? all : INT64_MAX;
        return;
    }
    int64_t limit = sizes->planning->resources->memory_limit;
    if (jobs_plan_is_formula(plan) && data->source == SPEC_SOURCE_DATASET)
        data->storage = SPEC_STORAGE_MEMORY;
    int64_t total = data->storage == SPEC_STORAGE_MAPPED ? 0 : memory_total(sizes);
    if (data->storage == SPEC_STORAGE_AUTO && data->source == SPEC_SOURCE_DATASET) {
        const int64_t both[] = {sizes->training, sizes->validation};
        int64_t prepared = sum(both, 2);
        bool few = prepared >= 0 && prepared <= PREPARED_MAXIMUM;
        data->storage =
            few && total >= 0 && total <= limit ? SPEC_STORAGE_MEMORY : SPEC_STORAGE_MAPPED;
    }
    if (data->storage == SPEC_STORAGE_MAPPED) {
        settle_window(sizes);
        total = mapped_total(sizes);
    }
    plan->memory_bytes = total >= 0 ? total : INT64_MAX;
}

static void refuse(const jobs_planning *planning)
{
    const jobs_plan *plan = planning->plan;
    double mebibytes =
        plan->memory_bytes == INT64_MAX ? INFINITY : (double)plan->memory_bytes / 1048576.0;
    bool could_map = plan->spec->data.storage == SPEC_STORAGE_MEMORY;
    jobs_plan_fault(planning, "model", NULL, -1, "too_large",
                    "Model, optimizer, batch and data together need %.1f MiB; one job may take "
                    "%.1f MiB (--job-memory). Use fewer units, a smaller batch or %s.",
                    mebibytes, (double)planning->resources->memory_limit / 1048576.0,
                    could_map ? "data.storage \"mapped\"" : "fewer rows");
}

void jobs_plan_size(jobs_planning *planning)
{
    jobs_plan *plan = planning->plan;
    gd_examples rows = {
        .count = plan->training_count,
        .feature_width = gd_preparation_feature_width(plan->preparation),
        .target_width = gd_preparation_target_width(plan->preparation),
    };
    plan->examples = jobs_plan_examples(plan, &rows, false);
    rows.count = plan->validation_count;
    plan->validation = jobs_plan_examples(plan, &rows, true);
    /* Of sparse rows there are targets, and the number of each row. */
    bool sparse = jobs_plan_is_sparse(plan);
    int64_t width = (sparse ? 1 : rows.feature_width) + rows.target_width;
    if (sparse)
        jobs_plan_size_sparse(plan);
    plan->formula_examples.count = plan->training_count;
    plan->formula_validation.count = plan->validation_count;
    gd_trainer_setup setup = jobs_plan_setup(plan);
    gd_error error = {0};
    if (gd_trainer_check(&setup, &error) != GD_OK) {
        jobs_plan_add_error(planning, &error);
        return;
    }
    bool warm = plan->spec->from_job.job[0] != '\0';
    int64_t element = (int64_t)gd_model_element_bytes(plan->model);
    sizing sizes = {
        .planning = planning,
        .width = width,
        .training = times(plan->training_count, width, element),
        .validation = times(plan->validation_count, width, element),
        .initial = times(warm ? 2 : 0, (int64_t)gd_model_parameter_count(plan->model), element),
    };
    settle_storage(&sizes);
    if (plan->memory_bytes > planning->resources->memory_limit)
        refuse(planning);
}
