/*
 * formula_layer.c: a formula as the one layer of a model: [columns] → [1], parameters in the units of
 * scaled.h. Computed in double in any build; what goes in and comes out is gd_real. A formula without
 * columns takes one number, which it does not look at.
 */
#include "nn/formula_layer.h"

#include "formula/scaled.h"
#include "formula/tape.h"
#include "nn/plan.h"

#define WIDE (sizeof(double) / sizeof(gd_real))

static const gd_formula *formula_of(const gdi_layer *layer)
{
    return layer->options.of.formula.formula;
}

static gd_status plan(gdi_layer *layer, gd_error *error)
{
    const gd_formula *formula = formula_of(layer);
    char got[GDI_SHAPE_TEXT];
    if (formula == NULL || layer->input_gradient_wanted) {
        return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, "",
                              "is a model of its own: gd_model_create_formula makes it");
    }
    int64_t columns = gd_formula_column_count(formula);
    if (layer->input.rank != 1 || layer->input.dimensions[0] != (columns > 0 ? columns : 1)) {
        return gdi_layer_fail(layer, error, GD_SHAPE_MISMATCH, "", "has %lld columns, got %s",
                              (long long)columns, gdi_shape_text(&layer->input, got));
    }
    layer->output = (gd_shape){.rank = 1, .dimensions = {1}};
    layer->step_operations = gd_formula_operations(formula);
    const gd_shape parameters = {1, {gd_formula_parameter_count(formula)}};
    return gdi_layer_add_tensor(layer, "parameters", parameters, true, error);
}

/* Parameters and their gradient, slopes of a block, and the tape's own. */
static bool needs(const gdi_layer *layer, size_t batch, bool training, gdi_needs *needed)
{
    (void)batch;
    (void)training;
    const gd_formula *formula = formula_of(layer);
    size_t parameters = (size_t)gd_formula_parameter_count(formula);
    needed->scratch =
        WIDE * (gdi_formula_scratch(formula) + 2 * parameters + (size_t)GDI_BLOCK_ROWS);
    return true;
}

static void initialise(const gdi_layer *layer, gd_real *parameters, gd_random *random)
{
    gdi_formula_draw(formula_of(layer), parameters + layer->tensors[0].offset, random);
}

/* The scratch memory of a pass, cut up. */
typedef struct run {
    const gd_formula *formula;
    double *parameters, *gradient, *slopes, *tape;
} run;

static run begin(const gdi_pass *pass)
{
    const gd_formula *formula = formula_of(pass->layer);
    int64_t count = gd_formula_parameter_count(formula);
    run r = {.formula = formula, .parameters = (double *)(void *)pass->scratch};
    r.gradient = r.parameters + count;
    r.slopes = r.gradient + count;
    r.tape = r.slopes + GDI_BLOCK_ROWS;
    const gd_real *inner = gdi_parameter(pass, 0);
    for (int64_t i = 0; i < count; i++) {
        r.parameters[i] = (double)inner[i] * gdi_formula_unit(formula, i);
    }
    gdi_formula_begin(formula, r.parameters, r.tape);
    return r;
}

static size_t write_block(const gdi_pass *pass, const run *r, size_t first)
{
    size_t rows = pass->batch - first, width = (size_t)gd_formula_column_count(r->formula);
    rows = rows < GDI_BLOCK_ROWS ? rows : GDI_BLOCK_ROWS;
    for (size_t c = 0; c < width; c++) {
        double *column = gdi_formula_input(r->formula, r->tape, (int64_t)c);
        for (size_t i = 0; i < rows; i++) {
            column[i] = (double)pass->input[(first + i) * width + c];
        }
    }
    return rows;
}

static void forward(const gdi_pass *pass)
{
    const run r = begin(pass);
    for (size_t first = 0; first < pass->batch; first += GDI_BLOCK_ROWS) {
        size_t rows = write_block(pass, &r, first), stride;
        const double *values = gdi_formula_forward(r.formula, r.tape, rows, &stride);
        for (size_t i = 0; i < rows; i++) {
            pass->output[first + i] = (gd_real)values[i * stride];
        }
    }
}

/* The values of each block are computed again, which takes less than keeping them. */
static void backward(const gdi_pass *pass)
{
    const run r = begin(pass);
    for (size_t first = 0; first < pass->batch; first += GDI_BLOCK_ROWS) {
        size_t rows = write_block(pass, &r, first), stride;
        (void)gdi_formula_forward(r.formula, r.tape, rows, &stride);
        for (size_t i = 0; i < rows; i++) {
            r.slopes[i] = (double)pass->output_gradient[first + i];
        }
        gdi_formula_reverse(r.formula, r.tape, r.slopes, rows);
    }
    gdi_formula_end(r.formula, r.tape, r.gradient);
    gd_real *gradient = gdi_gradient(pass, 0);
    for (int64_t i = 0; i < gd_formula_parameter_count(r.formula); i++) {
        gradient[i] = (gd_real)(r.gradient[i] * gdi_formula_unit(r.formula, i));
    }
}

const gdi_layer_operations gdi_formula_operations = {.plan = plan,
                                                     .needs = needs,
                                                     .initialise = initialise,
                                                     .forward = forward,
                                                     .backward = backward};

gd_status gd_model_create_formula(gd_model **model, const gd_formula *formula, gd_error *error)
{
    int64_t columns = gd_formula_column_count(formula);
    const gd_shape input = {1, {columns > 0 ? columns : 1}};
    const gd_layer_options layer = {.type = GD_LAYER_FORMULA, .of.formula.formula = formula};
    return gd_model_create(model, &input, &layer, 1, 1, 0, error);
}

const gd_formula *gd_model_formula(const gd_model *model)
{
    const gdi_layer *layer = &model->layers[0];
    return layer->options.type == GD_LAYER_FORMULA ? formula_of(layer) : NULL;
}

size_t gd_model_element_bytes(const gd_model *model)
{
    return gd_model_formula(model) != NULL ? sizeof(double) : sizeof(gd_real);
}

bool gdi_model_start(const gd_model *model, gd_real *parameters)
{
    const gd_formula *formula = gd_model_formula(model);
    if (formula != NULL) {
        gdi_formula_start(formula, parameters);
    }
    return formula != NULL;
}

bool gdi_model_take(const gd_model *model, const double *values, gd_real *parameters)
{
    const gd_formula *formula = gd_model_formula(model);
    if (formula == NULL || values == NULL) {
        return false;
    }
    gdi_formula_take(formula, values, parameters);
    return true;
}

void gdi_model_project(const gd_model *model, gd_real *parameters)
{
    const gd_formula *formula = gd_model_formula(model);
    if (formula != NULL) {
        gdi_formula_project(formula, parameters);
    }
}

void gdi_model_hold(const gd_model *model, const gd_real *parameters, gd_real *gradients,
                    bool strictly)
{
    const gd_formula *formula = gd_model_formula(model);
    if (formula != NULL) {
        gdi_formula_hold(formula, parameters, gradients, strictly);
    }
}
