/*
 * Formulas fitted to data: NIST's reference sets to 8 certified digits, standard errors, batches,
 * validation and losses. The whole table of 27 sets is printed by `make accept`.
 */
#include <criterion/criterion.h>

#include "support/formula_run.h"
#include "support/nist.h"

#include <math.h>
#include <string.h>

static void begin_fit(formula_run *run, const nist_set *set, const nist_data *data, int start,
                      gd_optimizer_type optimizer, double learning_rate, int64_t steps)
{
    formula_run_of(run, nist_formula(set, data, start), optimizer, learning_rate, steps);
    run->setup.loss.type = GD_LOSS_MSE;
    run->setup.formula_examples = (gd_formula_examples){data->cells, data->targets, data->rows};
    if (optimizer == GD_OPTIMIZER_LBFGS) {
        run->setup.optimizer.of.lbfgs.tolerance_grad = 0;
        run->setup.optimizer.of.lbfgs.tolerance_change = 0;
    }
}

static double fit(const nist_set *set, const nist_data *data, int start)
{
    formula_run run;
    begin_fit(&run, set, data, start, GD_OPTIMIZER_LBFGS, 1, 2000);
    formula_run_settle(&run);
    double digits = nist_digits(set, data, gd_trainer_formula_parameters(run.trainer));
    formula_run_end(&run);
    return digits;
}

Test(train_formula_fit, nist_sets_reach_eight_digits_by_lbfgs)
{
#ifdef TESTS_SHORT /* all of them are two minutes of a processor under valgrind, of the same code */
    static const char *const both[] = {"DanWood", "Rat42"};
    static const char *const second[] = {"Misra1a", "BoxBOD", "Eckerle4"};
#else
    static const char *const both[] = {"DanWood", "Rat42",  "Rat43",  "Chwirut1", "Chwirut2",
                                       "ENSO",    "Gauss1", "Gauss2", "Gauss3"};
    static const char *const second[] = {"Misra1a",  "Misra1b", "Misra1c",  "Misra1d", "BoxBOD",
                                         "Eckerle4", "MGH09",   "Roszman1", "Kirby2",  "Nelson"};
#endif
    nist_data data;
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
        const nist_set *set = nist_find(both[i]);
        if (!nist_read(set, &data)) {
            cr_skip_test("the NIST sets are not there");
        }
        cr_expect_geq(fit(set, &data, 0), 8, "%s from start 1: %.1f", both[i], fit(set, &data, 0));
        cr_expect_geq(fit(set, &data, 1), 8, "%s from start 2: %.1f", both[i], fit(set, &data, 1));
    }
    for (size_t i = 0; i < sizeof second / sizeof second[0]; i++) {
        const nist_set *set = nist_find(second[i]);
        cr_assert(nist_read(set, &data));
        cr_expect_geq(fit(set, &data, 1), 8, "%s from start 2: %.1f", second[i],
                      fit(set, &data, 1));
    }
}

Test(train_formula_fit, standard_errors_are_the_certified_ones)
{
    static const char *const names[] = {"Misra1a", "DanWood", "Rat43",    "ENSO",  "Gauss2",
                                        "BoxBOD",  "MGH09",   "Eckerle4", "Hahn1", "Thurber"};
    nist_data data;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const nist_set *set = nist_find(names[i]);
        double errors[NIST_PARAMETERS], quantile;
        if (!nist_read(set, &data)) {
            cr_skip_test("the NIST sets are not there");
        }
        gd_formula *formula = nist_formula(set, &data, 1);
        cr_assert_eq(gd_formula_standard_errors(formula, data.certified, data.cells, data.targets,
                                                data.rows, errors, &quantile, NULL),
                     GD_OK);
        for (int p = 0; p < set->parameters; p++) {
            cr_expect_float_eq(errors[p], data.deviations[p], 1e-6 * data.deviations[p],
                               "%s b%d: %.10g, certified %.10g", names[i], p + 1, errors[p],
                               data.deviations[p]);
        }
        gd_formula_destroy(formula);
    }
}

enum {
    ROWS = 40
};

