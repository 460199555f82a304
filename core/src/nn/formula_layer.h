/*
 * formula_layer.h: what a trainer asks of a model that is a formula. All do nothing on other models.
 */
#ifndef DESCENT_NN_FORMULA_LAYER_H
#define DESCENT_NN_FORMULA_LAYER_H

#include <descent/model.h>

/* The first parameters, which are not drawn; false where the model is no formula. */
bool gdi_model_start(const gd_model *model, gd_real *parameters);
/* The same of values the caller has. */
bool gdi_model_take(const gd_model *model, const double *values, gd_real *parameters);
/* See scaled.h. */
void gdi_model_project(const gd_model *model, gd_real *parameters);
void gdi_model_hold(const gd_model *model, const gd_real *parameters, gd_real *gradients,
                    bool strictly);

#endif
