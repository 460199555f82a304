/*
 * target_formula.c: any text as a formula of the parameters a, b and c. What is accepted can be
 * computed and differentiated, to the same values whether rows come one by one or together; what is
 * refused says where and why.
 */
#include "fuzz/fuzz.h"

#include <descent/formula.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 5
};

static bool is_same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void expect_passes(const gd_formula *formula)
{
    const double at[3] = {0.5, -2, 3};
    size_t parameters = (size_t)gd_formula_parameter_count(formula);
    size_t columns = (size_t)gd_formula_column_count(formula);
    double *cells = calloc(ROWS * columns + 1, sizeof *cells);
    double *derivatives = calloc(ROWS * parameters, sizeof *derivatives);
    double together[ROWS], alone[ROWS], errors[3], quantile;
    FUZZ_REQUIRE(cells != NULL && derivatives != NULL);
    for (size_t i = 0; i < ROWS * columns; i++)
        cells[i] = (double)((i * 7) % 11) / 4 - 1;
    FUZZ_REQUIRE(gd_formula_evaluate(formula, at, cells, ROWS, together, NULL) == GD_OK);
    FUZZ_REQUIRE(gd_formula_differentiate(formula, at, cells, ROWS, alone, derivatives, NULL) ==
                 GD_OK);
    for (int i = 0; i < ROWS; i++)
        FUZZ_REQUIRE(is_same(together[i], alone[i]));
    FUZZ_REQUIRE(gd_formula_standard_errors(formula, at, cells, together, ROWS, errors, &quantile,
                                            NULL) == GD_OK);
    for (size_t i = 0; i < parameters; i++)
        FUZZ_REQUIRE(isnan(errors[i]) || errors[i] >= 0);
    free(cells);
    free(derivatives);
}

/* With as many parameters as the text can have, for each must be named. */
static void expect_reading(const char *text, int64_t count)
{
    gd_formula_parameter parameters[3] = {
        {"a", 0.5, -INFINITY, INFINITY}, {"b", -2, -10, 10}, {"c", 3, 0, INFINITY}};
    gd_formula_options options = {text, parameters, count, count > 1};
    gd_formula *formula = NULL;
    gd_error error = {.status = GD_OK};
    gd_status status = gd_formula_create(&formula, &options, &error);
    if (status != GD_OK) {
        FUZZ_REQUIRE(formula == NULL && error.status == status);
        FUZZ_REQUIRE(error.path[0] != '\0' && error.message[0] != '\0');
        return;
    }
    FUZZ_REQUIRE(strcmp(gd_formula_text(formula), text) == 0);
    for (int64_t i = 0; i < gd_formula_column_count(formula); i++)
        FUZZ_REQUIRE(gd_formula_column(formula, i)[0] != '\0');
    expect_passes(formula);
    gd_formula_destroy(formula);
}

void fuzz_formula(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    for (int64_t count = 1; count <= 3; count++)
        expect_reading(text, count);
    free(text);
}
