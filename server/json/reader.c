/*
 * The getters. Each first looks its member up, takes the short way out if it is right, and only
 * then composes what was expected. Integers are in reader_integer.c.
 */
#include "json/reader.h"

#include "json/nearest.h"
#include "json/reader_field.h"
#include "json/utf8.h"

#include <string.h>

enum {
    LABEL_CAPACITY = 96,
    FOUND_CAPACITY = 64
};

json_reader json_reader_root(const cJSON *value, json_faults *faults)
{
    return (json_reader){.value = value, .path = json_path_root(), .faults = faults};
}

json_reader json_reader_item(const json_reader *array, const cJSON *item, int64_t index)
{
    return (json_reader){
        .value = item, .path = json_path_item(&array->path, index), .faults = array->faults};
}

static const cJSON *find_member(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

bool json_has(const json_reader *object, const char *key)
{
    return find_member(object->value, key) != NULL;
}

json_read_result json_field_find(const json_reader *reader, const char *key, unsigned flags,
                                 json_reader *field)
{
    *field = *reader;
    if (key != NULL) {
        field->value = find_member(reader->value, key);
        field->path = json_path_member(&reader->path, key);
    }
    if (field->value == NULL) {
        return (flags & JSON_REQUIRED) != 0 ? JSON_FAULTY : JSON_ABSENT;
    }
    if ((flags & JSON_NULLABLE) != 0 && cJSON_IsNull(field->value)) {
        return JSON_NULL;
    }
    return JSON_READ;
}

/* What to do about a value of the wrong type, where there is something to say. */
static const char *remedy_for(const cJSON *value, unsigned flags, const json_expectation *expected)
{
    const bool number_wanted =
        strstr(expected->words, "number") != NULL && strstr(expected->words, "string") == NULL;
    if (cJSON_IsNull(value) && (flags & JSON_REQUIRED) == 0) {
        return "; leave it out to have the default";
    }
    if (cJSON_IsString(value) && number_wanted) {
        return "; write the number without quotes";
    }
    return "";
}

json_read_result json_field_refuse_type(const json_reader *field, unsigned flags,
                                        const json_expectation *expected)
{
    char label[LABEL_CAPACITY];
    char found[FOUND_CAPACITY];
    json_path_label(&field->path, label, sizeof label);
    if (field->value == NULL) {
        json_faults_add(field->faults, &field->path, JSON_CODE_MISSING, expected->json,
                        "%s is missing; give %s", label, expected->words);
        return JSON_FAULTY;
    }
    json_describe(field->value, found, sizeof found);
    json_faults_add(field->faults, &field->path, JSON_CODE_WRONG_TYPE, expected->json,
                    "%s is %s; allowed is %s%s", label, found, expected->words,
                    remedy_for(field->value, flags, expected));
    return JSON_FAULTY;
}

json_read_result json_field_refuse_value(const json_reader *field, const char *code,
                                         const json_expectation *expected, const char *remedy)
{
    char label[LABEL_CAPACITY];
    char found[FOUND_CAPACITY];
    json_path_label(&field->path, label, sizeof label);
    json_describe(field->value, found, sizeof found);
    json_faults_add(field->faults, &field->path, code, expected->json, "%s is %s; allowed is %s%s",
                    label, found, expected->words, remedy);
    return JSON_FAULTY;
}

json_read_result json_read_boolean(const json_reader *reader, const char *key, unsigned flags,
                                   bool *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    if (!cJSON_IsBool(field.value)) {
        json_expectation expected;
        json_expect_type(&expected, "boolean", "true or false");
        return json_field_refuse_type(&field, flags, &expected);
    }
    *out = cJSON_IsTrue(field.value) != 0;
    return JSON_READ;
}

static bool within(double value, json_bounds bounds)
{
    const bool low = bounds.minimum_excluded ? value > bounds.minimum : value >= bounds.minimum;
    const bool high = bounds.maximum_excluded ? value < bounds.maximum : value <= bounds.maximum;
    return low && high;
}

json_read_result json_read_number(const json_reader *reader, const char *key, unsigned flags,
                                  json_bounds bounds, double *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    const bool number = cJSON_IsNumber(field.value) != 0;
    if (number && within(field.value->valuedouble, bounds)) {
        *out = field.value->valuedouble;
        return JSON_READ;
    }
    json_expectation expected;
    json_expect_number(&expected, bounds);
    if (!number) {
        return json_field_refuse_type(&field, flags, &expected);
    }
    return json_field_refuse_value(&field, JSON_CODE_OUT_OF_RANGE, &expected, "");
}

/* Code points of valid UTF-8: the bytes that do not continue a character. */
static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

json_read_result json_read_string(const json_reader *reader, const char *key, unsigned flags,
                                  size_t shortest, size_t longest, const char **out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    json_expectation expected;
    if (!cJSON_IsString(field.value)) {
        json_expect_string(&expected, shortest, longest);
        return json_field_refuse_type(&field, flags, &expected);
    }
    const size_t characters = count_characters(field.value->valuestring);
    if (characters >= shortest && characters <= longest) {
        *out = field.value->valuestring;
        return JSON_READ;
    }
    json_expect_string(&expected, shortest, longest);
    return json_field_refuse_value(&field,
                                   characters > longest ? JSON_CODE_TOO_LONG : JSON_CODE_TOO_SHORT,
                                   &expected, characters > longest ? "; shorten it" : "");
}

static json_read_result refuse_choice(const json_reader *field, const char *const *names,
                                      size_t count, const json_expectation *expected)
{
    const char *nearest = json_nearest_name(field->value->valuestring, names, count);
    char label[LABEL_CAPACITY];
    char found[FOUND_CAPACITY];
    json_path_label(&field->path, label, sizeof label);
    json_describe(field->value, found, sizeof found);
    if (nearest != NULL) {
        json_faults_add(field->faults, &field->path, JSON_CODE_UNKNOWN_VALUE, expected->json,
                        "%s is %s, which is not known; did you mean \"%s\"? Allowed is %s", label,
                        found, nearest, expected->words);
    } else {
        json_faults_add(field->faults, &field->path, JSON_CODE_UNKNOWN_VALUE, expected->json,
                        "%s is %s, which is not known; allowed is %s", label, found,
                        expected->words);
    }
    return JSON_FAULTY;
}

json_read_result json_read_choice(const json_reader *reader, const char *key, unsigned flags,
                                  const char *const *names, size_t count, size_t *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    const bool string = cJSON_IsString(field.value) != 0;
    for (size_t i = 0; string && i < count; i++) {
        if (strcmp(field.value->valuestring, names[i]) == 0) {
            *out = i;
            return JSON_READ;
        }
    }
    json_expectation expected;
    json_expect_names(&expected, "enum", names, count);
    if (!string) {
        return json_field_refuse_type(&field, flags, &expected);
    }
    return refuse_choice(&field, names, count, &expected);
}

json_read_result json_read_object(const json_reader *reader, const char *key, unsigned flags,
                                  json_reader *out)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    if (!cJSON_IsObject(field.value)) {
        json_expectation expected;
        json_expect_type(&expected, "object", "an object");
        return json_field_refuse_type(&field, flags, &expected);
    }
    *out = field;
    return JSON_READ;
}

