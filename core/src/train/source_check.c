/*
 * source_check.c: what is looked at before the first batch, so that every example can be prepared
 * afterwards, and what the loss wants to know of the targets (source.h).
 *
 * Rows that a preparation was fitted on are known from its columns; others are prepared once.
 */
#include "train/source.h"

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>

#define CHECKED_ROWS 256 /* prepared at a time */

static void note_extremes(gd_source *source, const gd_real *targets, int64_t rows)
{
    int64_t width = source->row_targets;
    for (int64_t i = 0; i < rows * width; i++) {
        gd_real *least = &source->extremes[i % width], *largest = least + width;
        *least = targets[i] < *least ? targets[i] : *least;
        *largest = targets[i] > *largest ? targets[i] : *largest;
    }
}

/* Of the rows a preparation was fitted on its own columns tell. */
static void know_extremes(gd_source *source)
{
    const gd_preparation *preparation = source->preparation;
    for (int64_t i = 0; i < preparation->target_count; i++) {
        const gd_column *column = &preparation->targets[i];
        const gdi_transform *transform = &preparation->target_transforms[i];
        bool classes = preparation->task == GD_TASK_CLASSIFICATION;
        double least =
                   ((column->minimum - transform->first) - transform->center) / transform->divisor,
               largest =
                   ((column->maximum - transform->first) - transform->center) / transform->divisor;
        source->extremes[i] = classes ? 0 : (gd_real)least;
        source->extremes[preparation->target_count + i] =
            classes ? (gd_real)(column->class_count - 1) : (gd_real)largest;
    }
}

/* That no fitted cell is beyond gd_real: a transform rises, so its ends are at the column's ends. */
static gd_status check_range(const gd_column *columns, const gdi_transform *transforms,
                             int64_t count, gd_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        const gd_column *column = &columns[i];
        const gdi_transform *by = &transforms[i];
        const double ends[] = {((column->minimum - by->first) - by->center) / by->divisor,
                               ((column->maximum - by->first) - by->center) / by->divisor,
                               column->missing > 0 ? by->fill : 0};
        for (int j = 0; j < 3 && column->class_count == 0; j++) {
            if (fabs(ends[j]) > (double)GD_REAL_MAX) {
                return gd_fail(error, GD_INVALID_DATA, "",
                               "column '%s' has a value that is beyond what " GD_REAL_DTYPE
                               " holds; `scaling` may help",
                               column->name);
            }
        }
    }
    return GD_OK;
}

/* Rows under check, and those that stay. */
typedef struct checking {
    gd_source *source;
    const gd_rows *rows;
    gd_real *features, *targets; /* of CHECKED_ROWS */
    uint32_t *list;              /* under DROP, else NULL */
    int64_t kept;
} checking;

/* Rows first … first+count-1 of the set; one by one where DROP leaves some of them out. */
static gd_status check_few(checking *check, int64_t first, int64_t count, const gd_watch *watch,
                           gd_error *error)
{
    const gd_source *source = check->source;
    const gd_rows *rows = check->rows;
    int64_t prepared = 0;
    gd_rows few = {.count = count,
                   .first = rows->first + first,
                   .list = rows->list == NULL ? NULL : rows->list + first};
    gd_status status =
        gd_preparation_apply_rows(source->preparation, source->frame, &few, check->features,
                                  check->targets, &prepared, watch, error);
    if (status == GD_OK && source->target_span > 0) {
        note_extremes(check->source, check->targets, prepared);
    }
    for (int64_t i = 0; status == GD_OK && count > 1 && prepared < count && i < count; i++) {
        status = check_few(check, first + i, 1, NULL, error);
    }
    for (int64_t i = 0; status == GD_OK && check->list != NULL && prepared == count && i < count;
         i++) {
        check->list[check->kept++] = (uint32_t)gd_row_at(rows, first + i);
    }
    return status;
}

/*
 * Prepares the rows a few at a time, which finds everything that may be wrong with them, and keeps
 * those that DROP does not leave out.
 */
static gd_status check_rows(gd_source *source, gd_rows *rows, const gd_watch *watch,
                            gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    size_t targets = (size_t)gd_preparation_target_width(preparation);
    bool drops = preparation->missing == GD_MISSING_DROP;
    checking check = {.source = source, .rows = rows};
    check.features = gdi_allocate(CHECKED_ROWS * (size_t)source->row_width, sizeof *check.features);
    check.targets = gdi_allocate(CHECKED_ROWS * targets, sizeof *check.targets);
    check.list = drops ? gdi_allocate((size_t)rows->count, sizeof *check.list) : NULL;
    gd_status status = GD_OK;
    if (check.features == NULL || check.targets == NULL || (drops && check.list == NULL)) {
        status = gdi_fail_memory(error);
    } else if (drops && source->frame->row_count > GD_ROWS_LISTED_MAXIMUM) {
        status = gd_fail(error, GD_TOO_LARGE, "missing", "too many rows to leave some out");
    }
    for (int64_t i = 0; status == GD_OK && i < rows->count; i += CHECKED_ROWS) {
        int64_t left = rows->count - i;
        status = check_few(&check, i, left < CHECKED_ROWS ? left : CHECKED_ROWS,
                           i % GD_WATCH_EVERY == 0 ? watch : NULL, error);
    }
    gdi_free(check.features);
    gdi_free(check.targets);
    if (status != GD_OK || !drops) {
        gdi_free(check.list);
        return status;
    }
    gd_rows_dispose(rows);
    *rows = (gd_rows){.count = check.kept, .list = check.list};
    return GD_OK;
}

gd_status gdi_source_check(gd_source *source, const gd_source_options *options,
                           const gd_watch *watch, gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    int64_t targets = preparation->target_count;
    source->extremes = gdi_allocate((size_t)(2 * targets), sizeof *source->extremes);
    if (source->extremes == NULL) {
        return gdi_fail_memory(error);
    }
    for (int64_t i = 0; i < targets; i++) {
        source->extremes[i] = GD_REAL_MAX;
        source->extremes[targets + i] = -GD_REAL_MAX;
    }
    if (!options->fitted) {
        return check_rows(source, options->rows, watch, error);
    }
    know_extremes(source);
    gd_status status = check_range(preparation->columns, preparation->transforms,
                                   preparation->column_count, error);
    return status == GD_OK
               ? check_range(preparation->targets, preparation->target_transforms, targets, error)
               : status;
}
