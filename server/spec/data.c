/*
 * data.c: the "data" member: where rows come from, which columns are used for what, how they are
 * prepared and which are held out for validation. Whether the columns exist is the plan's question;
 * here only the form is checked.
 */
#include "spec/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const spec_task_names[] = {"regression", "classification", "reconstruction", NULL};
const char *const spec_scaling_names[] = {"none", "standardize", "minmax", NULL};
const char *const spec_missing_names[] = {"error", "drop", "mean", NULL};
const char *const spec_storage_names[] = {"auto", "memory", "mapped", NULL};

static void read_id(const json_reader *object, const char *key, char *id)
{
    const char *text;
    if (json_read_string(object, key, JSON_REQUIRED, 1, SPEC_ID_SIZE - 1, &text) != JSON_READ)
        return;
    if (strlen(text) >= SPEC_ID_SIZE) {
        json_path path = json_path_member(&object->path, key);
        json_faults_add(object->faults, &path, JSON_CODE_TOO_LONG, NULL,
                        "This is no dataset's id: ids are UUIDs, as POST /v1/datasets gives them.");
        return;
    }
    memcpy(id, text, strlen(text) + 1);
}

static char *duplicate(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

static void read_one_name(const json_reader *reader, spec_name_list *list)
{
    const char *name;
    if (json_read_string(reader, NULL, JSON_REQUIRED, 1, GD_FRAME_MAXIMUM_NAME, &name) != JSON_READ)
        return;
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->names[i], name) == 0) {
            json_faults_add(reader->faults, &reader->path, "duplicate", NULL,
                            "Column \"%s\" is named twice.", name);
            return;
        }
    }
    char *copy = duplicate(name);
    if (copy == NULL) {
        json_faults_add(reader->faults, &reader->path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to read the names.");
        return;
    }
    list->names[list->count++] = copy;
}

/* A name, or a list of names. */
/* Room for `count` names; false, with a fault added, without memory. */
static bool reserve_names(const json_reader *value, spec_name_list *list, size_t count)
{
    list->names = calloc(count, sizeof *list->names);
    if (list->names == NULL)
        json_faults_add(value->faults, &value->path, JSON_CODE_OUT_OF_MEMORY, NULL,
                        "There is not enough memory to read the names.");
    return list->names != NULL;
}

static void read_names(const json_reader *data, const char *key, spec_name_list *list)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(data->value, key);
    if (member == NULL)
        return;
    json_path path = json_path_member(&data->path, key);
    json_reader value = {member, path, data->faults};
    if (cJSON_IsString(member)) {
        if (reserve_names(&value, list, 1))
            read_one_name(&value, list);
        return;
    }
    json_reader array;
    size_t count;
    if (json_read_array(data, key, JSON_REQUIRED, 1, (size_t)GD_FRAME_MAXIMUM_COLUMNS, &array,
                        &count) != JSON_READ)
        return;
    if (!reserve_names(&array, list, count))
        return;
    int64_t index = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, index++);
        read_one_name(&reader, list);
    }
}

static void read_target_source(const json_reader *value, spec_target_source *source)
{
    const char *column;
    spec_names allowed = {{"dataset", "column"}, 2};
    spec_refuse_members(value, &allowed, NULL);
    read_id(value, "dataset", source->dataset);
    if (json_read_string(value, "column", JSON_OPTIONAL, 1, GD_FRAME_MAXIMUM_NAME, &column) !=
        JSON_READ)
        return;
    /* Counted in bytes here; a longer one is no column's name. */
    snprintf(source->column, sizeof source->column, "%s", column);
}

/* Column names, or {"dataset", "column"}. */
static void read_target(const json_reader *data, spec_data *out)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(data->value, "target");
    json_reader value;
    if (!cJSON_IsObject(member))
        read_names(data, "target", &out->targets);
    else if (json_read_object(data, "target", JSON_REQUIRED, &value) == JSON_READ)
        read_target_source(&value, &out->target_source);
}

static void read_window(const json_reader *data, gd_window *window)
{
    json_reader value;
    if (json_read_object(data, "window", JSON_OPTIONAL | JSON_NULLABLE, &value) != JSON_READ)
        return;
    spec_names allowed = {{"length", "horizon", "stride"}, 3};
    spec_refuse_members(&value, &allowed, NULL);
    window->horizon = 1;
    json_read_count(&value, "length", JSON_REQUIRED, 1, SPEC_MAXIMUM_WINDOW, &window->length);
    json_read_count(&value, "horizon", JSON_OPTIONAL, 1, SPEC_MAXIMUM_WINDOW, &window->horizon);
    json_read_count(&value, "stride", JSON_OPTIONAL, 1, SPEC_MAXIMUM_WINDOW, &window->stride);
}

