/*
 * test_optimizer.c: the table of rules, PyTorch's defaults, and all rules on functions whose minimum
 * is known.
 */
#include <criterion/criterion.h>

#include "support/minimise.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

Test(optim_optimizer, every_row_is_complete)
{
    for (int type = 0; type < GD_OPTIMIZER_TYPE_COUNT; type++) {
        const gd_optimizer_descriptor *rule = gd_optimizer_descriptor_at((gd_optimizer_type)type);
        cr_assert_not_null(rule, "type %d", type);
        cr_assert(rule->name != NULL && rule->help != NULL && rule->update != NULL &&
                  rule->moment_count != NULL);
        cr_assert_str_eq(rule->fields.fields[0].name, "learning_rate");
        cr_assert_eq(rule->fields.fields[0].offset, offsetof(gd_optimizer_options, learning_rate));
        gd_optimizer_options options = minimise_defaults((gd_optimizer_type)type);
        cr_assert(rule->check == NULL || rule->check(&options, NULL) == GD_OK, "%s", rule->name);
        cr_assert_geq(rule->moment_count(&options), 0);
    }
    cr_assert_null(gd_optimizer_descriptor_at(GD_OPTIMIZER_TYPE_COUNT));
    cr_assert_null(gd_optimizer_descriptor_at((gd_optimizer_type)-1));
}

Test(optim_optimizer, defaults_are_those_of_pytorch)
{
    gd_optimizer_options options = minimise_defaults(GD_OPTIMIZER_SGD);
    cr_assert_eq(options.learning_rate, 1e-2);
    cr_assert(options.of.sgd.momentum == 0 && options.of.sgd.dampening == 0 &&
              options.of.sgd.weight_decay == 0 && !options.of.sgd.nesterov);
    options = minimise_defaults(GD_OPTIMIZER_ADAGRAD);
    cr_assert_eq(options.learning_rate, 1e-2);
    cr_assert(options.of.adagrad.eps == 1e-10 && options.of.adagrad.lr_decay == 0 &&
              options.of.adagrad.initial_accumulator_value == 0);
    options = minimise_defaults(GD_OPTIMIZER_RMSPROP);
    cr_assert_eq(options.learning_rate, 1e-2);
    cr_assert(options.of.rmsprop.alpha == 0.99 && options.of.rmsprop.eps == 1e-8 &&
              options.of.rmsprop.momentum == 0 && !options.of.rmsprop.centered);
    options = minimise_defaults(GD_OPTIMIZER_ADAM);
    cr_assert_eq(options.learning_rate, 1e-3);
    cr_assert(options.of.adam.betas.length == 2 && options.of.adam.betas.values[0] == 0.9 &&
              options.of.adam.betas.values[1] == 0.999 && options.of.adam.eps == 1e-8 &&
              options.of.adam.weight_decay == 0 && !options.of.adam.amsgrad);
    options = minimise_defaults(GD_OPTIMIZER_ADAMW);
    cr_assert(options.learning_rate == 1e-3 && options.of.adam.weight_decay == 1e-2);
    options = minimise_defaults(GD_OPTIMIZER_ADADELTA);
    cr_assert(options.learning_rate == 1 && options.of.adadelta.rho == 0.9 &&
              options.of.adadelta.eps == 1e-6);
    cr_assert_eq(minimise_defaults(GD_OPTIMIZER_ADAMAX).learning_rate, 2e-3);
    options = minimise_defaults(GD_OPTIMIZER_NADAM);
    cr_assert(options.learning_rate == 2e-3 && options.of.adamax.momentum_decay == 4e-3);
    cr_assert_eq(minimise_defaults(GD_OPTIMIZER_RADAM).learning_rate, 1e-3);
    options = minimise_defaults(GD_OPTIMIZER_RPROP);
    cr_assert(options.learning_rate == 1e-2 && options.of.rprop.etas.values[0] == 0.5 &&
              options.of.rprop.etas.values[1] == 1.2 &&
              options.of.rprop.step_sizes.values[0] == 1e-6 &&
              options.of.rprop.step_sizes.values[1] == 50);
    options = minimise_defaults(GD_OPTIMIZER_LION);
    cr_assert(options.learning_rate == 1e-4 && options.of.lion.betas.values[1] == 0.99);
    options = minimise_defaults(GD_OPTIMIZER_LBFGS);
    cr_assert(options.learning_rate == 1 && options.of.lbfgs.history == 100 &&
              options.of.lbfgs.tolerance_grad == 1e-7 && options.of.lbfgs.tolerance_change == 1e-9);
}

/*
 * A known run: the first step within 3e-2 of Rosenbrock's minimum, in double, and a bound of the
 * error at the end. A rate that stays as it is keeps adam and adamw circling: which way depends on
 * the last bits, so that theirs is the 3e-2 that counts as reached.
 */
