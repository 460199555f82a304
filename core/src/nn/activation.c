/*
 * activation.c: values and exact derivatives of the element-wise functions, and the layer kind that
 * applies one.
 *
 * Simple ones are pairs of scalar functions; the loops around them are made by two macros, one for
 * slopes computed from the output, one for slopes that need the input. Those of the exponential
 * function go through the kernels, some by blocks. A NaN stays a NaN.
 */
#include "nn/layer.h"

#include "base/versions.h"

#include <tgmath.h>

/* Klambauer et al. 2017, "Self-Normalizing Neural Networks": the fixed point's constants. */
#define SELU_ALPHA          ((gd_real)1.6732632423543772848170429916717)
#define SELU_SCALE          ((gd_real)1.0507009873554804934193349852946)
#define LEAKY_SLOPE         ((gd_real)0.01)
#define SQRT_HALF           ((gd_real)0.70710678118654752440)
#define INVERSE_SQRT_TWO_PI ((gd_real)0.39894228040143267794)

#define ONE  ((gd_real)1)
#define HALF ((gd_real)0.5)

static inline gd_real identity_value(gd_real x)
{
    return x;
}

static inline gd_real identity_slope(gd_real y)
{
    (void)y;
    return ONE;
}

static inline gd_real relu_value(gd_real x)
{
    return x <= 0 ? 0 : x;
}

static inline gd_real relu_slope(gd_real y)
{
    return y <= 0 ? 0 : ONE;
}

static inline gd_real leaky_relu_value(gd_real x)
{
    return x <= 0 ? LEAKY_SLOPE * x : x;
}

static inline gd_real leaky_relu_slope(gd_real y)
{
    return y <= 0 ? LEAKY_SLOPE : ONE;
}

static inline gd_real elu_slope(gd_real y)
{
    return y <= 0 ? y + ONE : ONE;
}

static inline gd_real selu_slope(gd_real y)
{
    return y <= 0 ? y + SELU_SCALE * SELU_ALPHA : SELU_SCALE;
}

/* The complementary error function keeps the lower tail, where 1 + erf would cancel. */
static inline gd_real normal_distribution(gd_real x)
{
    return HALF * erfc(-x * SQRT_HALF);
}

static inline gd_real gelu_value(gd_real x)
{
    return x * normal_distribution(x);
}

static inline gd_real gelu_slope(gd_real x)
{
    return normal_distribution(x) + x * INVERSE_SQRT_TWO_PI * exp(-HALF * x * x);
}

static inline gd_real sigmoid_slope(gd_real y)
{
    return y * (ONE - y);
}

static inline gd_real tanh_slope(gd_real y)
{
    return ONE - y * y;
}

#define FORWARD_LOOP(function)                                                          \
    GDI_VERSIONS                                                                        \
    static void function##_forward(const gd_real *input, gd_real *output, size_t count) \
    {                                                                                   \
        for (size_t i = 0; i < count; i++) {                                            \
            output[i] = function##_value(input[i]);                                     \
        }                                                                               \
    }

#define BACKWARD_LOOP(function, argument, other)                                             \
    GDI_VERSIONS                                                                             \
    static void function##_backward(const gd_real *input, const gd_real *output,             \
                                    const gd_real *output_gradient, gd_real *input_gradient, \
                                    size_t count)                                            \
    {                                                                                        \
        (void)other;                                                                         \
        for (size_t i = 0; i < count; i++) {                                                 \
            input_gradient[i] = output_gradient[i] * function##_slope(argument[i]);          \
        }                                                                                    \
    }

#define SLOPE_FROM_OUTPUT(function) \
    FORWARD_LOOP(function)          \
    BACKWARD_LOOP(function, output, input)

#define SLOPE_FROM_INPUT(function) \
    FORWARD_LOOP(function)         \
    BACKWARD_LOOP(function, input, output)

SLOPE_FROM_OUTPUT(identity)
SLOPE_FROM_OUTPUT(relu)
SLOPE_FROM_OUTPUT(leaky_relu)
SLOPE_FROM_INPUT(gelu)
BACKWARD_LOOP(elu, output, input)
BACKWARD_LOOP(selu, output, input)
BACKWARD_LOOP(sigmoid, output, input)
BACKWARD_LOOP(tanh, output, input)

static void sigmoid_forward(const gd_real *input, gd_real *output, size_t count)
{
    gdi_kernels_best()->sigmoid(input, output, count);
}

static void tanh_forward(const gd_real *input, gd_real *output, size_t count)
{
    gdi_kernels_best()->hyperbolic_tangent(input, output, count);
}

static void softplus_forward(const gd_real *input, gd_real *output, size_t count)
{
    gdi_kernels_best()->softplus(input, output, count);
}

/* Elements that functions of several steps take at a time. */
#define BLOCK ((size_t)256)

static size_t block_size(size_t count, size_t first)
{
    return count - first < BLOCK ? count - first : BLOCK;
}

/* positive · x, or negative · (exp(x) - 1) for x ≤ 0 */
static void elu_like_forward(const gd_real *input, gd_real *output, size_t count, gd_real positive,
                             gd_real negative)
{
    gd_real block[BLOCK];
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = block_size(count, first);
        const gd_real *x = input + first;
        gdi_kernels_best()->exponential_minus_one(x, block, size);
        for (size_t i = 0; i < size; i++) {
            output[first + i] = x[i] <= 0 ? negative * block[i] : positive * x[i];
        }
    }
}

static void elu_forward(const gd_real *input, gd_real *output, size_t count)
{
    elu_like_forward(input, output, count, ONE, ONE);
}

