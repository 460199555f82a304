/*
 * model.c: the "model" member. Shorthands (linear, mlp, …) have a few options of their own and are
 * expanded to layers here, so that everything behind sees layers alone. A shorthand may carry the
 * "layers" of its own expansion, as a resolved spec does; others are refused.
 */
#include "spec/parts.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const spec_model_names[] = {"linear",      "logistic",   "softmax", "mlp",
                                        "autoencoder", "sequential", "formula", NULL};

static const gd_field mlp_fields[] = {
    {.name = "hidden",
     .type = GD_FIELD_COUNTS,
     .offset = offsetof(spec_model_options, hidden),
     .minimum = 1,
     .maximum = 1e7,
     .required = true,
     .minimum_length = 0,
     .maximum_length = SPEC_MAXIMUM_LAYER_LIST,
     .help = "Units of each hidden layer, first to last."},
    {.name = "activation",
     .type = GD_FIELD_CHOICE,
     .offset = offsetof(spec_model_options, activation),
     .default_value = GD_ACTIVATION_RELU,
     .help = "Activation of the hidden layers."},
    {.name = "dropout",
     .type = GD_FIELD_NUMBER,
     .offset = offsetof(spec_model_options, dropout),
     .minimum = 0,
     .maximum = 1,
     .maximum_excluded = true,
     .help = "Dropout rate after each hidden layer; 0 for none."},
};

static const char *const scalings[] = {"auto", "start", "none", NULL};

static const gd_field formula_fields[] = {
    {.name = "scaling",
     .type = GD_FIELD_CHOICE,
     .offset = offsetof(spec_model_options, scaling),
     .default_value = SPEC_FORMULA_AUTO,
     .choices = scalings,
     .help =
         "Whether the optimizer sees each parameter divided by the size of its start; auto: where "
         "there are data."},
};

#define NO_FIELDS \
    {             \
        NULL, 0   \
    }

static const spec_model_descriptor descriptors[SPEC_MODEL_TYPE_COUNT] = {
    {"linear", "Linear regression: one dense layer.", NO_FIELDS},
    {"logistic", "Logistic regression for two classes: one dense layer, one logit.", NO_FIELDS},
    {"softmax", "Softmax regression: one dense layer, a logit for each class.", NO_FIELDS},
    {"mlp",
     "A multi-layer perceptron: hidden dense layers, then an output layer.",
     {mlp_fields, 3}},
    {"autoencoder", "Hidden dense layers, then the features again as the output.", {mlp_fields, 2}},
    {"sequential", "Layers as listed in \"layers\".", NO_FIELDS},
    {"formula",
     "A formula of parameters and columns, fitted to a target; without data it is minimised itself.",
     {formula_fields, 1}},
};

const spec_model_descriptor *spec_model_descriptor_at(spec_model_type type)
{
    return &descriptors[type];
}

/* The activation choices live in the library; the row here borrows them. */
gd_field_table spec_model_fields(spec_model_type type, gd_field storage[SPEC_MODEL_FIELDS])
{
    gd_field_table table = descriptors[type].fields;
    for (size_t i = 0; i < table.count; i++) {
        storage[i] = table.fields[i];
        if (storage[i].type == GD_FIELD_CHOICE && storage[i].choices == NULL)
            storage[i].choices = gd_activation_names();
    }
    return (gd_field_table){storage, table.count};
}

static gd_layer_options default_layer(gd_layer_type type)
{
    gd_layer_options layer;
    memset(&layer, 0, sizeof layer);
    layer.type = type;
    gd_fields_set_defaults(&gd_layer_descriptor_at(type)->fields, &layer);
    return layer;
}

static void append_dense(spec_model *model, int64_t units, int activation)
{
    gd_layer_options layer = default_layer(GD_LAYER_DENSE);
    layer.of.dense.units = units;
    layer.of.dense.activation = activation;
    model->layers[model->layer_count++] = layer;
}

void spec_model_flatten(spec_model *model)
{
    if (model->type == SPEC_MODEL_SEQUENTIAL || model->layers[0].type == GD_LAYER_FLATTEN)
        return;
    memmove(model->layers + 1, model->layers, (size_t)model->layer_count * sizeof *model->layers);
    model->layers[0] = default_layer(GD_LAYER_FLATTEN);
    model->layer_count++;
}

/* One layer more than there are has room: the flatten layer in front. */
static bool expand(spec_model *model)
{
    const spec_model_options *options = &model->options;
    model->layers = calloc((size_t)(2 * options->hidden.length + 2), sizeof *model->layers);
    if (model->layers == NULL)
        return false;
    for (int64_t i = 0; i < options->hidden.length; i++) {
        append_dense(model, options->hidden.values[i], options->activation);
        if (options->dropout > 0) {
            gd_layer_options dropout = default_layer(GD_LAYER_DROPOUT);
            dropout.of.dropout.rate = options->dropout;
            model->layers[model->layer_count++] = dropout;
        }
    }
    append_dense(model, GD_AUTOMATIC, GD_ACTIVATION_IDENTITY);
    return true;
}

