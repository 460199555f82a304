/*
 * test_loss.c: every loss against the golden values and gradients, central differences, the identities
 * between losses, and the check of targets.
 */
#include "support/golden.h"
#include "support/network.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef GD_REAL_DOUBLE
#define RELATIVE 1e-13
#define ABSOLUTE 1e-16
#else
#define RELATIVE 1e-6
#define ABSOLUTE 1e-7
#endif

static int loss_named(const char *name)
{
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        if (strcmp(gd_loss_descriptor_at((gd_loss_type)i)->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static gd_loss_options options_of(gd_loss_type type)
{
    gd_loss_options options = {.type = type};
    gd_fields_set_defaults(&gd_loss_descriptor_at(type)->fields, &options);
    return options;
}

static gd_real *reals(const golden_tensor *tensor)
{
    gd_real *values = malloc((size_t)tensor->count * sizeof *values);
    cr_assert_not_null(values);
    for (int64_t i = 0; i < tensor->count; i++) {
        values[i] = (gd_real)tensor->values[i];
    }
    return values;
}

static bool close_to(double got, double want, double scale)
{
    return fabs(got - want) <= RELATIVE * fabs(want) + ABSOLUTE * scale;
}

static void compare_with(const golden_case *golden)
{
    const char *name = golden_case_name(golden);
    const int type = loss_named(golden_meta(golden, "loss"));
    cr_assert_geq(type, 0, "%s", name);
    gd_loss_options options = options_of((gd_loss_type)type);
    options.delta = golden_number(golden, "delta", options.delta);
    options.q = golden_number(golden, "quantile", options.q);
    const golden_tensor *z = golden_tensor_find(golden, "prediction");
    const golden_tensor *slope = golden_tensor_find(golden, "gradient");
    const int64_t width = z->rank == 2 ? z->shape[1] : 1;
    gd_real *outputs = reals(z), *targets = reals(golden_tensor_find(golden, "target"));
    gd_real *gradient = reals(z);
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
    const double value =
        loss->evaluate(&options, outputs, targets, z->count / width, width, gradient);
    const double want = golden_tensor_find(golden, "value")->values[0];
    cr_expect(close_to(value, want, 1), "%s: %.17g, not %.17g", name, value, want);
    for (int64_t i = 0; i < z->count; i++) {
        cr_expect(close_to((double)gradient[i], slope->values[i], 1),
                  "%s, gradient %lld: %g, not %g", name, (long long)i, (double)gradient[i],
                  slope->values[i]);
    }
    cr_expect_eq(loss->evaluate(&options, outputs, targets, z->count / width, width, NULL), value);
    loss->evaluate(&options, outputs, targets, z->count / width, width, outputs);
    cr_expect_arr_eq(outputs, gradient, (size_t)z->count * sizeof *outputs, "%s in place", name);
    free(outputs);
    free(targets);
    free(gradient);
}

Test(loss, agrees_with_golden_values)
{
    golden_error error;
    golden_file *file = golden_open("losses.txt", &error);
    bool seen[GD_LOSS_TYPE_COUNT] = {false};
    cr_assert_not_null(file, "%s", error.message);
    for (int64_t i = 0; i < golden_case_count(file); i++) {
        const golden_case *golden = golden_case_at(file, i);
        const int type = loss_named(golden_meta(golden, "loss"));
        if (type >= 0) {
            compare_with(golden);
            seen[type] = true;
        }
    }
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        cr_expect(seen[i], "no golden case of %s", gd_loss_descriptor_at((gd_loss_type)i)->name);
    }
    golden_close(file);
}

Test(loss, gradients_through_a_network)
{
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        const gd_loss_options options = options_of((gd_loss_type)i);
        const gd_layer_options flat[] = {network_dense(6, GD_ACTIVATION_TANH),
                                         network_dense(3, GD_ACTIVATION_IDENTITY)};
        network_expect_gradients(network_create(SHAPE(4), flat, 2, 8, options, 31),
                                 gd_loss_descriptor_at((gd_loss_type)i)->name);
        network_expect_gradients(network_create(SHAPE(3, 4), flat, 2, 4, options, 32),
                                 gd_loss_descriptor_at((gd_loss_type)i)->name);
    }
}

/* Where logits are far apart: finite, gradient p - y that sums to 0. */
Test(loss, cross_entropy_of_extreme_logits)
{
    const gd_real logits[][3] = {
        {1000, 0, -1000}, {1e4f, 1e4f, 1e4f}, {(gd_real)-INFINITY, 0, 1}, {-1e4f, -1e4f, -1e4f}};
    const double want[] = {0, log(3), log1p(exp(1)), log(3)};
    const gd_loss_options options = options_of(GD_LOSS_CROSS_ENTROPY);
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
    for (size_t k = 0; k < 4; k++) {
        const gd_real class = k == 2 ? 1 : 0;
        gd_real gradient[3], p[3];
        const double value = loss->evaluate(&options, logits[k], &class, 1, 3, gradient);
        cr_expect_float_eq(value, want[k], 1e-6, "%zu: %g", k, value);
        memcpy(p, logits[k], sizeof p);
        gd_link_apply(loss->link, p, 1, 3);
        double sum = 0;
        for (int c = 0; c < 3; c++) {
            cr_expect(isfinite(gradient[c]));
            cr_expect_float_eq((double)gradient[c], (double)(p[c] - (c == (int)class)), 1e-6);
            sum += (double)gradient[c];
        }
        cr_expect_float_eq(sum, 0, 1e-6);
    }
}

/* A missed class costs its whole distance, and a sure one next to nothing but not 0. */
Test(loss, cross_entropy_keeps_small_and_large_values)
{
    const gd_loss_options options = options_of(GD_LOSS_CROSS_ENTROPY);
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
    const gd_real logits[] = {30, 0}, classes[] = {0, 1};
    gd_real gradient[2];
    const double small = loss->evaluate(&options, logits, &classes[0], 1, 2, gradient);
    cr_expect_float_eq(small / exp(-30), 1, 1e-6);
    cr_expect_float_eq((double)gradient[0] / -exp(-30), 1, 1e-6);
    cr_expect_float_eq(loss->evaluate(&options, logits, &classes[1], 1, 2, gradient), 30, 1e-6);
}

Test(loss, binary_cross_entropy_of_extreme_logits)
{
    const gd_real logits[] = {800, -800, 800, -800}, bits[] = {0, 0, 1, 1};
    const double want[] = {800, 0, 0, 800}, slopes[] = {1, 0, 0, -1};
    const gd_loss_options options = options_of(GD_LOSS_BINARY_CROSS_ENTROPY);
    for (size_t k = 0; k < 4; k++) {
        gd_real gradient;
        const double value = gd_loss_descriptor_at(options.type)
                                 ->evaluate(&options, &logits[k], &bits[k], 1, 1, &gradient);
        cr_expect_eq(value, want[k]);
        cr_expect_eq(gradient, (gd_real)slopes[k]);
    }
}

Test(loss, two_classes_are_one_sigmoid)
{
    const gd_loss_options binary = options_of(GD_LOSS_BINARY_CROSS_ENTROPY);
    const gd_loss_options classes = options_of(GD_LOSS_CROSS_ENTROPY);
    for (double z = -20; z <= 20; z += 0.37) {
        const gd_real target = fmod(fabs(z), 1) > 0.5;
        const gd_real one = (gd_real)z, pair[] = {0, (gd_real)z};
        gd_real slope, slopes[2], p = one, q[] = {0, (gd_real)z};
        const double a = gd_loss_descriptor_at(GD_LOSS_BINARY_CROSS_ENTROPY)
                             ->evaluate(&binary, &one, &target, 1, 1, &slope);
        const double b = gd_loss_descriptor_at(GD_LOSS_CROSS_ENTROPY)
                             ->evaluate(&classes, pair, &target, 1, 2, slopes);
        gd_link_apply(GD_LINK_SIGMOID, &p, 1, 1);
        gd_link_apply(GD_LINK_SOFTMAX, q, 1, 2);
        cr_expect_float_eq(a, b, 1e-6 * (1 + a));
        cr_expect_float_eq((double)slope, (double)slopes[1], 1e-6);
        cr_expect_float_eq((double)p, (double)q[1], 1e-6);
    }
}

/* With every distance within delta, huber is half the squared error; quantile 0.5 half of mae. */
Test(loss, distances_agree_where_they_meet)
{
    gd_loss_options options[] = {options_of(GD_LOSS_MSE), options_of(GD_LOSS_HUBER),
                                 options_of(GD_LOSS_MAE), options_of(GD_LOSS_QUANTILE)};
    const gd_real z[] = {1, -2, 3.5f, 40}, y[] = {0.5f, 2, 3, -30};
    gd_real gradient[4][4];
    double value[4];
    cr_expect_eq(options[1].delta, 1);
    cr_expect_eq(options[3].q, 0.5);
    options[1].delta = 1e6;
    for (size_t k = 0; k < 4; k++) {
        value[k] =
            gd_loss_descriptor_at(options[k].type)->evaluate(&options[k], z, y, 2, 2, gradient[k]);
    }
    cr_expect_float_eq(value[1], value[0] / 2, 1e-9 * value[0]);
    cr_expect_float_eq(value[3], value[2] / 2, 1e-9 * value[2]);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_float_eq((double)gradient[1][i], (double)gradient[0][i] / 2, 1e-6);
        cr_expect_float_eq((double)gradient[3][i], (double)gradient[2][i] / 2, 1e-6);
    }
}

