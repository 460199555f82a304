/*
 * initialise.c: first values of weights and biases.
 *
 * Bounds and deviations are those of torch.nn.init: xavier_* with gain 1; kaiming_* with fan_in and
 * relu's gain sqrt(2); "pytorch" is what torch.nn.Linear does, kaiming_uniform with a = sqrt(5), which
 * is U(±1/sqrt(fan_in)). Normal distributions are not truncated.
 */
#include "nn/layer.h"

#include "base/versions.h"

#include <math.h>

typedef enum distribution {
    UNIFORM, /* ±spread */
    NORMAL,  /* deviation spread */
    ORTHOGONAL,
    ZEROS
} distribution;

/* spread = fixed, or sqrt(numerator / (in_share fan_in + out_share fan_out)) */
typedef struct spread_rule {
    distribution distribution;
    double fixed;
    double numerator, in_share, out_share;
} spread_rule;

static const spread_rule rules[GD_INITIALISER_COUNT] = {
    [GD_INITIALISER_PYTORCH] = {.distribution = UNIFORM, .numerator = 1, .in_share = 1},
    [GD_INITIALISER_GLOROT_UNIFORM] = {.distribution = UNIFORM,
                                       .numerator = 6,
                                       .in_share = 1,
                                       .out_share = 1},
    [GD_INITIALISER_GLOROT_NORMAL] = {.distribution = NORMAL,
                                      .numerator = 2,
                                      .in_share = 1,
                                      .out_share = 1},
    [GD_INITIALISER_HE_UNIFORM] = {.distribution = UNIFORM, .numerator = 6, .in_share = 1},
    [GD_INITIALISER_HE_NORMAL] = {.distribution = NORMAL, .numerator = 2, .in_share = 1},
    [GD_INITIALISER_LECUN_NORMAL] = {.distribution = NORMAL, .numerator = 1, .in_share = 1},
    [GD_INITIALISER_ORTHOGONAL] = {.distribution = ORTHOGONAL, .fixed = 1},
    [GD_INITIALISER_NORMAL] = {.distribution = NORMAL, .fixed = 0.01},
    [GD_INITIALISER_UNIFORM] = {.distribution = UNIFORM, .fixed = 0.05},
    [GD_INITIALISER_ZEROS] = {.distribution = ZEROS},
};

const char *const gdi_initialiser_name_list[GD_INITIALISER_COUNT + 1] = {
    [GD_INITIALISER_PYTORCH] = "pytorch",
    [GD_INITIALISER_GLOROT_UNIFORM] = "glorot_uniform",
    [GD_INITIALISER_GLOROT_NORMAL] = "glorot_normal",
    [GD_INITIALISER_HE_UNIFORM] = "he_uniform",
    [GD_INITIALISER_HE_NORMAL] = "he_normal",
    [GD_INITIALISER_LECUN_NORMAL] = "lecun_normal",
    [GD_INITIALISER_ORTHOGONAL] = "orthogonal",
    [GD_INITIALISER_NORMAL] = "normal",
    [GD_INITIALISER_UNIFORM] = "uniform",
    [GD_INITIALISER_ZEROS] = "zeros",
};

const char *const *gd_initialiser_names(void)
{
    return gdi_initialiser_name_list;
}

static double spread_of(const spread_rule *rule, gdi_fans fans)
{
    if (rule->fixed > 0) {
        return rule->fixed;
    }
    return sqrt(rule->numerator /
                (rule->in_share * (double)fans.in + rule->out_share * (double)fans.out));
}

static void draw_uniform(gd_real *values, size_t count, double bound, gd_random *random)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)((2.0 * gd_random_uniform(random) - 1.0) * bound);
    }
}

static void draw_normal(gd_real *values, size_t count, double deviation, gd_random *random)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)(gd_random_normal(random) * deviation);
    }
}

GDI_VERSIONS void gdi_fill(gd_real *values, size_t count, gd_real value)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = value;
    }
}

static double inverse_norm(double sum_of_squares)
{
    return sum_of_squares > 0 ? 1.0 / sqrt(sum_of_squares) : 0.0;
}

