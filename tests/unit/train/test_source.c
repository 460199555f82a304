/*
 * test_source.c: what a source reads is what preparing gives, to the last bit, and training on it is
 * training on prepared rows.
 */
#include "support/training_run.h"
#include "unit/data/frame_support.h"

#include <descent/idx.h>
#include <descent/source.h>

#include <criterion/criterion.h>

#include "train/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROWS = 500
};

/* Numbers far apart, texts and, if asked for, gaps; the target last. */
static gd_frame *table(bool gaps)
{
    static const char *const colours[] = {"red", "green", "blue"};
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    cr_assert_not_null(file);
    fprintf(file, "a,b,colour,c,d,e,f,y\n");
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (int i = 0; i < ROWS; i++) {
        double x = gd_random_normal(&random), z = gd_random_uniform(&random);
        if (!gaps || i % 17 != 3) {
            fprintf(file, "%.17g", x);
        }
        fprintf(file, ",%.17g,%s,%.17g,%.17g,%d,", 1e6 + z, colours[i * 7 % 3], x * z, -1e-3 * z,
                i % 5);
        if (!gaps || i % 29 != 5) {
            fprintf(file, "%.17g", z - x);
        }
        fprintf(file, ",%.17g\n", x - 2 * z + 0.1 * (i % 3));
    }
    cr_assert_eq(fclose(file), 0);
    gd_frame *frame = frame_of(text);
    free(text);
    return frame;
}

/* Bytes as they are in IDX: `width` a row, and a class for each row. */
static gd_frame *bytes_of(int width)
{
    size_t length = 16 + (size_t)ROWS * (size_t)width;
    unsigned char *idx = calloc(length, 1);
    cr_assert_not_null(idx);
    const unsigned char head[] = {0,         0,          8, 2, 0, 0,
                                  ROWS >> 8, ROWS & 255, 0, 0, 0, (unsigned char)width};
    const unsigned char flat[] = {0, 0, 8, 1, 0, 0, ROWS >> 8, ROWS & 255};
    size_t start = width > 1 ? sizeof head : sizeof flat;
    memcpy(idx, width > 1 ? head : flat, start);
    for (size_t i = 0; i < (size_t)ROWS * (size_t)width; i++) {
        idx[start + i] = (unsigned char)(width > 1 ? i * i * 31 >> 5 : i % 7);
    }
    gd_frame *frame = NULL;
    int input = memory_file(idx, start + (size_t)ROWS * (size_t)width), output = memory_file("", 0);
    gd_error error = {0};
    cr_assert_eq(gd_idx_to_frame_file(input, output, NULL, &error), GD_OK, "%s", error.message);
    cr_assert_eq(open_frame(&frame, output, NULL), GD_OK);
    (void)close(input);
    (void)close(output);
    free(idx);
    return frame;
}

