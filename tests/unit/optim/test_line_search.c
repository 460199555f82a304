/*
 * test_line_search.c: the strong Wolfe conditions hold where they can be met, and walls of NaN are
 * walked around.
 */
#include <criterion/criterion.h>

#include "optim/line_search.h"

#include <math.h>

typedef struct curve {
    int kind;
    int evaluations;
} curve;

static double evaluate(void *context, double t, double *slope)
{
    curve *c = context;
    c->evaluations++;
    switch (c->kind) {
    case 0: /* a parabola with its minimum at 3 */
        *slope = 2 * (t - 3);
        return (t - 3) * (t - 3);
    case 1: /* Moré and Thuente 1994, function 1 with beta 2: minimum at sqrt 2 */
        *slope = (t * t - 2) / ((t * t + 2) * (t * t + 2));
        return -t / (t * t + 2);
    case 2: /* steep, then a wall: minimum at 0.01, no value from 0.02 on */
        *slope = t < 0.02 ? 2 * (t - 0.01) : NAN;
        return t < 0.02 ? (t - 0.01) * (t - 0.01) : NAN;
    case 3: /* many minima */
        *slope = -0.1 + 3 * cos(3 * t) * -1 + 0.2 * t;
        return -0.1 * t - sin(3 * t) + 0.1 * t * t;
    default: /* grows from the start although the slope says otherwise */
        *slope = -1;
        return t > 0 ? 1 + t : 0;
    }
}

static double search(curve *c, double first)
{
    gdi_line line = {evaluate, c, 0, 0, first, 1, 1e-9};
    line.value = evaluate(c, 0, &line.slope);
    c->evaluations = 0;
    return gdi_line_search(&line);
}

Test(optim_line_search, meets_the_strong_wolfe_conditions)
{
    for (int kind = 0; kind < 4; kind++) {
        for (double first = 1e-3; first < 1e4; first *= 10) {
            curve c = {kind, 0};
            double slope0 = 0, slope = 0;
            double value0 = evaluate(&c, 0, &slope0);
            double t = search(&c, first);
            int evaluations = c.evaluations;
            double value = evaluate(&c, t, &slope);
            cr_expect_leq(value, value0 + 1e-4 * t * slope0, "kind %d from %g: t %g", kind, first,
                          t);
            cr_expect_leq(fabs(slope), 0.9 * fabs(slope0), "kind %d from %g: t %g", kind, first, t);
            cr_expect_leq(evaluations, 26);
            cr_expect_gt(t, 0);
        }
    }
}

Test(optim_line_search, gives_up_without_going_up)
{
    curve c = {4, 0};
    cr_assert_eq(search(&c, 1), 0);
    cr_assert_leq(c.evaluations, 26);
}
