/*
 * source.c: making a source: which columns are read together, what is checked before the first batch,
 * and its word to the system about the file's pages. Reading is source_read.c's. See source.h.
 */
#include "train/source.h"

#include "base/memory.h"
#include "data/frame_layout.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECKED_ROWS 256 /* prepared at a time when they are checked */

/* The frame's column of that name, which is there: the check, or the fit, has found it. */
static const gd_frame *find_leaf(const gd_frame *frame, const gd_column *column, int64_t guess,
                                 int64_t *index)
{
    const gd_column *at = gd_frame_column(frame, guess);
    int64_t found = at != NULL && strcmp(at->name, column->name) == 0
                        ? guess
                        : gd_frame_find(frame, column->name);
    return found < 0 ? NULL : gdi_frame_leaf(frame, found, index);
}

/* The leaf's classes as the preparation's; those it does not know as -1. */
static int64_t *translate(const gd_column *from, const gd_column *to)
{
    int64_t *classes = gdi_allocate((size_t)from->class_count, sizeof *classes);
    int64_t j = 0;
    for (int64_t i = 0; classes != NULL && i < from->class_count; i++) {
        while (j < to->class_count && strcmp(to->classes[j], from->classes[i]) < 0) {
            j++;
        }
        bool equal = j < to->class_count && strcmp(to->classes[j], from->classes[i]) == 0;
        classes[i] = equal ? j : -1;
    }
    return classes;
}

static bool is_plain(const gdi_transform *transform)
{
    return transform->first == 0.0 && transform->center == 0.0 && transform->divisor == 1.0;
}

/* Whether the column goes on where the run ends. */
static bool continues(const gdi_source_run *run, const gd_preparation *preparation,
                      const gd_frame *leaf, int64_t index)
{
    const gdi_transform *transform = &preparation->transforms[run->feature + run->count];
    return run->classes == NULL && run->leaf == leaf && run->column + run->count == index &&
           is_plain(transform) == run->plain;
}

static gd_status add_feature(gd_source *source, int64_t feature, gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    const gd_column *column = &preparation->columns[feature];
    const gdi_transform *transform = &preparation->transforms[feature];
    int64_t index = 0;
    const gd_frame *leaf = find_leaf(source->frame, column, feature, &index);
    if (leaf == NULL) {
        return gd_fail(error, GD_INVALID_DATA, "", "there is no column '%s'", column->name);
    }
    source->first[feature] = transform->first;
    source->center[feature] = transform->center;
    source->divisor[feature] = transform->divisor;
    source->fill[feature] = (gd_real)transform->fill;
    bool numeric = column->kind == GD_COLUMN_NUMERIC;
    bool gaps = leaf->columns[index].missing > 0;
    gdi_source_run *run = source->run_count > 0 ? &source->runs[source->run_count - 1] : NULL;
    if (numeric && run != NULL && continues(run, preparation, leaf, index)) {
        run->count++;
        run->gaps = run->gaps || gaps;
        return GD_OK;
    }
    run = &source->runs[source->run_count++];
    *run = (gdi_source_run){.leaf = leaf,
                            .column = index,
                            .count = 1,
                            .feature = feature,
                            .place = preparation->offsets[feature],
                            .gaps = gaps,
                            .plain = is_plain(transform)};
    if (numeric) {
        return GD_OK;
    }
    run->width = preparation->symbols ? 0 : column->class_count;
    run->classes = translate(&leaf->columns[index], column);
    return run->classes == NULL ? gdi_fail_memory(error) : GD_OK;
}

/* Bytes that share one transform become their prepared numbers by a look into a table. */
static gd_status add_table(const gd_source *source, gdi_source_run *run, gd_error *error)
{
    const gdi_transform *transforms = &source->preparation->transforms[run->feature];
    if (run->classes != NULL || run->leaf->cell_type != GDI_CELL_UINT8) {
        return GD_OK;
    }
    for (int64_t i = 1; i < run->count; i++) {
        if (transforms[i].first != transforms[0].first ||
            transforms[i].center != transforms[0].center ||
            transforms[i].divisor != transforms[0].divisor) {
            return GD_OK;
        }
    }
    run->table = gdi_allocate(GDI_SOURCE_TABLE, sizeof *run->table);
    if (run->table == NULL) {
        return gdi_fail_memory(error);
    }
    for (int i = 0; i < GDI_SOURCE_TABLE; i++) {
        run->table[i] = (gd_real)((((double)i - transforms[0].first) - transforms[0].center) /
                                  transforms[0].divisor);
    }
    return GD_OK;
}