static const int64_t columns[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

static gd_preparation_options options_of(int64_t features, int64_t target, gd_task task)
{
    return (gd_preparation_options){.features = columns,
                                    .feature_count = features,
                                    .targets = columns + target,
                                    .target_count = task == GD_TASK_RECONSTRUCTION ? 0 : 1,
                                    .task = task};
}

/* Rows prepared once, as a trainer in memory has them. */
typedef struct prepared {
    gd_real *features, *targets;
    gd_examples rows;
} prepared;

static prepared prepare(const gd_preparation *preparation, const gd_frame *frame,
                        const gd_rows *rows)
{
    gd_examples all = {.feature_width = gd_preparation_feature_width(preparation),
                       .target_width = gd_preparation_target_width(preparation)};
    prepared made = {calloc((size_t)(rows->count * all.feature_width), sizeof(gd_real)),
                     calloc((size_t)(rows->count * all.target_width), sizeof(gd_real)), all};
    gd_error error = {0};
    cr_assert_eq(gd_preparation_apply_rows(preparation, frame, rows, made.features, made.targets,
                                           &made.rows.count, NULL, &error),
                 GD_OK, "%s", error.message);
    made.rows.features = made.features;
    made.rows.targets = made.targets;
    return made;
}

static void dispose(prepared *made)
{
    free(made->features);
    free(made->targets);
}

/* Example by example, in an order of its own. */
static void check_same(const gd_source *source, const gd_examples *expected)
{
    gd_examples examples = gd_source_examples(source);
    cr_assert_eq(examples.count, expected->count);
    cr_assert_eq(examples.feature_width, expected->feature_width);
    cr_assert_eq(examples.target_width, expected->target_width);
    int64_t width = examples.feature_width, targets = examples.target_width;
    int64_t stride = expected->feature_stride == 0 ? width : expected->feature_stride;
    int64_t target_stride = expected->target_stride == 0 ? targets : expected->target_stride;
    gd_real *features = calloc((size_t)(3 * width), sizeof *features);
    gd_real *values = calloc((size_t)(3 * targets), sizeof *values);
    bool own = source->target_span > 0;
    for (int64_t i = 0; i < examples.count; i++) {
        const int64_t order[] = {examples.count - 1 - i, i, i / 2};
        gdi_source_read(source, order, 0, 0, 3, features, own ? values : NULL);
        for (int64_t j = 0; j < 3; j++) {
            cr_assert_eq(memcmp(features + j * width, expected->features + order[j] * stride,
                                (size_t)width * sizeof *features),
                         0, "example %lld", (long long)order[j]);
            cr_assert(!own ||
                      memcmp(values + j * targets, expected->targets + order[j] * target_stride,
                             (size_t)targets * sizeof *values) == 0);
        }
        gdi_source_read(source, NULL, i, 0, 1, features, own ? values : NULL);
        cr_assert_eq(
            memcmp(features, expected->features + i * stride, (size_t)width * sizeof *features), 0);
    }
    free(features);
    free(values);
}

static gd_source *create(const gd_source_options *options)
{
    gd_source *source = NULL;
    gd_error error = {0};
    cr_assert_eq(gd_source_create(&source, options, NULL, &error), GD_OK, "%s", error.message);
    return source;
}

/* Fits, and compares on the rows fitted and on the others. */
static void check(const gd_preparation_options *options, const gd_frame *frame, bool drawn)
{
    gd_rows training = gd_rows_range(0, 400), validation = gd_rows_range(400, ROWS - 400);
    gd_error error = {0};
    if (drawn) {
        cr_assert_eq(gd_split_fraction(ROWS, 0.2, 3, &training, &validation, NULL, NULL), GD_OK);
    }
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, options, frame, &training, NULL, &error),
                 GD_OK, "%s", error.message);
    for (int i = 0; i < 2; i++) {
        gd_rows *rows = i == 0 ? &training : &validation;
        prepared expected = prepare(preparation, frame, rows);
        gd_source *source = create(&(gd_source_options){
            .preparation = preparation, .frame = frame, .rows = rows, .fitted = i == 0});
        check_same(source, &expected.rows);
        cr_assert_eq(gd_source_example_bytes(source), gd_frame_row_bytes(frame));
        gd_source_destroy(source);
        dispose(&expected);
    }
    gd_preparation_destroy(preparation);
    gd_rows_dispose(&training);
    gd_rows_dispose(&validation);
}

Test(train_source, reads_what_preparing_gives)
{
    static const gd_scaling scalings[] = {GD_SCALING_NONE, GD_SCALING_STANDARDIZE,
                                          GD_SCALING_MINMAX};
    gd_frame *whole = table(false), *gaps = table(true);
    for (int i = 0; i < 3; i++) {
        for (int drawn = 0; drawn < 2; drawn++) {
            gd_preparation_options options = options_of(7, 7, GD_TASK_REGRESSION);
            options.scaling = scalings[i];
            options.all_classes = drawn != 0;
            check(&options, whole, drawn != 0);
            options.missing = GD_MISSING_DROP;
            check(&options, gaps, drawn != 0);
            options.missing = GD_MISSING_MEAN;
            check(&options, gaps, drawn != 0);
            options = options_of(8, 0, GD_TASK_RECONSTRUCTION);
            options.scaling = scalings[i];
            check(&options, whole, drawn != 0);
            options = options_of(2, 2, GD_TASK_CLASSIFICATION);
            options.scaling = scalings[i];
            check(&options, whole, drawn != 0);
            options = options_of(5, 5, GD_TASK_CLASSIFICATION); /* a numeric class */
            options.scaling = scalings[i];
            check(&options, whole, drawn != 0);
        }
    }
    gd_frame_destroy(whole);
    gd_frame_destroy(gaps);
}