/* The list is counted in full: cJSON_GetArraySize narrows to int. */
static size_t count_items(const cJSON *array)
{
    size_t count = 0;
    for (const cJSON *item = array->child; item != NULL; item = item->next) {
        count++;
    }
    return count;
}

json_read_result json_read_array(const json_reader *reader, const char *key, unsigned flags,
                                 size_t fewest, size_t most, json_reader *out, size_t *count)
{
    json_reader field;
    const json_read_result found = json_field_find(reader, key, flags, &field);
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return found;
    }
    json_expectation expected;
    if (!cJSON_IsArray(field.value)) {
        json_expect_array(&expected, fewest, most);
        return json_field_refuse_type(&field, flags, &expected);
    }
    const size_t items = count_items(field.value);
    if (items < fewest || items > most) {
        char label[LABEL_CAPACITY];
        json_path_label(&field.path, label, sizeof label);
        json_expect_array(&expected, fewest, most);
        json_faults_add(field.faults, &field.path,
                        items > most ? JSON_CODE_TOO_LONG : JSON_CODE_TOO_SHORT, expected.json,
                        "%s has %zu items; allowed is %s", label, items, expected.words);
        return JSON_FAULTY;
    }
    *out = field;
    if (count != NULL) {
        *count = items;
    }
    return JSON_READ;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void refuse_member(const json_reader *object, const cJSON *member, const char *const *names,
                          size_t count, const json_expectation *expected)
{
    const json_path path = json_path_member(&object->path, member->string);
    /* No search for a hint that would not be kept: the members may be very many. */
    const bool kept = object->faults->count < JSON_FAULTS_KEPT;
    const char *nearest = kept ? json_nearest_name(member->string, names, count) : NULL;
    char label[LABEL_CAPACITY];
    char parent[LABEL_CAPACITY];
    json_path_label(&path, label, sizeof label);
    json_path_label(&object->path, parent, sizeof parent);
    if (nearest != NULL) {
        json_faults_add(object->faults, &path, JSON_CODE_UNKNOWN_MEMBER, expected->json,
                        "%s is no member of %s; did you mean \"%s\"? Allowed is %s", label, parent,
                        nearest, expected->words);
    } else {
        json_faults_add(object->faults, &path, JSON_CODE_UNKNOWN_MEMBER, expected->json,
                        "%s is no member of %s; allowed is %s, or to leave it out", label, parent,
                        expected->words);
    }
}

void json_refuse_unknown(const json_reader *object, const char *const *names, size_t count)
{
    if (!cJSON_IsObject(object->value)) {
        return;
    }
    json_expectation expected = {.words = ""};
    for (const cJSON *member = object->value->child; member != NULL; member = member->next) {
        if (is_among(member->string, names, count)) {
            continue;
        }
        if (expected.words[0] == '\0') {
            json_expect_names(&expected, "members", names, count);
        }
        refuse_member(object, member, names, count, &expected);
    }
}