static void read_shape(const json_reader *data, gd_shape *shape)
{
    json_reader array;
    size_t count;
    bool whole = true;
    gd_shape read = {0};
    if (json_read_array(data, "shape", JSON_OPTIONAL | JSON_NULLABLE, 1, GD_SHAPE_MAXIMUM_RANK - 1,
                        &array, &count) != JSON_READ)
        return;
    const cJSON *item;
    cJSON_ArrayForEach(item, array.value)
    {
        json_reader reader = json_reader_item(&array, item, read.rank);
        whole = json_read_count(&reader, NULL, JSON_REQUIRED, 1, GD_FRAME_MAXIMUM_COLUMNS,
                                &read.dimensions[read.rank]) == JSON_READ &&
                whole;
        read.rank++;
    }
    if (whole)
        *shape = read;
}

static void read_generator(const json_reader *value, spec_data *data)
{
    const char *names[GD_GENERATOR_TYPE_COUNT + 1];
    SPEC_TABLE_NAMES(names, GD_GENERATOR_TYPE_COUNT, gd_generator_descriptor_at);
    size_t type;
    if (!spec_read_type(value, names, NULL, &type))
        return;
    const gd_generator_descriptor *descriptor = gd_generator_descriptor_at((gd_generator_type)type);
    data->generator.type = (gd_generator_type)type;
    gd_fields_set_defaults(&descriptor->fields, &data->generator);
    if (cJSON_IsString(value->value))
        return;
    spec_names allowed = {{"type", "seed"}, 2};
    spec_names_add_fields(&allowed, &descriptor->fields);
    spec_refuse_members(value, &allowed, NULL);
    spec_read_fields(value, &descriptor->fields, &data->generator);
    data->generator_has_seed =
        json_read_uint64(value, "seed", JSON_OPTIONAL, &data->generator.seed) == JSON_READ;
}

/* Exactly one of dataset, inline, generator. */
static void read_source(const json_reader *data, spec_data *out)
{
    static const char *const words[] = {"dataset", "inline", "generator"};
    int given = 0;
    for (int i = 0; i < 3; i++) {
        if (json_has(data, words[i])) {
            given++;
            out->source = (spec_source)i;
        }
    }
    if (given != 1) {
        json_faults_add(
            data->faults, &data->path, given == 0 ? JSON_CODE_MISSING : "conflict",
            "{\"members\":[\"dataset\",\"inline\",\"generator\"]}",
            "Give exactly one of \"dataset\", \"inline\" and \"generator\", to say where "
            "the rows come from.");
        return;
    }
    json_reader value;
    if (out->source == SPEC_SOURCE_DATASET) {
        read_id(data, "dataset", out->dataset);
    } else if (out->source == SPEC_SOURCE_INLINE) {
        if (json_read_object(data, "inline", JSON_REQUIRED, &value) != JSON_READ)
            return;
        out->inline_value = value.value;
        spec_read_inline(&value, &out->frame);
    } else {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(data->value, "generator");
        value = (json_reader){member, json_path_member(&data->path, "generator"), data->faults};
        read_generator(&value, out);
    }
}

