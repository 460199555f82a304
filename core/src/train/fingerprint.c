/*
 * fingerprint.c: one number for everything in a setup that a saved state depends on, and the checksum
 * of its bytes. Both guard against mistakes and damage, not against an adversary.
 */
#include "train/fingerprint.h"

#include "train/batcher.h"

#include <string.h>

/* SplitMix64's mixing (Steele, Lea and Flood 2014) of the hash so far with one more word. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    uint64_t z = (hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *next = bytes;
    for (; length >= 8; length -= 8, next += 8) {
        uint64_t word = 0;
        memcpy(&word, next, 8);
        hash = mix(hash, word);
    }
    uint64_t rest = 0;
    if (length > 0) {
        memcpy(&rest, next, length);
    }
    return mix(hash, rest);
}

uint64_t gdi_checksum(const void *bytes, size_t length)
{
    return mix_bytes(mix(0, length), bytes, length);
}

static size_t field_size(gd_field_type type)
{
    static const size_t sizes[] = {
        [GD_FIELD_NUMBER] = sizeof(double),          [GD_FIELD_COUNT] = sizeof(int64_t),
        [GD_FIELD_BOOLEAN] = sizeof(bool),           [GD_FIELD_CHOICE] = sizeof(int),
        [GD_FIELD_NUMBERS] = sizeof(gd_number_list), [GD_FIELD_COUNTS] = sizeof(gd_count_list),
    };
    return sizes[type];
}

/* Lists by their elements alone: what lies beyond a list's length does not matter. */
static uint64_t mix_fields(uint64_t hash, const gd_field_table *table, const void *options)
{
    const unsigned char *base = options;
    for (size_t i = 0; i < table->count; i++) {
        const gd_field *field = &table->fields[i];
        size_t size = field_size(field->type);
        if (field->type == GD_FIELD_NUMBERS || field->type == GD_FIELD_COUNTS) {
            int64_t length = 0;
            memcpy(&length, base + field->offset, sizeof length);
            size = (1 + (size_t)length) * sizeof length;
        }
        hash = mix_bytes(hash, base + field->offset, size);
    }
    return hash;
}

static uint64_t mix_formula(uint64_t hash, const gd_formula *formula)
{
    const char *text = gd_formula_text(formula);
    hash = mix_bytes(hash, text, strlen(text));
    hash = mix(hash, gd_formula_is_scaled(formula) ? 1 : 0);
    for (int64_t i = 0; i < gd_formula_parameter_count(formula); i++) {
        const gd_formula_parameter *parameter = gd_formula_parameter_at(formula, i);
        const double numbers[] = {parameter->start, parameter->minimum, parameter->maximum};
        hash = mix_bytes(hash, parameter->name, strlen(parameter->name));
        hash = mix_bytes(hash, numbers, sizeof numbers);
    }
    return hash;
}

static uint64_t mix_model(uint64_t hash, const gd_model *model)
{
    const gd_shape *input = gd_model_input_shape(model);
    for (int64_t i = 0; i < input->rank; i++) {
        hash = mix(hash, (uint64_t)input->dimensions[i]);
    }
    for (int64_t i = 0; i < gd_model_layer_count(model); i++) {
        const gd_layer_options *layer = gd_model_layer(model, i);
        hash = mix(hash, (uint64_t)layer->type);
        hash = mix_fields(hash, &gd_layer_descriptor_at(layer->type)->fields, layer);
    }
    if (gd_model_formula(model) != NULL) {
        hash = mix_formula(hash, gd_model_formula(model));
    }
    return mix(hash, gd_model_parameter_count(model));
}

static uint64_t mix_training(uint64_t hash, const gd_training_options *training)
{
    gd_training_options fixed = *training;
    fixed.max_seconds = 0; /* how long it may take does not change what is computed, */
    fixed.threads = 1;     /* nor who computes it */
    hash = mix_fields(hash, gd_training_fields(), &fixed);
    hash = mix(hash, training->seed);
    hash = mix(hash, (uint64_t)training->clip);
    hash = mix_bytes(hash, &training->clip_limit, sizeof training->clip_limit);
    hash = mix(hash, training->has_target_loss ? 1 : 0);
    hash = mix(hash, training->stop_early ? 1 : 0);
    if (training->stop_early) {
        return mix_fields(hash, gd_stop_fields(), &fixed);
    }
    /* Without early stopping only what the best epoch, and plateau, go by. */
    bool by_default = training->stop_monitor == GD_MONITOR_VALIDATION_LOSS;
    return by_default ? hash : mix(hash, (uint64_t)training->stop_monitor);
}

static uint64_t mix_examples(uint64_t hash, const gd_examples *examples)
{
    hash = mix(hash, (uint64_t)examples->count);
    hash = mix(hash, (uint64_t)examples->feature_width);
    hash = mix(hash, (uint64_t)examples->target_width);
    hash = mix(hash, (uint64_t)gdi_feature_stride(examples));
    hash =
        examples->sparse == NULL ? hash : mix(hash, (uint64_t)examples->sparse->matrix->non_zeros);
    return mix(hash, (uint64_t)gdi_target_stride(examples));
}

uint64_t gdi_fingerprint(const gd_trainer_setup *setup)
{
    static const unsigned char order[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint64_t hash = mix_bytes(sizeof(gd_real), order, sizeof order);
    hash = mix_model(hash, setup->model);
    hash = mix(hash, (uint64_t)setup->loss.type);
    hash = mix_fields(hash, &gd_loss_descriptor_at(setup->loss.type)->fields, &setup->loss);
    hash = mix(hash, (uint64_t)setup->optimizer.type);
    hash = mix_fields(hash, &gd_optimizer_descriptor_at(setup->optimizer.type)->fields,
                      &setup->optimizer);
    hash = mix(hash, (uint64_t)setup->schedule.type);
    hash = mix_fields(hash, &gd_schedule_descriptor_at(setup->schedule.type)->fields,
                      &setup->schedule);
    hash = mix_training(hash, &setup->training);
    hash = mix_examples(hash, &setup->examples);
    if (gdi_batcher_is_windowed(&setup->examples, &setup->training, setup->shuffle_window)) {
        hash = mix(hash, (uint64_t)setup->shuffle_window);
    }
    return setup->validation.count > 0 ? mix_examples(hash, &setup->validation) : hash;
}
