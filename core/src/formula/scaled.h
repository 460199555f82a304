/*
 * scaled.h: a formula's parameters as an optimizer sees them: each divided by its unit, which is
 * |start| where the formula is scaled and the start is not 0, else 1.
 *
 * Blocks are gd_real, as optimizers work on them. Bounds hold on both sides of the division: what
 * is told is never outside them, not by a rounding either.
 */
#ifndef DESCENT_FORMULA_SCALED_H
#define DESCENT_FORMULA_SCALED_H

#include <descent/formula.h>
#include <descent/random.h>
#include <descent/real.h>

double gdi_formula_unit(const gd_formula *formula, int64_t index);

/* inner [parameter_count] → values in their own units, within the bounds; and back. */
void gdi_formula_tell(const gd_formula *formula, const gd_real *inner, double *values);
void gdi_formula_take(const gd_formula *formula, const double *values, gd_real *inner);

/* The starts. */
void gdi_formula_start(const gd_formula *formula, gd_real *inner);

/*
 * Starts of a restart, one parameter after the other: uniform between two finite bounds; else
 * normal about the start, with its size (of a start of 0: with 1) as standard deviation, put back
 * to a bound it would cross.
 */
void gdi_formula_draw(const gd_formula *formula, gd_real *inner, gd_random *random);

/* Puts what is outside its bounds onto them. */
void gdi_formula_project(const gd_formula *formula, gd_real *inner);

/*
 * Takes out of the gradient what would lead out of the bounds: elements of parameters that stand at a
 * bound while descent points beyond it. With `strictly`, elements of those that are outside, whatever
 * the sign: the gradient of the projected function.
 */
void gdi_formula_hold(const gd_formula *formula, const gd_real *inner, gd_real *gradient,
                      bool strictly);

#endif
