/*
 * rules.c: the one table of operations, forward and back. A new function is its two loops and a row.
 *
 * A slope of exactly 0 gives nothing back, also where the derivative is infinite: what max did not
 * choose must not turn the gradient into NaN. A power by way of exp and log gives NaN for a negative
 * base and an exponent that is no whole number, as pow does.
 */
#include "formula/tape.h"

#include <math.h>
#include <string.h>

/* slope · derivative */
static inline double times(double slope, double derivative)
{
    return slope == 0 ? 0 : slope * derivative;
}

/* value and derivative are expressions in x, the argument, and y, the value. */
#define UNARY(word, expression, derivative)                                             \
    static void forward_##word(const double *a, const double *b, double *out, size_t n) \
    {                                                                                   \
        (void)b;                                                                        \
        for (size_t i = 0; i < n; i++) {                                                \
            const double x = a[i];                                                      \
            out[i] = (expression);                                                      \
        }                                                                               \
    }                                                                                   \
    static void reverse_##word(const double *a, const double *b, const double *out,     \
                               const double *slope, double *da, double *db, size_t n)   \
    {                                                                                   \
        (void)b;                                                                        \
        (void)db;                                                                       \
        for (size_t i = 0; da != NULL && i < n; i++) {                                  \
            const double x = a[i], y = out[i];                                          \
            (void)x;                                                                    \
            (void)y;                                                                    \
            da[i] += times(slope[i], (derivative));                                     \
        }                                                                               \
    }

/* The same of two arguments, x and z. */
#define BINARY(word, expression, by_x, by_z)                                            \
    static void forward_##word(const double *a, const double *b, double *out, size_t n) \
    {                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                \
            const double x = a[i], z = b[i];                                            \
            out[i] = (expression);                                                      \
        }                                                                               \
    }                                                                                   \
    static void reverse_##word(const double *a, const double *b, const double *out,     \
                               const double *slope, double *da, double *db, size_t n)   \
    {                                                                                   \
        for (size_t i = 0; da != NULL && i < n; i++) {                                  \
            const double x = a[i], z = b[i], y = out[i];                                \
            (void)x;                                                                    \
            (void)y;                                                                    \
            (void)z;                                                                    \
            da[i] += times(slope[i], (by_x));                                           \
        }                                                                               \
        for (size_t i = 0; db != NULL && i < n; i++) {                                  \
            const double x = a[i], z = b[i], y = out[i];                                \
            (void)x;                                                                    \
            (void)y;                                                                    \
            (void)z;                                                                    \
            db[i] += times(slope[i], (by_z));                                           \
        }                                                                               \
    }

static inline double power_by_base(double x, double z)
{
    return z == 0 ? 0 : z * pow(x, z - 1);
}

static inline double power_by_exponent(double x, double z, double y)
{
    return x == 0 && z > 0 ? 0 : y * log(x);
}

static inline double sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

BINARY(add, x + z, 1, 1)
BINARY(subtract, x - z, 1, -1)
BINARY(multiply, x *z, z, x)
BINARY(divide, x / z, 1 / z, -y / z)
BINARY(power, pow(x, z), power_by_base(x, z), power_by_exponent(x, z, y))
UNARY(square, x *x, 2 * x)
UNARY(negate, -x, -1)
UNARY(exp, exp(x), y)
UNARY(log, log(x), 1 / x)
UNARY(sqrt, sqrt(x), 0.5 / y)
UNARY(sin, sin(x), cos(x))
UNARY(cos, cos(x), -sin(x))
UNARY(tan, tan(x), 1 + y * y)
UNARY(asin, asin(x), 1 / sqrt((1 - x) * (1 + x)))
UNARY(acos, acos(x), -1 / sqrt((1 - x) * (1 + x)))
UNARY(atan, atan(x), 1 / (1 + x * x))
UNARY(sinh, sinh(x), cosh(x))
UNARY(cosh, cosh(x), sinh(x))
UNARY(tanh, tanh(x), (1 - y) * (1 + y))
UNARY(abs, fabs(x), sign(x))
BINARY(min, isnan(x) || x <= z ? x : z, x <= z ? 1 : 0, x <= z ? 0 : 1)
BINARY(max, isnan(x) || x >= z ? x : z, x >= z ? 1 : 0, x >= z ? 0 : 1)

#define OPERATOR(word)                                        \
    {                                                         \
        .forward = forward_##word, .reverse = reverse_##word, \
    }
#define FUNCTION(word, count, text)                                                             \
    {                                                                                           \
        .function = {#word, text, count}, .forward = forward_##word, .reverse = reverse_##word, \
    }

/* From GDI_ADD on. */
static const gdi_rule rules[] = {
    OPERATOR(add),
    OPERATOR(subtract),
    OPERATOR(multiply),
    OPERATOR(divide),
    OPERATOR(power),
    OPERATOR(square),
    OPERATOR(negate),
    FUNCTION(exp, 1, "e to the power of x"),
    FUNCTION(log, 1, "natural logarithm"),
    FUNCTION(sqrt, 1, "square root"),
    FUNCTION(sin, 1, "sine of x in radians"),
    FUNCTION(cos, 1, "cosine of x in radians"),
    FUNCTION(tan, 1, "tangent of x in radians"),
    FUNCTION(asin, 1, "arc sine in radians"),
    FUNCTION(acos, 1, "arc cosine in radians"),
    FUNCTION(atan, 1, "arc tangent in radians"),
    FUNCTION(sinh, 1, "hyperbolic sine"),
    FUNCTION(cosh, 1, "hyperbolic cosine"),
    FUNCTION(tanh, 1, "hyperbolic tangent"),
    FUNCTION(abs, 1, "size without sign"),
    FUNCTION(min, 2, "the smaller of two"),
    FUNCTION(max, 2, "the larger of two"),
};

#define RULE_COUNT     ((int)(sizeof rules / sizeof rules[0]))
#define FUNCTION_COUNT (RULE_COUNT - (GDI_FIRST_FUNCTION - GDI_ADD))

static const char *const words[] = {"+",    "-",    "*",    "/",   "^",   "pi",   "e",    "exp",
                                    "log",  "sqrt", "sin",  "cos", "tan", "asin", "acos", "atan",
                                    "sinh", "cosh", "tanh", "abs", "min", "max",  NULL};

const char *const *gd_formula_words(void)
{
    return words;
}

const gdi_rule *gdi_rule_at(int operation)
{
    int index = operation - GDI_ADD;
    return index >= 0 && index < RULE_COUNT ? &rules[index] : NULL;
}

const gd_formula_function *gd_formula_function_at(int64_t index)
{
    if (index < 0 || index >= FUNCTION_COUNT) {
        return NULL;
    }
    return &gdi_rule_at(GDI_FIRST_FUNCTION + (int)index)->function;
}

int gdi_find_function(const char *name, size_t length)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        const char *known = gd_formula_function_at(i)->name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            return GDI_FIRST_FUNCTION + i;
        }
    }
    return -1;
}
