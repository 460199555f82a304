/*
 * test_product.c: the matrix product of every table against the reference.
 *
 * Matrices of small integers make every sum exact, so results are compared as bytes whatever the
 * order of additions. Gaps between rows hold NaN, and blocks end where the matrix ends, so that
 * reading or writing outside shows, the more so under the address sanitizer.
 */
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {"baseline", "avx2", "avx512"};
#define TABLE_COUNT (sizeof table_names / sizeof table_names[0])

static const gd_real untouched = (gd_real)-77777;

typedef struct product_case {
    size_t rows, columns, inner;
    bool left_transposed, right_transposed, bias, accumulate;
    size_t gap;    /* elements between rows */
    size_t offset; /* of each matrix from its block's start, in elements */
    bool integers;
} product_case;

typedef struct operands {
    gd_real *left_block, *right_block, *bias_block, *result_block;
    gdi_matrix left, right;
    gd_real *bias, *result;
    size_t result_stride;
    size_t result_size; /* elements from the block's start */
} operands;

static gd_real *block_of(size_t count)
{
    gd_real *block = malloc((count == 0 ? 1 : count) * sizeof *block);
    cr_assert_not_null(block);
    return block;
}

static gd_real number(gd_random *random, bool integers)
{
    if (integers) {
        return (gd_real)((double)gd_random_below(random, 9) - 4.0);
    }
    return (gd_real)(2.0 * gd_random_uniform(random) - 1.0);
}

/* A stored matrix of height x width that ends with its last element. */
static gd_real *matrix_block(gd_random *random, const product_case *shape, size_t height,
                             size_t width, size_t *stride)
{
    *stride = width + shape->gap;
    size_t size = shape->offset + (height == 0 ? 0 : (height - 1) * *stride + width);
    gd_real *block = block_of(size);
    for (size_t i = 0; i < size; i++) {
        block[i] = (gd_real)NAN;
    }
    for (size_t r = 0; r < height; r++) {
        for (size_t c = 0; c < width; c++) {
            block[shape->offset + r * *stride + c] = number(random, shape->integers);
        }
    }
    return block;
}

static operands make_operands(gd_random *random, const product_case *shape)
{
    operands made = {0};
    bool turned = shape->left_transposed;
    made.left.transposed = turned;
    made.left_block = matrix_block(random, shape, turned ? shape->inner : shape->rows,
                                   turned ? shape->rows : shape->inner, &made.left.stride);
    made.left.values = made.left_block + shape->offset;
    turned = shape->right_transposed;
    made.right.transposed = turned;
    made.right_block = matrix_block(random, shape, turned ? shape->columns : shape->inner,
                                    turned ? shape->inner : shape->columns, &made.right.stride);
    made.right.values = made.right_block + shape->offset;
    size_t stride = 0;
    if (shape->bias) {
        made.bias_block = matrix_block(random, shape, 1, shape->columns, &stride);
        made.bias = made.bias_block + shape->offset;
    }
    made.result_stride = shape->columns + shape->gap;
    made.result_size = shape->offset + (shape->rows - 1) * made.result_stride + shape->columns;
    made.result_block = block_of(made.result_size);
    made.result = made.result_block + shape->offset;
    for (size_t i = 0; i < made.result_size; i++) {
        made.result_block[i] = untouched;
    }
    for (size_t r = 0; r < shape->rows && shape->accumulate; r++) {
        for (size_t c = 0; c < shape->columns; c++) {
            made.result[r * made.result_stride + c] = number(random, shape->integers);
        }
    }
    return made;
}

static void free_operands(operands *made)
{
    free(made->left_block);
    free(made->right_block);
    free(made->bias_block);
    free(made->result_block);
}

/* The product into a new copy of the result block; scratch is exactly as large as promised. */
static gd_real *run(const gdi_kernels *table, const product_case *shape, const operands *made)
{
    gd_real *copy = block_of(made->result_size);
    memcpy(copy, made->result_block, made->result_size * sizeof *copy);
    void *scratch = NULL;
    size_t bytes = gdi_product_scratch(shape->rows, shape->columns, shape->inner) * sizeof(gd_real);
    cr_assert_eq(posix_memalign(&scratch, 64, bytes), 0);
    memset(scratch, 0xFF, bytes);
    table->product(made->left, made->right, copy + shape->offset, made->result_stride, shape->rows,
                   shape->columns, shape->inner, made->bias, shape->accumulate, scratch);
    free(scratch);
    return copy;
}

