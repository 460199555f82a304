/*
 * The language of formulas: what it means, what it refuses and with which words.
 */
#include <criterion/criterion.h>

#include <descent/formula.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gd_formula_parameter parameter(const char *name, double start)
{
    gd_formula_parameter made = {.start = start, .minimum = -INFINITY, .maximum = INFINITY};
    snprintf(made.name, sizeof made.name, "%s", name);
    return made;
}

static gd_status make(gd_formula **formula, const char *text, gd_error *error)
{
    const gd_formula_parameter parameters[] = {parameter("a", 2), parameter("B", 3)};
    bool both = strchr(text, 'B') != NULL;
    gd_formula_options options = {text, parameters, both ? 2 : 1, false};
    return gd_formula_create(formula, &options, error);
}

/* At a = 2, B = 3 and x = 0.5, z = -4. */
static double value_of(const char *text)
{
    const double parameters[] = {2, 3};
    gd_formula *formula;
    gd_error error = {0};
    cr_assert_eq(make(&formula, text, &error), GD_OK, "%s: %s", text, error.message);
    double cells[2] = {0}, value = 0;
    for (int64_t i = 0; i < gd_formula_column_count(formula); i++) {
        cells[i] = strcmp(gd_formula_column(formula, i), "x") == 0 ? 0.5 : -4;
    }
    cr_assert_eq(gd_formula_evaluate(formula, parameters, cells, 1, &value, NULL), GD_OK);
    gd_formula_destroy(formula);
    return value;
}

Test(formula, operators_bind_as_in_mathematics)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"a+B*x", 3.5},
        {"(a+B)*x", 2.5},
        {"a-B-1", -2},
        {"a/B/2", 2.0 / 3 / 2},
        {"-a^2", -4},
        {"(-a)^2", 4},
        {"a^-1", 0.5},
        {"a^B^2", 512},
        {"2^-a", 0.25},
        {"--a", 2},
        {"+a", 2},
        {"a*-B", -6},
        {"a - -B", 5},
        {"1e1*a", 20},
        {"1.5e+2*a", 300},
        {".5*a", 1},
        {"5.*a", 10},
        {"2*pi*a", 12.566370614359172},
        {"e^a", 7.3890560989306495},
        {"min(a, B)", 2},
        {"max(a, B)", 3},
        {"max(z, a)", 2},
        {"abs(a)", 2},
        {"abs(z)*a", 8},
        {"sqrt(a*2)", 2},
        {"\ta\n*\r x ", 1},
        {"a*`x`", 1},
        {"a*`two words`", -8},
        {"a*x.y", -8},
        {"a*größe", -8},
        {"a+0*(1+2)^2", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = value_of(cases[i].text);
        cr_assert_float_eq(value, cases[i].value, 1e-12 * fabs(cases[i].value), "%s is %.17g",
                           cases[i].text, value);
    }
}

Test(formula, numbers_do_not_follow_the_locale)
{
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    cr_assert_float_eq(value_of("a*0.25"), 0.5, 1e-15);
}

Test(formula, names_that_are_no_parameters_are_columns)
{
    gd_formula *formula;
    cr_assert_eq(make(&formula, "a*x+B*zeta+x", NULL), GD_OK);
    cr_assert_eq(gd_formula_column_count(formula), 2);
    cr_assert_str_eq(gd_formula_column(formula, 0), "x");
    cr_assert_str_eq(gd_formula_column(formula, 1), "zeta");
    cr_assert_str_eq(gd_formula_text(formula), "a*x+B*zeta+x");
    cr_assert_eq(gd_formula_parameter_count(formula), 2);
    cr_assert(gd_formula_operations(formula) > 0);
    gd_formula_destroy(formula);
}

