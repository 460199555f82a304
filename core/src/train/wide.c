/*
 * wide.c: the table of wide.h, compiled in double alone.
 */
#include "train/wide.h"

#include "base/memory.h"

_Static_assert(sizeof(gd_real) == sizeof(double), "this file is for the library of doubles");

typedef struct wide {
    gd_model *model;
    gd_trainer *trainer;
} wide;

static gd_trainer *trainer_of(const void *trainer)
{
    return ((const wide *)trainer)->trainer;
}

static gd_status wide_check(const gd_trainer_setup *setup, const gd_formula *formula,
                            gd_error *error)
{
    gd_model *model = NULL;
    gd_trainer_setup own = *setup;
    gd_status status = gd_model_create_formula(&model, formula, error);
    own.model = model;
    if (status == GD_OK) {
        status = gd_trainer_check(&own, error);
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
        bytes = gd_trainer_bytes(&own);
    }
    gd_model_destroy(model);
    return bytes;
}

static void wide_destroy(void *trainer)
{
    wide *own = trainer;
    if (own != NULL) {
        gd_trainer_destroy(own->trainer);
        gd_model_destroy(own->model);
        gdi_free(own);
    }
}

static gd_status wide_create(void **trainer, const gd_trainer_setup *setup,
                             const gd_formula *formula, gd_error *error)
{
    gd_trainer_setup own = *setup;
    wide *made = gdi_allocate(1, sizeof *made);
    if (made == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a trainer");
    }
    gd_status status = gd_model_create_formula(&made->model, formula, error);
    own.model = made->model;
    if (status == GD_OK) {
        status = gd_trainer_create(&made->trainer, &own, error);
    }
    if (status != GD_OK) {
        wide_destroy(made);
        return status;
    }
    *trainer = made;
    return GD_OK;
}

static gd_status wide_run(void *trainer, int64_t calls, gd_error *error)
{
    return gd_trainer_run(trainer_of(trainer), calls, error);
}

static const gd_point *wide_point(const void *trainer)
{
    return gd_trainer_point(trainer_of(trainer));
}

static const gd_range_test *wide_range_test(const void *trainer)
{
    return gd_trainer_range_test(trainer_of(trainer));
}

static const gd_restart *wide_restart(const void *trainer)
{
    return gd_trainer_restart(trainer_of(trainer));
}

static const gd_progress *wide_progress(const void *trainer)
{
    return gd_trainer_progress(trainer_of(trainer));
}

static const int64_t *wide_layers(const void *trainer, int64_t *count)
{
    return gd_trainer_parameter_layers(trainer_of(trainer), count);
}

static const double *wide_parameters(const void *trainer)
{
    return gd_trainer_formula_parameters(trainer_of(trainer));
}

static const double *wide_best(const void *trainer, int64_t *step)
{
    return gd_trainer_formula_best(trainer_of(trainer), step);
}

static void wide_save(const void *trainer, gd_buffer *buffer)
{
    gd_trainer_save(trainer_of(trainer), buffer);
}

static gd_status wide_load(void *trainer, gd_reader *reader, gd_error *error)
{
    return gd_trainer_load(trainer_of(trainer), reader, error);
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
    .destroy = wide_destroy,
    .run = wide_run,
    .point = wide_point,
    .range_test = wide_range_test,
    .restart = wide_restart,
    .progress = wide_progress,
    .layers = wide_layers,
    .parameters = wide_parameters,
    .best = wide_best,
    .save = wide_save,
    .load = wide_load,
    .loss = wide_loss,
};
