/*
 * optimizer.h: update rules over one flat block of parameters.
 *
 * Names, rules, defaults and the order of operations are PyTorch's (torch.optim); numbers agree with
 * it to float rounding. An optimizer sees (parameters, gradients, n) and nothing of layers. Its
 * moments are one flat block too. Corrections that depend on the step alone are computed in double.
 * Thread rule: rules are pure functions of their arguments.
 */
#ifndef DESCENT_OPTIMIZER_H
#define DESCENT_OPTIMIZER_H

#include <descent/field.h>
#include <descent/real.h>
#include <descent/status.h>

typedef enum gd_optimizer_type {
    GD_OPTIMIZER_SGD,
    GD_OPTIMIZER_ADAGRAD,
    GD_OPTIMIZER_RMSPROP,
    GD_OPTIMIZER_ADAM,
    GD_OPTIMIZER_ADAMW,
    GD_OPTIMIZER_ADADELTA,
    GD_OPTIMIZER_ADAMAX,
    GD_OPTIMIZER_NADAM,
    GD_OPTIMIZER_RADAM,
    GD_OPTIMIZER_RPROP,
    GD_OPTIMIZER_LION,
    GD_OPTIMIZER_LBFGS,
    GD_OPTIMIZER_TYPE_COUNT
} gd_optimizer_type;

typedef struct gd_sgd_options {
    double momentum, dampening, weight_decay;
    bool nesterov; /* needs momentum > 0 and dampening 0 */
} gd_sgd_options;

typedef struct gd_adagrad_options {
    double lr_decay, weight_decay, initial_accumulator_value, eps;
} gd_adagrad_options;

typedef struct gd_rmsprop_options {
    double alpha, eps, weight_decay, momentum;
    bool centered;
} gd_rmsprop_options;

typedef struct gd_adam_options { /* adam and adamw, which differ in weight_decay alone */
    gd_number_list betas;        /* two */
    double eps, weight_decay;
    bool amsgrad;
} gd_adam_options;

typedef struct gd_adadelta_options {
    double rho, eps, weight_decay;
} gd_adadelta_options;

typedef struct gd_adamax_options { /* adamax, nadam, radam; momentum_decay is nadam's */
    gd_number_list betas;          /* two */
    double eps, weight_decay, momentum_decay;
} gd_adamax_options;

typedef struct gd_rprop_options {
    gd_number_list etas;       /* two: shrink below 1, grow above */
    gd_number_list step_sizes; /* two: smallest, largest */
} gd_rprop_options;

typedef struct gd_lion_options {
    gd_number_list betas; /* two */
    double weight_decay;
} gd_lion_options;

typedef enum gd_line_search {
    GD_LINE_SEARCH_STRONG_WOLFE,
    GD_LINE_SEARCH_NONE /* every step as long as learning_rate says */
} gd_line_search;

typedef struct gd_lbfgs_options {
    int64_t history; /* pairs of steps and changes of the gradient that are kept */
    int line_search; /* gd_line_search */
    double tolerance_grad, tolerance_change;
} gd_lbfgs_options;

typedef struct gd_optimizer_options {
    gd_optimizer_type type;
    double learning_rate; /* GD_AUTOMATIC_NUMBER: the trainer finds one (training.h) */
    union {
        gd_sgd_options sgd;
        gd_adagrad_options adagrad;
        gd_rmsprop_options rmsprop;
        gd_adam_options adam;
        gd_adadelta_options adadelta;
        gd_adamax_options adamax; /* and nadam, radam */
        gd_rprop_options rprop;
        gd_lion_options lion;
        gd_lbfgs_options lbfgs;
    } of;
} gd_optimizer_options;

/* The function being minimised, for rules that look at more than one place in a step. */
typedef struct gd_objective {
    /* Returns the loss at `parameters` and writes its gradient; both may be non-finite. */
    double (*evaluate)(void *context, const gd_real *parameters, gd_real *gradients);
    void *context;
} gd_objective;

/* What a rule is given for one step. */
typedef struct gd_update {
    int64_t step;              /* 1 at the first update */
    double learning_rate;      /* after schedule and warm-up */
    const gd_real *parameters; /* [count] */
    const gd_real *gradients;  /* [count] */
    gd_real *moments;          /* blocks of [count], zero-filled or as `prepare` left it at first */
    gd_real *result; /* [count]: the new parameters; may be `parameters` unless needs_objective */
    size_t count;
    size_t stride; /* from one block of moments to the next: count, or more where this is a part of
                        all parameters; rules without an objective work on any part alone */
    double *scalars; /* [scalar_count], zero at first: what a rule keeps besides moments */
    double loss;     /* at `parameters` */
    const gd_objective *objective; /* NULL unless needs_objective */
} gd_update;

typedef struct gd_optimizer_descriptor {
    const char *name;
    const char *help;
    gd_field_table fields; /* learning_rate first; offsets in gd_optimizer_options */
    /*
     * Further conditions between members ("nesterov" needs momentum): path and message in error.
     * NULL: none.
     */
    gd_status (*check)(const gd_optimizer_options *options, gd_error *error);
    /* Blocks of `count` moments this rule keeps with these options. */
    int64_t (*moment_count)(const gd_optimizer_options *options);
    /* Doubles this rule keeps in `scalars`; NULL: none. */
    int64_t (*scalar_count)(const gd_optimizer_options *options);
    bool needs_objective; /* the rule evaluates loss and gradient at places of its own choice */
    /* Sets moments that do not start at zero; NULL where all do. */
    void (*prepare)(const gd_optimizer_options *options, gd_real *moments, size_t count);
    void (*update)(const gd_optimizer_options *options, const gd_update *update);
    /*
     * The same of `rows` ranges of update->count elements row_step apart, their gradients gradient_step
     * apart, of which `update` is the first, for a rule without scalars whose result is not finite where
     * a gradient is not. NULL: only `update`.
     */
    void (*update_rows)(const gd_optimizer_options *options, const gd_update *update, size_t rows,
                        size_t row_step, size_t gradient_step);
} gd_optimizer_descriptor;

const gd_optimizer_descriptor *gd_optimizer_descriptor_at(gd_optimizer_type type);

#endif
