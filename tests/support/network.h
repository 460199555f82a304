/*
 * network.h: small networks for tests, and the check of their gradients.
 *
 * A network is a model with parameters, a training workspace and one batch, all drawn from a seed.
 * `network_loss` and `network_gradient` run training passes that start from the same random state, so
 * that dropout drops the same elements each time. Failures to build are Criterion assertions.
 */
#ifndef TESTS_SUPPORT_NETWORK_H
#define TESTS_SUPPORT_NETWORK_H

#include <descent/loss.h>
#include <descent/model.h>

typedef struct network {
    gd_model *model;
    gd_workspace *workspace;
    gd_loss_options loss;
    int64_t batch;
    int64_t rows, width; /* of the outputs, as the loss sees them */
    gd_real *parameters; /* [parameter_count] */
    gd_real *gradients;  /* [parameter_count] */
    gd_real *input;      /* [batch, input…], standard normal */
    gd_real *targets;    /* [rows, width] normal, or [rows, 1] classes */
    gd_real *slopes;     /* [rows, width] */
} network;

/* A layer with its defaults. */
gd_layer_options network_layer(gd_layer_type type);
gd_layer_options network_dense(int64_t units, gd_activation activation);
gd_layer_options network_activation(gd_activation function);
gd_layer_options network_dropout(double rate);

gd_shape network_shape(int64_t rank, const int64_t *dimensions);
#define SHAPE(...)                                                               \
    network_shape((int64_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
                  (int64_t[]){__VA_ARGS__})

/* `layers` [count] on examples of shape `input`; the loss may be any of loss.h. */
network network_create(gd_shape input, const gd_layer_options *layers, int64_t count, int64_t batch,
                       gd_loss_options loss, uint64_t seed);
void network_destroy(network *net);

/* Loss of a training pass; the output is left in the workspace and returned where wanted. */
double network_loss(network *net, const gd_real **output);
/* The same, then the backward pass into net->gradients. */
double network_gradient(network *net);

typedef struct gradient_check {
    double worst; /* relative error, against at least 1e-4 of the largest gradient */
    char name[48];
    int64_t checked, skipped; /* skipped: the function has a kink within the step */
} gradient_check;

/* Every trained parameter by central differences of fourth order; made for the double build. */
gradient_check network_check(network *net);

/* Relative error of the derivative along one random direction; for either build. */
double network_check_direction(network *net, double step);

/* In a double build every gradient within 1e-6, else one direction within 1e-3; then destroys. */
void network_expect_gradients(network net, const char *what);

#endif
