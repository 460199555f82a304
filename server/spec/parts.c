/*
 * parts.c: what reading a spec's parts has in common: refusing members, adding the library's errors
 * to the list of faults, reading a type with its "not offered yet" words. The words of the contract
 * that this version does not offer stand here, so that none is taken and silently ignored.
 */
#include "spec/parts.h"

#include <stdlib.h>
#include <string.h>

#define CODE_UNSUPPORTED "unsupported"

const char *const spec_layers_later[] = {"rnn", "lstm", "gru", NULL};

static bool is_listed(const char *const *names, const char *name)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

void spec_refuse_members(const json_reader *object, const spec_names *names,
                         const char *const *later)
{
    spec_names known = *names;
    for (size_t i = 0; later != NULL && later[i] != NULL; i++) {
        if (json_has(object, later[i])) {
            json_path path = json_path_member(&object->path, later[i]);
            json_faults_add(object->faults, &path, CODE_UNSUPPORTED, NULL,
                            "\"%s\" is not offered by this version: leave it out.", later[i]);
        }
        spec_names_add(&known, later[i]);
    }
    json_refuse_unknown(object, known.names, known.count);
}

/* Descends the path of the error, one stack frame a segment, so that the chain stays alive. */
static void add_below(const json_path *parent, const char *rest, const gd_error *error,
                      json_faults *faults)
{
    if (*rest == '\0') {
        json_faults_add(faults, parent, gd_status_name(error->status), NULL, "%s", error->message);
        return;
    }
    char segment[128];
    size_t length = strcspn(rest, "/");
    if (length >= sizeof segment)
        length = sizeof segment - 1;
    memcpy(segment, rest, length);
    segment[length] = '\0';
    rest += strcspn(rest, "/");
    if (*rest == '/')
        rest++;
    bool is_index = segment[0] != '\0' && strspn(segment, "0123456789") == strlen(segment);
    json_path path = is_index ? json_path_item(parent, strtoll(segment, NULL, 10))
                              : json_path_member(parent, segment);
    add_below(&path, rest, error, faults);
}

void spec_add_error(const json_reader *at, const gd_error *error)
{
    add_below(&at->path, error->path, error, at->faults);
}

bool spec_read_type(const json_reader *value, const char *const *names, const char *const *later,
                    size_t *type)
{
    const char *key = cJSON_IsString(value->value) ? NULL : "type";
    const cJSON *word =
        key == NULL ? value->value : cJSON_GetObjectItemCaseSensitive(value->value, "type");
    if (key != NULL && !cJSON_IsObject(value->value)) {
        json_faults_add(value->faults, &value->path, JSON_CODE_WRONG_TYPE,
                        "{\"type\":[\"object\",\"string\"]}",
                        "This must be an object with a \"type\", or the type's name alone.");
        return false;
    }
    if (cJSON_IsString(word) && !is_listed(names, word->valuestring) &&
        is_listed(later, word->valuestring)) {
        json_path path = json_path_member(&value->path, "type");
        json_faults_add(value->faults, key == NULL ? &value->path : &path, CODE_UNSUPPORTED, NULL,
                        "\"%s\" is not offered by this version.", word->valuestring);
        return false;
    }
    return json_read_choice(value, key, JSON_REQUIRED, names, spec_count_names(names), type) ==
           JSON_READ;
}

void spec_require_fields(const json_reader *value, const char *type, const gd_field_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->fields[i].name;
        if (table->fields[i].required)
            json_faults_add(value->faults, &value->path, JSON_CODE_MISSING, NULL,
                            "\"%s\" needs \"%s\": write {\"type\": \"%s\", \"%s\": …}.", type, name,
                            type, name);
    }
}

void spec_names_dispose(spec_name_list *list)
{
    for (int64_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (spec_name_list){0};
}
