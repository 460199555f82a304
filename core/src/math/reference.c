/*
 * reference.c: the kernels as plain loops (reference.h). Clarity first: no blocking, no vectors.
 */
#include "math/reference.h"

#include <math.h>

static double element(const gdi_matrix *matrix, size_t row, size_t column)
{
    return (double)(matrix->transposed ? matrix->values[column * matrix->stride + row]
                                       : matrix->values[row * matrix->stride + column]);
}

static void reference_product(gdi_matrix left, gdi_matrix right, gd_real *result,
                              size_t result_stride, size_t rows, size_t columns, size_t inner,
                              const gd_real *bias, bool accumulate, gd_real *scratch)
{
    (void)scratch;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            double sum = 0.0;
            for (size_t k = 0; k < inner; k++) {
                sum += element(&left, r, k) * element(&right, k, c);
            }
            if (accumulate) {
                sum += (double)result[r * result_stride + c];
            }
            if (bias != NULL) {
                sum += (double)bias[c];
            }
            result[r * result_stride + c] = (gd_real)sum;
        }
    }
}

static gd_real reference_row_product(const gd_real *row, const gd_real *column, size_t inner,
                                     gd_real bias)
{
    double sum = (double)bias;
    for (size_t k = 0; k < inner; k++) {
        sum += (double)row[k] * (double)column[k];
    }
    return (gd_real)sum;
}

static void reference_scaled_row(const gd_real *row, gd_real factor, gd_real *result, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        result[i] = row[i] * factor;
    }
}

static void reference_copy_windows(const gd_real *image, size_t column_step, size_t columns,
                                   size_t line_step, size_t lines, size_t run, gd_real *patches)
{
    for (size_t column = 0; column < columns; column++) {
        for (size_t line = 0; line < lines; line++) {
            for (size_t i = 0; i < run; i++) {
                *patches++ = image[column * column_step + line * line_step + i];
            }
        }
    }
}

static void reference_add_windows(const gd_real *patches, size_t column_step, size_t columns,
                                  size_t line_step, size_t lines, size_t run, gd_real *image)
{
    for (size_t column = 0; column < columns; column++) {
        for (size_t line = 0; line < lines; line++) {
            for (size_t i = 0; i < run; i++) {
                image[column * column_step + line * line_step + i] += *patches++;
            }
        }
    }
}

static void reference_column_sums(const gd_real *matrix, size_t rows, size_t columns, gd_real *sums)
{
    for (size_t c = 0; c < columns; c++) {
        double sum = 0.0;
        for (size_t r = 0; r < rows; r++) {
            sum += (double)matrix[r * columns + c];
        }
        sums[c] = (gd_real)sum;
    }
}

static double reference_sum_of_squares(const gd_real *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i] * (double)values[i];
    }
    return sum;
}

static double reference_sum_of_squared_differences(const gd_real *a, const gd_real *b, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

static bool reference_all_finite(const gd_real *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static void reference_scale(gd_real *values, double factor, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] *= (gd_real)factor;
    }
}

static void reference_clamp(gd_real *values, double limit, size_t count)
{
    gd_real bound = (gd_real)limit;
    for (size_t i = 0; i < count; i++) {
        if (values[i] > bound) {
            values[i] = bound;
        } else if (values[i] < -bound) {
            values[i] = -bound;
        }
    }
}

#define REFERENCE_FUNCTION(name, expression)                              \
    static void name(const gd_real *input, gd_real *output, size_t count) \
    {                                                                     \
        for (size_t i = 0; i < count; i++) {                              \
            const long double x = (long double)input[i];                  \
            output[i] = (gd_real)(expression);                            \
        }                                                                 \
    }

REFERENCE_FUNCTION(reference_exponential, expl(x))
REFERENCE_FUNCTION(reference_exponential_minus_one, expm1l(x))
REFERENCE_FUNCTION(reference_tangent, tanhl(x))
REFERENCE_FUNCTION(reference_sigmoid, (x < 0 ? expl(x) : 1) / (1 + expl(-fabsl(x))))
REFERENCE_FUNCTION(reference_softplus, (x <= 0 ? 0 : x) + log1pl(expl(-fabsl(x))))

const gdi_kernels *gdi_kernels_reference(void)
{
    static const gdi_kernels table = {
        .name = "reference",
        .product = reference_product,
        .row_product = reference_row_product,
        .scaled_row = reference_scaled_row,
        .copy_windows = reference_copy_windows,
        .add_windows = reference_add_windows,
        .column_sums = reference_column_sums,
        .sum_of_squares = reference_sum_of_squares,
        .sum_of_squared_differences = reference_sum_of_squared_differences,
        .all_finite = reference_all_finite,
        .scale = reference_scale,
        .clamp = reference_clamp,
        .exponential = reference_exponential,
        .exponential_minus_one = reference_exponential_minus_one,
        .hyperbolic_tangent = reference_tangent,
        .sigmoid = reference_sigmoid,
        .softplus = reference_softplus,
    };
    return &table;
}
