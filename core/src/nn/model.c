/*
 * model.c: planning a network: layer after layer the shapes, then the place of each tensor in the
 * flat block, trained ones first; and the accessors of the plan.
 */
#include "nn/plan.h"

#include "base/field_check.h"
#include "base/memory.h"

#include <stdio.h>

/* Far beyond any machine's memory, and no sum of such sizes overflows. */
#define MAXIMUM_PARAMETERS ((size_t)(SIZE_MAX / sizeof(double) / 4))

static gd_status check_arguments(const gd_shape *input, int64_t layer_count, gd_error *error)
{
    if (layer_count < 1 || layer_count > GD_MODEL_MAXIMUM_LAYERS) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "layers", "a model has 1 to %d layers, not %lld",
                       GD_MODEL_MAXIMUM_LAYERS, (long long)layer_count);
    }
    if (input->rank < 1 || input->rank >= GD_SHAPE_MAXIMUM_RANK) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "an example has 1 to %d dimensions, not %lld", GD_SHAPE_MAXIMUM_RANK - 1,
                       (long long)input->rank);
    }
    for (int64_t i = 0; i < input->rank; i++) {
        if (input->dimensions[i] < 1) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "",
                           "dimension %lld of an example is %lld: it must be at least 1",
                           (long long)i, (long long)input->dimensions[i]);
        }
    }
    if (gd_shape_size(input) < 0) {
        return gd_fail(error, GD_TOO_LARGE, "", "an example has more elements than can be counted");
    }
    return GD_OK;
}

/* The bounds of every option, for callers that have not read them through the rows. */
static gd_status check_fields(const gdi_layer *layer, gd_error *error)
{
    const gd_field_table *table = &layer->descriptor->fields;
    for (size_t i = 0; i < table->count; i++) {
        const gd_field *field = &table->fields[i];
        const gdi_field_fault fault = gdi_field_check(field, &layer->options).fault;
        if (fault == GDI_FIELD_NO_CHOICE) {
            return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, field->name,
                                  "has a %s that is none of its names", field->name);
        }
        if (fault != GDI_FIELD_FITS) {
            return gdi_layer_fail(layer, error, GD_INVALID_ARGUMENT, field->name,
                                  "wants %s %s %.10g and %s %.10g", field->name,
                                  field->minimum_excluded ? "above" : "at least", field->minimum,
                                  field->maximum_excluded ? "below" : "at most", field->maximum);
        }
    }
    return GD_OK;
}

static gd_status plan_layer(gdi_layer *layer, gd_error *error)
{
    gd_status status = check_fields(layer, error);
    if (status == GD_OK) {
        status = layer->descriptor->operations->plan(layer, error);
    }
    if (status != GD_OK) {
        return status;
    }
    int64_t size = gd_shape_size(&layer->output);
    char text[GDI_SHAPE_TEXT];
    if (size < 0) {
        return gdi_layer_fail(layer, error, GD_TOO_LARGE, "",
                              "would give %s, more elements than can be counted",
                              gdi_shape_text(&layer->output, text));
    }
    layer->output_count = (size_t)size;
    return GD_OK;
}

static gd_status plan_layers(gd_model *model, const gd_layer_options *options,
                             int64_t automatic_units, gd_error *error)
{
    const gd_shape *shape = &model->input;
    bool trained_before = false;
    int64_t source = -1;
    for (int64_t i = 0; i < model->layer_count; i++) {
        gdi_layer *layer = &model->layers[i];
        *layer = (gdi_layer){.options = options[i],
                             .descriptor = gd_layer_descriptor_at(options[i].type),
                             .kernels = gdi_kernels_best(),
                             .index = i,
                             .input = *shape,
                             .input_count = (size_t)gd_shape_size(shape),
                             .automatic_units = automatic_units,
                             .input_gradient_wanted = trained_before,
                             .source = source};
        bool is_guest = options[i].type == GD_LAYER_FORMULA && model->layer_count > 1;
        if (layer->descriptor == NULL || is_guest) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "layers", "layer %lld has an unknown type",
                           (long long)i);
        }
        gd_status status = plan_layer(layer, error);
        if (status != GD_OK) {
            return status;
        }
        for (int64_t t = 0; t < layer->tensor_count; t++) {
            trained_before = trained_before || layer->tensors[t].trained;
        }
        if (__builtin_add_overflow(model->step_operations, layer->step_operations,
                                   &model->step_operations)) {
            model->step_operations = INT64_MAX;
        }
        model->tensor_count += options[i].type == GD_LAYER_FORMULA
                                   ? gd_formula_parameter_count(options[i].of.formula.formula)
                                   : layer->tensor_count;
        source = layer->view == GDI_VIEW_ALWAYS ? source : i;
        shape = &layer->output;
    }
    return trained_before ? GD_OK
                          : gd_fail(error, GD_INVALID_ARGUMENT, "layers",
                                    "no layer has parameters: there is nothing to train");
}

static void join_layers(gd_model *model)
{
    for (int64_t i = 0; i + 1 < model->layer_count; i++) {
        gdi_layer *layer = &model->layers[i], *next = layer + 1;
        const gdi_layer_operations *operations = layer->descriptor->operations;
        if (!layer->joined && operations->joins != NULL && operations->joins(layer, next)) {
            layer->joins_next = true;
            next->joined = true;
        }
    }
}

/* Gives offsets to all tensors whose `trained` is as asked, in the order of the layers. */
static gd_status place_tensors(gd_model *model, bool trained, gd_error *error)
{
    for (int64_t i = 0; i < model->layer_count; i++) {
        gdi_layer *layer = &model->layers[i];
        for (int64_t t = 0; t < layer->tensor_count; t++) {
            gdi_tensor *tensor = &layer->tensors[t];
            if (tensor->trained != trained) {
                continue;
            }
            if (tensor->count > MAXIMUM_PARAMETERS - model->parameter_count) {
                return gdi_layer_fail(layer, error, GD_TOO_LARGE, "",
                                      "makes the model's parameters more than can be counted");
            }
            tensor->offset = model->parameter_count;
            model->parameter_count += tensor->count;
        }
    }
    return GD_OK;
}