static double dot(const gd_real *a, const gd_real *b, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

/* Modified Gram–Schmidt over the rows of matrix [rows, columns], rows ≤ columns. */
static void orthonormalise_rows(gd_real *matrix, size_t rows, size_t columns)
{
    for (size_t k = 0; k < rows; k++) {
        gd_real *basis = matrix + k * columns;
        const double scale = inverse_norm(dot(basis, basis, columns));
        for (size_t c = 0; c < columns; c++) {
            basis[c] = (gd_real)((double)basis[c] * scale);
        }
        for (size_t r = k + 1; r < rows; r++) {
            gd_real *row = matrix + r * columns;
            const double share = dot(basis, row, columns);
            for (size_t c = 0; c < columns; c++) {
                row[c] = (gd_real)((double)row[c] - share * (double)basis[c]);
            }
        }
    }
}

#define TILE ((size_t)64)

/* Takes column k's share out of the columns from `first`, at most TILE of them. */
static void remove_share(gd_real *matrix, size_t rows, size_t columns, size_t k, size_t first)
{
    const size_t width = columns - first < TILE ? columns - first : TILE;
    double shares[TILE] = {0};
    for (size_t r = 0; r < rows; r++) {
        const gd_real *row = matrix + r * columns;
        for (size_t c = 0; c < width; c++) {
            shares[c] += (double)row[k] * (double)row[first + c];
        }
    }
    for (size_t r = 0; r < rows; r++) {
        gd_real *row = matrix + r * columns;
        for (size_t c = 0; c < width; c++) {
            row[first + c] = (gd_real)((double)row[first + c] - shares[c] * (double)row[k]);
        }
    }
}

/* The same over the columns, rows > columns; tiles of columns keep the walk along the rows. */
static void orthonormalise_columns(gd_real *matrix, size_t rows, size_t columns)
{
    for (size_t k = 0; k < columns; k++) {
        double sum = 0.0;
        for (size_t r = 0; r < rows; r++) {
            sum += (double)matrix[r * columns + k] * (double)matrix[r * columns + k];
        }
        const double scale = inverse_norm(sum);
        for (size_t r = 0; r < rows; r++) {
            matrix[r * columns + k] = (gd_real)((double)matrix[r * columns + k] * scale);
        }
        for (size_t first = k + 1; first < columns; first += TILE) {
            remove_share(matrix, rows, columns, k, first);
        }
    }
}

/*
 * Uniform over the orthogonal matrices: normal numbers, then QR with a positive diagonal, which is
 * what Gram–Schmidt gives. The second round takes out what rounding left in the first.
 */
static void draw_orthogonal(gd_real *weight, size_t rows, size_t columns, gd_random *random)
{
    draw_normal(weight, rows * columns, 1.0, random);
    for (int round = 0; round < 2; round++) {
        if (rows <= columns) {
            orthonormalise_rows(weight, rows, columns);
        } else {
            orthonormalise_columns(weight, rows, columns);
        }
    }
}

void gdi_initialise_weight(int initialiser, gd_real *weight, size_t rows, size_t columns,
                           gdi_fans fans, gd_random *random)
{
    const spread_rule *rule = &rules[initialiser];
    switch (rule->distribution) {
    case UNIFORM:
        draw_uniform(weight, rows * columns, spread_of(rule, fans), random);
        break;
    case NORMAL:
        draw_normal(weight, rows * columns, spread_of(rule, fans), random);
        break;
    case ORTHOGONAL:
        draw_orthogonal(weight, rows, columns, random);
        break;
    case ZEROS:
        gdi_fill(weight, rows * columns, 0);
        break;
    }
}

void gdi_initialise_bias(int initialiser, gd_real *bias, size_t count, gdi_fans fans,
                         gd_random *random)
{
    if (initialiser == GD_INITIALISER_PYTORCH) {
        draw_uniform(bias, count, spread_of(&rules[initialiser], fans), random);
    } else {
        gdi_fill(bias, count, 0);
    }
}