Test(loss, hinge_of_one_output_has_two_classes)
{
    const gd_loss_options options = options_of(GD_LOSS_HINGE);
    const gd_layer_options layers[] = {network_dense(5, GD_ACTIVATION_TANH),
                                       network_dense(1, GD_ACTIVATION_IDENTITY)};
    const gd_real targets[] = {0, 1, 2};
    gd_error error;
    network_expect_gradients(network_create(SHAPE(4), layers, 2, 8, options, 33), "hinge");
    cr_expect_eq(gd_loss_check(&options, targets, 2, 1, 1, &error), GD_OK);
    cr_expect_eq(gd_loss_check(&options, targets, 3, 1, 1, &error), GD_INVALID_DATA);
    cr_expect_eq(gd_loss_check(&options, targets, 3, 1, 3, &error), GD_OK);
}

Test(loss, poisson_refuses_negative_counts)
{
    const gd_loss_options options = options_of(GD_LOSS_POISSON);
    const gd_real targets[] = {0, 3, -1};
    gd_error error;
    cr_expect_eq(gd_loss_check(&options, targets, 2, 1, 1, &error), GD_OK);
    cr_expect_eq(gd_loss_check(&options, targets, 3, 1, 1, &error), GD_INVALID_DATA);
}

/* Nothing between an output that is not finite and the loss hides it. */
Test(loss, non_finite_outputs_show)
{
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        const gd_loss_options options = options_of((gd_loss_type)i);
        const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
        for (int position = 0; position < 2; position++) {
            gd_real z[] = {0.5f, 0.25f}, gradient[2];
            const gd_real cells[] = {1, 1}, class = 0;
            z[position] = (gd_real)NAN;
            cr_expect(isnan(loss->evaluate(&options, z, loss->class_targets ? &class : cells, 1, 2,
                                           gradient)),
                      "%s %d", loss->name, position);
        }
    }
}