static gd_status add_target(gd_source *source, int64_t target, gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    const gd_column *column = &preparation->targets[target];
    gdi_source_target *made = &source->targets[target];
    made->leaf =
        find_leaf(source->frame, column, preparation->column_count + target, &made->column);
    if (made->leaf == NULL) {
        return gd_fail(error, GD_INVALID_DATA, "", "there is no column '%s'", column->name);
    }
    if (column->kind == GD_COLUMN_CATEGORICAL) {
        made->classes = translate(&made->leaf->columns[made->column], column);
        return made->classes == NULL ? gdi_fail_memory(error) : GD_OK;
    }
    return GD_OK;
}

static gd_status plan_columns(gd_source *source, gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    size_t columns = (size_t)preparation->column_count;
    source->runs = gdi_allocate(columns, sizeof *source->runs);
    source->targets = gdi_allocate((size_t)preparation->target_count, sizeof *source->targets);
    source->first = gdi_allocate(columns, sizeof *source->first);
    source->center = gdi_allocate(columns, sizeof *source->center);
    source->divisor = gdi_allocate(columns, sizeof *source->divisor);
    source->fill = gdi_allocate(columns, sizeof *source->fill);
    if (source->runs == NULL || source->targets == NULL || source->first == NULL ||
        source->center == NULL || source->divisor == NULL || source->fill == NULL) {
        return gdi_fail_memory(error);
    }
    gd_status status = GD_OK;
    for (int64_t i = 0; i < preparation->column_count && status == GD_OK; i++) {
        status = add_feature(source, i, error);
    }
    for (int64_t i = 0; i < source->run_count && status == GD_OK; i++) {
        status = add_table(source, &source->runs[i], error);
    }
    for (int64_t i = 0; i < preparation->target_count && status == GD_OK; i++) {
        status = add_target(source, i, error);
    }
    return status;
}

static gd_status plan_examples(gd_source *source, gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    const gd_window *window = &source->window;
    bool windows = window->length > 0;
    source->row_width = gd_preparation_feature_width(preparation);
    source->row_targets = preparation->target_count;
    source->span = windows ? window->length : 1;
    source->target_span = preparation->task == GD_TASK_RECONSTRUCTION ? 0 : 1;
    if (!windows) {
        return GD_OK;
    }
    if (source->rows->list != NULL || source->target_span == 0) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "window",
                       "windows stand over a range of rows, and have targets");
    }
    source->target_first =
        source->sequence ? window->horizon : window->length - 1 + window->horizon;
    source->target_span = source->sequence ? window->length : 1;
    return GD_OK;
}

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

static gd_status fill(gd_source *source, const gd_source_options *options, const gd_watch *watch,
                      gd_error *error)
{
    const gd_preparation *preparation = source->preparation;
    int64_t targets = preparation->target_count;
    source->extremes = gdi_allocate((size_t)(2 * targets), sizeof *source->extremes);
    if (source->extremes == NULL) {
        return gdi_fail_memory(error);
    }
    gd_status status = plan_examples(source, error);
    for (int64_t i = 0; i < targets; i++) {
        source->extremes[i] = GD_REAL_MAX;
        source->extremes[targets + i] = -GD_REAL_MAX;
    }
    if (status == GD_OK && !options->fitted) {
        status = check_rows(source, options->rows, watch, error);
    } else if (status == GD_OK) {
        know_extremes(source);
        status = check_range(preparation->columns, preparation->transforms,
                             preparation->column_count, error);
        if (status == GD_OK) {
            status =
                check_range(preparation->targets, preparation->target_transforms, targets, error);
        }
    }
    if (status == GD_OK) {
        status = plan_columns(source, error);
    }
    source->count = source->window.length > 0
                        ? gd_window_count(&source->window, source->rows->count)
                        : source->rows->count;
    return status;
}