static void read_layer(const json_reader *reader, const char *const *names, gd_layer_options *layer)
{
    size_t type;
    if (!spec_read_type(reader, names, spec_layers_later, &type))
        return;
    *layer = default_layer((gd_layer_type)type);
    const gd_layer_descriptor *descriptor = gd_layer_descriptor_at((gd_layer_type)type);
    if (cJSON_IsString(reader->value)) {
        spec_require_fields(reader, descriptor->name, &descriptor->fields);
        return;
    }
    spec_names allowed = {{"type"}, 1};
    spec_names_add_fields(&allowed, &descriptor->fields);
    spec_refuse_members(reader, &allowed, NULL);
    spec_read_fields(reader, &descriptor->fields, layer);
}

static void read_layers(const json_reader *model_reader, spec_model *model)
{
    const char *names[GD_LAYER_TYPE_COUNT + 1];
    SPEC_TABLE_NAMES(names, GD_LAYER_TYPE_COUNT, gd_layer_descriptor_at);
    json_reader array;
    size_t count;
    if (json_read_array(model_reader, "layers", JSON_REQUIRED, 1, GD_MODEL_MAXIMUM_LAYERS, &array,
                        &count) != JSON_READ)
        return;
    model->layers = calloc(count, sizeof *model->layers);
    if (model->layers == NULL) {
        json_faults_add(model_reader->faults, &array.path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to read the layers.");
        return;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, model->layer_count);
        read_layer(&reader, names, &model->layers[model->layer_count]);
        model->layer_count++;
    }
}

/* A resolved shorthand names its layers; they must be those it stands for, behind a flatten layer where
 * examples have a shape. An output width that was resolved to a number stands for "auto". */
static void check_expansion(const json_reader *reader, spec_model *model)
{
    spec_model given = {.type = SPEC_MODEL_SEQUENTIAL};
    read_layers(reader, &given);
    if (given.layer_count > 0 && given.layers[0].type == GD_LAYER_FLATTEN)
        spec_model_flatten(model);
    bool same = given.layer_count == model->layer_count;
    for (int64_t i = 0; same && i < model->layer_count; i++) {
        gd_layer_options *layer = &given.layers[i];
        if (i == model->layer_count - 1 && layer->type == GD_LAYER_DENSE)
            layer->of.dense.units = model->layers[i].of.dense.units;
        same = memcmp(layer, &model->layers[i], sizeof *layer) == 0;
    }
    free(given.layers);
    if (same)
        return;
    json_path path = json_path_member(&reader->path, "layers");
    json_faults_add(reader->faults, &path, "conflict", NULL,
                    "The layers are not those that model type \"%s\" stands for: leave \"layers\" "
                    "out, or set the type to \"sequential\".",
                    descriptors[model->type].name);
}

void spec_read_model(const json_reader *document, spec_model *model)
{
    json_reader reader;
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(document->value, "model");
    size_t type;
    if (cJSON_IsString(member)) {
        reader =
            (json_reader){member, json_path_member(&document->path, "model"), document->faults};
    } else if (json_read_object(document, "model", JSON_REQUIRED, &reader) != JSON_READ) {
        return;
    }
    if (!spec_read_type(&reader, spec_model_names, NULL, &type))
        return;
    model->type = (spec_model_type)type;
    if (model->type == SPEC_MODEL_FORMULA) {
        spec_read_formula(&reader, json_has(document, "data"), model);
        return;
    }
    gd_field storage[SPEC_MODEL_FIELDS];
    gd_field_table fields = spec_model_fields(model->type, storage);
    spec_names allowed = {{"type", "layers"}, 2};
    spec_names_add_fields(&allowed, &fields);
    size_t faults_before = document->faults->total;
    if (!cJSON_IsString(reader.value))
        spec_refuse_members(&reader, &allowed, NULL);
    if (model->type == SPEC_MODEL_SEQUENTIAL) {
        read_layers(&reader, model);
        return;
    }
    gd_fields_set_defaults(&fields, &model->options);
    if (cJSON_IsString(reader.value))
        spec_require_fields(&reader, spec_model_names[model->type], &fields);
    else
        spec_read_fields(&reader, &fields, &model->options);
    if (document->faults->total != faults_before)
        return;
    if (!expand(model)) {
        json_faults_add(document->faults, &reader.path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to expand the model.");
        return;
    }
    if (json_has(&reader, "layers"))
        check_expansion(&reader, model);
}

void spec_write_model(json_writer *writer, const spec_model *model)
{
    gd_field storage[SPEC_MODEL_FIELDS];
    gd_field_table fields = spec_model_fields(model->type, storage);
    json_writer_begin_object(writer);
    json_writer_key(writer, "type");
    json_writer_string(writer, descriptors[model->type].name);
    spec_write_fields(writer, &fields, &model->options);
    if (model->type == SPEC_MODEL_FORMULA) {
        spec_write_formula(writer, model);
        json_writer_end_object(writer);
        return;
    }
    json_writer_key(writer, "layers");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < model->layer_count; i++) {
        const gd_layer_descriptor *descriptor = gd_layer_descriptor_at(model->layers[i].type);
        json_writer_begin_object(writer);
        json_writer_key(writer, "type");
        json_writer_string(writer, descriptor->name);
        spec_write_fields(writer, &descriptor->fields, &model->layers[i]);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}
