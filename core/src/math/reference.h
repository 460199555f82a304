/*
 * reference.h: the kernel table again as plain loops, for tests to compare with.
 *
 * Sums run in double over ascending indices and are rounded once, so a kernel differs from it by its
 * own rounding only. Thread rule: pure functions.
 */
#ifndef DESCENT_MATH_REFERENCE_H
#define DESCENT_MATH_REFERENCE_H

#include "math/kernels.h"

/* Its name is "reference"; gdi_kernels_named does not offer it. `scratch` may be NULL. */
const gdi_kernels *gdi_kernels_reference(void);

#endif
