/*
 * generator.c: made-up data sets with known answers. See generator.h.
 *
 * Example i of a classified set belongs to class i modulo the number of classes, so that classes
 * differ in size by at most one whatever the seed. Each example draws its place first and its noise
 * then, also where the noise is 0: the places do not depend on the noise.
 */
#include <descent/generator.h>

#include <math.h>
#include <stddef.h>

#define PI                  3.14159265358979323846
#define MAXIMUM_COLUMNS     5
#define MAXIMUM_SAMPLES     1000000
#define LINEAR_FEATURES     4
#define SPIRAL_HALF_TURNS   3.0
#define SPIRAL_INNER_RADIUS 0.1
#define INNER_CIRCLE        0.5

/* Writes example `index` into `cells`; the last one is the target, a class number where classified. */
typedef void (*example_function)(gd_random *random, int64_t index, double noise, double *cells);

static void add_noise(gd_random *random, double noise, double *cells, int count)
{
    for (int i = 0; i < count; i++) {
        cells[i] += noise * gd_random_normal(random);
    }
}

static void make_moon(gd_random *random, int64_t index, double noise, double *cells)
{
    double angle = PI * gd_random_uniform(random);
    bool lower = index % 2 == 1;
    cells[0] = lower ? 1.0 - cos(angle) : cos(angle);
    cells[1] = lower ? 0.5 - sin(angle) : sin(angle);
    cells[2] = lower ? 1.0 : 0.0;
    add_noise(random, noise, cells, 2);
}

static void make_circle(gd_random *random, int64_t index, double noise, double *cells)
{
    double angle = 2.0 * PI * gd_random_uniform(random);
    double radius = index % 2 == 1 ? INNER_CIRCLE : 1.0;
    cells[0] = radius * cos(angle);
    cells[1] = radius * sin(angle);
    cells[2] = (double)(index % 2);
    add_noise(random, noise, cells, 2);
}

static void make_spiral(gd_random *random, int64_t index, double noise, double *cells)
{
    double along = gd_random_uniform(random);
    double radius = SPIRAL_INNER_RADIUS + (1.0 - SPIRAL_INNER_RADIUS) * along;
    double angle = PI * (SPIRAL_HALF_TURNS * along + (double)(index % 2));
    cells[0] = radius * cos(angle);
    cells[1] = radius * sin(angle);
    cells[2] = (double)(index % 2);
    add_noise(random, noise, cells, 2);
}

static void make_xor(gd_random *random, int64_t index, double noise, double *cells)
{
    /* 1 - uniform is never 0, so that every example lies inside its quadrant. */
    double x = 1.0 - gd_random_uniform(random);
    double y = 1.0 - gd_random_uniform(random);
    bool differ = index % 2 == 1;
    bool negative = index / 2 % 2 == 1;
    cells[0] = negative ? -x : x;
    cells[1] = negative != differ ? -y : y;
    cells[2] = differ ? 1.0 : 0.0;
    add_noise(random, noise, cells, 2);
}

static void make_blob(gd_random *random, int64_t index, double noise, double *cells)
{
    static const double centers[3][2] = {{0.0, 3.0}, {-3.0, -2.0}, {3.0, -2.0}};
    cells[0] = centers[index % 3][0];
    cells[1] = centers[index % 3][1];
    cells[2] = (double)(index % 3);
    add_noise(random, noise, cells, 2);
}

static void make_linear(gd_random *random, int64_t index, double noise, double *cells)
{
    static const double weights[LINEAR_FEATURES] = {1.0, -2.0, 0.5, 4.0};
    (void)index;
    double sum = 3.0;
    for (int i = 0; i < LINEAR_FEATURES; i++) {
        cells[i] = gd_random_normal(random);
        sum += weights[i] * cells[i];
    }
    cells[LINEAR_FEATURES] = sum;
    add_noise(random, noise, cells + LINEAR_FEATURES, 1);
}

static void make_sine(gd_random *random, int64_t index, double noise, double *cells)
{
    (void)index;
    cells[0] = PI * (2.0 * gd_random_uniform(random) - 1.0);
    cells[1] = sin(cells[0]);
    add_noise(random, noise, cells + 1, 1);
}

#define FIELDS(table, noise_default)                        \
    static const gd_field table[] = {                       \
        {.name = "samples",                                 \
         .type = GD_FIELD_COUNT,                            \
         .offset = offsetof(gd_generator_options, samples), \
         .minimum = 4,                                      \
         .maximum = MAXIMUM_SAMPLES,                        \
         .default_value = 500,                              \
         .help = "rows to make"},                           \
        {.name = "noise",                                   \
         .type = GD_FIELD_NUMBER,                           \
         .offset = offsetof(gd_generator_options, noise),   \
         .minimum = 0,                                      \
         .maximum = 1e6,                                    \
         .default_value = (noise_default),                  \
         .help = "standard deviation of the normal noise that is added"}}

