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

static void reference_product_in_pieces(const gdi_piece_product *it, gd_real *scratch)
{
    for (size_t row = 0; row < it->rows; row++) {
        gdi_matrix left = it->left;
        gd_real *piece = it->result != NULL ? it->result + row * it->stride : scratch;
        left.values += row;
        for (size_t column = 0; column < it->columns; column++) {
            gdi_matrix right = it->right;
            right.values += column;
            gd_real *value = it->result != NULL ? piece + column : piece;
            reference_product(left, right, value, 1, 1, 1, it->inner, NULL, false, scratch);
            it->take(it->context, row, 1, column, 1, value, 1);
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

static bool reference_descend(const gdi_descent *it, gd_real *weights, gd_real *bias, double *sums)
{
    for (size_t step = 0; step < it->steps; step++) {
        const size_t example = it->order != NULL ? (size_t)it->order[step] : step;
        const gd_real *row = it->features + example * it->feature_stride;
        const gd_real *target = it->targets + example * it->target_stride;
        const gd_real output =
            reference_row_product(row, weights, it->inputs, bias != NULL ? *bias : 0);
        gd_real slope = 0;
        const double loss = it->loss(it->loss_options, &output, target, 1, 1, &slope);
        sums[0] += loss;
        sums[1] += loss;
        for (size_t i = 0; i < it->inputs; i++) {
            weights[i] -= it->rate * (slope * row[i]);
        }
        if (bias != NULL) {
            *bias -= it->rate * slope;
        }
    }
    return true;
}

static void reference_window_product(const gdi_window_product *it)
{
    for (size_t i = 0; i < it->groups * it->rows * it->columns; i++) {
        const size_t column = i % it->columns, row = i / it->columns % it->rows;
        const size_t group = i / it->columns / it->rows;
        const gd_real *left = it->left.values + group * it->group_step + row * it->row_step;
        gd_real *result =
            it->result + group * it->result_group_step + row * it->result_step + column;
        double sum = it->accumulate ? (double)*result : 0.0;
        for (size_t k = 0; k < it->outer * it->inner; k++) {
            const size_t outer = k / it->inner, inner = k % it->inner;
            sum += (double)left[outer * it->left.outer + inner * it->left.inner] *
                   (double)
                       it->right.values[outer * it->right.outer + inner * it->right.inner + column];
        }
        sum += it->bias != NULL ? (double)it->bias[column] : 0.0;
        *result = (gd_real)(it->rectify && sum <= 0.0 ? 0.0 : sum);
    }
}

static size_t cell_place(const gdi_pool_row *row, size_t i, size_t cell)
{
    return i / row->channels * row->step + i % row->channels + cell / row->cells * row->line_step +
           cell % row->cells * row->channels;
}

static void reference_largest_of_windows(const gdi_pool_row *row, const gd_real *image,
                                         gd_real *output, uint32_t *chosen)
{
    for (size_t i = 0; i < row->count * row->channels; i++) {
        uint32_t best = 0;
        for (uint32_t cell = 1; cell < row->lines * row->cells; cell++) {
            const gd_real value = image[cell_place(row, i, cell)];
            const gd_real before = image[cell_place(row, i, best)];
            best = !isnan(before) && (isnan(value) || value > before) ? cell : best;
        }
        output[i] = image[cell_place(row, i, best)];
        if (chosen != NULL) {
            chosen[i] = best;
        }
    }
}

static void reference_spread_to_largest(const gdi_pool_row *row, const gd_real *slopes,
                                        const uint32_t *chosen, bool accumulate, gd_real *image)
{
    for (size_t i = 0; i < row->count * row->channels; i++) {
        for (uint32_t cell = 0; cell < row->lines * row->cells; cell++) {
            gd_real *value = image + cell_place(row, i, cell);
            *value = (accumulate ? *value : 0) + (cell == chosen[i] ? slopes[i] : 0);
        }
    }
}

static size_t reference_list_chosen(const gdi_pool_row *row, const gd_real *slopes,
                                    const uint32_t *chosen, size_t line, const gdi_list *list)
{
    const size_t places = row->cells * row->channels;
    size_t listed = 0;
    for (size_t i = 0; i < row->count * places; i++) {
        const size_t at = i / places * row->channels + i % row->channels;
        const size_t cell = line * row->cells + i % places / row->channels;
        if (chosen[at] == cell && !(slopes[at] == 0)) {
            list->values[listed] = slopes[at];
            list->places[listed++] = (uint32_t)i;
        }
        list->ends[i / places] = (uint32_t)listed;
    }
    return listed;
}

static void reference_listed_sums(const gdi_listed_sums *it)
{
    for (size_t i = 0; i < it->groups * it->lines * it->run; i++) {
        const size_t column = i % it->run, line = i / it->run % it->lines;
        const size_t group = i / it->run / it->lines;
        gd_real *result = it->result + group * it->group_step + line * it->result_step + column;
        double sum = it->accumulate || it->continues ? (double)*result : 0.0;
        for (size_t k = it->begins[group]; k < it->ends[group]; k++) {
            const size_t place = it->places[k] - group * it->group_places;
            sum += (double)it->values[k] *
                   (double)it->source[place * it->place_step + line * it->source_step + column];
        }
        *result = (gd_real)sum;
    }
}

static void reference_transposed(const gd_real *from, gd_real *to, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows * columns; i++) {
        to[i % columns * rows + i / columns] = from[i];
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

static void reference_add_column_sums(const gd_real *matrix, size_t rows, size_t columns,
                                      double *sums)
{
    for (size_t i = 0; i < rows * columns; i++) {
        sums[i % columns] += (double)matrix[i];
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

/* Cross-entropy of one example; its slopes are added to the gradient, all in double. */
static double add_example(const gdi_class_rows *it, size_t example, double *weights, double *biases)
{
    const gd_real *row = it->features + example * it->feature_stride;
    const size_t class = (size_t)it->targets[example * it->target_stride];
    double logits[GDI_CLASSES] = {0}, sum = 0.0;
    for (size_t c = 0; c < it->classes; c++) {
        logits[c] = it->bias != NULL ? (double)it->bias[c] : 0.0;
        for (size_t i = 0; i < it->inputs; i++) {
            logits[c] += (double)it->weights[c * it->inputs + i] * (double)row[i];
        }
    }
    for (size_t c = 0; c < it->classes; c++) {
        sum += exp(logits[c] - logits[class]);
    }
    for (size_t c = 0; c < it->classes; c++) {
        const double probability = exp(logits[c] - logits[class]) / sum;
        const double slope = (probability - (c == class ? 1.0 : 0.0)) / (double)it->rows;
        biases[c] += slope;
        for (size_t i = 0; i < it->inputs; i++) {
            weights[c * it->inputs + i] += slope * (double)row[i];
        }
    }
    return log(sum);
}

static double reference_class_gradient(const gdi_class_rows *it)
{
    double weights[GDI_CLASSES * GDI_CLASS_INPUTS] = {0}, biases[GDI_CLASSES] = {0}, loss = 0.0;
    for (size_t r = 0; r < it->rows; r++) {
        const size_t example = it->order != NULL ? (size_t)it->order[r] : r;
        const double class = (double)it->targets[example * it->target_stride];
        if (!(class >= 0) || class >= (double)it->classes || floor(class) < class) {
            return (double)NAN;
        }
        loss += add_example(it, example, weights, biases);
    }
    for (size_t i = 0; i < it->classes * it->inputs; i++) {
        it->weight_gradient[i] = (gd_real)weights[i];
    }
    for (size_t c = 0; it->bias != NULL && c < it->classes; c++) {
        it->bias_gradient[c] = (gd_real)biases[c];
    }
    return loss / (double)it->rows;
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
        .lanes = 1,
        .product = reference_product,
        .product_in_pieces = reference_product_in_pieces,
        .row_product = reference_row_product,
        .scaled_row = reference_scaled_row,
        .descend = reference_descend,
        .window_product = reference_window_product,
        .largest_of_windows = reference_largest_of_windows,
        .spread_to_largest = reference_spread_to_largest,
        .list_chosen = reference_list_chosen,
        .listed_sums = reference_listed_sums,
        .transposed = reference_transposed,
        .column_sums = reference_column_sums,
        .add_column_sums = reference_add_column_sums,
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
        .class_gradient = reference_class_gradient,
    };
    return &table;
}