/* One entry a parameter, each told as a layer of its own. */
static void list_formula(gd_model *model, const gd_formula *formula)
{
    for (int64_t i = 0; i < model->tensor_count; i++) {
        gd_parameter *parameter = &model->tensors[i];
        *parameter = (gd_parameter){.layer = i, .offset = (size_t)i, .count = 1, .trained = true};
        snprintf(parameter->name, sizeof parameter->name, "%s",
                 gd_formula_parameter_at(formula, i)->name);
    }
}

static gd_status list_tensors(gd_model *model, gd_error *error)
{
    model->tensors = gdi_allocate((size_t)model->tensor_count, sizeof *model->tensors);
    if (model->tensors == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the model's plan");
    }
    if (gd_model_formula(model) != NULL) {
        list_formula(model, gd_model_formula(model));
        return GD_OK;
    }
    gd_parameter *parameter = model->tensors;
    for (int64_t i = 0; i < model->layer_count; i++) {
        for (int64_t t = 0; t < model->layers[i].tensor_count; t++, parameter++) {
            const gdi_tensor *tensor = &model->layers[i].tensors[t];
            *parameter = (gd_parameter){.layer = i,
                                        .shape = tensor->shape,
                                        .offset = tensor->offset,
                                        .count = tensor->count,
                                        .trained = tensor->trained};
            snprintf(parameter->name, sizeof parameter->name, "layers.%lld.%s", (long long)i,
                     tensor->name);
        }
    }
    return GD_OK;
}

static gd_status check_limit(const gd_model *model, int64_t maximum, gd_error *error)
{
    if (maximum > 0 && model->parameter_count > (uint64_t)maximum) {
        return gd_fail(error, GD_TOO_LARGE, "layers",
                       "the model has %zu parameters, at most %lld are allowed",
                       model->parameter_count, (long long)maximum);
    }
    return GD_OK;
}

static gd_status plan_model(gd_model *model, const gd_layer_options *options,
                            int64_t automatic_units, int64_t maximum_parameters, gd_error *error)
{
    gd_status status = plan_layers(model, options, automatic_units, error);
    if (status == GD_OK) {
        join_layers(model);
        status = place_tensors(model, true, error);
        model->trained_count = model->parameter_count;
    }
    if (status == GD_OK) {
        status = place_tensors(model, false, error);
    }
    if (status == GD_OK) {
        status = check_limit(model, maximum_parameters, error);
    }
    return status == GD_OK ? list_tensors(model, error) : status;
}

gd_status gd_model_create(gd_model **model, const gd_shape *input, const gd_layer_options *layers,
                          int64_t layer_count, int64_t automatic_units, int64_t maximum_parameters,
                          gd_error *error)
{
    *model = NULL;
    gd_status status = check_arguments(input, layer_count, error);
    if (status != GD_OK) {
        return status;
    }
    gd_model *planned = gdi_allocate(1, sizeof *planned);
    gdi_layer *memory = gdi_allocate((size_t)layer_count, sizeof *memory);
    if (planned == NULL || memory == NULL) {
        gdi_free(planned);
        gdi_free(memory);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the model's plan");
    }
    *planned = (gd_model){.input = *input, .layers = memory, .layer_count = layer_count};
    status = plan_model(planned, layers, automatic_units, maximum_parameters, error);
    if (status != GD_OK) {
        gd_model_destroy(planned);
        return status;
    }
    *model = planned;
    return GD_OK;
}

void gd_model_destroy(gd_model *model)
{
    if (model != NULL) {
        gdi_free(model->tensors);
        gdi_free(model->layers);
        gdi_free(model);
    }
}

void gd_model_initialise(const gd_model *model, gd_real *parameters, gd_random *random)
{
    for (int64_t i = 0; i < model->layer_count; i++) {
        const gdi_layer *layer = &model->layers[i];
        if (layer->descriptor->operations->initialise != NULL) {
            layer->descriptor->operations->initialise(layer, parameters, random);
        }
    }
}

int64_t gd_model_layer_count(const gd_model *model)
{
    return model->layer_count;
}

const gd_layer_options *gd_model_layer(const gd_model *model, int64_t index)
{
    return &model->layers[index].options;
}

const gd_shape *gd_model_input_shape(const gd_model *model)
{
    return &model->input;
}

const gd_shape *gd_model_layer_shape(const gd_model *model, int64_t index)
{
    return &model->layers[index].output;
}

const gd_shape *gd_model_output_shape(const gd_model *model)
{
    return &model->layers[model->layer_count - 1].output;
}

int64_t gd_model_layer_parameters(const gd_model *model, int64_t index)
{
    int64_t count = 0;
    for (int64_t t = 0; t < model->layers[index].tensor_count; t++) {
        const gdi_tensor *tensor = &model->layers[index].tensors[t];
        count += tensor->trained ? (int64_t)tensor->count : 0;
    }
    return count;
}

size_t gd_model_parameter_count(const gd_model *model)
{
    return model->parameter_count;
}

size_t gd_model_trained_count(const gd_model *model)
{
    return model->trained_count;
}

int64_t gd_model_tensor_count(const gd_model *model)
{
    return model->tensor_count;
}

const gd_parameter *gd_model_tensor(const gd_model *model, int64_t index)
{
    return &model->tensors[index];
}

int64_t gd_model_operations(const gd_model *model)
{
    return model->step_operations;
}
