/*
 * scaled.c: see scaled.h.
 */
#include "formula/scaled.h"

#include "formula/tape.h"

#include <math.h>

double gdi_formula_unit(const gd_formula *formula, int64_t index)
{
    double size = fabs(formula->parameters[index].start);
    return formula->scaled && size > 0 ? size : 1;
}

static double between(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value; /* NaN stays */
}

void gdi_formula_tell(const gd_formula *formula, const gd_real *inner, double *values)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        const gd_formula_parameter *parameter = &formula->parameters[i];
        values[i] = between((double)inner[i] * gdi_formula_unit(formula, i), parameter->minimum,
                            parameter->maximum);
    }
}

void gdi_formula_take(const gd_formula *formula, const double *values, gd_real *inner)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        inner[i] = (gd_real)(values[i] / gdi_formula_unit(formula, i));
    }
    gdi_formula_project(formula, inner);
}

void gdi_formula_start(const gd_formula *formula, gd_real *inner)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        inner[i] = (gd_real)(formula->parameters[i].start / gdi_formula_unit(formula, i));
    }
}

void gdi_formula_draw(const gd_formula *formula, gd_real *inner, gd_random *random)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        const gd_formula_parameter *parameter = &formula->parameters[i];
        double size = fabs(parameter->start);
        bool bounded = isfinite(parameter->minimum) && isfinite(parameter->maximum);
        double value = bounded
                           ? parameter->minimum + (parameter->maximum - parameter->minimum) *
                                                      gd_random_uniform(random)
                           : parameter->start + (size > 0 ? size : 1) * gd_random_normal(random);
        value = between(value, parameter->minimum, parameter->maximum);
        inner[i] = (gd_real)(value / gdi_formula_unit(formula, i));
    }
    gdi_formula_project(formula, inner);
}

void gdi_formula_project(const gd_formula *formula, gd_real *inner)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        const gd_formula_parameter *parameter = &formula->parameters[i];
        double unit = gdi_formula_unit(formula, i);
        inner[i] = (gd_real)between((double)inner[i], parameter->minimum / unit,
                                    parameter->maximum / unit);
    }
}

void gdi_formula_hold(const gd_formula *formula, const gd_real *inner, gd_real *gradient,
                      bool strictly)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        const gd_formula_parameter *parameter = &formula->parameters[i];
        double unit = gdi_formula_unit(formula, i), value = (double)inner[i];
        double low = parameter->minimum / unit, high = parameter->maximum / unit;
        bool held = strictly
                        ? value < low || value > high
                        : (value <= low && gradient[i] > 0) || (value >= high && gradient[i] < 0);
        if (held) {
            gradient[i] = 0;
        }
    }
}