Test(train_source, bytes_stay_bytes_until_they_are_read)
{
    gd_frame *images = bytes_of(17), *labels = bytes_of(1), *joined = NULL;
    cr_assert_eq(gd_frame_row_bytes(images), 17);
    cr_assert_eq(gd_frame_join(&joined, images, labels, 0, NULL, NULL), GD_OK);
    cr_assert_eq(gd_frame_row_bytes(joined), 18);
    for (int scaling = 0; scaling < 3; scaling++) {
        for (int one = 0; one < 2; one++) {
            gd_preparation_options options = options_of(17, 17, GD_TASK_CLASSIFICATION);
            options.scaling = (gd_scaling)scaling;
            options.one_scale = one != 0;
            check(&options, joined, false);
            check(&options, joined, true);
        }
    }
    gd_frame_destroy(joined);
    gd_frame_destroy(labels);
    gd_frame_destroy(images);
}

Test(train_source, windows_stand_over_rows)
{
    gd_frame *frame = table(false);
    gd_preparation_options options = options_of(2, 7, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    gd_rows rows = gd_rows_range(20, 300);
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, NULL, NULL), GD_OK);
    prepared all = prepare(preparation, frame, &rows);
    for (int sequence = 0; sequence < 2; sequence++) {
        gd_window window = {12, 2, 3};
        gd_examples expected = gd_window_examples(&window, &all.rows, sequence != 0);
        gd_source *source = create(&(gd_source_options){.preparation = preparation,
                                                        .frame = frame,
                                                        .rows = &rows,
                                                        .window = window,
                                                        .sequence = sequence != 0,
                                                        .fitted = true});
        check_same(source, &expected);
        gd_source_destroy(source);
    }
    dispose(&all);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

/* Whole training from `examples`, as bytes of its state, with a break after `calls` where ≥ 0. */
static gd_buffer train(const gd_model *model, gd_examples examples, gd_examples validation,
                       int64_t window, int64_t threads, int64_t calls, training_run_curve *curve)
{
    gd_trainer_setup setup = training_run_setup(model, examples);
    setup.validation = validation;
    setup.shuffle_window = window;
    setup.training.shuffle = true;
    setup.training.threads = threads;
    setup.training.batch_size = 32;
    setup.training.epochs = 3;
    setup.training.record_every = 1;
    gd_buffer state;
    gd_buffer_init(&state, (size_t)1 << 24);
    gd_trainer *trainer = training_run_create(&setup);
    if (calls >= 0) {
        cr_assert_eq(training_run_advance(trainer, calls, curve, NULL), GD_OK);
        gd_trainer_save(trainer, &state);
        gd_trainer_destroy(trainer);
        trainer = training_run_create(&setup);
        gd_reader reader;
        gd_reader_init(&reader, state.bytes, state.length);
        cr_assert_eq(gd_trainer_load(trainer, &reader, NULL), GD_OK);
        gd_buffer_dispose(&state);
        gd_buffer_init(&state, (size_t)1 << 24);
    }
    cr_assert_eq(training_run_advance(trainer, -1, curve, NULL), GD_OK);
    gd_trainer_save(trainer, &state);
    gd_trainer_destroy(trainer);
    return state;
}

Test(train_source, trains_to_the_bytes_of_training_in_memory)
{
    gd_frame *frame = table(true);
    gd_preparation_options options = options_of(7, 7, GD_TASK_REGRESSION);
    options.scaling = GD_SCALING_STANDARDIZE;
    options.missing = GD_MISSING_MEAN;
    gd_rows rows, held_out;
    cr_assert_eq(gd_split_fraction(ROWS, 0.2, 3, &rows, &held_out, NULL, NULL), GD_OK);
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, NULL, NULL), GD_OK);
    prepared all = prepare(preparation, frame, &rows),
             others = prepare(preparation, frame, &held_out);
    gd_source *source = create(&(gd_source_options){
        .preparation = preparation, .frame = frame, .rows = &rows, .fitted = true});
    gd_source *validating =
        create(&(gd_source_options){.preparation = preparation, .frame = frame, .rows = &held_out});
    const int64_t widths[] = {gd_preparation_feature_width(preparation), 8, 1};
    gd_model *model = training_run_model(widths, 3, 0);
    static const int64_t windows[] = {0, 100, 1000};
    gd_buffer wholes[3];
    for (size_t i = 0; i < 3; i++) {
        training_run_curve expected = {0};
        gd_buffer memory = train(model, all.rows, others.rows, windows[i], 1, -1, &expected);
        for (int64_t threads = 1; threads <= 3; threads++) {
            training_run_curve curve = {0};
            gd_buffer mapped =
                train(model, gd_source_examples(source), gd_source_examples(validating), windows[i],
                      threads, threads == 1 ? -1 : 11 * threads, &curve);
            cr_assert_eq(mapped.length, memory.length);
            cr_assert_eq(memcmp(mapped.bytes, memory.bytes, mapped.length), 0,
                         "window %lld, %lld threads", (long long)windows[i], (long long)threads);
            cr_assert(training_run_same(&curve, &expected));
            training_run_dispose(&curve);
            gd_buffer_dispose(&mapped);
        }
        training_run_dispose(&expected);
        wholes[i] = memory;
    }
    cr_assert_eq(memcmp(wholes[0].bytes, wholes[2].bytes, wholes[0].length), 0,
                 "a window that holds all is no window");
    cr_assert_neq(memcmp(wholes[0].bytes, wholes[1].bytes, wholes[0].length), 0);
    for (int i = 0; i < 3; i++) {
        gd_buffer_dispose(&wholes[i]);
    }
    gd_model_destroy(model);
    gd_source_destroy(source);
    gd_source_destroy(validating);
    dispose(&all);
    dispose(&others);
    gd_preparation_destroy(preparation);
    gd_rows_dispose(&rows);
    gd_rows_dispose(&held_out);
    gd_frame_destroy(frame);
}

