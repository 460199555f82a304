/*
 * logarithm.c: one version for each instruction set of the loop over gdi_log1p_of.
 */
#include "math/logarithm.h"

#include "base/versions.h"

GDI_VERSIONS void gdi_log1p(const double *values, double *result, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        result[i] = gdi_log1p_of(values[i]);
    }
}
