/*
 * test_classes.c: class_gradient of each table against the reference, and of the best one against the
 * product, cross-entropy and column sums whose bytes it has.
 */
#include "loss/loss.h"
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define EXAMPLES   600
#define PARAMETERS (GDI_CLASSES * GDI_CLASS_INPUTS)

typedef struct problem {
    gd_real features[EXAMPLES * GDI_CLASS_INPUTS], targets[EXAMPLES];
    gd_real weights[PARAMETERS], bias[GDI_CLASSES];
    gd_real weight_gradient[PARAMETERS], bias_gradient[GDI_CLASSES];
    int64_t order[EXAMPLES];
    gdi_class_rows rows;
} problem;

static void make_problem(problem *it, gd_random *random, size_t rows, size_t inputs, size_t classes,
                         gd_real size)
{
    for (size_t i = 0; i < EXAMPLES * inputs; i++) {
        /* A zero now and then: its sign must come out the same too. */
        it->features[i] = gd_random_below(random, 8) == 0 ? 0 : (gd_real)gd_random_normal(random);
    }
    for (size_t i = 0; i < EXAMPLES; i++) {
        it->targets[i] = (gd_real)gd_random_below(random, classes);
        it->order[i] = (int64_t)gd_random_below(random, EXAMPLES);
    }
    for (size_t i = 0; i < classes * inputs; i++) {
        it->weights[i] = size * (gd_real)gd_random_normal(random);
    }
    for (size_t c = 0; c < classes; c++) {
        it->bias[c] = (gd_real)gd_random_normal(random);
    }
    it->rows = (gdi_class_rows){.features = it->features,
                                .targets = it->targets,
                                .feature_stride = inputs,
                                .target_stride = 1,
                                .order = rows % 3 == 0 ? NULL : it->order,
                                .rows = rows,
                                .inputs = inputs,
                                .classes = classes,
                                .weights = it->weights,
                                .bias = rows % 4 == 0 ? NULL : it->bias,
                                .weight_gradient = it->weight_gradient,
                                .bias_gradient = rows % 4 == 0 ? NULL : it->bias_gradient};
}

static void gather(const problem *it, gd_real *features, gd_real *targets)
{
    for (size_t r = 0; r < it->rows.rows; r++) {
        const size_t example = it->rows.order != NULL ? (size_t)it->order[r] : r;
        memcpy(features + r * it->rows.inputs, it->features + example * it->rows.inputs,
               it->rows.inputs * sizeof *features);
        targets[r] = it->targets[example];
    }
}

static void compare_bytes(const problem *it)
{
    static gd_real features[EXAMPLES * GDI_CLASS_INPUTS], targets[EXAMPLES];
    static gd_real outputs[EXAMPLES * GDI_CLASSES], slopes[EXAMPLES * GDI_CLASSES];
    static gd_real scratch[1 << 18] __attribute__((aligned(64)));
    const gdi_kernels *kernels = gdi_kernels_best();
    const size_t rows = it->rows.rows, inputs = it->rows.inputs, classes = it->rows.classes;
    gd_real weights[PARAMETERS], biases[GDI_CLASSES];
    gather(it, features, targets);
    kernels->product((gdi_matrix){features, inputs, false}, (gdi_matrix){it->weights, inputs, true},
                     outputs, classes, rows, classes, inputs, it->rows.bias, false, scratch);
    const double expected =
        gdi_cross_entropy(NULL, outputs, targets, (int64_t)rows, (int64_t)classes, slopes);
    kernels->product((gdi_matrix){slopes, classes, true}, (gdi_matrix){features, inputs, false},
                     weights, inputs, classes, inputs, rows, NULL, false, scratch);
    kernels->column_sums(slopes, rows, classes, biases);
    const double got = kernels->class_gradient(&it->rows);
    cr_assert_eq(memcmp(&expected, &got, sizeof got), 0, "%zu x %zu x %zu: %.17g, not %.17g", rows,
                 inputs, classes, got, expected);
    cr_assert_eq(memcmp(weights, it->weight_gradient, classes * inputs * sizeof *weights), 0,
                 "%zu x %zu x %zu: gradient", rows, inputs, classes);
    cr_assert(it->rows.bias == NULL ||
                  memcmp(biases, it->bias_gradient, classes * sizeof *biases) == 0,
              "%zu x %zu x %zu: gradient of the bias", rows, inputs, classes);
}

Test(math_classes, have_the_bytes_of_product_loss_and_products)
{
    static problem it;
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (size_t round = 0; round < 1500; round++) {
        const size_t rows = 1 + gd_random_below(&random, round % 4 != 0 ? 70 : GDI_CLASS_ROWS);
        const size_t inputs = 2 + gd_random_below(&random, GDI_CLASS_INPUTS - 1);
        const size_t classes = 2 + gd_random_below(&random, GDI_CLASSES - 1);
        make_problem(&it, &random, rows, inputs, classes, round % 5 == 0 ? 30 : 1);
        compare_bytes(&it);
    }
}

Test(math_classes, agree_with_the_reference_on_every_table)
{
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    static problem it;
    gd_real expected[PARAMETERS], biases[GDI_CLASSES];
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (size_t round = 0; round < 300; round++) {
        const gdi_kernels *table = gdi_kernels_named(names[round % 3]);
        const size_t rows = 1 + gd_random_below(&random, 140), inputs = 2 + round / 3 % 63;
        const size_t classes = 2 + round % (GDI_CLASSES - 1);
        if (table == NULL) {
            continue;
        }
        make_problem(&it, &random, rows, inputs, classes, 1);
        const double loss = gdi_kernels_reference()->class_gradient(&it.rows);
        memcpy(expected, it.weight_gradient, sizeof expected);
        memcpy(biases, it.bias_gradient, sizeof biases);
        cr_assert_float_eq(table->class_gradient(&it.rows), loss, 1e-5 * (1 + loss));
        for (size_t i = 0; i < classes * inputs; i++) {
            cr_assert_float_eq((double)it.weight_gradient[i], (double)expected[i], 1e-5);
        }
        for (size_t c = 0; it.rows.bias != NULL && c < classes; c++) {
            cr_assert_float_eq((double)it.bias_gradient[c], (double)biases[c], 1e-5);
        }
    }
}

Test(math_classes, a_class_that_does_not_exist_gives_nan)
{
    const gd_real targets[] = {3, -1, (gd_real)0.5, (gd_real)NAN, (gd_real)INFINITY};
    static problem it;
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        make_problem(&it, &random, 45, 4, 3, 1);
        it.targets[40] = targets[i];
        cr_assert(isnan(gdi_kernels_best()->class_gradient(&it.rows)));
        cr_assert(isnan(gdi_kernels_reference()->class_gradient(&it.rows)));
        it.targets[40] = 2;
        it.targets[45] = targets[i]; /* beyond the rows */
        cr_assert(isfinite(gdi_kernels_best()->class_gradient(&it.rows)));
    }
}