Test(train_source, refuses_before_training_what_it_could_not_prepare)
{
    gd_frame *frame = frame_of("x,k,y\n1,a,1\n2,b,2\n3,c,-3\n4,a,4\n");
    gd_preparation_options options = options_of(2, 2, GD_TASK_REGRESSION);
    options.all_classes = true;
    gd_rows rows = gd_rows_range(0, 2), others = gd_rows_range(2, 2);
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, NULL, NULL), GD_OK);
    cr_assert_eq(gd_preparation_feature_width(preparation), 4, "c is known");
    cr_assert_not(gd_preparation_has_seen(preparation, 1, 2), "but not seen");
    gd_source *source = NULL;
    gd_error error = {0};
    gd_source_options wanted = {.preparation = preparation, .frame = frame, .rows = &others};
    cr_assert_eq(gd_source_create(&source, &wanted, NULL, &error), GD_INVALID_DATA);
    cr_assert_str_eq(error.path, "rows/2/1");
    cr_assert_not_null(strstr(error.message, "'c'"), "%s", error.message);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

Test(train_source, losses_know_the_targets_they_cannot_take)
{
    gd_frame *frame = frame_of("x,y\n1,1\n2,2\n3,-3\n4,4\n");
    gd_preparation_options options = options_of(1, 1, GD_TASK_REGRESSION);
    gd_rows rows = gd_rows_range(0, 4);
    gd_preparation *preparation = NULL;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, NULL, NULL), GD_OK);
    const int64_t widths[] = {1, 1};
    gd_model *model = training_run_model(widths, 2, 0);
    for (int fitted = 0; fitted < 2; fitted++) {
        gd_source *source = create(&(gd_source_options){
            .preparation = preparation, .frame = frame, .rows = &rows, .fitted = fitted != 0});
        gd_trainer_setup setup = training_run_setup(model, gd_source_examples(source));
        gd_trainer *trainer = NULL;
        setup.loss.type = GD_LOSS_POISSON;
        cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_INVALID_DATA);
        setup.loss.type = GD_LOSS_MSE;
        cr_assert_eq(gd_trainer_create(&trainer, &setup, NULL), GD_OK);
        gd_trainer_destroy(trainer);
        gd_source_destroy(source);
    }
    gd_model_destroy(model);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}

static bool say_stop(void *context)
{
    int *left = context;
    return --*left < 0;
}

Test(train_source, long_passes_can_be_stopped)
{
    gd_frame *frame = table(false);
    gd_preparation_options options = options_of(7, 7, GD_TASK_REGRESSION);
    gd_rows rows = gd_rows_range(0, ROWS);
    gd_preparation *preparation = NULL;
    int left = 0;
    gd_watch watch = {say_stop, &left};
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, &watch, NULL),
                 GD_INTERRUPTED);
    cr_assert_null(preparation);
    left = 1;
    cr_assert_eq(gd_preparation_fit_rows(&preparation, &options, frame, &rows, &watch, NULL),
                 GD_OK);
    gd_source *source = NULL;
    gd_source_options wanted = {.preparation = preparation, .frame = frame, .rows = &rows};
    cr_assert_eq(gd_source_create(&source, &wanted, &watch, NULL), GD_INTERRUPTED);
    cr_assert_null(source);
    gd_preparation_destroy(preparation);
    gd_frame_destroy(frame);
}
