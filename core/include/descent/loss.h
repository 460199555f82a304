/*
 * loss.h: what is minimised. Each loss takes the network's raw outputs (logits where it is one of
 * probabilities) and gives the mean over the batch and its gradient.
 *
 * mse: mean over all elements of (z - y)². binary_cross_entropy: mean over all elements, from logits
 * in the softplus form, y in [0, 1]. cross_entropy: mean over rows of logsumexp(z) - z[class], targets
 * are class indices [batch, 1]. mae, huber, quantile: of the distance, mean over all elements. poisson:
 * counts, z is the log of the expected one. hinge: class indices [batch, 1], of two classes with one
 * output. All as torch.nn.functional (quantile: the pinball loss). Sums are accumulated in double.
 */
#ifndef DESCENT_LOSS_H
#define DESCENT_LOSS_H

#include <descent/field.h>
#include <descent/real.h>
#include <descent/status.h>

typedef enum gd_loss_type {
    GD_LOSS_MSE,
    GD_LOSS_BINARY_CROSS_ENTROPY,
    GD_LOSS_CROSS_ENTROPY,
    GD_LOSS_MAE,
    GD_LOSS_HUBER,
    GD_LOSS_HINGE,
    GD_LOSS_POISSON,
    GD_LOSS_QUANTILE,
    GD_LOSS_TYPE_COUNT,
    GD_LOSS_OUTPUT /* in no list: the mean output, which a formula without columns minimises */
} gd_loss_type;

typedef struct gd_loss_options {
    gd_loss_type type;
    double delta; /* huber */
    double q;     /* quantile */
} gd_loss_options;

/*
 * How an output becomes a prediction: identity, sigmoid of each element, softmax of each row, exp of
 * each element; decision: 1 for the row's largest output (the first of equal ones) and 0 for the
 * others, where there is one output 1 or 0 for its sign.
 */
typedef enum gd_link {
    GD_LINK_IDENTITY,
    GD_LINK_SIGMOID,
    GD_LINK_SOFTMAX,
    GD_LINK_EXPONENTIAL,
    GD_LINK_DECISION
} gd_link;

typedef struct gd_loss_descriptor {
    const char *name;
    const char *formula;
    gd_field_table fields; /* offsets in gd_loss_options */
    gd_link link;
    bool classification;   /* predicts classes, not numbers */
    bool class_targets;    /* targets are indices [rows, 1], outputs [rows, classes] */
    int64_t minimum_width; /* of the outputs */
    double target_minimum, target_maximum; /* without class_targets: bounds of a target, included */
    /*
     * outputs [rows, width]; targets [rows, width], or [rows, 1] with class_targets. Of a sequence,
     * rows are batch × time. Returns the mean; with gradient not NULL also writes d mean / d outputs
     * [rows, width] (may be `outputs`). A class that does not exist gives NaN.
     */
    double (*evaluate)(const gd_loss_options *options, const gd_real *outputs,
                       const gd_real *targets, int64_t rows, int64_t width, gd_real *gradient);
} gd_loss_descriptor;

/* NULL outside the enum. */
const gd_loss_descriptor *gd_loss_descriptor_at(gd_loss_type type);

/*
 * Whether targets [rows, target_width] fit the loss and a model of `output_width`: widths
 * (GD_SHAPE_MISMATCH) and values (GD_INVALID_DATA, naming the row). To be asked once before training.
 */
gd_status gd_loss_check(const gd_loss_options *options, const gd_real *targets, int64_t rows,
                        int64_t target_width, int64_t output_width, gd_error *error);

/* Applies the link to outputs [rows, width] in place, stably. */
void gd_link_apply(gd_link link, gd_real *outputs, int64_t rows, int64_t width);

#endif
