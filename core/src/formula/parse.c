/*
 * parse.c: recursive descent over the text, one function a level of the grammar (formula.h). The first
 * fault ends it and is told with its position, counted in bytes from 1, and what would be right there.
 */
#include "formula/build.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXCERPT       24
#define NUMBER_LENGTH 64 /* bytes of a number */

typedef struct parser {
    gd_formula *formula;
    const char *text;
    size_t at;
    int depth;
    gd_status status;
    gd_error *error;
} parser;

static int fail(parser *p, gd_status status, size_t at, const char *what)
{
    if (p->status == GD_OK) {
        p->status = gd_fail(p->error, status, "formula", "Position %zu: %s.", at + 1, what);
    }
    return -1;
}

static int fail_near(parser *p, size_t at, size_t length, const char *before, const char *behind)
{
    char text[200];
    int shown = (int)(length < EXCERPT ? length : EXCERPT);
    /* No part of a letter of several bytes at the end. */
    while (shown > 0 && shown < (int)length &&
           ((unsigned char)p->text[at + (size_t)shown] & 0xC0) == 0x80) {
        shown--;
    }
    snprintf(text, sizeof text, "%s\"%.*s\"%s", before, shown, p->text + at, behind);
    return fail(p, GD_INVALID_ARGUMENT, at, text);
}

static int take(parser *p, int node)
{
    return node >= 0 || p->status != GD_OK
               ? node
               : fail(p, GD_OUT_OF_MEMORY, p->at, "there is no memory to compile the formula");
}

static char look(parser *p)
{
    while (p->text[p->at] == ' ' || p->text[p->at] == '\t' || p->text[p->at] == '\n' ||
           p->text[p->at] == '\r') {
        p->at++;
    }
    return p->text[p->at];
}

static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    while (starts_name(text[length]) ||
           (length > 0 && (is_digit(text[length]) || text[length] == '.'))) {
        length++;
    }
    return length;
}

static int parse_sum(parser *p);
static int parse_signed(parser *p);

/* `p` is at a digit, or at a point before one. */
static int parse_number(parser *p)
{
    double value = 0;
    const size_t at = p->at;
    const size_t length = (size_t)(gdi_number_read(p->text + at, &value) - (p->text + at));
    if (length > NUMBER_LENGTH) {
        return fail(p, GD_TOO_LARGE, at, "the number has too many digits; 17 say a double exactly");
    }
    if (!isfinite(value)) {
        return fail_near(p, at, length, "", " is beyond what a double holds, about 1.8e308");
    }
    p->at += length;
    if (p->text[p->at] == '.') {
        return fail_near(p, at, length + 1, "", " is no number: one decimal point is enough");
    }
    if (starts_name(p->text[p->at]) || p->text[p->at] == '(') {
        return fail_near(p, p->at, name_length(p->text + p->at) + (p->text[p->at] == '('),
                         "a product is written with *: put one before ", "");
    }
    return take(p, gdi_build_constant(p->formula, value));
}

/* Words of other languages, and what they are here. */
static const char *advice_for(const char *name, size_t length)
{
    static const char *const known[][2] = {
        {"ln", ": the natural logarithm is log"},
        {"log10", ": write log(x)/log(10)"},
        {"log2", ": write log(x)/log(2)"},
        {"pow", ": a power is written with ^"},
        {"power", ": a power is written with ^"},
        {"arcsin", ": it is asin"},
        {"arccos", ": it is acos"},
        {"arctan", ": it is atan"},
        {"fabs", ": it is abs"},
        {"sqr", ": a square is written x^2"},
        {"sigmoid", ": write 1/(1+exp(-x))"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i][0]) == length && memcmp(known[i][0], name, length) == 0) {
            return known[i][1];
        }
    }
    return "; there are exp log sqrt sin cos tan asin acos atan sinh cosh tanh abs min max";
}