/* y = 2 exp(-0.5 x) + noise that repeats. */
static void make_rows(double *cells, double *targets)
{
    for (int i = 0; i < ROWS; i++) {
        cells[i] = 0.1 * i;
        targets[i] = 2 * exp(-0.5 * cells[i]) + 0.01 * sin(12.9898 * i);
    }
}

Test(train_formula_fit, batches_validation_and_early_stopping_work_as_for_networks)
{
    double cells[ROWS], targets[ROWS];
    make_rows(cells, targets);
    const gd_formula_parameter parameters[] = {formula_parameter("a", 1),
                                               formula_parameter("k", 1)};
    formula_run run;
    formula_run_begin(&run, "a*exp(-k*x)", parameters, 2, GD_OPTIMIZER_ADAM, 0.02, 0);
    run.setup.training.steps = 0;
    run.setup.training.epochs = 2000;
    run.setup.training.batch_size = 8;
    run.setup.training.shuffle = true;
    run.setup.training.stop_early = true;
    run.setup.training.stop_patience = 200;
    run.setup.training.restore_best = true;
    run.setup.formula_examples = (gd_formula_examples){cells, targets, 30};
    run.setup.formula_validation = (gd_formula_examples){cells + 30, targets + 30, 10};
    cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
    const gd_progress *progress = gd_trainer_progress(run.trainer);
    cr_assert_eq(progress->reason, GD_STOP_EARLY_STOPPED);
    cr_assert(progress->has_validation && progress->best_validation_loss < 2e-4);
    const double *values = gd_trainer_formula_parameters(run.trainer);
    cr_assert_float_eq(values[0], 2, 0.05);
    cr_assert_float_eq(values[1], 0.5, 0.05);
    gd_metrics metrics;
    cr_assert_eq(gd_metrics_of_formula(&metrics, run.formula, values, &run.setup.loss,
                                       &run.setup.formula_validation, NULL),
                 GD_OK);
    cr_assert_float_eq(metrics.loss, progress->best_validation_loss, 1e-15);
    cr_assert_float_eq(metrics.rmse * metrics.rmse, metrics.loss, 1e-15);
    cr_assert(metrics.r2 > 0.9 && metrics.mae > 0 && !metrics.classification);
    const gd_loss_options unknown = {.type = GD_LOSS_TYPE_COUNT};
    cr_assert_eq(gd_metrics_of_formula(&metrics, run.formula, values, &unknown,
                                       &run.setup.formula_validation, NULL),
                 GD_INVALID_ARGUMENT);
    formula_run_end(&run);
}

Test(train_formula_fit, the_median_is_what_mae_fits)
{
    double cells[ROWS], targets[ROWS];
    make_rows(cells, targets);
    targets[3] = 100; /* an outlier, which the absolute error does not mind */
    const gd_formula_parameter parameters[] = {formula_parameter("a", 1),
                                               formula_parameter("k", 1)};
    formula_run run;
    formula_run_begin(&run, "a*exp(-k*x)", parameters, 2, GD_OPTIMIZER_ADAM, 0.02, 5000);
    run.setup.loss.type = GD_LOSS_MAE;
    run.setup.formula_examples = (gd_formula_examples){cells, targets, ROWS};
    run.setup.schedule.type = GD_SCHEDULE_COSINE;
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_COSINE)->fields,
                           &run.setup.schedule);
    cr_assert_eq(formula_run_go(&run, 0, NULL), GD_OK);
    cr_assert_float_eq(gd_trainer_formula_parameters(run.trainer)[0], 2, 0.05);
    cr_assert_float_eq(gd_trainer_formula_parameters(run.trainer)[1], 0.5, 0.05);
    formula_run_end(&run);
}

Test(train_formula_fit, examples_are_wanted_where_there_are_columns)
{
    const gd_formula_parameter parameter = formula_parameter("a", 1);
    formula_run run;
    gd_error error = {0};
    formula_run_begin(&run, "a*x", &parameter, 1, GD_OPTIMIZER_ADAM, 0.02, 10);
    cr_assert_eq(gd_trainer_create(&run.trainer, &run.setup, &error), GD_INVALID_DATA, "%s",
                 error.message);
    formula_run_end(&run);
}
