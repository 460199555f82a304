/*
 * generator.h: small made-up data sets with known answers, for first steps and for tests.
 *
 * moons, circles, spiral, xor, blobs: two features x1, x2 and a categorical target "class".
 * linear: features x1 … x4 and y = 3 + 1 x1 - 2 x2 + 0.5 x3 + 4 x4 + noise. sine: x in [-pi, pi] and
 * y = sin x + noise. The same options and seed give the same bytes.
 */
#ifndef DESCENT_GENERATOR_H
#define DESCENT_GENERATOR_H

#include <descent/field.h>
#include <descent/frame.h>

typedef enum gd_generator_type {
    GD_GENERATOR_MOONS,
    GD_GENERATOR_CIRCLES,
    GD_GENERATOR_SPIRAL,
    GD_GENERATOR_XOR,
    GD_GENERATOR_BLOBS,
    GD_GENERATOR_LINEAR,
    GD_GENERATOR_SINE,
    GD_GENERATOR_TYPE_COUNT
} gd_generator_type;

typedef struct gd_generator_options {
    gd_generator_type type;
    int64_t samples; /* default 500 */
    double noise;    /* standard deviation of what is added; default by type */
    uint64_t seed;
} gd_generator_options;

typedef struct gd_generator_descriptor {
    const char *name;
    const char *help;
    const char *target;    /* name of the target column */
    gd_field_table fields; /* samples, noise (the seed is read apart: it may exceed 2^53) */
} gd_generator_descriptor;

const gd_generator_descriptor *gd_generator_descriptor_at(gd_generator_type type);

gd_status gd_generate(gd_frame **frame, const gd_generator_options *options, gd_error *error);

#endif
