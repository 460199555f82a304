/*
 * optimizer.c: the members "loss" and "optimizer", the latter with its schedule and clipping. Names,
 * fields and bounds are the library's tables; nothing of them is repeated here.
 */
#include "spec/parts.h"

#include <math.h>
#include <string.h>

/* A value that may be a text naming the type, or an object; false where it is absent or neither. */
static bool read_part(const json_reader *object, const char *key, json_reader *part)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object->value, key);
    if (member == NULL)
        return false;
    *part = (json_reader){member, json_path_member(&object->path, key), object->faults};
    return true;
}

void spec_read_loss(const json_reader *document, spec_job *spec)
{
    const char *names[GD_LOSS_TYPE_COUNT + 1];
    SPEC_TABLE_NAMES(names, GD_LOSS_TYPE_COUNT, gd_loss_descriptor_at);
    json_reader loss;
    size_t type;
    if (!read_part(document, "loss", &loss) || !spec_read_type(&loss, names, NULL, &type))
        return;
    const gd_loss_descriptor *descriptor = gd_loss_descriptor_at((gd_loss_type)type);
    spec->has_loss = true;
    spec->loss.type = (gd_loss_type)type;
    gd_fields_set_defaults(&descriptor->fields, &spec->loss);
    if (cJSON_IsString(loss.value)) {
        spec_require_fields(&loss, descriptor->name, &descriptor->fields);
        return;
    }
    spec_names allowed = {{"type"}, 1};
    spec_names_add_fields(&allowed, &descriptor->fields);
    spec_refuse_members(&loss, &allowed, NULL);
    spec_read_fields(&loss, &descriptor->fields, &spec->loss);
}

static void read_schedule(const json_reader *optimizer, gd_schedule_options *schedule)
{
    const char *names[GD_SCHEDULE_TYPE_COUNT + 1];
    SPEC_TABLE_NAMES(names, GD_SCHEDULE_TYPE_COUNT, gd_schedule_descriptor_at);
    schedule->type = GD_SCHEDULE_CONSTANT;
    gd_fields_set_defaults(&gd_schedule_descriptor_at(schedule->type)->fields, schedule);
    json_reader value;
    size_t type;
    if (!read_part(optimizer, "schedule", &value) || !spec_read_type(&value, names, NULL, &type))
        return;
    schedule->type = (gd_schedule_type)type;
    const gd_schedule_descriptor *descriptor = gd_schedule_descriptor_at(schedule->type);
    gd_fields_set_defaults(&descriptor->fields, schedule);
    if (cJSON_IsString(value.value)) {
        spec_require_fields(&value, descriptor->name, &descriptor->fields);
        return;
    }
    spec_names allowed = {{"type"}, 1};
    spec_names_add_fields(&allowed, &descriptor->fields);
    spec_refuse_members(&value, &allowed, NULL);
    spec_read_fields(&value, &descriptor->fields, schedule);
}

static void read_clip(const json_reader *optimizer, gd_training_options *training)
{
    json_reader clip;
    if (json_read_object(optimizer, "clip", JSON_OPTIONAL, &clip) != JSON_READ)
        return;
    spec_names allowed = {{"norm", "value"}, 2};
    spec_refuse_members(&clip, &allowed, NULL);
    bool norm = json_has(&clip, "norm"), value = json_has(&clip, "value");
    if (norm == value) {
        json_faults_add(clip.faults, &clip.path, norm ? "conflict" : JSON_CODE_MISSING,
                        "{\"members\":[\"norm\",\"value\"]}",
                        "Give exactly one of \"norm\" and \"value\".");
        return;
    }
    json_bounds bounds = {0, 1e30, true, false};
    if (json_read_number(&clip, norm ? "norm" : "value", JSON_REQUIRED, bounds,
                         &training->clip_limit) == JSON_READ)
        training->clip = norm ? GD_CLIP_NORM : GD_CLIP_VALUE;
}