typedef struct known_run {
    const char *name;
    gd_optimizer_options options;
    int first;        /* step at which optimum is within 3e-2 in double */
    double end_error; /* after 10,000 steps, at most */
} known_run;

static gd_optimizer_options with_rate(gd_optimizer_type type, double learning_rate)
{
    gd_optimizer_options options = minimise_defaults(type);
    options.learning_rate = learning_rate;
    return options;
}

static gd_optimizer_options with_momentum(bool nesterov)
{
    gd_optimizer_options options = with_rate(GD_OPTIMIZER_SGD, 1e-3);
    options.of.sgd.momentum = 0.9;
    options.of.sgd.nesterov = nesterov;
    return options;
}

static size_t list_runs(known_run *runs)
{
    size_t count = 0;
    runs[count++] = (known_run){"sgd", with_rate(GD_OPTIMIZER_SGD, 1e-3), 7557, 1.2e-2};
    runs[count++] = (known_run){"momentum", with_momentum(false), 715, 1e-4};
    runs[count++] = (known_run){"nesterov", with_momentum(true), 719, 1e-4};
    runs[count++] = (known_run){"adagrad", with_rate(GD_OPTIMIZER_ADAGRAD, 1.0), 3573, 1e-3};
    runs[count++] = (known_run){"rmsprop", with_rate(GD_OPTIMIZER_RMSPROP, 5e-3), 2530, 1e-2};
    runs[count++] = (known_run){"adam", with_rate(GD_OPTIMIZER_ADAM, 0.1), 198, 3e-2};
    runs[count] = (known_run){"amsgrad", with_rate(GD_OPTIMIZER_ADAM, 0.1), 188, 1e-4};
    runs[count++].options.of.adam.amsgrad = true;
    runs[count] = (known_run){"adamw", with_rate(GD_OPTIMIZER_ADAMW, 0.1), 196, 3e-2};
    runs[count++].options.of.adam.weight_decay = 1e-4;
    runs[count++] = (known_run){"adamax", with_rate(GD_OPTIMIZER_ADAMAX, 0.1), 317, 5e-3};
    runs[count++] = (known_run){"adadelta", with_rate(GD_OPTIMIZER_ADADELTA, 0.1), 4182, 3e-2};
    runs[count++] = (known_run){"rprop", with_rate(GD_OPTIMIZER_RPROP, 0.1), 1684, 5e-3};
    return count;
}

static double distance(const minimise_run *run, const double *to)
{
    double worst = 0;
    for (size_t i = 0; i < run->count; i++) {
        worst = fmax(worst, fabs((double)run->parameters[i] - to[i]));
    }
    return worst;
}

Test(optim_optimizer, rosenbrock_is_reached_when_it_is_known_to_be)
{
    known_run runs[16];
    const double minimum[2] = {1, 1};
    size_t count = list_runs(runs);
    for (size_t i = 0; i < count; i++) {
        minimise_run run;
        int first = 0;
        minimise_begin(&run, &runs[i].options, minimise_rosenbrock, (double[]){0, 0}, 2);
        for (int step = 1; step <= 10000; step++) {
            minimise_step(&run);
            if (first == 0 && distance(&run, minimum) <= 3e-2) {
                first = step;
            }
        }
        double error = distance(&run, minimum);
        double late = fabs((double)first - runs[i].first);
        cr_expect_leq(late, 2 + 0.05 * runs[i].first, "%s: first at %d, not %d", runs[i].name,
                      first, runs[i].first);
        cr_expect_leq(error, runs[i].end_error, "%s ends %g off", runs[i].name, error);
        minimise_end(&run);
    }
}

static const double parabola_minimum[3] = {1, -1, 1};

static double parabola(const gd_real *p, gd_real *gradient)
{
    double value = 0;
    for (int i = 0; i < 3; i++) {
        double distance_of = (double)p[i] - parabola_minimum[i];
        gradient[i] = (gd_real)(2 * distance_of);
        value += distance_of * distance_of;
    }
    return value;
}

Test(optim_optimizer, parabola_is_reached)
{
    known_run runs[16];
    size_t count = list_runs(runs);
    for (size_t i = 0; i < count; i++) {
        minimise_run run;
        minimise_begin(&run, &runs[i].options, parabola, (double[]){-1, 10, 1}, 3);
        for (int step = 1; step <= 10000; step++) {
            minimise_step(&run);
        }
        cr_expect_leq(distance(&run, parabola_minimum), 3e-2, "%s ends %g off", runs[i].name,
                      distance(&run, parabola_minimum));
        minimise_end(&run);
    }
}