FIELDS(moons_fields, 0.1);
FIELDS(circles_fields, 0.05);
FIELDS(spiral_fields, 0.02);
FIELDS(xor_fields, 0.05);
FIELDS(blobs_fields, 0.8);
FIELDS(linear_fields, 0.1);
FIELDS(sine_fields, 0.1);

typedef struct generator {
    gd_generator_descriptor descriptor;
    example_function make;
    int columns;
    bool classified;
    const char *names[MAXIMUM_COLUMNS];
} generator;

static const generator generators[GD_GENERATOR_TYPE_COUNT] = {
    [GD_GENERATOR_MOONS] = {{"moons", "two interleaving half circles", "class", {moons_fields, 2}},
                            make_moon,
                            3,
                            true,
                            {"x1", "x2", "class"}},
    [GD_GENERATOR_CIRCLES] =
        {{"circles", "a circle of radius 0.5 inside one of radius 1", "class", {circles_fields, 2}},
         make_circle,
         3,
         true,
         {"x1", "x2", "class"}},
    [GD_GENERATOR_SPIRAL] =
        {{"spiral", "two spiral arms of one and a half turns", "class", {spiral_fields, 2}},
         make_spiral,
         3,
         true,
         {"x1", "x2", "class"}},
    [GD_GENERATOR_XOR] =
        {{"xor", "a square whose opposite quarters share a class", "class", {xor_fields, 2}},
         make_xor,
         3,
         true,
         {"x1", "x2", "class"}},
    [GD_GENERATOR_BLOBS] = {{"blobs", "three round clouds", "class", {blobs_fields, 2}},
                            make_blob,
                            3,
                            true,
                            {"x1", "x2", "class"}},
    [GD_GENERATOR_LINEAR] = {{"linear",
                              "y = 3 + x1 - 2 x2 + 0.5 x3 + 4 x4 + noise, x standard normal",
                              "y",
                              {linear_fields, 2}},
                             make_linear,
                             LINEAR_FEATURES + 1,
                             false,
                             {"x1", "x2", "x3", "x4", "y"}},
    [GD_GENERATOR_SINE] =
        {{"sine", "y = sin x + noise, x uniform on [-pi, pi]", "y", {sine_fields, 2}},
         make_sine,
         2,
         false,
         {"x", "y"}},
};

const gd_generator_descriptor *gd_generator_descriptor_at(gd_generator_type type)
{
    size_t index = (size_t)type;
    return index < GD_GENERATOR_TYPE_COUNT ? &generators[index].descriptor : NULL;
}

static gd_status append_example(const generator *source, gd_frame_builder *builder,
                                const double *cells, gd_error *error)
{
    static const char *const classes[] = {"0", "1", "2"};
    gd_status status = GD_OK;
    for (int i = 0; i < source->columns && status == GD_OK; i++) {
        if (source->classified && i == source->columns - 1) {
            status = gd_frame_builder_text(builder, classes[(int)cells[i]], error);
        } else {
            status = gd_frame_builder_number(builder, cells[i], error);
        }
    }
    return status;
}

gd_status gd_generate(gd_frame **frame, const gd_generator_options *options, gd_error *error)
{
    *frame = NULL;
    if ((size_t)options->type >= GD_GENERATOR_TYPE_COUNT) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "type", "there is no generator %d",
                       (int)options->type);
    }
    const generator *source = &generators[options->type];
    if (options->samples < 4 || options->samples > MAXIMUM_SAMPLES) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "samples", "samples must be 4 to %d",
                       MAXIMUM_SAMPLES);
    }
    if (!(options->noise >= 0.0 && options->noise <= 1e6)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "noise", "noise must be 0 to 1000000");
    }
    gd_frame_builder *builder = NULL;
    gd_status status = gd_frame_builder_create(&builder, source->names, source->columns, error);
    gd_random random;
    gd_random_seed(&random, options->seed, GD_STREAM_GENERATE);
    for (int64_t i = 0; i < options->samples && status == GD_OK; i++) {
        double cells[MAXIMUM_COLUMNS] = {0.0};
        source->make(&random, i, options->noise, cells);
        status = append_example(source, builder, cells, error);
    }
    if (status == GD_OK) {
        status = gd_frame_builder_finish(builder, frame, error);
    }
    gd_frame_builder_destroy(builder);
    return status;
}