static void read_validation(const json_reader *data, spec_validation *validation)
{
    static const char *const words[] = {"fraction", "last", "dataset"};
    json_reader value;
    if (json_read_object(data, "validation", JSON_OPTIONAL, &value) != JSON_READ)
        return;
    spec_names allowed = {{"fraction", "seed", "last", "dataset", "target"}, 5};
    spec_refuse_members(&value, &allowed, NULL);
    int given = 0;
    for (int i = 0; i < 3; i++) {
        if (json_has(&value, words[i])) {
            given++;
            validation->type = (spec_validation_type)(SPEC_VALIDATION_FRACTION + i);
        }
    }
    if (given != 1) {
        json_faults_add(data->faults, &value.path, given == 0 ? JSON_CODE_MISSING : "conflict",
                        "{\"members\":[\"fraction\",\"last\",\"dataset\"]}",
                        "Give exactly one of \"fraction\", \"last\" and \"dataset\", to say which "
                        "rows are held out.");
        return;
    }
    json_bounds open = {0, 1, true, true};
    json_read_number(&value, "fraction", JSON_OPTIONAL, open, &validation->fraction);
    json_read_count(&value, "last", JSON_OPTIONAL, 1, INT64_C(1000000000000), &validation->last);
    if (validation->type == SPEC_VALIDATION_DATASET)
        read_id(&value, "dataset", validation->dataset);
    json_reader target;
    if (json_read_object(&value, "target", JSON_OPTIONAL, &target) == JSON_READ)
        read_target_source(&target, &validation->target);
    if (json_has(&value, "target") && validation->type != SPEC_VALIDATION_DATASET) {
        json_path path = json_path_member(&value.path, "target");
        json_faults_add(data->faults, &path, "conflict", NULL,
                        "Targets of their own belong to a held-out \"dataset\"; leave them out.");
    }
    validation->has_seed =
        json_read_uint64(&value, "seed", JSON_OPTIONAL, &validation->seed) == JSON_READ;
    if (validation->has_seed && validation->type != SPEC_VALIDATION_FRACTION) {
        json_path path = json_path_member(&value.path, "seed");
        json_faults_add(data->faults, &path, "conflict", NULL,
                        "A seed belongs to \"fraction\", which draws rows; leave it out.");
    }
}

/* How a dataset is held, and how far a mapped one is shuffled. */
static void read_storage(const json_reader *data, spec_data *out)
{
    size_t index = 0;
    if (json_read_choice(data, "storage", JSON_OPTIONAL, spec_storage_names,
                         spec_count_names(spec_storage_names), &index) == JSON_READ)
        out->storage = (spec_storage)index;
    json_read_count(data, "shuffle_window", JSON_OPTIONAL, 1, INT64_C(1000000000000),
                    &out->shuffle_window);
    if (out->storage != SPEC_STORAGE_MAPPED && json_has(data, "shuffle_window")) {
        json_path path = json_path_member(&data->path, "shuffle_window");
        json_faults_add(data->faults, &path, "conflict", NULL,
                        "A window to shuffle in belongs to \"storage\": \"mapped\"; leave it out.");
    }
    if (out->storage != SPEC_STORAGE_AUTO && out->source != SPEC_SOURCE_DATASET) {
        json_path path = json_path_member(&data->path, "storage");
        json_faults_add(data->faults, &path, "conflict", NULL,
                        "Only a dataset has a file to be mapped; leave \"storage\" out.");
    }
}

void spec_read_data(const json_reader *document, spec_data *data)
{
    json_reader value;
    if (json_read_object(document, "data", JSON_REQUIRED, &value) != JSON_READ)
        return;
    spec_names allowed = {{"dataset", "inline", "generator", "features", "target", "task",
                           "validation", "scaling", "missing", "shape", "window", "storage",
                           "shuffle_window"},
                          13};
    spec_refuse_members(&value, &allowed, NULL);
    read_source(&value, data);
    read_names(&value, "features", &data->features);
    read_target(&value, data);
    read_window(&value, &data->window);
    read_shape(&value, &data->shape);
    if (data->window.length > 0 && data->shape.rank > 0) {
        json_path path = json_path_member(&value.path, "shape");
        json_faults_add(value.faults, &path, "conflict", NULL,
                        "A window gives examples their shape, its length and the columns: leave "
                        "\"shape\" or \"window\" out.");
    }
    read_validation(&value, &data->validation);
    size_t index;
    /* "reconstruction" is what an autoencoder does; it is not asked for by name. */
    if (json_read_choice(&value, "task", JSON_OPTIONAL, spec_task_names, 2, &index) == JSON_READ) {
        data->has_task = true;
        data->task = (gd_task)index;
    }
    if (json_read_choice(&value, "scaling", JSON_OPTIONAL, spec_scaling_names, 3, &index) ==
        JSON_READ)
        data->scaling = (gd_scaling)index;
    if (json_read_choice(&value, "missing", JSON_OPTIONAL, spec_missing_names, 3, &index) ==
        JSON_READ)
        data->missing = (gd_missing)index;
    read_storage(&value, data);
}

