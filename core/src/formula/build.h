/*
 * build.h: the nodes of a formula under construction. Each call gives the index of a node, or -1 where
 * memory is out. What can be computed at once is: two constants make a constant.
 */
#ifndef DESCENT_FORMULA_BUILD_H
#define DESCENT_FORMULA_BUILD_H

#include "formula/tape.h"

int gdi_build_constant(gd_formula *formula, double value);
int gdi_build_parameter(gd_formula *formula, int64_t index);
/* The column of that name, which becomes one of the formula's where it is none yet. */
int gdi_build_column(gd_formula *formula, const char *name, size_t length);
/* `right` is -1 where the operation takes one. */
int gdi_build_operation(gd_formula *formula, int operation, int left, int right);

/* Once all is read: gives every node its place. */
void gdi_build_finish(gd_formula *formula);

#endif
