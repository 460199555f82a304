/*
 * source.c: making a source: which columns are read together, and what an example is. Checking is
 * source_check.c's, reading source_read.c's. See source.h.
 */
#include "train/source.h"

#include "base/memory.h"
#include "data/frame_layout.h"

/* Where column `column` of the preparation stands, which is there: the check, or the fit, has found it. */
static const gd_frame *find_leaf(const gd_source *source, int64_t column, int64_t *index)
{
    const char *name = gdi_preparation_column(source->preparation, column)->name;
    int64_t found = gdi_frame_find_near(source->frame, name, column);
    return found < 0 ? NULL : gdi_frame_leaf(source->frame, found, index);
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
    const gd_frame *leaf = find_leaf(source, feature, &index);
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
    run->classes = gdi_preparation_translate(preparation, feature, &leaf->columns[index]);
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
    int64_t index = preparation->column_count + target;
    made->leaf = find_leaf(source, index, &made->column);
    if (made->leaf == NULL) {
        return gd_fail(error, GD_INVALID_DATA, "", "there is no column '%s'", column->name);
    }
    if (column->kind == GD_COLUMN_CATEGORICAL) {
        made->classes =
            gdi_preparation_translate(preparation, index, &made->leaf->columns[made->column]);
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

static gd_status fill(gd_source *source, const gd_source_options *options, const gd_watch *watch,
                      gd_error *error)
{
    gd_status status = plan_examples(source, error);
    if (status == GD_OK) {
        status = gdi_source_check(source, options, watch, error);
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
