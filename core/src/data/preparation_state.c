/*
 * preparation_state.c: a preparation as bytes and back. See preparation.h.
 *
 * Layout: tag with version (u64), task, scaling, missing, symbols (u8 each; version 1 has no
 * symbols; 2 stands for sparse features, and their width (i64) follows), feature count (i64), features,
 * target count, targets, then for a numeric classified target the classes' numbers, and from version 3
 * on whether it is said which classes training rows have (u8) and, if so, that of each prepared
 * feature (u8). A column: name,
 * kind (u8), missing, minimum, maximum, mean, standard deviation, its transform's first, center,
 * divisor, fill, class count, classes. Loading accepts only what saving can have written.
 */
#include "data/preparation_layout.h"

#include "base/memory.h"
#include "data/text.h"

#include <math.h>
#include <string.h>

#define STATE_TAG   0x0003504552504447U /* "GDPREP", version 3 */
#define STATE_TAG_2 0x0002504552504447U
#define STATE_TAG_1 0x0001504552504447U
/* Bytes of the smallest column and class. */
#define COLUMN_MINIMUM (8U + 1U + 1U + 8U + 8U * 8U + 8U)
#define CLASS_MINIMUM  8U
#define SPARSE_SYMBOLS ((uint8_t)2) /* features are sparse */

static void append_column(gd_buffer *buffer, const gd_column *column,
                          const gdi_transform *transform)
{
    gd_buffer_append_text(buffer, column->name);
    gd_buffer_append_u8(buffer, column->kind == GD_COLUMN_CATEGORICAL ? 1 : 0);
    gd_buffer_append_i64(buffer, column->missing);
    gd_buffer_append_f64(buffer, column->minimum);
    gd_buffer_append_f64(buffer, column->maximum);
    gd_buffer_append_f64(buffer, column->mean);
    gd_buffer_append_f64(buffer, column->standard_deviation);
    gd_buffer_append_f64(buffer, transform->first);
    gd_buffer_append_f64(buffer, transform->center);
    gd_buffer_append_f64(buffer, transform->divisor);
    gd_buffer_append_f64(buffer, transform->fill);
    gd_buffer_append_i64(buffer, column->class_count);
    for (int64_t i = 0; i < column->class_count; i++) {
        gd_buffer_append_text(buffer, column->classes[i]);
    }
}

void gd_preparation_save(const gd_preparation *preparation, gd_buffer *buffer)
{
    gd_buffer_append_u64(buffer, STATE_TAG);
    gd_buffer_append_u8(buffer, (uint8_t)preparation->task);
    gd_buffer_append_u8(buffer, (uint8_t)preparation->scaling);
    gd_buffer_append_u8(buffer, (uint8_t)preparation->missing);
    bool sparse = preparation->sparse_width > 0;
    gd_buffer_append_u8(buffer, sparse ? SPARSE_SYMBOLS : (uint8_t)(preparation->symbols ? 1 : 0));
    if (sparse) {
        gd_buffer_append_i64(buffer, preparation->sparse_width);
    }
    gd_buffer_append_i64(buffer, preparation->column_count);
    for (int64_t i = 0; i < preparation->column_count; i++) {
        append_column(buffer, &preparation->columns[i], &preparation->transforms[i]);
    }
    gd_buffer_append_i64(buffer, preparation->target_count);
    for (int64_t i = 0; i < preparation->target_count; i++) {
        append_column(buffer, &preparation->targets[i], &preparation->target_transforms[i]);
    }
    for (int64_t i = 0;
         preparation->class_numbers != NULL && i < preparation->targets[0].class_count; i++) {
        gd_buffer_append_f64(buffer, preparation->class_numbers[i]);
    }
    gd_buffer_append_u8(buffer, preparation->seen != NULL ? 1 : 0);
    if (preparation->seen != NULL) {
        gd_buffer_append(buffer, preparation->seen,
                         (size_t)gd_preparation_feature_width(preparation));
    }
}

static bool is_name(const char *text, bool may_be_empty)
{
    return text != NULL && (may_be_empty || text[0] != '\0') &&
           gdi_text_is_clean(text, strlen(text));
}