static bool is_close(const product_case *shape, const gd_real *a, const gd_real *b, size_t count)
{
    if (shape->integers) {
        for (size_t i = 0; i < count; i++) {
            if (!(a[i] == b[i])) {
                return false;
            }
        }
        return true;
    }
    double tolerance = 2.0 * (double)GD_REAL_EPSILON * (double)(shape->inner + 4);
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)a[i] - (double)b[i]) <= tolerance)) {
            return false;
        }
    }
    return true;
}

static void check(gd_random *random, const product_case *shape)
{
    operands made = make_operands(random, shape);
    gd_real *expected = run(gdi_kernels_reference(), shape, &made);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table == NULL) {
            continue;
        }
        gd_real *result = run(table, shape, &made);
        /* Offset and gaps are compared too: they must be as they were. */
        bool close = is_close(shape, result + shape->offset, expected + shape->offset,
                              made.result_size - shape->offset) &&
                     memcmp(result, expected, shape->offset * sizeof *result) == 0;
        cr_assert(close, "%s: %zu x %zu x %zu, %d%d bias %d accumulate %d gap %zu offset %zu",
                  table->name, shape->rows, shape->columns, shape->inner, shape->left_transposed,
                  shape->right_transposed, shape->bias, shape->accumulate, shape->gap,
                  shape->offset);
        free(result);
    }
    free(expected);
    free_operands(&made);
}

/* Options by the bits of `choice`. */
static product_case case_of(size_t rows, size_t columns, size_t inner, uint64_t choice)
{
    return (product_case){
        .rows = rows,
        .columns = columns,
        .inner = inner,
        .left_transposed = (choice & 1) != 0,
        .right_transposed = (choice & 2) != 0,
        .bias = (choice & 4) != 0,
        .accumulate = (choice & 8) != 0,
        .gap = (choice & 16) != 0 ? 3 : 0,
        .offset = (size_t)(choice >> 5) % 4,
        .integers = true,
    };
}

Test(math_product, every_number_of_rows_and_columns)
{
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (size_t rows = 1; rows <= 70; rows++) {
        for (size_t columns = 1; columns <= 70; columns++) {
            uint64_t drawn = gd_random_bits(&random);
            product_case shape = case_of(rows, columns, (size_t)((drawn >> 32) % 71), drawn & 127);
            check(&random, &shape);
        }
    }
}

Test(math_product, every_option_at_the_edges_of_tiles)
{
    static const size_t rows[] = {1, 3, 4, 6, 7, 12, 13, 25, 33};
    static const size_t columns[] = {1, 2, 4, 8, 9, 16, 17, 32, 33};
    static const size_t inners[] = {1, 2, 7, 16, 17};
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            for (uint64_t choice = 0; choice < 32; choice++) {
                size_t inner = inners[(r + c + (size_t)choice / 4) % 5];
                product_case shape = case_of(rows[r], columns[c], inner, choice);
                check(&random, &shape);
            }
        }
    }
}

Test(math_product, large_shapes_and_several_blocks)
{
    static const size_t shapes[][3] = {
        {3, 33, 511},    {13, 2, 512},  {5, 1, 513},    {2, 1, 1025},   {40, 1, 1100},
        {385, 33, 20},   {800, 5, 30},  {400, 70, 600}, {64, 128, 784}, {10, 128, 64},
        {1, 300, 1030},  {770, 1, 515}, {391, 65, 520}, {40, 42, 17},   {197, 515, 1030},
        {130, 10, 1100}, {64, 2, 517},
    };
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (uint64_t choice = 0; choice < 4; choice++) {
            uint64_t more = (i + choice) % 4;
            product_case shape =
                case_of(shapes[i][0], shapes[i][1], shapes[i][2], choice | more << 2 | 1u << 4);
            check(&random, &shape);
        }
    }
}

