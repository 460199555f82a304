/*
 * wide.c: the table of wide.h, compiled in double alone.
 */
#include "train/wide.h"

#include "train/trainer.h"

_Static_assert(sizeof(gd_real) == sizeof(double), "this file is for the library of doubles");

static gd_status wide_check(const gd_trainer_setup *setup, const gd_formula *formula,
                            gd_error *error)
{
    gd_model *model = NULL;
    gd_trainer_setup own = *setup;
    gd_status status = gd_model_create_formula(&model, formula, error);
    own.model = model;
    if (status == GD_OK) {
        status = gdi_setup_check(&own, false, error);
    }
    gd_model_destroy(model);
    return status;
}

static int64_t wide_bytes(const gd_trainer_setup *setup, const gd_formula *formula)
{
    gd_model *model = NULL;
    gd_trainer_setup own = *setup;
    int64_t bytes = -1;
    if (gd_model_create_formula(&model, formula, NULL) == GD_OK) {
        own.model = model;
        bytes = gdi_trainer_bytes(&own);
    }
    gd_model_destroy(model);
    return bytes;
}

static gd_status wide_create(gd_trainer **trainer, const gd_trainer_setup *setup,
                             const gd_formula *formula, gd_error *error)
{
    gd_model *model = NULL;
    gd_trainer_setup own = *setup;
    gd_status status = gd_model_create_formula(&model, formula, error);
    own.model = model;
    if (status == GD_OK) {
        status = gdi_trainer_create(trainer, &own, error);
    }
    if (status != GD_OK) {
        gd_model_destroy(model);
        return status;
    }
    (*trainer)->own_model = model;
    return GD_OK;
}

static double wide_loss(const gd_loss_options *options, double *values, const double *targets,
                        int64_t rows)
{
    const gd_loss_descriptor *loss = gd_loss_descriptor_at(options->type);
    double mean = loss->evaluate(options, values, targets, rows, 1, NULL);
    gd_link_apply(loss->link, values, rows, 1);
    return mean;
}

const gdi_wide_table gdi_wide = {
    .check = wide_check,
    .bytes = wide_bytes,
    .create = wide_create,
    .loss = wide_loss,
};