static bool expect_close(parser *p, size_t opened)
{
    char c = look(p);
    if (c == ')') {
        p->at++;
        return true;
    }
    char what[80];
    snprintf(what, sizeof what, "a ) is missing for the ( at position %zu", opened + 1);
    if (c == '\0' || c == ',') {
        fail(p, GD_INVALID_ARGUMENT, p->at,
             c == ',' ? "no function takes so many arguments" : what);
    } else {
        fail(p, GD_INVALID_ARGUMENT, p->at, "an operator or ) is wanted here");
    }
    return false;
}

static int parse_call(parser *p, int operation)
{
    const gd_formula_function *function = &gdi_rule_at(operation)->function;
    int arguments[2] = {-1, -1};
    size_t name_at = p->at;
    p->at += strlen(function->name);
    if (look(p) != '(') {
        char behind[80];
        snprintf(behind, sizeof behind, " is a function: write %s(%s)", function->name,
                 function->arguments == 2 ? "…, …" : "…");
        return fail_near(p, name_at, strlen(function->name), "", behind);
    }
    size_t opened = p->at++;
    for (int i = 0; i < function->arguments; i++) {
        if (i > 0 && look(p) != ',') {
            return fail_near(p, name_at, strlen(function->name), "",
                             " takes two arguments, with a comma between them");
        }
        p->at += i > 0 ? 1 : 0;
        arguments[i] = parse_sum(p);
        if (arguments[i] < 0) {
            return -1;
        }
    }
    if (!expect_close(p, opened)) {
        return -1;
    }
    return take(p, gdi_build_operation(p->formula, operation, arguments[0], arguments[1]));
}

