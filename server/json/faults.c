/*
 * Growth and output of the fault list. A fault that cannot be kept is still counted, so a document
 * with faults never passes as a good one.
 */
#include "json/faults.h"

#include "json/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_field_fault *new_entry(json_faults *faults)
{
    if (faults->count == JSON_FAULTS_KEPT) {
        return NULL;
    }
    if (faults->count == faults->capacity) {
        size_t capacity = faults->capacity == 0 ? 4 : 2 * faults->capacity;
        capacity = capacity > JSON_FAULTS_KEPT ? JSON_FAULTS_KEPT : capacity;
        json_field_fault *entries = realloc(faults->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            faults->out_of_memory = true;
            return NULL;
        }
        faults->entries = entries;
        faults->capacity = capacity;
    }
    json_field_fault *entry = &faults->entries[faults->count++];
    memset(entry, 0, sizeof *entry);
    return entry;
}

void json_faults_add(json_faults *faults, const json_path *path, const char *code,
                     const char *allowed, const char *format, ...)
{
    faults->total++;
    if (strcmp(code, JSON_CODE_OUT_OF_MEMORY) == 0) {
        faults->out_of_memory = true;
    }
    json_field_fault *entry = new_entry(faults);
    if (entry == NULL) {
        return;
    }
    json_path_render(path, entry->pointer, sizeof entry->pointer);
    (void)snprintf(entry->code, sizeof entry->code, "%s", code);
    if (allowed != NULL && strlen(allowed) < sizeof entry->allowed) {
        memcpy(entry->allowed, allowed, strlen(allowed) + 1);
    }
    va_list arguments;
    va_start(arguments, format);
    const int written = vsnprintf(entry->detail, sizeof entry->detail, format, arguments);
    va_end(arguments);
    if (written >= (int)sizeof entry->detail) {
        entry->detail[json_utf8_cut(entry->detail, sizeof entry->detail - 1)] = '\0';
    }
}

static void write_entry(const json_field_fault *entry, json_writer *writer)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "pointer");
    json_writer_string(writer, entry->pointer);
    json_writer_key(writer, "code");
    json_writer_string(writer, entry->code);
    json_writer_key(writer, "detail");
    json_writer_string(writer, entry->detail);
    if (entry->allowed[0] != '\0') {
        json_writer_key(writer, "allowed");
        json_writer_raw(writer, entry->allowed, strlen(entry->allowed));
    }
    json_writer_end_object(writer);
}

void json_faults_write(const json_faults *faults, json_writer *writer)
{
    json_writer_begin_array(writer);
    for (size_t i = 0; i < faults->count; i++) {
        write_entry(&faults->entries[i], writer);
    }
    if (faults->total > faults->count) {
        json_field_fault rest = {.code = "more_faults"};
        (void)snprintf(rest.detail, sizeof rest.detail,
                       "%zu more faults are not listed; correct these first",
                       faults->total - faults->count);
        write_entry(&rest, writer);
    }
    json_writer_end_array(writer);
}

void json_faults_dispose(json_faults *faults)
{
    free(faults->entries);
    *faults = (json_faults){0};
}