Test(formula, says_where_it_is_wrong_and_what_would_be_right)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "Position 1: the formula is empty"},
        {"a+", "Position 3: the formula ends where"},
        {"a**x", "a power is written with ^"},
        {"2a", "Position 2: a product is written with *"},
        {"2(a)", "Position 2: a product is written with *"},
        {"a x", "Position 3: an operator is wanted before \"x\""},
        {"(a", "Position 3: a ) is missing for the ( at position 1"},
        {"a)", "Position 2: there is no ( for this )"},
        {"exp a", "\"exp\" is a function: write exp(…)"},
        {"exp", "\"exp\" is a function"},
        {"ln(a)", "the natural logarithm is log"},
        {"foo(a)", "there is no function \"foo\""},
        {"min(a)", "\"min\" takes two arguments"},
        {"exp(a,a)", "no function takes so many arguments"},
        {"max(a,a,a)", "no function takes so many arguments"},
        {"a,5", "a decimal point is"},
        {"a=1", "\"=\" has no meaning"},
        {"a+1.2.3", "is no number"},
        {"a+1e999", "is beyond what a double holds"},
        {"a+1/0", "give no finite number"},
        {"a+log(0)*0", "give no finite number"},
        {"`", "between two `"},
        {"a*``", "between two `"},
        {"a+()", "a number, a name or ( is wanted"},
        {"*a", "a number, a name or ( is wanted before *"},
        {"a[0]", "\"[\" has no meaning"},
        {"x+1", "does not name this parameter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gd_formula *formula;
        gd_error error = {0};
        cr_assert_eq(make(&formula, cases[i].text, &error), GD_INVALID_ARGUMENT, "%s",
                     cases[i].text);
        cr_assert_null(formula);
        cr_assert(strstr(error.message, cases[i].message) != NULL, "%s: %s", cases[i].text,
                  error.message);
    }
}

Test(formula, length_and_depth_have_limits)
{
    gd_formula *formula;
    gd_error error = {0};
    char text[2 * GD_FORMULA_MAXIMUM_LENGTH];
    memset(text, '(', 5000);
    text[5000] = '\0';
    cr_assert_eq(make(&formula, text, &error), GD_TOO_LARGE, "%s", error.message);
    static const char *const openings[] = {"(", "-", "a^", "exp("};
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        size_t length = strlen(openings[i]);
        for (size_t depth = 0; depth < 150; depth++) {
            memcpy(text + depth * length, openings[i], length + 1);
        }
        cr_assert_eq(make(&formula, text, &error), GD_TOO_LARGE, "%s", openings[i]);
        cr_assert(strstr(error.message, "deeper than 100") != NULL, "%s", error.message);
    }
    memset(text, ' ', GD_FORMULA_MAXIMUM_LENGTH);
    text[0] = 'a';
    text[GD_FORMULA_MAXIMUM_LENGTH] = '\0';
    cr_assert_eq(make(&formula, text, &error), GD_OK);
    gd_formula_destroy(formula);
    text[GD_FORMULA_MAXIMUM_LENGTH] = ' ';
    text[GD_FORMULA_MAXIMUM_LENGTH + 1] = '\0';
    cr_assert_eq(make(&formula, text, &error), GD_TOO_LARGE);
}

Test(formula, parameters_are_checked)
{
    gd_formula_parameter good = parameter("a", 1), bad = good;
    gd_formula_options options = {"a", &bad, 1, false};
    gd_formula *formula;
    gd_error error = {0};
    static const char *const names[] = {
        "", "1a", "a b", "a.b", "ä", "a-", "a01234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bad = good;
        memset(bad.name, 0, sizeof bad.name);
        memcpy(bad.name, names[i],
               strlen(names[i]) < sizeof bad.name ? strlen(names[i]) : sizeof bad.name);
        cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT, "%s",
                     names[i]);
        cr_assert_str_eq(error.path, "parameters");
    }
    static const char *const reserved[] = {"pi", "e", "exp", "max"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        bad = parameter(reserved[i], 1);
        cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
    }
    bad = good;
    bad.start = NAN;
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "parameters/a/start");
    bad = good;
    bad.minimum = 2;
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "parameters/a/start");
    bad.maximum = 2;
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
    cr_assert_str_eq(error.path, "parameters/a/max");
    const gd_formula_parameter twice[] = {good, good};
    options = (gd_formula_options){"a", twice, 2, false};
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
    options = (gd_formula_options){"1", twice, 0, false};
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_INVALID_ARGUMENT);
}

Test(formula, words_are_those_of_the_table)
{
    const char *const *words = gd_formula_words();
    int64_t known = 0, functions = 0;
    while (words[known] != NULL) {
        known++;
    }
    for (; gd_formula_function_at(functions) != NULL; functions++) {
        const char *name = gd_formula_function_at(functions)->name;
        bool found = false;
        for (int64_t i = 0; i < known; i++) {
            found = found || strcmp(words[i], name) == 0;
        }
        cr_assert(found, "%s", name);
    }
    cr_assert_eq(known, functions + 7);
    cr_assert_null(gd_formula_function_at(-1));
}