/* The rate may be a word, but not of a rule that finds the length of its steps itself. */
static void read_members(const json_reader *optimizer, const gd_optimizer_descriptor *descriptor,
                         gd_optimizer_options *options)
{
    for (size_t i = 0; i < descriptor->fields.count; i++) {
        const gd_field *field = &descriptor->fields.fields[i];
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(optimizer->value, field->name);
        if (field->automatic == NULL && strcmp(field->name, "learning_rate") == 0 &&
            cJSON_IsString(member) && strcmp(member->valuestring, "auto") == 0) {
            json_path path = json_path_member(&optimizer->path, field->name);
            json_faults_add(optimizer->faults, &path, "conflict", NULL,
                            "\"%s\" finds the length of its steps itself, so no range test can "
                            "find a rate for it: give a number, or leave it out.",
                            descriptor->name);
            continue;
        }
        spec_read_fields(optimizer, &(gd_field_table){field, 1}, options);
    }
}

void spec_read_optimizer(const json_reader *document, spec_job *spec)
{
    const char *names[GD_OPTIMIZER_TYPE_COUNT + 1];
    SPEC_TABLE_NAMES(names, GD_OPTIMIZER_TYPE_COUNT, gd_optimizer_descriptor_at);
    json_reader optimizer;
    size_t type = GD_OPTIMIZER_ADAM;
    bool given = read_part(document, "optimizer", &optimizer);
    if (given && !spec_read_type(&optimizer, names, NULL, &type))
        return;
    spec->optimizer.type = (gd_optimizer_type)type;
    const gd_optimizer_descriptor *descriptor = gd_optimizer_descriptor_at(spec->optimizer.type);
    gd_fields_set_defaults(&descriptor->fields, &spec->optimizer);
    /* PyTorch's tolerances are made for float32: in double they end a fit with half its digits. */
    if (spec->model.type == SPEC_MODEL_FORMULA && type == GD_OPTIMIZER_LBFGS)
        spec->optimizer.of.lbfgs.tolerance_grad = spec->optimizer.of.lbfgs.tolerance_change = 0;
    spec->schedule.type = GD_SCHEDULE_CONSTANT;
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_CONSTANT)->fields,
                           &spec->schedule);
    if (!given || cJSON_IsString(optimizer.value))
        return;
    spec_names allowed = {{"type", "schedule", "clip"}, 3};
    spec_names_add_fields(&allowed, &descriptor->fields);
    size_t faults_before = document->faults->total;
    spec_refuse_members(&optimizer, &allowed, NULL);
    read_members(&optimizer, descriptor, &spec->optimizer);
    gd_error error = {0};
    if (document->faults->total == faults_before && descriptor->check != NULL &&
        descriptor->check(&spec->optimizer, &error) != GD_OK)
        spec_add_error(&optimizer, &error);
    read_schedule(&optimizer, &spec->schedule);
    read_clip(&optimizer, &spec->training);
}

void spec_write_loss(json_writer *writer, const gd_loss_options *loss)
{
    const gd_loss_descriptor *descriptor = gd_loss_descriptor_at(loss->type);
    if (descriptor->fields.count == 0) {
        json_writer_string(writer, descriptor->name);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_key(writer, "type");
    json_writer_string(writer, descriptor->name);
    spec_write_fields(writer, &descriptor->fields, loss);
    json_writer_end_object(writer);
}

void spec_write_optimizer(json_writer *writer, const spec_job *spec)
{
    const gd_optimizer_descriptor *optimizer = gd_optimizer_descriptor_at(spec->optimizer.type);
    const gd_schedule_descriptor *schedule = gd_schedule_descriptor_at(spec->schedule.type);
    json_writer_begin_object(writer);
    json_writer_key(writer, "type");
    json_writer_string(writer, optimizer->name);
    spec_write_fields(writer, &optimizer->fields, &spec->optimizer);
    json_writer_key(writer, "schedule");
    json_writer_begin_object(writer);
    json_writer_key(writer, "type");
    json_writer_string(writer, schedule->name);
    spec_write_fields(writer, &schedule->fields, &spec->schedule);
    json_writer_end_object(writer);
    if (spec->training.clip != GD_CLIP_NONE) {
        json_writer_key(writer, "clip");
        json_writer_begin_object(writer);
        json_writer_key(writer, spec->training.clip == GD_CLIP_NORM ? "norm" : "value");
        json_writer_double(writer, spec->training.clip_limit);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}
