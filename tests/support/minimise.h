/*
 * minimise.h: an optimizer on a function of a few variables, without model and data.
 */
#ifndef TESTS_SUPPORT_MINIMISE_H
#define TESTS_SUPPORT_MINIMISE_H

#include <descent/optimizer.h>

/* Returns the value at p and writes its gradient. */
typedef double minimise_function(const gd_real *p, gd_real *gradient);

typedef struct minimise_run {
    gd_optimizer_options options;
    minimise_function *function;
    size_t count;
    gd_real parameters[8], gradients[8], result[8];
    gd_real *moments; /* owned */
    double *scalars;  /* owned */
    int64_t step;     /* done */
} minimise_run;

/* The type's defaults. */
gd_optimizer_options minimise_defaults(gd_optimizer_type type);

/* `function` may be NULL for runs that are only driven by minimise_given. */
void minimise_begin(minimise_run *run, const gd_optimizer_options *options,
                    minimise_function *function, const double *start, size_t count);
void minimise_end(minimise_run *run);

/* One step at the rate of the options. */
void minimise_step(minimise_run *run);

/* One step with a gradient from elsewhere, at this rate. */
void minimise_given(minimise_run *run, const double *gradient, double learning_rate);

/* (1 - x)² + 100 (y - x²)² */
double minimise_rosenbrock(const gd_real *p, gd_real *gradient);

#endif