static void selu_forward(const gd_real *input, gd_real *output, size_t count)
{
    elu_like_forward(input, output, count, SELU_SCALE, SELU_SCALE * SELU_ALPHA);
}

static void silu_forward(const gd_real *input, gd_real *output, size_t count)
{
    gd_real block[BLOCK];
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = block_size(count, first);
        gdi_kernels_best()->sigmoid(input + first, block, size);
        for (size_t i = 0; i < size; i++) {
            output[first + i] = input[first + i] * block[i];
        }
    }
}

static void negate(const gd_real *values, gd_real *negated, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        negated[i] = -values[i];
    }
}

/* f' = s(x) (1 + x s(-x)): 1 - s(x) would lose the digits of s(-x). */
static void silu_backward(const gd_real *input, const gd_real *output,
                          const gd_real *output_gradient, gd_real *input_gradient, size_t count)
{
    (void)output;
    gd_real share[BLOCK], rest[BLOCK];
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = block_size(count, first);
        const gd_real *x = input + first;
        negate(x, rest, size);
        gdi_kernels_best()->sigmoid(x, share, size);
        gdi_kernels_best()->sigmoid(rest, rest, size);
        for (size_t i = 0; i < size; i++) {
            input_gradient[first + i] =
                output_gradient[first + i] * (share[i] * (ONE + x[i] * rest[i]));
        }
    }
}

/* f' = sigmoid(x) = 1 - exp(-y) */
static void softplus_backward(const gd_real *input, const gd_real *output,
                              const gd_real *output_gradient, gd_real *input_gradient, size_t count)
{
    (void)input;
    gd_real block[BLOCK];
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t size = block_size(count, first);
        negate(output + first, block, size);
        gdi_kernels_best()->exponential_minus_one(block, block, size);
        for (size_t i = 0; i < size; i++) {
            input_gradient[first + i] = output_gradient[first + i] * -block[i];
        }
    }
}

/* X(ENUMERATOR, function, formula, from_output, gain) in the order of gd_activation. */
#define ACTIVATION_TABLE(X)                                                       \
    X(IDENTITY, identity, "x", true, 1.0)                                         \
    X(RELU, relu, "max(0, x)", true, 1.4142135623730951)                          \
    X(LEAKY_RELU, leaky_relu, "x if x > 0 else 0.01 x", true, 1.4141428569978354) \
    X(ELU, elu, "x if x > 0 else exp(x) - 1", true, 1.0)                          \
    X(SELU, selu, "1.0507 (x if x > 0 else 1.67326 (exp(x) - 1))", true, 0.75)    \
    X(GELU, gelu, "x Phi(x), Phi the normal distribution function", false, 1.0)   \
    X(SILU, silu, "x / (1 + exp(-x))", false, 1.0)                                \
    X(SIGMOID, sigmoid, "1 / (1 + exp(-x))", true, 1.0)                           \
    X(TANH, tanh, "tanh(x)", true, 5.0 / 3.0)                                     \
    X(SOFTPLUS, softplus, "log(1 + exp(x))", true, 1.0)

#define DESCRIPTOR(enumerator, function, formula_text, slope_from_output, recommended_gain) \
    [GD_ACTIVATION_##enumerator] = {.name = #function,                                      \
                                    .formula = formula_text,                                \
                                    .forward = function##_forward,                          \
                                    .backward = function##_backward,                        \
                                    .from_output = slope_from_output,                       \
                                    .gain = recommended_gain},

static const gd_activation_descriptor descriptors[GD_ACTIVATION_COUNT] = {
    ACTIVATION_TABLE(DESCRIPTOR)};

#define NAME(enumerator, function, formula_text, slope_from_output, recommended_gain) \
    [GD_ACTIVATION_##enumerator] = #function,

const char *const gdi_activation_name_list[GD_ACTIVATION_COUNT + 1] = {ACTIVATION_TABLE(NAME)};

const gd_activation_descriptor *gd_activation_descriptor_at(gd_activation activation)
{
    return (size_t)activation < GD_ACTIVATION_COUNT ? &descriptors[activation] : NULL;
}

const char *const *gd_activation_names(void)
{
    return gdi_activation_name_list;
}

const gd_activation_descriptor *gdi_member_activation(int activation)
{
    return activation == GD_ACTIVATION_IDENTITY ? NULL : &descriptors[activation];
}

bool gdi_member_keeps_input(int activation)
{
    return !descriptors[activation].from_output;
}

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    (void)error;
    layer->output = layer->input;
    bool identity = layer->options.of.activation.function == GD_ACTIVATION_IDENTITY;
    layer->view = identity ? GDI_VIEW_ALWAYS : GDI_VIEW_NEVER;
    layer->step_operations = gdi_saturating_product((int64_t)layer->input_count, 4, 1);
    return GD_OK;
}

static void forward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    gdi_pass_activate(pass, &descriptors[layer->options.of.activation.function], pass->input,
                      pass->output, pass->batch * layer->output_count);
}

static void backward(const gdi_pass *pass)
{
    const gdi_layer *layer = pass->layer;
    if (pass->input_gradient != NULL) {
        gdi_pass_slopes(pass, &descriptors[layer->options.of.activation.function], pass->input,
                        pass->output, pass->output_gradient, pass->input_gradient,
                        pass->batch * layer->output_count);
    }
}

const gdi_layer_operations gdi_activation_operations = {
    .plan = plan, .forward = forward, .backward = backward, .gradient_in_place = true};