/* `ordered`: classes are texts in byte order; else decimal forms, whose numbers follow. */
static gd_status read_classes(gd_reader *reader, gd_column *column, int64_t count, bool ordered)
{
    if (count < 0 || count > GD_FRAME_MAXIMUM_CLASSES ||
        (uint64_t)count > gd_reader_remaining(reader) / CLASS_MINIMUM) {
        return GD_CORRUPT;
    }
    if (count == 0) {
        return GD_OK;
    }
    const char **classes = gdi_allocate((size_t)count, sizeof *classes);
    if (classes == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    column->classes = classes;
    for (int64_t i = 0; i < count; i++) {
        classes[i] = gd_reader_text(reader, GD_FRAME_MAXIMUM_NAME);
        if (classes[i] == NULL) {
            return reader->status;
        }
        column->class_count++;
        if (!is_name(classes[i], true) ||
            (ordered && i > 0 && strcmp(classes[i - 1], classes[i]) >= 0)) {
            return GD_CORRUPT;
        }
    }
    return GD_OK;
}

static gd_status read_column(gd_reader *reader, gd_column *column, gdi_transform *transform)
{
    column->name = gd_reader_text(reader, GD_FRAME_MAXIMUM_NAME);
    if (!is_name(column->name, false)) {
        return reader->status == GD_OK ? GD_CORRUPT : reader->status;
    }
    uint8_t kind = gd_reader_u8(reader);
    column->kind = kind == 1 ? GD_COLUMN_CATEGORICAL : GD_COLUMN_NUMERIC;
    column->missing = gd_reader_i64(reader);
    column->minimum = gd_reader_f64(reader);
    column->maximum = gd_reader_f64(reader);
    column->mean = gd_reader_f64(reader);
    column->standard_deviation = gd_reader_f64(reader);
    transform->first = gd_reader_f64(reader);
    transform->center = gd_reader_f64(reader);
    transform->divisor = gd_reader_f64(reader);
    transform->fill = gd_reader_f64(reader);
    int64_t class_count = gd_reader_i64(reader);
    if (reader->status != GD_OK || kind > 1 || column->missing < 0 || !isfinite(transform->first) ||
        !isfinite(transform->center) || !isfinite(transform->divisor) ||
        !(transform->divisor > 0.0) || !isfinite(transform->fill)) {
        return GD_CORRUPT;
    }
    return read_classes(reader, column, class_count, kind == 1);
}

static gd_status read_numbers(gd_reader *reader, gd_preparation *preparation)
{
    int64_t count = preparation->targets[0].class_count;
    preparation->class_numbers = gdi_allocate((size_t)count, sizeof *preparation->class_numbers);
    if (preparation->class_numbers == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    for (int64_t i = 0; i < count; i++) {
        preparation->class_numbers[i] = gd_reader_f64(reader);
        if (reader->status != GD_OK || !isfinite(preparation->class_numbers[i]) ||
            (i > 0 && !(preparation->class_numbers[i - 1] < preparation->class_numbers[i]))) {
            return GD_CORRUPT;
        }
    }
    return GD_OK;
}

/* What the columns must be for the task. */
static bool fits_task(const gd_preparation *preparation)
{
    for (int64_t i = 0; i < preparation->column_count; i++) {
        const gd_column *column = &preparation->columns[i];
        if ((column->kind == GD_COLUMN_CATEGORICAL) != (column->class_count > 0)) {
            return false;
        }
    }
    for (int64_t i = 0; i < preparation->target_count; i++) {
        const gd_column *target = &preparation->targets[i];
        if (preparation->task == GD_TASK_CLASSIFICATION
                ? target->class_count < 2
                : target->class_count > 0 || target->kind == GD_COLUMN_CATEGORICAL) {
            return false;
        }
    }
    return preparation->task == GD_TASK_REGRESSION       ? preparation->target_count > 0
           : preparation->task == GD_TASK_CLASSIFICATION ? preparation->target_count == 1
                                                         : preparation->target_count == 0;
}

static bool is_column_count(int64_t count, const gd_reader *reader)
{
    return reader->status == GD_OK && count >= 0 && count <= GD_FRAME_MAXIMUM_COLUMNS &&
           (uint64_t)count <= gd_reader_remaining(reader) / COLUMN_MINIMUM;
}

/* Replaces the empty array of targets of a preparation made without them. */
static gd_status make_targets(gd_preparation *preparation, int64_t count)
{
    gdi_free(preparation->targets);
    gdi_free(preparation->target_transforms);
    preparation->targets = gdi_allocate((size_t)count, sizeof *preparation->targets);
    preparation->target_transforms =
        gdi_allocate((size_t)count, sizeof *preparation->target_transforms);
    preparation->target_count = count;
    return preparation->targets != NULL && preparation->target_transforms != NULL
               ? GD_OK
               : GD_OUT_OF_MEMORY;
}

/* Offsets are known. */
static gd_status read_seen(gd_reader *reader, gd_preparation *preparation)
{
    uint8_t given = gd_reader_u8(reader);
    size_t width = (size_t)gd_preparation_feature_width(preparation);
    if (reader->status != GD_OK || given > 1 ||
        (given == 1 && width > gd_reader_remaining(reader))) {
        return GD_CORRUPT;
    }
    if (given == 0) {
        return GD_OK;
    }
    preparation->seen = gdi_allocate(width, 1);
    if (preparation->seen == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    gd_reader_read(reader, preparation->seen, width);
    for (size_t i = 0; i < width; i++) {
        if (preparation->seen[i] > 1) {
            return GD_CORRUPT;
        }
    }
    return GD_OK;
}

static gd_status read_body(gd_reader *reader, gd_preparation *preparation)
{
    gd_status status = GD_OK;
    for (int64_t i = 0; i < preparation->column_count && status == GD_OK; i++) {
        status = read_column(reader, &preparation->columns[i], &preparation->transforms[i]);
    }
    int64_t count = status == GD_OK ? gd_reader_i64(reader) : 0;
    if (status == GD_OK) {
        status = is_column_count(count, reader) ? make_targets(preparation, count) : GD_CORRUPT;
    }
    for (int64_t i = 0; status == GD_OK && i < count; i++) {
        status = read_column(reader, &preparation->targets[i], &preparation->target_transforms[i]);
    }
    if (status == GD_OK && !fits_task(preparation)) {
        status = GD_CORRUPT;
    }
    if (status == GD_OK && preparation->task == GD_TASK_CLASSIFICATION &&
        preparation->targets[0].kind == GD_COLUMN_NUMERIC) {
        status = read_numbers(reader, preparation);
    }
    return status;
}

gd_status gd_preparation_load(gd_preparation **preparation, gd_reader *reader, gd_error *error)
{
    *preparation = NULL;
    uint64_t tag = gd_reader_u64(reader);
    uint8_t task = gd_reader_u8(reader);
    uint8_t scaling = gd_reader_u8(reader);
    uint8_t missing = gd_reader_u8(reader);
    uint8_t symbols = tag == STATE_TAG_1 ? 0 : gd_reader_u8(reader);
    bool sparse = symbols == SPARSE_SYMBOLS;
    int64_t width = sparse ? gd_reader_i64(reader) : 0;
    bool fits = sparse ? width > 0 && width <= GD_SPARSE_MAXIMUM_WIDTH &&
                             scaling == GD_SCALING_NONE && task != GD_TASK_RECONSTRUCTION
                       : symbols <= 1;
    int64_t count = gd_reader_i64(reader);
    gd_status status = GD_CORRUPT;
    gd_preparation *made = NULL;
    if ((tag == STATE_TAG || tag == STATE_TAG_2 || tag == STATE_TAG_1) && fits &&
        task <= GD_TASK_RECONSTRUCTION && scaling <= GD_SCALING_MINMAX &&
        missing <= GD_MISSING_MEAN && (count > 0) != sparse && is_column_count(count, reader)) {
        made = gdi_preparation_create(count, 0);
        status = made == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    }
    if (status == GD_OK) {
        made->task = (gd_task)task;
        made->scaling = (gd_scaling)scaling;
        made->missing = (gd_missing)missing;
        made->symbols = symbols == 1;
        made->sparse_width = width;
        status = read_body(reader, made);
    }
    if (status == GD_OK) {
        gdi_preparation_place(made);
        status = tag == STATE_TAG ? read_seen(reader, made) : GD_OK;
    }
    if (status != GD_OK) {
        gd_preparation_destroy(made);
        if (reader->status == GD_OK) {
            reader->status = status;
        }
        return gd_fail(error, status, "", "%s",
                       status == GD_CORRUPT ? "a stored preparation is damaged"
                                            : gd_status_message(status));
    }
    *preparation = made;
    return GD_OK;
}
