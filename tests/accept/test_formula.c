/*
 * NIST's 27 reference sets for nonlinear regression from both starts: digits in which all
 * parameters agree with the certified ones, by L-BFGS and by Adam with a cosine, all of it printed.
 * What numerics promise is asserted; the rest is told as it is.
 */
#include <criterion/criterion.h>

#include "support/formula_run.h"
#include "support/nist.h"

#include <stdio.h>
#include <string.h>

#define ENOUGH     8.0
#define ADAM_STEPS 10000
#define LIMIT      600.0

typedef struct ways {
    double lbfgs[2], adam[2]; /* digits, from each start */
} ways;

static double fit(const nist_set *set, const nist_data *data, int start,
                  gd_optimizer_type optimizer)
{
    formula_run run;
    bool adam = optimizer == GD_OPTIMIZER_ADAM;
    formula_run_of(&run, nist_formula(set, data, start), optimizer, adam ? 0.01 : 1, ADAM_STEPS);
    run.setup.loss.type = GD_LOSS_MSE;
    run.setup.formula_examples = (gd_formula_examples){data->cells, data->targets, data->rows};
    if (adam) {
        run.setup.optimizer.of.adam.eps = 1e-12;
        run.setup.schedule.type = GD_SCHEDULE_COSINE;
        gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_COSINE)->fields,
                               &run.setup.schedule);
        (void)formula_run_go(&run, 0, NULL);
    } else {
        run.setup.optimizer.of.lbfgs.tolerance_grad = 0;
        run.setup.optimizer.of.lbfgs.tolerance_change = 0;
        formula_run_settle(&run);
    }
    double digits = nist_digits(set, data, gd_trainer_formula_parameters(run.trainer));
    formula_run_end(&run);
    return digits;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static void expect(const char *name, const char *way, int start, double digits)
{
    cr_expect_geq(digits, ENOUGH, "%s by %s from start %d: %.1f digits", name, way, start + 1,
                  digits);
}

static void hold(const nist_set *set, const ways *got)
{
    static const char *const both[] = {"DanWood", "Rat42",  "Rat43",  "Chwirut1", "Chwirut2",
                                       "ENSO",    "Gauss1", "Gauss2", "Gauss3",   NULL};
    static const char *const second[] = {"Misra1a", "Misra1b",  "Misra1c", "Misra1d",
                                         "BoxBOD",  "Eckerle4", "MGH09",   "Roszman1",
                                         "Kirby2",  "Nelson",   NULL};
    for (int start = 0; start < 2; start++) {
        if (is_listed(both, set->name)) {
            expect(set->name, "adam", start, got->adam[start]);
        }
        if (is_listed(both, set->name) || (start == 1 && is_listed(second, set->name))) {
            expect(set->name, "lbfgs", start, got->lbfgs[start]);
        }
    }
}

Test(accept_formula, nist_reference_sets, .timeout = LIMIT)
{
    nist_data data;
    if (!nist_read(nist_set_at(0), &data)) {
        cr_skip_test("the NIST sets are not there");
    }
    printf("\nNIST StRD, digits      lbfgs: start 1  start 2    adam, %d steps: start 1  start 2\n",
           ADAM_STEPS);
    for (int i = 0; nist_set_at(i) != NULL; i++) {
        const nist_set *set = nist_set_at(i);
        ways got;
        cr_assert(nist_read(set, &data));
        for (int start = 0; start < 2; start++) {
            got.lbfgs[start] = fit(set, &data, start, GD_OPTIMIZER_LBFGS);
            got.adam[start] = fit(set, &data, start, GD_OPTIMIZER_ADAM);
        }
        printf("%-22s %15.1f %8.1f %27.1f %8.1f\n", set->name, got.lbfgs[0], got.lbfgs[1],
               got.adam[0], got.adam[1]);
        (void)fflush(stdout);
        hold(set, &got);
    }
}
