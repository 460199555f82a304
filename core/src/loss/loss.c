/*
 * loss.c: the one table of losses, and the check of targets before training begins.
 *
 * A new loss is one file, its enumerator and a row here. `evaluate` never reads out of bounds, even
 * where the check was left out: a class that does not exist gives NaN.
 */
#include "loss/loss.h"

#include <math.h>

static const gd_field huber_fields[] = {
    {.name = "delta",
     .type = GD_FIELD_NUMBER,
     .offset = offsetof(gd_loss_options, delta),
     .minimum = 0,
     .minimum_excluded = true,
     .maximum = 1e12,
     .default_value = 1,
     .help = "distance beyond which the loss is a line"},
};

static const gd_field quantile_fields[] = {
    {.name = "q",
     .type = GD_FIELD_NUMBER,
     .offset = offsetof(gd_loss_options, q),
     .minimum = 0,
     .minimum_excluded = true,
     .maximum = 1,
     .maximum_excluded = true,
     .default_value = 0.5,
     .help = "the share of targets that shall lie below the prediction"},
};

#define FIELDS(table)                                                  \
    {                                                                  \
        .fields = (table), .count = sizeof(table) / sizeof((table)[0]) \
    }
#define NUMBERS_FROM(least) \
    .minimum_width = 1, .target_minimum = (least), .target_maximum = INFINITY

static const gd_loss_descriptor descriptors[GD_LOSS_TYPE_COUNT] = {
    [GD_LOSS_MSE] = {.name = "mse",
                     .formula = "mean of (z - y)^2",
                     .link = GD_LINK_IDENTITY,
                     NUMBERS_FROM(-INFINITY),
                     .evaluate = gdi_mse},
    [GD_LOSS_BINARY_CROSS_ENTROPY] = {.name = "binary_cross_entropy",
                                      .formula = "mean of log(1 + exp(z)) - y z",
                                      .link = GD_LINK_SIGMOID,
                                      .classification = true,
                                      .minimum_width = 1,
                                      .target_minimum = 0,
                                      .target_maximum = 1,
                                      .evaluate = gdi_binary_cross_entropy},
    [GD_LOSS_CROSS_ENTROPY] = {.name = "cross_entropy",
                               .formula = "mean over rows of log(sum of exp(z)) - z[class]",
                               .link = GD_LINK_SOFTMAX,
                               .classification = true,
                               .class_targets = true,
                               .minimum_width = 2,
                               .evaluate = gdi_cross_entropy},
    [GD_LOSS_MAE] = {.name = "mae",
                     .formula = "mean of |z - y|",
                     .link = GD_LINK_IDENTITY,
                     NUMBERS_FROM(-INFINITY),
                     .evaluate = gdi_mae},
    [GD_LOSS_HUBER] = {.name = "huber",
                       .formula = "mean of d^2 / 2 if |d| <= delta else delta (|d| - delta / 2), "
                                  "d = z - y",
                       .fields = FIELDS(huber_fields),
                       .link = GD_LINK_IDENTITY,
                       NUMBERS_FROM(-INFINITY),
                       .evaluate = gdi_huber},
    [GD_LOSS_HINGE] = {.name = "hinge",
                       .formula = "one output: mean of max(0, 1 - s z), s = -1 or 1; more: mean of "
                                  "max(0, 1 - z[class] + z[c]) over rows and classes",
                       .link = GD_LINK_DECISION,
                       .classification = true,
                       .class_targets = true,
                       .minimum_width = 1,
                       .evaluate = gdi_hinge},
    [GD_LOSS_POISSON] = {.name = "poisson",
                         .formula = "mean of exp(z) - y z",
                         .link = GD_LINK_EXPONENTIAL,
                         NUMBERS_FROM(0),
                         .evaluate = gdi_poisson},
    [GD_LOSS_QUANTILE] = {.name = "quantile",
                          .formula = "mean of q (y - z) if z < y else (1 - q) (z - y)",
                          .fields = FIELDS(quantile_fields),
                          .link = GD_LINK_IDENTITY,
                          NUMBERS_FROM(-INFINITY),
                          .evaluate = gdi_quantile},
};

static const gd_loss_descriptor output = {.name = "output",
                                          .formula = "mean of z",
                                          .link = GD_LINK_IDENTITY,
                                          NUMBERS_FROM(-INFINITY),
                                          .evaluate = gdi_output};

const gd_loss_descriptor *gd_loss_descriptor_at(gd_loss_type type)
{
    if (type == GD_LOSS_OUTPUT) {
        return &output;
    }
    return (size_t)type < GD_LOSS_TYPE_COUNT ? &descriptors[type] : NULL;
}

int64_t gdi_class_index(gd_real target, int64_t classes)
{
    const double index = (double)target;
    if (!(index >= 0) || !(index < (double)classes) || floor(index) < index) {
        return -1;
    }
    return (int64_t)target;
}

static gd_status check_classes(const gd_loss_descriptor *loss, const gd_real *targets, int64_t rows,
                               int64_t classes, gd_error *error)
{
    for (int64_t r = 0; r < rows; r++) {
        if (gdi_class_index(targets[r], classes) < 0) {
            return gd_fail(error, GD_INVALID_DATA, "",
                           "%s wants a class from 0 to %lld as target, row %lld has %.9g",
                           loss->name, (long long)(classes - 1), (long long)r, (double)targets[r]);
        }
    }
    return GD_OK;
}

gd_status gd_loss_check(const gd_loss_options *options, const gd_real *targets, int64_t rows,
                        int64_t target_width, int64_t output_width, gd_error *error)
{
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(options->type);
    if (loss == NULL) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "loss", "there is no such loss");
    }
    if (output_width < loss->minimum_width) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "loss",
                       "%s wants at least %lld outputs, the model has %lld", loss->name,
                       (long long)loss->minimum_width, (long long)output_width);
    }
    const int64_t wanted = loss->class_targets ? 1 : output_width;
    if (target_width != wanted) {
        return gd_fail(error, GD_SHAPE_MISMATCH, "loss",
                       "%s of %lld outputs wants %lld numbers a target, got %lld", loss->name,
                       (long long)output_width, (long long)wanted, (long long)target_width);
    }
    if (loss->class_targets) {
        return check_classes(loss, targets, rows, gdi_class_count(output_width), error);
    }
    for (int64_t i = 0; i < rows * target_width; i++) {
        const double target = (double)targets[i];
        if (!(target >= loss->target_minimum && target <= loss->target_maximum)) {
            return gd_fail(error, GD_INVALID_DATA, "",
                           "%s wants targets from %g to %g, row %lld has %.9g", loss->name,
                           loss->target_minimum, loss->target_maximum,
                           (long long)(i / target_width), target);
        }
    }
    return GD_OK;
}
