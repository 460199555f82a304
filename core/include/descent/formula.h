/*
 * formula.h: a model written down: "b1*(1-exp(-b2*x))".
 *
 * Grammar, loosest first: + and -, * and /, unary minus and plus, ^ (to the right: 2^3^2 = 2^9,
 * -x^2 = -(x^2)), then numbers, names, name(arguments) and parentheses. The constants pi and e and
 * the functions of gd_formula_function are known; every other name is a parameter where it is
 * listed as one, else a column of the data. A name between back quotes is a column, whatever its
 * letters. Everything is computed in double, in any build. Derivatives are those of reverse mode;
 * at a kink (abs at 0, min and max of equal numbers) that of one side is taken: 0 for abs, the
 * first argument's. Thread rule: a gd_formula is immutable after create.
 */
#ifndef DESCENT_FORMULA_H
#define DESCENT_FORMULA_H

#include <descent/status.h>

#include <stdbool.h>
#include <stdint.h>

#define GD_FORMULA_MAXIMUM_LENGTH     ((size_t)4096) /* bytes of a text */
#define GD_FORMULA_MAXIMUM_DEPTH      100 /* parentheses, signs and powers in each other */
#define GD_FORMULA_MAXIMUM_PARAMETERS ((int64_t)64)
#define GD_FORMULA_MAXIMUM_NAME       ((size_t)40) /* bytes of a parameter's name */
#define GD_FORMULA_SERIES             ((int64_t)16) /* with more parameters their values are no curves */

/* A number to be found: letters, digits and _ make its name, and the first is no digit. */
typedef struct gd_formula_parameter {
    char name[GD_FORMULA_MAXIMUM_NAME + 1];
    double start;
    double minimum, maximum; /* bounds it is held in; infinite: none */
} gd_formula_parameter;

typedef struct gd_formula_options {
    const char *text;
    const gd_formula_parameter *parameters; /* [parameter_count] */
    int64_t parameter_count;
    bool
        scaled; /* an optimizer sees each parameter divided by |start| (0: as it is), so that parameters
                    of different sizes take steps of one size */
} gd_formula_options;

typedef struct gd_formula gd_formula;

/*
 * Reads and compiles. GD_INVALID_ARGUMENT: path "formula" with the position, from 1, what is wrong
 * there and what would be right; or "parameters", "parameters/<name>" with "/start", "/min" or
 * "/max" behind. Every parameter must appear in the formula. Everything is copied.
 */
gd_status gd_formula_create(gd_formula **formula, const gd_formula_options *options,
                            gd_error *error);
void gd_formula_destroy(gd_formula *formula);

const char *gd_formula_text(const gd_formula *formula);
bool gd_formula_is_scaled(const gd_formula *formula);
int64_t gd_formula_parameter_count(const gd_formula *formula);
const gd_formula_parameter *gd_formula_parameter_at(const gd_formula *formula, int64_t index);
/* Columns it names, in the order of their first appearance, each once. */
int64_t gd_formula_column_count(const gd_formula *formula);
const char *gd_formula_column(const gd_formula *formula, int64_t index);
/* Floating-point operations of the values and derivatives of one row, a function counted as 20. */
int64_t gd_formula_operations(const gd_formula *formula);

/* The functions: name and help; NULL behind the last. */
typedef struct gd_formula_function {
    const char *name;
    const char *help;
    int arguments;
} gd_formula_function;

const gd_formula_function *gd_formula_function_at(int64_t index);

/* The operators, constants and functions as words, NULL-terminated: "+", …, "pi", "e", "exp", …. */
const char *const *gd_formula_words(void);

/*
 * values [rows] at parameters [parameter_count] and cells [rows, column_count]. GD_OUT_OF_MEMORY. A
 * value may be NaN or infinite, as log(-1) is.
 */
gd_status gd_formula_evaluate(const gd_formula *formula, const double *parameters,
                              const double *cells, int64_t rows, double *values, gd_error *error);

/* The same, and derivatives [rows, parameter_count] by each parameter. */
gd_status gd_formula_differentiate(const gd_formula *formula, const double *parameters,
                                   const double *cells, int64_t rows, double *values,
                                   double *derivatives, gd_error *error);

/*
 * How sure a least-squares fit is of its parameters: with the derivatives J [rows, parameters] at
 * the solution, s² = SSE / (rows - parameters) and C = s² (J^T J)^-1, errors[i] = sqrt(C[i][i]);
 * *quantile is that of Student's t for a two-sided 95 % interval, value ± quantile · error (Bates
 * and Watts 1988, section 1.4; J^T J by way of an orthogonal factor of J, which keeps twice the
 * digits). A parameter that stands at one of its bounds is taken as given: its error is NaN. All
 * are NaN where J^T J is singular to working precision, or the rows are no more than the
 * parameters.
 */
gd_status gd_formula_standard_errors(const gd_formula *formula, const double *parameters,
                                     const double *cells, const double *targets, int64_t rows,
                                     double *errors, double *quantile, gd_error *error);

/* t with P(|T| ≤ t) = probability, of Student's distribution with `degrees` of freedom, both > 0. */
double gd_student_quantile(double probability, double degrees);

#endif
