/*
 * activation.h: the element-wise functions of a network.
 *
 * Formulas and constants are PyTorch's (torch.nn): leaky_relu slope 0.01, elu alpha 1, gelu the
 * exact form with erf, softplus with beta 1 and without the cut at 20 (2e-9 at most), selu
 * Klambauer's constants. NaN stays NaN.
 */
#ifndef DESCENT_ACTIVATION_H
#define DESCENT_ACTIVATION_H

#include <descent/real.h>

#include <stdbool.h>

typedef enum gd_activation {
    GD_ACTIVATION_IDENTITY,
    GD_ACTIVATION_RELU,
    GD_ACTIVATION_LEAKY_RELU,
    GD_ACTIVATION_ELU,
    GD_ACTIVATION_SELU,
    GD_ACTIVATION_GELU,
    GD_ACTIVATION_SILU,
    GD_ACTIVATION_SIGMOID,
    GD_ACTIVATION_TANH,
    GD_ACTIVATION_SOFTPLUS,
    GD_ACTIVATION_COUNT
} gd_activation;

typedef struct gd_activation_descriptor {
    const char *name;
    const char *formula;
    /* output[i] = f(input[i]); output may be input. */
    void (*forward)(const gd_real *input, gd_real *output, size_t count);
    /*
     * input_gradient[i] = output_gradient[i] · f'(input[i]). Functions with `from_output` compute f'
     * from output[i] and may be given input NULL. input_gradient may be output_gradient.
     */
    void (*backward)(const gd_real *input, const gd_real *output, const gd_real *output_gradient,
                     gd_real *input_gradient, size_t count);
    bool from_output;
    double gain; /* recommended by He and Glorot: torch.nn.init.calculate_gain */
} gd_activation_descriptor;

/* NULL outside the enum. */
const gd_activation_descriptor *gd_activation_descriptor_at(gd_activation activation);

/* NULL-terminated names in the order of the enum, for a field's `choices`. */
const char *const *gd_activation_names(void);

#endif
