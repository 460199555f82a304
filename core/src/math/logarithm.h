/*
 * logarithm.h: the logarithm of many doubles at once, for losses that take one of every row.
 *
 * One formula for all processors, so the same bytes on each. Thread rule: pure function.
 */
#ifndef DESCENT_MATH_LOGARITHM_H
#define DESCENT_MATH_LOGARITHM_H

#include <stddef.h>

/*
 * result[i] = log(1 + values[i]) for values from -0.25 on, within 3 units in the last place; small
 * ones keep their digits. NaN for what is not finite. `result` may be `values`.
 */
void gdi_log1p(const double *values, double *result, size_t count);

#endif
