/*
 * target_preparation.c: stored preparations (scaling, classes, one-hot columns), raw or as edits of a
 * whole one. What is taken prepares a row and restores outputs, and saves again.
 */
#include "fuzz/tables.h"

#include <descent/preparation.h>

#include <math.h>
#include <stdlib.h>

static gd_preparation *fit(uint8_t choice)
{
    static const int64_t features[] = {0, 1}, kinds[] = {0, 2}, target[] = {2}, height[] = {1};
    static const int64_t rows[] = {0, 1, 2, 3, 4, 6, 7, 8, 9};
    gd_frame *frame = fuzz_small_frame();
    bool classify = choice / 2 % 2 == 0;
    gd_preparation_options options = {
        .features = classify ? features : kinds,
        .feature_count = 2,
        .targets = classify ? target : height,
        .target_count = 1,
        .task = classify ? GD_TASK_CLASSIFICATION : GD_TASK_REGRESSION,
        .scaling = (gd_scaling)(choice / 4 % 3),
        .missing = (gd_missing)(choice / 12 % 3),
    };
    gd_preparation *preparation = NULL;
    FUZZ_REQUIRE(gd_preparation_fit(&preparation, &options, frame, rows, 9, NULL) == GD_OK);
    gd_frame_destroy(frame);
    return preparation;
}

static uint8_t *save(const gd_preparation *preparation, size_t *length)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, (size_t)1 << 24);
    gd_preparation_save(preparation, &buffer);
    FUZZ_REQUIRE(buffer.status == GD_OK);
    *length = buffer.length;
    return buffer.bytes;
}

static void use(const gd_preparation *preparation)
{
    int64_t columns = gd_preparation_column_count(preparation);
    int64_t width = gd_preparation_feature_width(preparation);
    int64_t targets = gd_preparation_target_width(preparation);
    FUZZ_REQUIRE(columns > 0 && width > 0 && targets >= 0);
    if (width > 100000 || targets > 100000 || columns > 100000)
        return;
    double *cells = calloc((size_t)columns, sizeof *cells);
    gd_real *prepared = calloc((size_t)width, sizeof *prepared);
    gd_real *outputs = calloc((size_t)targets + (size_t)width + 1, sizeof *outputs);
    double *values = calloc((size_t)targets + (size_t)width + 1, sizeof *values);
    FUZZ_REQUIRE(cells != NULL && prepared != NULL && outputs != NULL && values != NULL);
    for (int64_t i = 0; i < columns; i++)
        FUZZ_REQUIRE(gd_preparation_column(preparation, i)->name[0] != '\0');
    (void)gd_preparation_apply_row(preparation, cells, prepared, NULL);
    for (int64_t i = 0; i < columns; i++)
        cells[i] = i % 2 == 0 ? (double)NAN : 1e9;
    (void)gd_preparation_apply_row(preparation, cells, prepared, NULL);
    gd_preparation_restore(preparation, outputs, values);
    for (int64_t i = 0; i < gd_preparation_class_count(preparation); i++)
        FUZZ_REQUIRE(gd_preparation_class_name(preparation, i) != NULL);
    free(cells);
    free(prepared);
    free(outputs);
    free(values);
}

void fuzz_preparation(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    size_t size = length - 1, again_length = 0;
    uint8_t *edited = NULL;
    if (bytes[0] % 2 == 1) {
        size_t valid_length = 0;
        gd_preparation *valid = fit(bytes[0]);
        uint8_t *saved = save(valid, &valid_length);
        edited = fuzz_edit(saved, valid_length, bytes + 1, length - 1, &size);
        gd_preparation_destroy(valid);
        free(saved);
    }
    gd_reader reader;
    gd_preparation *loaded = NULL;
    gd_reader_init(&reader, edited != NULL ? edited : bytes + 1, size);
    if (gd_preparation_load(&loaded, &reader, NULL) == GD_OK) {
        use(loaded);
        free(save(loaded, &again_length));
    } else {
        FUZZ_REQUIRE(loaded == NULL);
    }
    gd_preparation_destroy(loaded);
    free(edited);
}
