/*
 * Models of type "formula": the text, its parameters, and what becomes of the rest without data.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define FAULTS(cases) spec_expect_faults(cases, sizeof cases / sizeof cases[0])
#define FORMULA(text, parameters) \
    "'model': {'type': 'formula', 'formula': '" text "', 'parameters': " parameters "}"
#define FITTED(text, parameters) "{" FORMULA(text, parameters) ", " SPEC_DATA "}"
#define ALONE(text, parameters)  "{" FORMULA(text, parameters) "}"

Test(spec_formula, is_read_with_starts_and_bounds)
{
    spec_job *spec =
        spec_good(FITTED("b1*(1-exp(-b2*x))", "{'b1': 250, 'b2': {'start': 5e-4, 'min': 0}}"));
    const gd_formula *formula = spec->model.formula;
    cr_assert_not_null(formula);
    cr_expect_eq(gd_formula_parameter_count(formula), 2);
    cr_expect_str_eq(gd_formula_parameter_at(formula, 0)->name, "b1");
    cr_expect_eq(gd_formula_parameter_at(formula, 0)->start, 250);
    cr_expect_eq(gd_formula_parameter_at(formula, 1)->minimum, 0);
    cr_expect_eq(gd_formula_parameter_at(formula, 1)->maximum, INFINITY);
    cr_expect_str_eq(gd_formula_column(formula, 0), "x");
    cr_expect(gd_formula_is_scaled(formula));
    spec_destroy(spec);
}

Test(spec_formula, is_written_resolved_and_reads_back)
{
    char *text = spec_round(FITTED("a*x+b", "{'a': {'start': 1, 'max': 2}, 'b': -1}"));
    cr_expect_str_eq(spec_word_at(text, "/model/formula"), "a*x+b");
    cr_expect_str_eq(spec_word_at(text, "/model/scaling"), "start");
    cr_expect_eq(spec_number_at(text, "/model/parameters/a/max"), 2);
    cr_expect_eq(spec_number_at(text, "/model/parameters/b/start"), -1);
    cr_expect_not(spec_is_at(text, "/model/parameters/b/min"));
    cr_expect_not(spec_is_at(text, "/model/layers"));
    free(text);
}

Test(spec_formula, alone_has_steps_and_neither_data_nor_loss)
{
    char *text = spec_round(ALONE("(x-1)^2", "{'x': 3}"));
    cr_expect_str_eq(spec_word_at(text, "/model/scaling"), "none");
    cr_expect_eq(spec_number_at(text, "/training/steps"), 1000);
    static const char *const absent[] = {"/data", "/loss", "/training/batch_size",
                                         "/training/shuffle", "/training/epochs"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        cr_expect_not(spec_is_at(text, absent[i]), "%s", absent[i]);
    free(text);
    text = spec_round(
        "{" FORMULA("x^2", "{'x': 3}") ", 'training': {'epochs': 7, 'batch_size': 'full'}}");
    cr_expect_eq(spec_number_at(text, "/training/epochs"), 7);
    cr_expect_not(spec_is_at(text, "/training/steps"));
    free(text);
}

/* PyTorch's tolerances would end a fit in double half-way. */
Test(spec_formula, lbfgs_goes_on_to_the_last_digit_unless_told)
{
    char *text = spec_round("{" FORMULA("x^2", "{'x': 3}") ", 'optimizer': 'lbfgs'}");
    cr_expect_eq(spec_number_at(text, "/optimizer/tolerance_grad"), 0);
    cr_expect_eq(spec_number_at(text, "/optimizer/tolerance_change"), 0);
    free(text);
    text = spec_round(
        "{" FORMULA("x^2", "{'x': 3}") ", 'optimizer': {'type': 'lbfgs', 'tolerance_grad': 1e-5}}");
    cr_expect_eq(spec_number_at(text, "/optimizer/tolerance_grad"), 1e-5);
    free(text);
    text = spec_round("{'model': 'linear', " SPEC_DATA ", 'optimizer': 'lbfgs'}");
    cr_expect_eq(spec_number_at(text, "/optimizer/tolerance_grad"), 1e-7);
    free(text);
}

Test(spec_formula, faults_are_told_where_they_are)
{
    static const spec_fault_case cases[] = {
        {"{'model': 'formula'}", "/model", "missing", "write {"},
        {"{'model': {'type': 'formula', 'parameters': {'a': 1}}}", "/model/formula", "missing",
         NULL},
        {"{'model': {'type': 'formula', 'formula': 'a'}}", "/model/parameters", "missing", NULL},
        {ALONE("a+", "{'a': 1}"), "/model/formula", "invalid_argument", "Position 3"},
        {ALONE("a+aa1", "{'a': 1}"), "/model/formula", "not_found", "aa1"},
        {ALONE("alpha+alpah", "{'alpha': 1}"), "/model/formula", "not_found",
         "did you mean \"alpha\""},
        {ALONE("a", "{}"), "/model/parameters", "invalid_argument", "1 to 64"},
        {ALONE("a", "{'a': 'one'}"), "/model/parameters/a", "wrong_type", "min"},
        {ALONE("a", "{'a': {'min': 1}}"), "/model/parameters/a/start", "missing", NULL},
        {ALONE("a", "{'a': {'start': 0, 'min': 1}}"), "/model/parameters/a/start",
         "invalid_argument", "within"},
        {ALONE("a", "{'a': {'start': 1, 'mn': 1}}"), "/model/parameters/a/mn", "unknown_member",
         "min"},
        {ALONE("a", "{'a': 1, 'b': 2}"), "/model/parameters/b", "invalid_argument",
         "does not name"},
        {ALONE("a", "{'a': 1, 'exp': 2}"), "/model/parameters/exp", "invalid_argument", NULL},
        {ALONE("a", "{'a': 1, 'b c': 2}"), "/model/parameters", "invalid_argument", "b c"},
        {ALONE("a", "{'a': 1e301}"), "/model/parameters/a", "out_of_range", NULL},
        {"{" FORMULA("a", "{'a': 1}") ", 'loss': 'mse'}", "/loss", "conflict", "without data"},
        {"{" FORMULA("a", "{'a': 1}") ", 'training': {'batch_size': 4}}", "/training/batch_size",
         "conflict", NULL},
        {"{" FORMULA("a", "{'a': 1}") ", 'training': {'shuffle': true}}", "/training/shuffle",
         "conflict", NULL},
        {"{'model': {'type': 'formula', 'formula': 'a', 'parameters': {'a': 1}, 'layers': []}}",
         "/model/layers", "unknown_member", NULL},
        {"{'model': {'type': 'formula', 'formula': 'a', 'parameters': {'a': 1}, 'scaling': 'all'}}",
         "/model/scaling", "unknown_value", "start"},
    };
    FAULTS(cases);
}
