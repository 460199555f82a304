/*
 * real.h: the element type of tensors.
 *
 * The library trains in float32. Built with GD_REAL_DOUBLE the same sources compute in double: the
 * tests use that build to check every derivative against central differences. Sums, norms and
 * losses are accumulated in double in either build.
 */
#ifndef DESCENT_REAL_H
#define DESCENT_REAL_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#ifdef GD_REAL_DOUBLE
typedef double gd_real;
#define GD_REAL_MAX     DBL_MAX
#define GD_REAL_EPSILON DBL_EPSILON
#define GD_REAL_DTYPE   "float64"
#else
typedef float gd_real;
#define GD_REAL_MAX     FLT_MAX
#define GD_REAL_EPSILON FLT_EPSILON
#define GD_REAL_DTYPE   "float32"
#endif

#endif
