/*
 * rules.h: what the files of update rules share: their descriptors, rows for their options and the
 * marks that let compilers vectorise their loops.
 *
 * A rule is one file that defines one gd_optimizer_descriptor, and one line in optimizer.c. Its loop
 * computes each element from the same index alone, with operations that IEEE 754 rounds exactly and
 * no contraction, so that every instruction set gives the same bytes.
 */
#ifndef DESCENT_OPTIM_RULES_H
#define DESCENT_OPTIM_RULES_H

#include <descent/optimizer.h>

#include "base/versions.h"

#define GDI_UNBOUNDED 1e6 /* upper bound of options that PyTorch only wants not to be negative */

#define GDI_NUMBER(option, member, low, high, value, text)                                     \
    {                                                                                          \
        .name = (option), .type = GD_FIELD_NUMBER,                                             \
        .offset = offsetof(gd_optimizer_options, member), .minimum = (low), .maximum = (high), \
        .default_value = (value), .help = (text)                                               \
    }

#define GDI_LEARNING_RATE(value, text)                                                \
    {                                                                                 \
        .name = "learning_rate", .type = GD_FIELD_NUMBER,                             \
        .offset = offsetof(gd_optimizer_options, learning_rate), .minimum = 0,        \
        .minimum_excluded = true, .maximum = GDI_UNBOUNDED, .default_value = (value), \
        .help = (text)                                                                \
    }

/* The same of a rule to whose steps a range test can be put. */
#define GDI_TESTED_RATE(value, text)                                             \
    {                                                                            \
        .name = "learning_rate", .type = GD_FIELD_NUMBER,                        \
        .offset = offsetof(gd_optimizer_options, learning_rate), .minimum = 0,   \
        .minimum_excluded = true, .maximum = GDI_UNBOUNDED, .automatic = "auto", \
        .default_value = (value), .help = (text)                                 \
    }

#define GDI_BOOLEAN(option, member, value, text)                                                  \
    {                                                                                             \
        .name = (option), .type = GD_FIELD_BOOLEAN,                                               \
        .offset = offsetof(gd_optimizer_options, member), .maximum = 1, .default_value = (value), \
        .help = (text)                                                                            \
    }

/* Two decay rates, each in [0, 1). */
#define GDI_BETAS(member, values, text)                                               \
    {                                                                                 \
        .name = "betas", .type = GD_FIELD_NUMBERS,                                    \
        .offset = offsetof(gd_optimizer_options, member), .minimum = 0, .maximum = 1, \
        .maximum_excluded = true, .minimum_length = 2, .maximum_length = 2,           \
        .default_list = (values), .help = (text)                                      \
    }

#define GDI_FIELD_TABLE(rows)                                       \
    {                                                               \
        .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0]) \
    }

#define GDI_WEIGHT_DECAY(member)                            \
    GDI_NUMBER("weight_decay", member, 0, GDI_UNBOUNDED, 0, \
               "L2 penalty: weight_decay times the parameters is added to the gradient.")

/* 1 - beta^step without cancellation. */
double gdi_bias_correction(double beta, int64_t step);

extern const gd_optimizer_descriptor gdi_optimizer_sgd;
extern const gd_optimizer_descriptor gdi_optimizer_adagrad;
extern const gd_optimizer_descriptor gdi_optimizer_rmsprop;
extern const gd_optimizer_descriptor gdi_optimizer_adam;
extern const gd_optimizer_descriptor gdi_optimizer_adamw;
extern const gd_optimizer_descriptor gdi_optimizer_adadelta;
extern const gd_optimizer_descriptor gdi_optimizer_adamax;
extern const gd_optimizer_descriptor gdi_optimizer_nadam;
extern const gd_optimizer_descriptor gdi_optimizer_radam;
extern const gd_optimizer_descriptor gdi_optimizer_rprop;
extern const gd_optimizer_descriptor gdi_optimizer_lion;
extern const gd_optimizer_descriptor gdi_optimizer_lbfgs;

#endif