/* Rows that are turned, over strips and blocks of the sum that end anywhere. */
Test(math_product, few_rows_of_whole_vectors_and_long_sums)
{
    static const size_t shapes[][3] = {{16, 1037, 600},  {32, 64, 513},    {48, 2049, 520},
                                       {64, 1025, 1024}, {128, 300, 1030}, {192, 390, 700}};
    gd_random random;
    gd_random_seed(&random, 5, GD_STREAM_GENERATE);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (uint64_t choice = 0; choice < 8; choice++) {
            /* The columns are stored as rows. */
            product_case shape = case_of(shapes[i][0], shapes[i][1], shapes[i][2], choice << 2 | 2);
            check(&random, &shape);
        }
    }
}

Test(math_product, ordinary_numbers_are_close)
{
    gd_random random;
    gd_random_seed(&random, 4, GD_STREAM_GENERATE);
    for (uint64_t choice = 0; choice < 64; choice++) {
        size_t inner = 1 + (size_t)gd_random_below(&random, 1200);
        size_t rows = 1 + (size_t)gd_random_below(&random, 40);
        size_t columns = 1 + (size_t)gd_random_below(&random, 70);
        product_case shape = case_of(rows, columns, inner, choice);
        shape.integers = false;
        check(&random, &shape);
    }
}

/* The part of a product from (row, column) on, computed by itself. */
static void run_part(const gdi_kernels *table, const product_case *whole, const operands *made,
                     size_t row, size_t rows, size_t column, size_t columns, gd_real *block,
                     gd_real *scratch)
{
    gdi_matrix left = made->left;
    gdi_matrix right = made->right;
    left.values += left.transposed ? row : row * left.stride;
    right.values += right.transposed ? column * right.stride : column;
    table->product(left, right, block + whole->offset + row * made->result_stride + column,
                   made->result_stride, rows, columns, whole->inner,
                   made->bias != NULL ? made->bias + column : NULL, whole->accumulate, scratch);
}

static void check_splits(const gdi_kernels *table, const product_case *shape, gd_random *random)
{
    operands made = make_operands(random, shape);
    gd_real *expected = run(table, shape, &made);
    gd_real *parts = block_of(made.result_size);
    void *scratch = NULL;
    size_t elements = gdi_product_scratch(shape->rows, shape->columns, shape->inner);
    cr_assert_eq(posix_memalign(&scratch, 64, elements * sizeof(gd_real)), 0);
    size_t bytes = made.result_size * sizeof(gd_real);
    /* All splits of a large one are minutes where a sanitizer looks at each access. */
    const size_t step = shape->rows * shape->columns * shape->inner <= 2000000 ? 1 : 61;
    for (size_t row = 1; row < shape->rows; row += step) {
        memcpy(parts, made.result_block, bytes);
        run_part(table, shape, &made, 0, row, 0, shape->columns, parts, scratch);
        run_part(table, shape, &made, row, shape->rows - row, 0, shape->columns, parts, scratch);
        cr_assert_eq(memcmp(parts, expected, bytes), 0, "%s: rows at %zu", table->name, row);
    }
    /* A column alone has sums of another order. */
    for (size_t column = 2; column + 1 < shape->columns; column += step) {
        memcpy(parts, made.result_block, bytes);
        run_part(table, shape, &made, 0, shape->rows, 0, column, parts, scratch);
        run_part(table, shape, &made, 0, shape->rows, column, shape->columns - column, parts,
                 scratch);
        cr_assert_eq(memcmp(parts, expected, bytes), 0, "%s: columns at %zu", table->name, column);
    }
    memcpy(parts, made.result_block, bytes);
    for (size_t row = 0; row < shape->rows; row++) {
        for (size_t column = 0; column < shape->columns; column += 2) {
            size_t left = shape->columns - column;
            run_part(table, shape, &made, row, 1, column, left < 4 ? left : 2, parts, scratch);
            column += left < 4 ? left : 0;
        }
    }
    cr_assert_eq(memcmp(parts, expected, bytes), 0, "%s: by twos and threes", table->name);
    free(scratch);
    free(parts);
    free(expected);
    free_operands(&made);
}