static int64_t find_parameter(const gd_formula *formula, const char *name, size_t length)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        const char *known = formula->parameters[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static int parse_name(parser *p)
{
    const char *name = p->text + p->at;
    size_t at = p->at, length = name_length(name);
    int function = gdi_find_function(name, length);
    if (function >= 0) {
        return parse_call(p, function);
    }
    p->at += length;
    if (look(p) == '(') {
        return fail_near(p, at, length, "there is no function ", advice_for(name, length));
    }
    if (length == 2 && memcmp(name, "pi", 2) == 0) {
        return take(p, gdi_build_constant(p->formula, 3.14159265358979323846));
    }
    if (length == 1 && *name == 'e') {
        return take(p, gdi_build_constant(p->formula, 2.71828182845904523536));
    }
    int64_t parameter = find_parameter(p->formula, name, length);
    return take(p, parameter >= 0 ? gdi_build_parameter(p->formula, parameter)
                                  : gdi_build_column(p->formula, name, length));
}

static int parse_quoted(parser *p)
{
    size_t at = p->at, length = 0;
    while (p->text[at + 1 + length] != '`' && p->text[at + 1 + length] != '\0') {
        length++;
    }
    if (p->text[at + 1 + length] == '\0' || length == 0) {
        return fail(p, GD_INVALID_ARGUMENT, at, "a column's name is wanted between two `");
    }
    p->at += length + 2;
    return take(p, gdi_build_column(p->formula, p->text + at + 1, length));
}

static int refuse(parser *p, char c)
{
    if (c == '\0') {
        return fail(p, GD_INVALID_ARGUMENT, p->at,
                    p->at == 0 ? "the formula is empty"
                               : "the formula ends where a number, a name or ( is wanted");
    }
    if (c == '*') {
        return fail(p, GD_INVALID_ARGUMENT, p->at,
                    p->at > 0 && p->text[p->at - 1] == '*'
                        ? "a power is written with ^, not **"
                        : "a number, a name or ( is wanted before *");
    }
    if (strchr("=<>!&|?:;[]{}\"'%$@#\\~", c) != NULL) {
        return fail_near(p, p->at, 1, "",
                         " has no meaning in a formula, which is one expression "
                         "of + - * / ^ and functions");
    }
    return fail_near(p, p->at, 1, "a number, a name or ( is wanted here, not ", "");
}

static int parse_atom(parser *p)
{
    char c = look(p);
    if (is_digit(c) || (c == '.' && is_digit(p->text[p->at + 1]))) {
        return parse_number(p);
    }
    if (c == '`') {
        return parse_quoted(p);
    }
    if (starts_name(c)) {
        return parse_name(p);
    }
    if (c != '(') {
        return refuse(p, c);
    }
    size_t opened = p->at++;
    int inner = parse_sum(p);
    return inner >= 0 && expect_close(p, opened) ? inner : -1;
}

/* What folds to a number must be one. */
static int combine(parser *p, int operation, int left, int right, size_t at)
{
    int node = take(p, gdi_build_operation(p->formula, operation, left, right));
    if (node >= 0 && p->formula->nodes[node].operation == GDI_CONSTANT &&
        !isfinite(p->formula->nodes[node].value)) {
        return fail(p, GD_INVALID_ARGUMENT, at, "the constants here give no finite number");
    }
    return node;
}

static int parse_power(parser *p)
{
    int base = parse_atom(p);
    if (base < 0 || look(p) != '^') {
        return base;
    }
    size_t at = p->at++;
    int exponent = parse_signed(p);
    return exponent < 0 ? -1 : combine(p, GDI_POWER, base, exponent, at);
}

static int parse_signed(parser *p)
{
    char c = look(p);
    if (p->depth == GD_FORMULA_MAXIMUM_DEPTH) {
        return fail(p, GD_TOO_LARGE, p->at,
                    "the formula is nested deeper than 100: write it with fewer parentheses");
    }
    p->depth++;
    int node;
    if (c == '-' || c == '+') {
        size_t at = p->at++;
        node = parse_signed(p);
        if (node >= 0 && c == '-') {
            node = combine(p, GDI_NEGATE, node, -1, at);
        }
    } else {
        node = parse_power(p);
    }
    p->depth--;
    return node;
}

static int parse_product(parser *p)
{
    int node = parse_signed(p);
    while (node >= 0 && (look(p) == '*' || look(p) == '/')) {
        size_t at = p->at;
        int operation = p->text[p->at++] == '*' ? GDI_MULTIPLY : GDI_DIVIDE;
        int right = parse_signed(p);
        node = right < 0 ? -1 : combine(p, operation, node, right, at);
    }
    return node;
}

static int parse_sum(parser *p)
{
    int node = parse_product(p);
    while (node >= 0 && (look(p) == '+' || look(p) == '-')) {
        size_t at = p->at;
        int operation = p->text[p->at++] == '+' ? GDI_ADD : GDI_SUBTRACT;
        int right = parse_product(p);
        node = right < 0 ? -1 : combine(p, operation, node, right, at);
    }
    return node;
}

/* Behind a whole expression nothing may stand. */
static void check_end(parser *p)
{
    char c = look(p);
    if (c == '\0') {
        return;
    }
    if (c == ')') {
        fail(p, GD_INVALID_ARGUMENT, p->at, "there is no ( for this )");
    } else if (starts_name(c) || is_digit(c) || c == '(' || c == '`') {
        size_t length = c == '(' || c == '`' ? 1 : strcspn(p->text + p->at, " \t\r\n");
        fail_near(p, p->at, length, "an operator is wanted before ",
                  "; a product is written with *");
    } else if (c == ',') {
        fail(p, GD_INVALID_ARGUMENT, p->at,
             "a comma stands between the arguments of min and max alone; a decimal point is \".\"");
    } else {
        refuse(p, c);
    }
}

gd_status gdi_formula_parse(gd_formula *formula, gd_error *error)
{
    parser p = {.formula = formula, .text = formula->text, .status = GD_OK, .error = error};
    formula->root = parse_sum(&p);
    if (p.status == GD_OK) {
        check_end(&p);
    }
    if (p.status == GD_OK) {
        gdi_build_finish(formula);
    }
    return p.status;
}