gd_status gd_source_create(gd_source **source, const gd_source_options *options,
                           const gd_watch *watch, gd_error *error)
{
    *source = NULL;
    gd_source *made = gdi_allocate(1, sizeof *made);
    if (made == NULL) {
        return gdi_fail_memory(error);
    }
    *made = (gd_source){.preparation = options->preparation,
                        .frame = options->frame,
                        .rows = options->rows,
                        .window = options->window,
                        .sequence = options->sequence};
    gd_status status = fill(made, options, watch, error);
    if (status != GD_OK) {
        gd_source_destroy(made);
        return status;
    }
    *source = made;
    return GD_OK;
}

void gd_source_destroy(gd_source *source)
{
    if (source == NULL) {
        return;
    }
    for (int64_t i = 0; i < source->run_count; i++) {
        gdi_free(source->runs[i].table);
        gdi_free(source->runs[i].classes);
    }
    for (int64_t i = 0; source->targets != NULL && i < source->preparation->target_count; i++) {
        gdi_free(source->targets[i].classes);
    }
    gdi_free(source->runs);
    gdi_free(source->targets);
    gdi_free(source->first);
    gdi_free(source->center);
    gdi_free(source->divisor);
    gdi_free(source->fill);
    gdi_free(source->extremes);
    gdi_free(source);
}

gd_examples gd_source_examples(const gd_source *source)
{
    int64_t width = source->span * source->row_width;
    return (gd_examples){
        .count = source->count,
        .feature_width = width,
        .target_width =
            source->target_span == 0 ? width : source->target_span * source->row_targets,
        .source = source,
    };
}

int64_t gd_source_example_bytes(const gd_source *source)
{
    return gd_frame_row_bytes(source->frame) *
           (source->window.length > 0 ? source->window.stride : 1);
}

/* Advises on rows first … last of a frame's file; `inner`: on whole pages of theirs alone. */
static void advise(const gd_frame *frame, int64_t first, int64_t last, int advice, bool inner)
{
    if (frame->parts[0] != NULL) {
        advise(frame->parts[0], first, last, advice, inner);
        advise(frame->parts[1], first, last, advice, inner);
        return;
    }
    if (frame->map == NULL) {
        return;
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t row = (uintptr_t)frame->column_count * gdi_cell_size(frame->cell_type);
    uintptr_t begin = (uintptr_t)frame->cells + (uintptr_t)first * row;
    uintptr_t end = (uintptr_t)frame->cells + (uintptr_t)(last + 1) * row;
    begin = (inner ? begin + page - 1 : begin) / page * page;
    end = (inner ? end : end + page - 1) / page * page;
    if (begin < end) {
        (void)madvise((void *)begin, end - begin, advice);
    }
}

static void advise_examples(const gd_source *source, int64_t first, int64_t count, int advice,
                            bool inner)
{
    int64_t stride = source->window.length > 0 ? source->window.stride : 1;
    int64_t begin = first * stride;
    int64_t end = (first + count - 1) * stride + source->target_first + source->target_span;
    end = end < begin + source->span ? begin + source->span : end;
    end = end > source->rows->count ? source->rows->count : end;
    if (count > 0 && begin < end) {
        advise(source->frame, gd_row_at(source->rows, begin), gd_row_at(source->rows, end - 1),
               advice, inner);
    }
}

void gdi_source_expect(const gd_source *source, int64_t first, int64_t count)
{
    advise_examples(source, first, count, MADV_WILLNEED, false);
}

void gdi_source_release(const gd_source *source, int64_t first, int64_t count)
{
    advise_examples(source, first, count, MADV_DONTNEED, true);
}

void gdi_source_scatter(const gd_source *source)
{
    if (source->frame->row_count > 0) {
        advise(source->frame, 0, source->frame->row_count - 1, MADV_RANDOM, false);
    }
}
