/*
 * test_dense_sparse.c: a dense layer gives the same sums and gradients for sparse rows as for the same
 * rows written out: within 1e-6 in the double build (and far below), else within the rounding of the
 * sums.
 */
#include "support/network.h"
#include "support/sparse_rows.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 40,
    WIDTH = 300,
    FILLED = 20
};

/* Of the largest number compared. */
static const double tolerance = sizeof(gd_real) == sizeof(double) ? 1e-13 : 4e-6;

static void expect_close(const gd_real *a, const gd_real *b, size_t count, const char *what)
{
    double largest = 0, difference = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)a[i]));
        difference = fmax(difference, fabs((double)a[i] - (double)b[i]));
    }
    cr_expect_gt(largest, 0);
    cr_expect_leq(difference, tolerance * largest, "%s differ by %g of %g", what, difference,
                  largest);
}

static void compare(const gd_layer_options *layers, int64_t count, bool doubles)
{
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    sparse_rows rows = sparse_rows_create(ROWS, WIDTH, FILLED, doubles, 3);
    uint32_t order[ROWS];
    network net = network_create(SHAPE(WIDTH), layers, count, ROWS, loss, 1);
    size_t parameters = gd_model_parameter_count(net.model);
    size_t outputs = (size_t)(net.rows * net.width);
    for (uint32_t i = 0; i < ROWS; i++) { /* backwards, so that rows are really looked up */
        order[i] = ROWS - 1 - i;
        memcpy(net.input + i * WIDTH, rows.dense + order[i] * WIDTH, WIDTH * sizeof(gd_real));
    }
    double wanted = network_gradient(&net);
    const gd_real *dense = NULL;
    (void)network_loss(&net, &dense);
    gd_real *kept = calloc(outputs, sizeof *kept), *gradients = calloc(parameters, sizeof *kept);
    memcpy(kept, dense, outputs * sizeof *kept);
    for (size_t i = 0; i < parameters; i++) {
        gradients[i] = 77; /* written, not added to */
    }
    gd_sparse_batch batch = {&rows.matrix, order};
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_DROPOUT);
    cr_assert(gd_model_takes_sparse(net.model));
    const gd_real *sparse =
        gd_model_forward_sparse(net.model, net.parameters, net.workspace, &batch, ROWS, &random);
    cr_assert_not_null(sparse);
    expect_close(kept, sparse, outputs, "outputs");
    double got = gd_loss_descriptor_at(loss.type)->evaluate(&loss, sparse, net.targets, net.rows,
                                                            net.width, net.slopes);
    cr_expect_float_eq(got, wanted, 1e-6 * fabs(wanted));
    gd_model_backward_sparse(net.model, net.parameters, net.workspace, &batch, ROWS, net.slopes,
                             gradients);
    expect_close(net.gradients, gradients, parameters, "gradients");
    free(kept);
    free(gradients);
    network_destroy(&net);
    sparse_rows_destroy(&rows);
}

Test(nn_dense_sparse, one_unit_as_of_linear_and_logistic_models)
{
    const gd_layer_options layer = network_dense(1, GD_ACTIVATION_IDENTITY);
    compare(&layer, 1, false);
    compare(&layer, 1, true);
}

Test(nn_dense_sparse, several_units_as_of_softmax)
{
    gd_layer_options layer = network_dense(7, GD_ACTIVATION_IDENTITY);
    compare(&layer, 1, false);
    layer.of.dense.bias = false;
    compare(&layer, 1, true);
}

Test(nn_dense_sparse, hidden_layers_behind_it)
{
    const gd_layer_options layers[] = {network_dense(9, GD_ACTIVATION_GELU),
                                       network_dense(5, GD_ACTIVATION_TANH),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    compare(layers, 3, false);
    compare(layers, 3, true);
}

Test(nn_dense_sparse, a_matrix_narrower_than_the_model_has_zeros_behind)
{
    const gd_layer_options layer = network_dense(1, GD_ACTIVATION_IDENTITY);
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    const int64_t offsets[] = {0, 2};
    const uint32_t indices[] = {0, 2}, rows[] = {0};
    const float values[] = {2, 3};
    gd_sparse_matrix matrix = {1, 3, 2, offsets, indices, values, NULL};
    gd_sparse_batch batch = {&matrix, rows};
    network net = network_create(SHAPE(5), &layer, 1, 1, loss, 1);
    const gd_real parameters[] = {1, 10, 100, 1000, 10000, 0.5F};
    memcpy(net.parameters, parameters, sizeof parameters);
    const gd_real *output =
        gd_model_forward_sparse(net.model, net.parameters, net.workspace, &batch, 1, NULL);
    cr_assert_not_null(output);
    cr_expect_eq((double)output[0], 302.5);
    matrix.width = 6;
    cr_expect_null(
        gd_model_forward_sparse(net.model, net.parameters, net.workspace, &batch, 1, NULL));
    network_destroy(&net);
}

Test(nn_dense_sparse, other_first_layers_take_no_sparse_rows)
{
    const gd_layer_options layers[] = {network_dropout(0.5),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    const gd_loss_options loss = {.type = GD_LOSS_MSE};
    network dropped = network_create(SHAPE(4), layers, 2, 1, loss, 1);
    network sequence = network_create(SHAPE(2, 4), layers + 1, 1, 1, loss, 1);
    cr_expect_not(gd_model_takes_sparse(dropped.model));
    cr_expect_not(gd_model_takes_sparse(sequence.model));
    gd_sparse_batch batch = {0};
    cr_expect_null(gd_model_forward_sparse(dropped.model, dropped.parameters, dropped.workspace,
                                           &batch, 1, NULL));
    network_destroy(&dropped);
    network_destroy(&sequence);
}
