/*
 * spec.c: the whole document: its top-level members, in the order their parts are read and written.
 */
#include "spec/spec.h"

#include "spec/parts.h"

#include <stdlib.h>
#include <string.h>

void spec_check_labels(const json_reader *labels)
{
    int64_t count = 0;
    const cJSON *label;
    cJSON_ArrayForEach(label, labels->value)
    {
        const char *text;
        json_path path = json_path_member(&labels->path, label->string);
        json_reader value = {label, path, labels->faults};
        (void)json_read_string(&value, NULL, JSON_REQUIRED, 0, SPEC_MAXIMUM_LABEL, &text);
        size_t length = strlen(label->string);
        if (length == 0 || length > SPEC_MAXIMUM_LABEL || strchr(label->string, ':') != NULL)
            json_faults_add(labels->faults, &path, JSON_CODE_OUT_OF_RANGE, NULL,
                            "A label's key must have 1 to %d bytes and no colon.",
                            SPEC_MAXIMUM_LABEL);
        count++;
    }
    if (count > SPEC_MAXIMUM_LABELS)
        json_faults_add(labels->faults, &labels->path, JSON_CODE_TOO_LONG, NULL,
                        "A job can have %d labels; here are %lld.", SPEC_MAXIMUM_LABELS,
                        (long long)count);
}

static void read_labels(const json_reader *document, spec_job *spec)
{
    json_reader labels;
    if (json_read_object(document, "labels", JSON_OPTIONAL, &labels) != JSON_READ)
        return;
    spec_check_labels(&labels);
    spec->labels = labels.value;
}

/* What data would bring is no part of a formula alone. */
static void read_without_data(const json_reader *document, spec_job *spec)
{
    spec->data.source = SPEC_SOURCE_NONE;
    if (!json_has(document, "loss"))
        return;
    json_path path = json_path_member(&document->path, "loss");
    json_faults_add(
        document->faults, &path, "conflict", NULL,
        "A formula without data is minimised itself: leave \"loss\" out, or give \"data\" "
        "to fit it to.");
}

static void read_document(spec_job *spec, json_faults *faults)
{
    json_reader document = json_reader_root(spec->document, faults);
    if (!cJSON_IsObject(spec->document)) {
        json_faults_add(faults, &document.path, JSON_CODE_WRONG_TYPE, "{\"type\":\"object\"}",
                        "A job's spec must be a JSON object.");
        return;
    }
    spec_names allowed = {
        {"name", "labels", "priority", "model", "data", "loss", "optimizer", "training"}, 8};
    spec_refuse_members(&document, &allowed, NULL);
    json_read_string(&document, "name", JSON_OPTIONAL | JSON_NULLABLE, 0, SPEC_MAXIMUM_NAME,
                     &spec->name);
    read_labels(&document, spec);
    json_read_count(&document, "priority", JSON_OPTIONAL, -SPEC_MAXIMUM_PRIORITY,
                    SPEC_MAXIMUM_PRIORITY, &spec->priority);
    spec_read_model(&document, &spec->model);
    bool alone = spec->model.type == SPEC_MODEL_FORMULA && !json_has(&document, "data");
    if (alone)
        read_without_data(&document, spec);
    else
        spec_read_data(&document, &spec->data);
    if (!alone)
        spec_read_loss(&document, spec);
    spec_read_optimizer(&document, spec);
    spec_read_training(&document, spec);
}

spec_job *spec_read(cJSON *document, json_faults *faults)
{
    spec_job *read = calloc(1, sizeof *read);
    if (read == NULL) {
        cJSON_Delete(document);
        return NULL;
    }
    read->document = document;
    read->training = gd_training_options_default();
    read_document(read, faults);
    return read;
}

void spec_destroy(spec_job *spec)
{
    if (spec == NULL)
        return;
    free(spec->model.layers);
    gd_formula_destroy(spec->model.formula);
    gd_frame_destroy(spec->data.frame);
    spec_names_dispose(&spec->data.features);
    spec_names_dispose(&spec->data.targets);
    cJSON_Delete(spec->document);
    free(spec);
}

void spec_fix_seeds(spec_job *spec, uint64_t seed)
{
    if (!spec->has_seed)
        spec->training.seed = seed;
    if (!spec->data.generator_has_seed)
        spec->data.generator.seed = spec->training.seed;
    if (!spec->data.validation.has_seed)
        spec->data.validation.seed = spec->training.seed;
    spec->has_seed = true;
    spec->data.generator_has_seed = true;
    spec->data.validation.has_seed = true;
}

void spec_write(const spec_job *spec, json_writer *writer)
{
    json_writer_begin_object(writer);
    if (spec->name != NULL) {
        json_writer_key(writer, "name");
        json_writer_string(writer, spec->name);
    }
    json_writer_key(writer, "labels");
    if (spec->labels != NULL) {
        json_writer_tree(writer, spec->labels);
    } else {
        json_writer_begin_object(writer);
        json_writer_end_object(writer);
    }
    json_writer_key(writer, "priority");
    json_writer_int64(writer, spec->priority);
    json_writer_key(writer, "model");
    spec_write_model(writer, &spec->model);
    if (spec->data.source != SPEC_SOURCE_NONE) {
        json_writer_key(writer, "data");
        spec_write_data(writer, &spec->data);
        json_writer_key(writer, "loss");
        spec_write_loss(writer, &spec->loss);
    }
    json_writer_key(writer, "optimizer");
    spec_write_optimizer(writer, spec);
    json_writer_key(writer, "training");
    spec_write_training(writer, spec);
    json_writer_end_object(writer);
}
