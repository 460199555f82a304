/*
 * optimizer.c: the table of update rules, in the order of gd_optimizer_type, and what several of
 * them compute once a step.
 */
#include "optim/rules.h"

#include <math.h>

static const gd_optimizer_descriptor *const descriptors[GD_OPTIMIZER_TYPE_COUNT] = {
    [GD_OPTIMIZER_SGD] = &gdi_optimizer_sgd,
    [GD_OPTIMIZER_ADAGRAD] = &gdi_optimizer_adagrad,
    [GD_OPTIMIZER_RMSPROP] = &gdi_optimizer_rmsprop,
    [GD_OPTIMIZER_ADAM] = &gdi_optimizer_adam,
    [GD_OPTIMIZER_ADAMW] = &gdi_optimizer_adamw,
    [GD_OPTIMIZER_ADADELTA] = &gdi_optimizer_adadelta,
    [GD_OPTIMIZER_ADAMAX] = &gdi_optimizer_adamax,
    [GD_OPTIMIZER_NADAM] = &gdi_optimizer_nadam,
    [GD_OPTIMIZER_RADAM] = &gdi_optimizer_radam,
    [GD_OPTIMIZER_RPROP] = &gdi_optimizer_rprop,
    [GD_OPTIMIZER_LION] = &gdi_optimizer_lion,
    [GD_OPTIMIZER_LBFGS] = &gdi_optimizer_lbfgs,
};

const gd_optimizer_descriptor *gd_optimizer_descriptor_at(gd_optimizer_type type)
{
    if ((int)type < 0 || type >= GD_OPTIMIZER_TYPE_COUNT) {
        return NULL;
    }
    return descriptors[type];
}

double gdi_bias_correction(double beta, int64_t step)
{
    return -expm1((double)step * log(beta));
}
