/*
 * test_initialise.c: bounds and deviations against PyTorch's, orthogonality, biases, determinism.
 */
#include "nn/layer.h"
#include "support/golden.h"
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int initialiser_named(const char *name)
{
    for (int i = 0; i < GD_INITIALISER_COUNT; i++) {
        if (strcmp(gd_initialiser_names()[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

typedef struct summary {
    double mean, deviation, largest;
} summary;

static summary summarise(const gd_real *values, size_t count)
{
    summary result = {0};
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        result.mean += (double)values[i] / (double)count;
        squares += (double)values[i] * (double)values[i] / (double)count;
        result.largest = fmax(result.largest, fabs((double)values[i]));
    }
    result.deviation = sqrt(squares - result.mean * result.mean);
    return result;
}

static summary draw(int initialiser, size_t rows, size_t columns, gdi_fans fans)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_INITIALISE);
    gd_real *weight = malloc(rows * columns * sizeof *weight);
    gdi_initialise_weight(initialiser, weight, rows, columns, fans, &random);
    summary result = summarise(weight, rows * columns);
    free(weight);
    return result;
}

static void expect_spread(const char *what, summary drawn, const char *distribution, double spread)
{
    const bool uniform = strcmp(distribution, "uniform") == 0;
    const double deviation = uniform ? spread / sqrt(3) : spread;
    cr_expect_float_eq(drawn.deviation, deviation, 0.02 * deviation, "%s: %g", what,
                       drawn.deviation);
    cr_expect_float_eq(drawn.mean, 0, 0.02 * deviation, "%s: %g", what, drawn.mean);
    if (uniform) {
        cr_expect(drawn.largest <= spread * 1.000001 && drawn.largest > 0.999 * spread,
                  "%s: %g of %g", what, drawn.largest, spread);
    }
}

Test(nn_initialise, spreads_are_those_of_pytorch)
{
    golden_error error;
    golden_file *file = golden_open("initialisers.txt", &error);
    cr_assert_not_null(file, "%s", error.message);
    int64_t compared = 0;
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        const golden_case *golden = golden_case_at(file, i);
        const double fan_in = golden_number(golden, "fan_in", 0);
        if (fan_in < 1) {
            continue;
        }
        const char *distribution = golden_meta(golden, "distribution");
        const gdi_fans fans = {.in = (size_t)fan_in,
                               .out = (size_t)golden_number(golden, "fan_out", 0)};
        const bool uniform = strcmp(distribution, "uniform") == 0;
        const golden_tensor *spread = golden_tensor_find(golden, uniform ? "bound" : "deviation");
        summary drawn = draw(initialiser_named(golden_meta(golden, "initialiser")), 300, 400, fans);
        expect_spread(golden_case_name(golden), drawn, distribution, spread->values[0]);
        compared++;
    }
    cr_expect_geq(compared, 18);
    golden_close(file);
}

Test(nn_initialise, fixed_spreads)
{
    const gdi_fans fans = {.in = 10, .out = 20};
    expect_spread("normal", draw(GD_INITIALISER_NORMAL, 300, 400, fans), "normal", 0.01);
    expect_spread("uniform", draw(GD_INITIALISER_UNIFORM, 300, 400, fans), "uniform", 0.05);
    cr_expect_eq(draw(GD_INITIALISER_ZEROS, 30, 40, fans).largest, 0);
}

/* Largest |G - I| of G = M M^T, M [rows, columns] with the given strides. */
static double off_identity(const gd_real *m, size_t rows, size_t columns, size_t row_stride,
                           size_t column_stride)
{
    double worst = 0;
    for (size_t a = 0; a < rows; a++) {
        for (size_t b = 0; b < rows; b++) {
            double sum = a == b ? -1 : 0;
            for (size_t c = 0; c < columns; c++) {
                sum += (double)m[a * row_stride + c * column_stride] *
                       (double)m[b * row_stride + c * column_stride];
            }
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

Test(nn_initialise, orthogonal_rows_or_columns)
{
    const size_t sizes[][2] = {{100, 100}, {64, 100}, {130, 70}, {1, 5}, {5, 1}, {1, 1}};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        const size_t rows = sizes[k][0], columns = sizes[k][1];
        gd_random random;
        gd_random_seed(&random, 4, GD_STREAM_INITIALISE);
        gd_real *weight = malloc(rows * columns * sizeof *weight);
        gdi_initialise_weight(GD_INITIALISER_ORTHOGONAL, weight, rows, columns, (gdi_fans){1, 1},
                              &random);
        double error = rows <= columns ? off_identity(weight, rows, columns, columns, 1)
                                       : off_identity(weight, columns, rows, 1, columns);
        cr_expect_lt(error, 16 * (double)GD_REAL_EPSILON, "%zu × %zu: %g", rows, columns, error);
        free(weight);
    }
}

Test(nn_initialise, biases_are_drawn_by_pytorch_alone)
{
    for (int i = 0; i < GD_INITIALISER_COUNT; i++) {
        gd_layer_options layer = network_dense(2000, GD_ACTIVATION_IDENTITY);
        layer.of.dense.initialiser = i;
        network net =
            network_create(SHAPE(16), &layer, 1, 1, (gd_loss_options){.type = GD_LOSS_MSE}, 1);
        const gd_parameter *bias = gd_model_tensor(net.model, 1);
        summary drawn = summarise(net.parameters + bias->offset, bias->count);
        if (i == GD_INITIALISER_PYTORCH) {
            cr_expect(drawn.largest <= 0.25 && drawn.largest > 0.249, "%g", drawn.largest);
        } else {
            cr_expect_eq(drawn.largest, 0, "%s", gd_initialiser_names()[i]);
        }
        network_destroy(&net);
    }
}

Test(nn_initialise, a_seed_fixes_the_values)
{
    const gd_layer_options layers[] = {network_dense(8, GD_ACTIVATION_TANH),
                                       network_dense(3, GD_ACTIVATION_IDENTITY)};
    const gd_loss_options mse = {.type = GD_LOSS_MSE};
    network a = network_create(SHAPE(5), layers, 2, 2, mse, 11);
    network b = network_create(SHAPE(5), layers, 2, 2, mse, 11);
    network c = network_create(SHAPE(5), layers, 2, 2, mse, 12);
    const size_t bytes = gd_model_parameter_count(a.model) * sizeof *a.parameters;
    cr_expect_eq(memcmp(a.parameters, b.parameters, bytes), 0);
    cr_expect_neq(memcmp(a.parameters, c.parameters, bytes), 0);
    network_destroy(&a);
    network_destroy(&b);
    network_destroy(&c);
}
