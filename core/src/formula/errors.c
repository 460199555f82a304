/*
 * errors.c: standard errors of a least-squares fit (formula.h).
 *
 * The rows of J are folded one by one into a triangular R with R^T R = J^T J by rotations (Golub
 * and Van Loan, "Matrix Computations", section 5.2.5), so that memory is parameters², whatever the
 * rows, and the condition of J is not squared. Then (J^T J)^-1 = R^-1 R^-T.
 */
#include "formula/tape.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define CONFIDENCE 0.95

typedef struct triangle {
    double *factor; /* [count, count], upper */
    double *row;    /* [count] */
    size_t count;
} triangle;

static void fold(triangle *t, double *row)
{
    for (size_t i = 0; i < t->count; i++) {
        double *own = t->factor + i * t->count;
        double length = hypot(own[i], row[i]);
        if (row[i] == 0 || !(length > 0)) {
            continue;
        }
        double c = own[i] / length, s = row[i] / length;
        for (size_t j = i; j < t->count; j++) {
            double above = own[j], below = row[j];
            own[j] = c * above + s * below;
            row[j] = c * below - s * above;
        }
    }
}

/* Whether a diagonal element is nothing beside the length of its column. */
static bool is_singular(const triangle *t, int64_t rows)
{
    for (size_t j = 0; j < t->count; j++) {
        double squares = 0;
        for (size_t i = 0; i <= j; i++) {
            squares += t->factor[i * t->count + j] * t->factor[i * t->count + j];
        }
        double limit = (double)rows * DBL_EPSILON * sqrt(squares);
        if (!(fabs(t->factor[j * t->count + j]) > limit)) {
            return true;
        }
    }
    return false;
}

/* Element (i, i) of R^-1 R^-T: the squares of row i of R^-1, which is x with x R = e_i, summed. */
static double inverse_diagonal(triangle *t, size_t i)
{
    double sum = 0;
    memset(t->row, 0, t->count * sizeof *t->row);
    for (size_t k = i; k < t->count; k++) {
        double rest = k == i ? 1 : 0;
        for (size_t j = i; j < k; j++) {
            rest -= t->row[j] * t->factor[j * t->count + k];
        }
        t->row[k] = rest / t->factor[k * t->count + k];
        sum += t->row[k] * t->row[k];
    }
    return sum;
}

static bool is_free(const gd_formula *formula, const double *parameters, int64_t i)
{
    const gd_formula_parameter *parameter = &formula->parameters[i];
    return parameters[i] > parameter->minimum && parameters[i] < parameter->maximum;
}

typedef struct fit {
    const gd_formula *formula;
    const double *parameters, *cells, *targets;
    int64_t rows;
    double *scratch, *gradient;
    triangle t;
    double squares; /* of the residuals */
} fit;

static void fold_rows(fit *f)
{
    const gd_formula *formula = f->formula;
    const double one = 1;
    for (int64_t row = 0; row < f->rows; row++) {
        size_t stride, count = 0;
        gdi_formula_begin(formula, f->parameters, f->scratch);
        gdi_formula_write(formula, f->scratch, f->cells, row, 1);
        double residual = *gdi_formula_forward(formula, f->scratch, 1, &stride) - f->targets[row];
        gdi_formula_reverse(formula, f->scratch, &one, 1);
        gdi_formula_end(formula, f->scratch, f->gradient);
        for (int64_t i = 0; i < formula->parameter_count; i++) {
            if (is_free(formula, f->parameters, i)) {
                f->t.row[count++] = f->gradient[i];
            }
        }
        f->squares += residual * residual;
        fold(&f->t, f->t.row);
    }
}

static void compute(fit *f, double *errors, double *quantile)
{
    int64_t degrees = f->rows - (int64_t)f->t.count;
    for (int64_t i = 0; i < f->formula->parameter_count; i++) {
        errors[i] = NAN;
    }
    *quantile = NAN;
    if (degrees < 1 || f->t.count == 0) {
        return;
    }
    fold_rows(f);
    if (!isfinite(f->squares) || is_singular(&f->t, f->rows)) {
        return;
    }
    *quantile = gd_student_quantile(CONFIDENCE, (double)degrees);
    size_t at = 0;
    for (int64_t i = 0; i < f->formula->parameter_count; i++) {
        if (is_free(f->formula, f->parameters, i)) {
            errors[i] = sqrt(f->squares / (double)degrees * inverse_diagonal(&f->t, at++));
        }
    }
}

gd_status gd_formula_standard_errors(const gd_formula *formula, const double *parameters,
                                     const double *cells, const double *targets, int64_t rows,
                                     double *errors, double *quantile, gd_error *error)
{
    size_t all = (size_t)formula->parameter_count, count = 0;
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        count += is_free(formula, parameters, i) ? 1 : 0;
    }
    fit f = {.formula = formula,
             .parameters = parameters,
             .cells = cells,
             .targets = targets,
             .rows = rows};
    f.t.count = count;
    f.scratch = gdi_allocate(gdi_formula_scratch(formula), sizeof *f.scratch);
    f.gradient = gdi_allocate(all, sizeof *f.gradient);
    f.t.row = gdi_allocate(all, sizeof *f.t.row);
    f.t.factor = gdi_allocate(all * all, sizeof *f.t.factor);
    bool made = f.scratch != NULL && f.gradient != NULL && f.t.row != NULL && f.t.factor != NULL;
    if (made) {
        compute(&f, errors, quantile);
    }
    gdi_free(f.scratch);
    gdi_free(f.gradient);
    gdi_free(f.t.row);
    gdi_free(f.t.factor);
    return made ? GD_OK : gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for standard errors");
}
