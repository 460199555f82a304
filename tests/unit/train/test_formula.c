/*
 * Formulas without data: functions with known minima and rates, bounds, restarts, curves, divergence,
 * and states that continue to the same bytes. All in double, whatever gd_real is.
 */
#include <criterion/criterion.h>

#include "support/formula_run.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROSENBROCK "(1-x)^2+100*(y-x^2)^2"

static void begin(formula_run *run, const char *text, double x, double y,
                  gd_optimizer_type optimizer, double learning_rate, int64_t steps)
{
    const gd_formula_parameter parameters[] = {formula_parameter("x", x),
                                               formula_parameter("y", y)};
    int64_t count = strchr(text, 'y') != NULL ? 2 : 1;
    formula_run_begin(run, text, parameters, count, optimizer, learning_rate, steps);
}

static double value(const formula_run *run, int index)
{
    return gd_trainer_formula_parameters(run->trainer)[index];
}

Test(train_formula, rosenbrock_by_every_optimizer)
{
    static const struct {
        gd_optimizer_type optimizer;
        double learning_rate;
        int64_t steps;
        double tolerance;
    } cases[] = {
        {GD_OPTIMIZER_SGD, 1e-3, 10000, 3e-2},     {GD_OPTIMIZER_ADAM, 0.1, 10000, 3e-2},
        {GD_OPTIMIZER_ADAGRAD, 1.0, 10000, 3e-2},  {GD_OPTIMIZER_RMSPROP, 5e-3, 10000, 3e-2},
        {GD_OPTIMIZER_ADADELTA, 0.1, 10000, 3e-2}, {GD_OPTIMIZER_ADAMAX, 0.1, 10000, 3e-2},
        {GD_OPTIMIZER_RPROP, 0.1, 10000, 3e-2},    {GD_OPTIMIZER_ADAMW, 0.1, 10000, 3e-2},
        {GD_OPTIMIZER_NADAM, 0.02, 10000, 3e-2},   {GD_OPTIMIZER_RADAM, 0.02, 10000, 3e-2},
        {GD_OPTIMIZER_LION, 1e-3, 10000, 3e-2},    {GD_OPTIMIZER_LBFGS, 1, 100, 1e-6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        formula_run run;
        begin(&run, ROSENBROCK, 0, 0, cases[i].optimizer, cases[i].learning_rate, cases[i].steps);
        if (cases[i].optimizer == GD_OPTIMIZER_ADAMW) {
            run.setup.optimizer.of.adam.weight_decay = 1e-4;
        }
        cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
        double distance = fmax(fabs(value(&run, 0) - 1), fabs(value(&run, 1) - 1));
        cr_expect_leq(distance, cases[i].tolerance, "%s ends %g away",
                      gd_optimizer_descriptor_at(cases[i].optimizer)->name, distance);
        formula_run_end(&run);
    }
}

/* More digits than a float has: nothing on the way is one. */
Test(train_formula, momentum_reaches_rosenbrock_to_all_digits)
{
    formula_run run;
    begin(&run, ROSENBROCK, -1.2, 1, GD_OPTIMIZER_SGD, 1e-3, 20000);
    run.setup.optimizer.of.sgd.momentum = 0.9;
    cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
    cr_assert_float_eq(value(&run, 0), 1, 1e-13);
    cr_assert_float_eq(value(&run, 1), 1, 1e-13);
    formula_run_end(&run);
}

/* x' = (1 - rate · L) x exactly, here with L = 4. */
Test(train_formula, a_parabola_diverges_exactly_beyond_two_over_its_curvature)
{
    static const struct {
        double rate;
        bool shrinks;
    } cases[] = {{0.1, true}, {0.4999, true}, {0.5001, false}, {0.75, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        formula_run run;
        begin(&run, "2*x^2", 3, 0, GD_OPTIMIZER_SGD, cases[i].rate, 100);
        (void)formula_run_go(&run, 0, NULL);
        double wanted = 3 * pow(1 - 4 * cases[i].rate, 100);
        cr_assert_float_eq(value(&run, 0), wanted, 1e-12 * fabs(wanted), "%.17g", value(&run, 0));
        cr_assert_eq(fabs(value(&run, 0)) < 3, cases[i].shrinks);
        formula_run_end(&run);
    }
}

Test(train_formula, divergence_names_the_step_and_keeps_the_last_finite_values)
{
    formula_run run;
    gd_error error = {0};
    begin(&run, "2*x^2", 3, 0, GD_OPTIMIZER_SGD, 1, 10000);
    cr_assert_eq(formula_run_go(&run, 0, &error), GD_NON_FINITE);
    cr_assert_eq(gd_trainer_progress(run.trainer)->reason, GD_STOP_DIVERGED);
    cr_assert(strncmp(error.message, "step ", 5) == 0, "%s", error.message);
    cr_assert(isfinite(value(&run, 0)) && fabs(value(&run, 0)) > 1e100);
    formula_run_end(&run);
    begin(&run, "x-log(x)*0.001", 1, 0, GD_OPTIMIZER_SGD, 0.3, 100);
    cr_assert_eq(formula_run_go(&run, 0, &error), GD_NON_FINITE);
    cr_assert(strstr(error.message, "step 5: the formula's loss is NaN") != NULL, "%s",
              error.message);
    formula_run_end(&run);
}

/* Heavy ball with the best rate and momentum for curvatures 1 and 100 contracts by 9/11 a step. */
Test(train_formula, heavy_ball_has_its_rate)
{
    formula_run run;
    double k = 100, rate = 4 / pow(sqrt(k) + 1, 2),
           momentum = pow((sqrt(k) - 1) / (sqrt(k) + 1), 2);
    begin(&run, "x^2/2+100*y^2/2", 1, 1, GD_OPTIMIZER_SGD, rate, 600);
    run.setup.optimizer.of.sgd.momentum = momentum;
    (void)formula_run_go(&run, 100, NULL);
    double early = hypot(value(&run, 0), value(&run, 1));
    (void)formula_run_go(&run, 160, NULL);
    double late = hypot(value(&run, 0), value(&run, 1));
    cr_assert_float_eq(pow(late / early, 1.0 / 60), 9.0 / 11, 0.01);
    formula_run_end(&run);
}

Test(train_formula, a_saddle_holds_until_it_is_disturbed)
{
    formula_run run;
    begin(&run, "x^2-y^2+y^4/4", 1, 0, GD_OPTIMIZER_SGD, 0.1, 500);
    (void)formula_run_go(&run, 0, NULL);
    cr_assert_float_eq(value(&run, 0), 0, 1e-12);
    cr_assert_eq(value(&run, 1), 0);
    formula_run_end(&run);
    begin(&run, "x^2-y^2+y^4/4", 1, -1e-9, GD_OPTIMIZER_SGD, 0.1, 500);
    (void)formula_run_go(&run, 0, NULL);
    cr_assert_float_eq(value(&run, 1), -sqrt(2), 1e-12);
    cr_assert_float_eq(gd_trainer_progress(run.trainer)->last_loss, -1, 1e-12);
    formula_run_end(&run);
}

static bool is_himmelblau_minimum(double x, double y, double tolerance)
{
    static const double minima[4][2] = {{3, 2},
                                        {-2.805118086953, 3.131312518251},
                                        {-3.779310253378, -3.283185991286},
                                        {3.584428340330, -1.848126526964}};
    bool found = false;
    for (int i = 0; i < 4; i++) {
        found = found || hypot(x - minima[i][0], y - minima[i][1]) < tolerance;
    }
    return found;
}

#define HIMMELBLAU "(x^2+y-11)^2+(x+y^2-7)^2"

Test(train_formula, himmelblau_ends_in_one_of_four_minima)
{
    static const double starts[][2] = {{0, 0}, {-1, 1}, {-1, -1}, {4, -4}, {-4, 4}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        formula_run run;
        begin(&run, HIMMELBLAU, starts[i][0], starts[i][1], GD_OPTIMIZER_SGD, 0.01, 2000);
        cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
        cr_assert(is_himmelblau_minimum(value(&run, 0), value(&run, 1), 1e-9), "%.12f %.12f",
                  value(&run, 0), value(&run, 1));
        formula_run_end(&run);
    }
}

Test(train_formula, test_functions_have_their_minima)
{
    static const struct {
        const char *text;
        double start[2], minimum[2], value;
    } cases[] = {
        {"(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2", {1, 1}, {3, 0.5}, 0},
        {"sin(x+y)+(x-y)^2-1.5*x+2.5*y+1",
         {0, 0},
         {-0.547197551197, -1.547197551197},
         -1.913222954981},
        {"(4-2.1*x^2+x^4/3)*x^2+x*y+(-4+4*y^2)*y^2",
         {0.5, -0.5},
         {0.089842013100, -0.712656403021},
         -1.031628453490},
        {"(x^4-16*x^2+5*x+y^4-16*y^2+5*y)/2",
         {-1, -1},
         {-2.903534027771, -2.903534027771},
         -78.332331407541},
        {"20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)",
         {1.1, 0.1},
         {0.994958637652, 0},
         0.994959057093},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        formula_run run;
        begin(&run, cases[i].text, cases[i].start[0], cases[i].start[1], GD_OPTIMIZER_LBFGS, 0.1,
              200);
        run.setup.optimizer.of.lbfgs.tolerance_grad = 0;
        run.setup.optimizer.of.lbfgs.tolerance_change = 0;
        cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
        for (int j = 0; j < 2; j++) {
            cr_assert_float_eq(value(&run, j), cases[i].minimum[j], 1e-8, "%s: %.12f",
                               cases[i].text, value(&run, j));
        }
        cr_assert_float_eq(gd_trainer_progress(run.trainer)->last_loss, cases[i].value, 1e-10);
        formula_run_end(&run);
    }
}

/* Within x ≤ 0.5 and y ≥ 0.4 Rosenbrock is smallest at (0.5, 0.4). */
Test(train_formula, bounds_are_held_and_the_gradient_says_when_it_is_done)
{
    static const gd_optimizer_type optimizers[] = {GD_OPTIMIZER_SGD, GD_OPTIMIZER_ADAM,
                                                   GD_OPTIMIZER_RPROP, GD_OPTIMIZER_LBFGS};
    gd_formula_parameter parameters[] = {formula_parameter("x", 0.2), formula_parameter("y", 1)};
    parameters[0].maximum = 0.5;
    parameters[1].minimum = 0.4;
    for (size_t i = 0; i < sizeof optimizers / sizeof optimizers[0]; i++) {
        formula_run run;
        double rate = optimizers[i] == GD_OPTIMIZER_LBFGS ? 1 : 1e-3;
        formula_run_begin(&run, ROSENBROCK, parameters, 2, optimizers[i], rate, 50000);
        run.setup.training.gradient_tolerance = 1e-9;
        formula_run_start(&run);
        while (!gd_trainer_is_finished(run.trainer)) {
            cr_assert_eq(gd_trainer_advance(run.trainer, NULL), GD_OK);
            cr_assert(value(&run, 0) <= 0.5 && value(&run, 1) >= 0.4);
        }
        const char *name = gd_optimizer_descriptor_at(optimizers[i])->name;
        cr_assert_eq(gd_trainer_progress(run.trainer)->reason, GD_STOP_CONVERGED, "%s", name);
        cr_assert_eq(value(&run, 0), 0.5, "%s %.17g", name, value(&run, 0));
        cr_assert_eq(value(&run, 1), 0.4, "%s %.17g", name, value(&run, 1));
        formula_run_end(&run);
    }
}

Test(train_formula, scaling_gives_parameters_steps_of_one_size)
{
    const gd_formula_parameter parameters[] = {formula_parameter("x", 1000),
                                               formula_parameter("y", -1e-3)};
    gd_formula_options options = {"(x-2000)^2/1e6+(y+2e-3)^2*1e6", parameters, 2, true};
    gd_formula *formula;
    formula_run run;
    cr_assert_eq(gd_formula_create(&formula, &options, NULL), GD_OK);
    formula_run_of(&run, formula, GD_OPTIMIZER_ADAM, 0.05, 1);
    cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
    cr_assert_float_eq(value(&run, 0), 1050, 1e-3);
    cr_assert_float_eq(value(&run, 1), -1.05e-3, 1e-9);
    formula_run_end(&run);
}

/* Rastrigin has a minimum at every whole number; of 30 draws one is the best by far. */
Test(train_formula, restarts_draw_within_bounds_and_keep_the_best)
{
    gd_formula_parameter parameter = formula_parameter("x", 4.6);
    parameter.minimum = -5.12;
    parameter.maximum = 5.12;
    formula_run run;
    formula_run_begin(&run, "10+x^2-10*cos(2*pi*x)", &parameter, 1, GD_OPTIMIZER_SGD, 1e-3, 300);
    run.setup.training.restarts = 30;
    run.setup.training.seed = 3;
    formula_run_start(&run);
    int restarts = 0;
    while (!gd_trainer_is_finished(run.trainer)) {
        cr_assert_eq(gd_trainer_advance(run.trainer, NULL), GD_OK);
        cr_assert(fabs(value(&run, 0)) <= 5.12);
        restarts += gd_trainer_restart(run.trainer) != NULL ? 1 : 0;
    }
    cr_assert_eq(restarts, 30);
    cr_assert_float_eq(value(&run, 0), 0, 1e-6, "%g", value(&run, 0));
    formula_run_end(&run);
}

Test(train_formula, points_hold_the_values_after_the_step)
{
    formula_run run;
    begin(&run, ROSENBROCK, -1.2, 1, GD_OPTIMIZER_SGD, 1e-3, 50);
    formula_run_start(&run);
    int64_t count, points = 0;
    cr_assert_not_null(gd_trainer_parameter_layers(run.trainer, &count));
    cr_assert_eq(count, 2);
    cr_assert_null(gd_trainer_parameters(run.trainer));
    while (!gd_trainer_is_finished(run.trainer)) {
        cr_assert_eq(gd_trainer_advance(run.trainer, NULL), GD_OK);
        const gd_point *point = gd_trainer_point(run.trainer);
        cr_assert_not_null(point);
        points++;
        cr_assert_eq(point->layer_count, 2);
        cr_assert_eq(point->layer_update_ratios[0], value(&run, 0));
        cr_assert_eq(point->layer_update_ratios[1], value(&run, 1));
        cr_assert_float_eq(hypot(point->layer_gradient_norms[0], point->layer_gradient_norms[1]),
                           point->gradient_norm, 1e-12 * point->gradient_norm);
        cr_assert(point->update_ratio > 0);
    }
    cr_assert_eq(points, 50);
    formula_run_end(&run);
}

/* 40 steps are 20, a state, another trainer and 20 more; a state of another formula is refused. */
Test(train_formula, a_saved_state_continues_to_the_same_bytes)
{
    for (int type = 0; type < GD_OPTIMIZER_TYPE_COUNT; type++) {
        formula_run straight, first, second, other;
        begin(&straight, ROSENBROCK, -1.2, 1, (gd_optimizer_type)type, 1e-3, 40);
        begin(&first, ROSENBROCK, -1.2, 1, (gd_optimizer_type)type, 1e-3, 40);
        begin(&second, ROSENBROCK, -1.2, 1, (gd_optimizer_type)type, 1e-3, 40);
        begin(&other, ROSENBROCK, -1.2, 1.5, (gd_optimizer_type)type, 1e-3, 40);
        (void)formula_run_go(&straight, 0, NULL);
        (void)formula_run_go(&first, 20, NULL);
        gd_buffer buffer;
        gd_buffer_init(&buffer, 1 << 20);
        gd_trainer_save(first.trainer, &buffer);
        cr_assert_eq(buffer.status, GD_OK);
        formula_run_start(&second);
        formula_run_start(&other);
        gd_reader reader;
        gd_reader_init(&reader, buffer.bytes, buffer.length);
        cr_assert_eq(gd_trainer_load(other.trainer, &reader, NULL), GD_CORRUPT);
        gd_reader_init(&reader, buffer.bytes, buffer.length);
        cr_assert_eq(gd_trainer_load(second.trainer, &reader, NULL), GD_OK);
        (void)formula_run_go(&second, 0, NULL);
        int64_t steps[2];
        cr_assert_eq(memcmp(gd_trainer_formula_parameters(straight.trainer),
                            gd_trainer_formula_parameters(second.trainer), 2 * sizeof(double)),
                     0, "%d", type);
        cr_assert_eq(memcmp(gd_trainer_formula_best(straight.trainer, &steps[0]),
                            gd_trainer_formula_best(second.trainer, &steps[1]), 2 * sizeof(double)),
                     0);
        cr_assert_eq(steps[0], steps[1]);
        gd_buffer_dispose(&buffer);
        formula_run_end(&straight);
        formula_run_end(&first);
        formula_run_end(&second);
        formula_run_end(&other);
    }
}

Test(train_formula, begins_where_the_caller_says)
{
    const double values[] = {0.25, -7};
    formula_run run;
    begin(&run, "x^2+y^2", 1, 1, GD_OPTIMIZER_SGD, 0.25, 1);
    run.setup.initial_values = values;
    formula_run_start(&run);
    cr_assert_eq(memcmp(gd_trainer_formula_parameters(run.trainer), values, sizeof values), 0);
    (void)formula_run_go(&run, 0, NULL);
    cr_assert_eq(value(&run, 0), 0.125);
    formula_run_end(&run);
}

Test(train_formula, sizes_and_checks_need_no_trainer)
{
    formula_run run;
    gd_error error = {0};
    begin(&run, ROSENBROCK, -1.2, 1, GD_OPTIMIZER_LBFGS, 1, 50);
    cr_assert_eq(gd_trainer_check(&run.setup, &error), GD_OK, "%s", error.message);
    cr_assert(gd_trainer_bytes(&run.setup) > 1000);
    run.setup.optimizer.learning_rate = -1;
    cr_assert_eq(gd_trainer_check(&run.setup, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "optimizer/learning_rate");
    cr_assert_eq(gd_trainer_bytes(&run.setup), -1);
    cr_assert_eq(gd_trainer_create(&run.trainer, &run.setup, &error), GD_INVALID_ARGUMENT);
    cr_assert_null(run.trainer);
    formula_run_end(&run);
}

Test(train_formula, is_a_model_of_its_own_and_no_layer_among_others)
{
    formula_run run;
    gd_error error = {0};
    begin(&run, ROSENBROCK, -1.2, 1, GD_OPTIMIZER_SGD, 1e-3, 1);
    gd_layer_options layers[2] = {{.type = GD_LAYER_FORMULA, .of.formula.formula = run.formula},
                                  {.type = GD_LAYER_DENSE}};
    gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layers[1]);
    layers[1].of.dense.units = 1;
    const gd_shape input = {1, {1}};
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, layers, 2, 1, 0, &error), GD_INVALID_ARGUMENT);
    cr_assert_null(model);
    formula_run_end(&run);
}