Test(math_product, any_split_gives_the_same_bytes)
{
    static const size_t shapes[][3] = {
        {38, 45, 530},   {25, 33, 7},  {9, 70, 40},  {32, 70, 530}, {47, 65, 530},
        {49, 74, 41},    {50, 9, 530}, {64, 10, 41}, {31, 4, 70},
#ifndef TESTS_SHORT
        {70, 515, 1030},
#endif
    };
    gd_random random;
    gd_random_seed(&random, 5, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && table != NULL; i++) {
            for (uint64_t choice = 0; choice < 4; choice++) {
                product_case shape = case_of(shapes[i][0], shapes[i][1], shapes[i][2],
                                             choice | (choice + i) % 4 << 2 | choice << 5);
                shape.integers = false;
                check_splits(table, &shape, &random);
            }
        }
    }
}

/* Of one column, by rows in any number, stored either way, and by the function for one row. */
static void check_column(const gdi_kernels *table, size_t inner)
{
    enum {
        ROWS = 37
    };
    gd_random random;
    gd_random_seed(&random, inner, GD_STREAM_GENERATE);
    gd_real *left = block_of(ROWS * inner), *turned = block_of(ROWS * inner);
    gd_real *right = block_of(inner), *apart = block_of(3 * inner), *scratch = NULL;
    gd_real expected[ROWS], got[ROWS], bias = number(&random, false);
    for (size_t k = 0; k < inner; k++) {
        right[k] = apart[3 * k] = number(&random, false);
        for (size_t r = 0; r < ROWS; r++) {
            left[r * inner + k] = turned[k * ROWS + r] = number(&random, false);
        }
    }
    size_t elements = gdi_product_scratch(ROWS, 1, inner);
    cr_assert_eq(posix_memalign((void **)&scratch, 64, elements * sizeof(gd_real)), 0);
    const gdi_matrix column = {right, inner, true}, spaced = {apart, 3, false};
    for (size_t r = 0; r < ROWS; r++) {
        expected[r] = table->row_product(left + r * inner, right, inner, bias);
    }
    for (size_t rows = 1; rows <= ROWS; rows++) {
        for (size_t first = 0; first < ROWS; first += rows) {
            size_t count = ROWS - first < rows ? ROWS - first : rows;
            table->product((gdi_matrix){left + first * inner, inner, false}, column, got + first, 1,
                           count, 1, inner, &bias, false, scratch);
        }
        cr_assert_eq(memcmp(got, expected, sizeof got), 0, "%s: %zu rows", table->name, rows);
    }
    table->product((gdi_matrix){turned, ROWS, true}, spaced, got, 1, ROWS, 1, inner, &bias, false,
                   scratch);
    cr_assert_eq(memcmp(got, expected, sizeof got), 0, "%s: stored by columns", table->name);
    free(left);
    free(turned);
    free(right);
    free(apart);
    free(scratch);
}

Test(math_product, one_column_has_the_same_bytes_in_any_form)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t inner = 1; inner < 1200 && table != NULL; inner += inner < 70 ? 1 : 61) {
            check_column(table, inner);
        }
    }
}

Test(math_product, one_row_scaled_has_the_bytes_of_a_product)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t count = 2; count < 70 && table != NULL; count++) {
            gd_real row[70], expected[70], got[70], factor = -1, scratch[256];
            gd_random random;
            gd_random_seed(&random, count, GD_STREAM_GENERATE);
            for (size_t i = 0; i < count; i++) {
                row[i] = i % 5 == 0 ? 0 : number(&random, false);
            }
            table->product((gdi_matrix){&factor, 1, true}, (gdi_matrix){row, count, false},
                           expected, count, 1, count, 1, NULL, false, scratch);
            table->scaled_row(row, factor, got, count);
            cr_assert_eq(memcmp(got, expected, count * sizeof *got), 0, "%s: %zu", table->name,
                         count);
        }
    }
}