/* Means: a batch twice over has the same loss, and half the gradient an element. */
Test(loss, repeated_rows_weigh_like_one)
{
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        const gd_loss_options options = options_of((gd_loss_type)i);
        const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
        const gd_real row[] = {0.5f, -1, 2, 0.25f}, z[] = {0.5f, -1, 2, 0.25f, 0.5f, -1, 2, 0.25f};
        const gd_real classes[] = {1, 0, 1, 0}, cells[] = {1, 0, 0.5f, 1, 1, 0, 0.5f, 1};
        const gd_real *targets = loss->class_targets ? classes : cells;
        gd_real once[4], twice[8];
        const double a = loss->evaluate(&options, row, targets, 2, 2, once);
        const double b = loss->evaluate(&options, z, targets, 4, 2, twice);
        cr_expect_float_eq(a, b, 1e-7 * (1 + fabs(a)), "%s", loss->name);
        for (size_t k = 0; k < 8; k++) {
            cr_expect_float_eq((double)twice[k], (double)once[k % 4] / 2, 1e-7, "%s", loss->name);
        }
    }
}

Test(loss, classes_out_of_range_are_never_read)
{
    const gd_real targets[] = {-1, 3, 0.5f, (gd_real)NAN, 1e30f, -1e30f, (gd_real)INFINITY};
    for (int i = 0; i < GD_LOSS_TYPE_COUNT; i++) {
        const gd_loss_options options = options_of((gd_loss_type)i);
        const gd_loss_descriptor *loss = gd_loss_descriptor_at(options.type);
        for (size_t k = 0; loss->class_targets && k < sizeof targets / sizeof targets[0]; k++) {
            gd_real z[] = {1, 2, 3}, gradient[3];
            gd_error error;
            cr_expect(isnan(loss->evaluate(&options, z, &targets[k], 1, 3, gradient)));
            cr_expect_eq(gd_loss_check(&options, &targets[k], 1, 1, 3, &error), GD_INVALID_DATA);
        }
    }
}

