/*
 * wide.h: the training of formulas in double, in a library whose gd_real is float.
 *
 * The whole library is compiled a second time with GD_REAL_DOUBLE and linked into one object in which
 * every name but gdi_wide is local (Makefile, wide.o). So one loop, one set of optimizers and one form
 * of saved states serve both precisions. What crosses the border has the same layout on both sides:
 * options, points and progress hold doubles, setups hold pointers, and a gd_formula knows no gd_real. A
 * gd_model does not cross; the other side makes its own from the formula. A library of doubles has the
 * table too and no need of it.
 */
#ifndef DESCENT_TRAIN_WIDE_H
#define DESCENT_TRAIN_WIDE_H

#include <descent/metrics.h>
#include <descent/training.h>

/* What begins with a setup; the formula is that of setup->model. A trainer is told by its operations
 * (trainer.h) what to do. */
typedef struct gdi_wide_table {
    gd_status (*check)(const gd_trainer_setup *setup, const gd_formula *formula, gd_error *error);
    int64_t (*bytes)(const gd_trainer_setup *setup, const gd_formula *formula);
    gd_status (*create)(gd_trainer **trainer, const gd_trainer_setup *setup,
                        const gd_formula *formula, gd_error *error);
    double (*loss)(const gd_loss_options *options, double *values, const double *targets,
                   int64_t rows);
} gdi_wide_table;

extern const gdi_wide_table gdi_wide;

/* The formula a setup is about where it is to be trained on the other side, else NULL. */
static inline const gd_formula *gdi_wide_formula(const gd_trainer_setup *setup)
{
    return sizeof(gd_real) < sizeof(double) && setup->model != NULL ? gd_model_formula(setup->model)
                                                                    : NULL;
}

#endif