Test(math_product, alignment_does_not_change_bytes)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (uint64_t choice = 0; choice < 16 && table != NULL; choice++) {
            gd_real *first = NULL;
            for (size_t offset = 0; offset < 5; offset++) {
                product_case shape = case_of(23, 37, 41, choice);
                shape.integers = false;
                shape.offset = offset;
                gd_random random;
                gd_random_seed(&random, choice, GD_STREAM_GENERATE);
                operands made = make_operands(&random, &shape);
                gd_real *result = run(table, &shape, &made);
                if (first == NULL) {
                    first = result;
                    result = NULL;
                } else {
                    cr_assert_eq(memcmp(first, result + offset, 23 * 37 * sizeof *first), 0);
                }
                free(result);
                free_operands(&made);
            }
            free(first);
        }
    }
}

/* Rows or columns of a result that must not be finite, and no others. */
static void check_spread(const gdi_kernels *table, const product_case *shape, gd_random *random,
                         gd_real value, bool in_left)
{
    operands made = make_operands(random, shape);
    size_t at = in_left ? shape->rows / 2 : shape->columns / 2;
    size_t k = shape->inner - 1;
    gdi_matrix *matrix = in_left ? &made.left : &made.right;
    gd_real *block = in_left ? made.left_block : made.right_block;
    bool by_inner = in_left == matrix->transposed; /* stored [inner, …] */
    block[shape->offset + (by_inner ? k * matrix->stride + at : at * matrix->stride + k)] = value;
    gd_real *result = run(table, shape, &made);
    for (size_t r = 0; r < shape->rows; r++) {
        for (size_t c = 0; c < shape->columns; c++) {
            bool finite = isfinite(result[shape->offset + r * made.result_stride + c]) != 0;
            bool hit = (in_left ? r : c) == at;
            /* An infinity times zero is NaN, so a whole row or column is hit in either case. */
            cr_assert_eq(finite, !hit, "%s: %zu, %zu of %zu x %zu", table->name, r, c, shape->rows,
                         shape->columns);
        }
    }
    free(result);
    free_operands(&made);
}

Test(math_product, non_finite_values_spread_as_they_must)
{
    static const size_t shapes[][3] = {
        {1, 1, 5}, {13, 1, 20}, {14, 19, 9}, {26, 40, 520}, {40, 7, 530}};
    gd_random random;
    gd_random_seed(&random, 6, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && table != NULL; i++) {
            for (uint64_t choice = 0; choice < 4; choice++) {
                product_case shape =
                    case_of(shapes[i][0], shapes[i][1], shapes[i][2], choice | 1u << 4);
                check_spread(table, &shape, &random, (gd_real)NAN, true);
                check_spread(table, &shape, &random, (gd_real)INFINITY, true);
                check_spread(table, &shape, &random, (gd_real)NAN, false);
                check_spread(table, &shape, &random, (gd_real)-INFINITY, false);
            }
        }
    }
}

Test(math_product, nothing_to_sum_gives_bias_or_zero)
{
    gd_random random;
    gd_random_seed(&random, 7, GD_STREAM_GENERATE);
    for (uint64_t choice = 0; choice < 16; choice++) {
        product_case shape = case_of(5, 7, 0, choice);
        check(&random, &shape);
        shape = case_of(5, 1, 0, choice);
        check(&random, &shape);
    }
}

Test(math_product, empty_results_touch_nothing)
{
    static const gd_real one = 1;
    gdi_matrix matrix = {&one, 1, false};
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table != NULL) {
            table->product(matrix, matrix, NULL, 1, 0, 1, 1, NULL, false, NULL);
            table->product(matrix, matrix, NULL, 1, 0, 5, 1, NULL, false, NULL);
            table->product(matrix, matrix, NULL, 1, 1, 0, 1, NULL, false, NULL);
        }
    }
}

Test(math_product, scratch_grows_with_the_sizes)
{
    size_t last = 0;
    for (size_t inner = 0; inner < 2000; inner += 13) {
        size_t scratch = gdi_product_scratch(100, 100, inner);
        cr_assert_geq(scratch, last);
        cr_assert_leq(gdi_product_scratch(3, 5, inner), scratch);
        last = scratch;
    }
}