Test(loss, check_refuses_what_does_not_fit)
{
    const gd_loss_options classes = options_of(GD_LOSS_CROSS_ENTROPY);
    const gd_loss_options binary = options_of(GD_LOSS_BINARY_CROSS_ENTROPY);
    const gd_loss_options mse = options_of(GD_LOSS_MSE);
    const gd_loss_options none = {.type = GD_LOSS_TYPE_COUNT};
    const gd_real targets[] = {0, 1, 2, 1.5f}, nan_target = (gd_real)NAN;
    gd_error error;
    cr_expect_eq(gd_loss_check(&classes, targets, 3, 1, 3, &error), GD_OK);
    cr_expect_eq(gd_loss_check(&classes, targets, 4, 1, 3, &error), GD_INVALID_DATA);
    cr_expect_str_eq(error.message,
                     "cross_entropy wants a class from 0 to 2 as target, row 3 has 1.5");
    cr_expect_eq(gd_loss_check(&classes, targets, 2, 1, 1, &error), GD_SHAPE_MISMATCH);
    cr_expect_eq(gd_loss_check(&classes, targets, 2, 2, 3, &error), GD_SHAPE_MISMATCH);
    cr_expect_eq(gd_loss_check(&binary, targets, 2, 1, 1, &error), GD_OK);
    cr_expect_eq(gd_loss_check(&binary, targets, 3, 1, 1, &error), GD_INVALID_DATA);
    cr_expect_str_eq(error.message, "binary_cross_entropy wants targets from 0 to 1, row 2 has 2");
    cr_expect_eq(gd_loss_check(&mse, targets, 2, 2, 2, &error), GD_OK);
    cr_expect_eq(gd_loss_check(&mse, &nan_target, 1, 1, 1, &error), GD_INVALID_DATA);
    cr_expect_eq(gd_loss_check(&none, targets, 2, 2, 2, &error), GD_INVALID_ARGUMENT);
    cr_expect_null(gd_loss_descriptor_at(GD_LOSS_TYPE_COUNT));
}