static void write_names(json_writer *writer, const char *key, const spec_name_list *list)
{
    if (list->count == 0)
        return;
    json_writer_key(writer, key);
    if (list->count == 1 && strcmp(key, "target") == 0) {
        json_writer_string(writer, list->names[0]);
        return;
    }
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < list->count; i++)
        json_writer_string(writer, list->names[i]);
    json_writer_end_array(writer);
}

static void write_source(json_writer *writer, const spec_data *data)
{
    if (data->source == SPEC_SOURCE_DATASET) {
        json_writer_key(writer, "dataset");
        json_writer_string(writer, data->dataset);
    } else if (data->source == SPEC_SOURCE_INLINE) {
        json_writer_key(writer, "inline");
        json_writer_tree(writer, data->inline_value);
    } else {
        const gd_generator_descriptor *descriptor =
            gd_generator_descriptor_at(data->generator.type);
        json_writer_key(writer, "generator");
        json_writer_begin_object(writer);
        json_writer_key(writer, "type");
        json_writer_string(writer, descriptor->name);
        spec_write_fields(writer, &descriptor->fields, &data->generator);
        json_writer_key(writer, "seed");
        json_writer_uint64(writer, data->generator.seed);
        json_writer_end_object(writer);
    }
}

static void write_target_source(json_writer *writer, const spec_target_source *source)
{
    if (source->dataset[0] == '\0')
        return;
    json_writer_key(writer, "target");
    json_writer_begin_object(writer);
    json_writer_key(writer, "dataset");
    json_writer_string(writer, source->dataset);
    if (source->column[0] != '\0') {
        json_writer_key(writer, "column");
        json_writer_string(writer, source->column);
    }
    json_writer_end_object(writer);
}

static void write_shape(json_writer *writer, const gd_shape *shape)
{
    if (shape->rank == 0)
        return;
    json_writer_key(writer, "shape");
    json_writer_int64s(writer, shape->dimensions, (size_t)shape->rank);
}

static void write_window(json_writer *writer, const gd_window *window)
{
    if (window->length == 0)
        return;
    json_writer_key(writer, "window");
    json_writer_begin_object(writer);
    json_writer_key(writer, "length");
    json_writer_int64(writer, window->length);
    json_writer_key(writer, "horizon");
    json_writer_int64(writer, window->horizon);
    if (window->stride > 0) {
        json_writer_key(writer, "stride");
        json_writer_int64(writer, window->stride);
    }
    json_writer_end_object(writer);
}

static void write_validation(json_writer *writer, const spec_validation *validation)
{
    if (validation->type == SPEC_VALIDATION_NONE)
        return;
    json_writer_key(writer, "validation");
    json_writer_begin_object(writer);
    if (validation->type == SPEC_VALIDATION_FRACTION) {
        json_writer_key(writer, "fraction");
        json_writer_double(writer, validation->fraction);
        json_writer_key(writer, "seed");
        json_writer_uint64(writer, validation->seed);
    } else if (validation->type == SPEC_VALIDATION_LAST) {
        json_writer_key(writer, "last");
        json_writer_int64(writer, validation->last);
    } else {
        json_writer_key(writer, "dataset");
        json_writer_string(writer, validation->dataset);
        write_target_source(writer, &validation->target);
    }
    json_writer_end_object(writer);
}

void spec_write_data(json_writer *writer, const spec_data *data)
{
    json_writer_begin_object(writer);
    write_source(writer, data);
    write_names(writer, "features", &data->features);
    write_names(writer, "target", &data->targets);
    write_target_source(writer, &data->target_source);
    write_window(writer, &data->window);
    write_shape(writer, &data->shape);
    if (data->has_task && data->task != GD_TASK_RECONSTRUCTION) {
        json_writer_key(writer, "task");
        json_writer_string(writer, spec_task_names[data->task]);
    }
    write_validation(writer, &data->validation);
    json_writer_key(writer, "scaling");
    json_writer_string(writer, spec_scaling_names[data->scaling]);
    json_writer_key(writer, "missing");
    json_writer_string(writer, spec_missing_names[data->missing]);
    if (data->storage != SPEC_STORAGE_AUTO) {
        json_writer_key(writer, "storage");
        json_writer_string(writer, spec_storage_names[data->storage]);
    }
    if (data->storage == SPEC_STORAGE_MAPPED && data->shuffle_window > 0) {
        json_writer_key(writer, "shuffle_window");
        json_writer_int64(writer, data->shuffle_window);
    }
    json_writer_end_object(writer);
}
