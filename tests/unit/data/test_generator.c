/*
 * test_generator.c: generated sets have the shapes, balance and separation their descriptions promise.
 */
#include "unit/data/frame_support.h"

#include <descent/generator.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gd_frame *generate(gd_generator_type type, int64_t samples, double noise, uint64_t seed)
{
    gd_generator_options options = {.type = type, .samples = samples, .noise = noise, .seed = seed};
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_generate(&frame, &options, &error), GD_OK, "%s", error.message);
    return frame;
}

static unsigned char *bytes_of(gd_frame *frame, size_t *length)
{
    int file = memory_file("", 0);
    cr_assert_eq(gd_frame_write(frame, file, NULL), GD_OK);
    unsigned char *bytes = read_all(file, length);
    (void)close(file);
    gd_frame_destroy(frame);
    return bytes;
}

Test(data_generator, describes_every_type)
{
    for (int type = 0; type < GD_GENERATOR_TYPE_COUNT; type++) {
        const gd_generator_descriptor *descriptor =
            gd_generator_descriptor_at((gd_generator_type)type);
        gd_generator_options options = {.type = (gd_generator_type)type, .seed = 1};
        gd_fields_set_defaults(&descriptor->fields, &options);
        cr_assert_eq(options.samples, 500);
        cr_assert(options.noise > 0.0);
        gd_frame *frame = generate(options.type, options.samples, options.noise, 1);
        cr_assert_eq(gd_frame_row_count(frame), 500);
        int64_t target = gd_frame_find(frame, descriptor->target);
        cr_assert_eq(target, gd_frame_column_count(frame) - 1);
        gd_frame_destroy(frame);
    }
    cr_assert_null(gd_generator_descriptor_at(GD_GENERATOR_TYPE_COUNT));
}

Test(data_generator, gives_the_same_bytes_for_the_same_seed)
{
    for (int type = 0; type < GD_GENERATOR_TYPE_COUNT; type++) {
        size_t length = 0;
        size_t again_length = 0;
        unsigned char *first = bytes_of(generate((gd_generator_type)type, 100, 0.1, 7), &length);
        unsigned char *again =
            bytes_of(generate((gd_generator_type)type, 100, 0.1, 7), &again_length);
        cr_assert_eq(length, again_length);
        cr_assert_eq(memcmp(first, again, length), 0);
        free(again);
        again = bytes_of(generate((gd_generator_type)type, 100, 0.1, 8), &again_length);
        cr_assert(length != again_length || memcmp(first, again, length) != 0);
        free(again);
        free(first);
    }
}

Test(data_generator, balances_classes)
{
    static const gd_generator_type types[] = {GD_GENERATOR_MOONS, GD_GENERATOR_CIRCLES,
                                              GD_GENERATOR_SPIRAL, GD_GENERATOR_XOR,
                                              GD_GENERATOR_BLOBS};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        gd_frame *frame = generate(types[i], 301, 0.5, 3);
        int64_t counts[3] = {0};
        int64_t classes = gd_frame_column(frame, 2)->class_count;
        cr_assert_eq(classes, types[i] == GD_GENERATOR_BLOBS ? 3 : 2);
        for (int64_t row = 0; row < 301; row++) {
            counts[(int64_t)cell_at(frame, row, 2)]++;
        }
        for (int64_t c = 0; c < classes; c++) {
            cr_assert(llabs(counts[c] - 301 / classes) <= 1);
        }
        gd_frame_destroy(frame);
    }
}

/* The class that the geometry says, for a set without noise. */
static double class_by_geometry(gd_generator_type type, double x, double y)
{
    if (type == GD_GENERATOR_CIRCLES) {
        return hypot(x, y) < 0.75 ? 1.0 : 0.0;
    }
    if (type == GD_GENERATOR_XOR) {
        return x * y < 0.0 ? 1.0 : 0.0;
    }
    if (type == GD_GENERATOR_MOONS) {
        return fabs(hypot(x, y) - 1.0) < 1e-9 && y >= 0.0 ? 0.0 : 1.0;
    }
    if (type == GD_GENERATOR_BLOBS) {
        return y > 0.0 ? 0.0 : x < 0.0 ? 1.0 : 2.0;
    }
    double along = (hypot(x, y) - 0.1) / 0.9;
    double difference = atan2(y, x) - 3.0 * acos(-1.0) * along;
    return cos(difference) > 0.0 ? 0.0 : 1.0;
}

Test(data_generator, separates_classes_as_described)
{
    static const gd_generator_type types[] = {GD_GENERATOR_MOONS, GD_GENERATOR_CIRCLES,
                                              GD_GENERATOR_SPIRAL, GD_GENERATOR_XOR,
                                              GD_GENERATOR_BLOBS};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        gd_frame *frame = generate(types[i], 1000, 0.0, 11);
        for (int64_t row = 0; row < 1000; row++) {
            double expected =
                class_by_geometry(types[i], cell_at(frame, row, 0), cell_at(frame, row, 1));
            cr_assert_eq(cell_at(frame, row, 2), expected, "type %zu row %lld", i, (long long)row);
        }
        gd_frame_destroy(frame);
    }
}

Test(data_generator, makes_lines_and_sines)
{
    gd_frame *frame = generate(GD_GENERATOR_LINEAR, 1000, 0.0, 5);
    cr_assert_eq(gd_frame_column_count(frame), 5);
    double cells[5];
    for (int64_t row = 0; row < 1000; row++) {
        gd_frame_read_row(frame, row, cells);
        double y = 3.0 + cells[0] - 2.0 * cells[1] + 0.5 * cells[2] + 4.0 * cells[3];
        cr_assert_float_eq(cells[4], y, 1e-12);
    }
    gd_frame_destroy(frame);
    frame = generate(GD_GENERATOR_SINE, 20000, 0.25, 5);
    double sum = 0.0;
    for (int64_t row = 0; row < 20000; row++) {
        gd_frame_read_row(frame, row, cells);
        cr_assert(fabs(cells[0]) <= acos(-1.0));
        sum += (cells[1] - sin(cells[0])) * (cells[1] - sin(cells[0]));
    }
    cr_assert_float_eq(sqrt(sum / 20000.0), 0.25, 0.01);
    gd_frame_destroy(frame);
}

Test(data_generator, refuses_bad_options)
{
    gd_generator_options options = {.type = GD_GENERATOR_MOONS, .samples = 3};
    gd_frame *frame = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_generate(&frame, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "samples");
    options = (gd_generator_options){.type = GD_GENERATOR_MOONS, .samples = 10, .noise = NAN};
    cr_assert_eq(gd_generate(&frame, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "noise");
    options = (gd_generator_options){.type = GD_GENERATOR_TYPE_COUNT, .samples = 10};
    cr_assert_eq(gd_generate(&frame, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_null(frame);
}
