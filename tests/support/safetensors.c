/*
 * safetensors.c: see safetensors.h.
 */
#include "support/safetensors.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t element_size(const char *dtype)
{
    if (strcmp(dtype, "F32") == 0)
        return 4;
    return strcmp(dtype, "F64") == 0 ? 8 : 0;
}

static bool read_number(const cJSON *item, size_t maximum, size_t *number)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > (double)maximum)
        return false;
    *number = (size_t)item->valuedouble;
    return (double)*number == item->valuedouble;
}

/* {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}; `*end` is where the last one ended. */
static bool read_entry(const cJSON *item, const unsigned char *data, size_t length, size_t *end,
                       safetensors_entry *entry)
{
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    size_t first = 0, last = 0, elements = 1;
    *entry = (safetensors_entry){.rank = 0};
    if (strlen(item->string) >= sizeof entry->name || !cJSON_IsString(dtype) ||
        strlen(dtype->valuestring) >= sizeof entry->dtype || !cJSON_IsArray(shape) ||
        cJSON_GetArraySize(shape) > 4 || cJSON_GetArraySize(offsets) != 2)
        return false;
    (void)snprintf(entry->name, sizeof entry->name, "%s", item->string);
    (void)snprintf(entry->dtype, sizeof entry->dtype, "%s", dtype->valuestring);
    const cJSON *dimension;
    cJSON_ArrayForEach(dimension, shape)
    {
        size_t number;
        if (!read_number(dimension, length, &number))
            return false;
        entry->shape[entry->rank++] = (int64_t)number;
        elements *= number;
    }
    if (!read_number(cJSON_GetArrayItem(offsets, 0), length, &first) ||
        !read_number(cJSON_GetArrayItem(offsets, 1), length, &last) || first != *end ||
        last < first || last - first != elements * element_size(entry->dtype) ||
        element_size(entry->dtype) == 0)
        return false;
    entry->bytes = data + first;
    entry->length = last - first;
    *end = last;
    return true;
}

static bool read_entries(safetensors_file *file, const cJSON *header, const unsigned char *data,
                         size_t length)
{
    size_t end = 0;
    const cJSON *item;
    file->entries = calloc((size_t)cJSON_GetArraySize(header) + 1, sizeof *file->entries);
    if (file->entries == NULL)
        return false;
    cJSON_ArrayForEach(item, header)
    {
        if (strcmp(item->string, "__metadata__") == 0)
            continue;
        if (!read_entry(item, data, length, &end, &file->entries[file->count++]))
            return false;
    }
    return end == length;
}

bool safetensors_read(safetensors_file *file, const unsigned char *bytes, size_t length)
{
    uint64_t size = 0;
    *file = (safetensors_file){.count = 0};
    for (int i = 7; length >= 8 && i >= 0; i--)
        size = size << 8 | bytes[i];
    if (length < 8 || size > length - 8 || size % 8 != 0)
        return false;
    cJSON *header = cJSON_ParseWithLength((const char *)bytes + 8, size);
    bool right = cJSON_IsObject(header) &&
                 read_entries(file, header, bytes + 8 + size, length - 8 - (size_t)size);
    cJSON_Delete(header);
    if (!right)
        safetensors_dispose(file);
    return right;
}

void safetensors_dispose(safetensors_file *file)
{
    free(file->entries);
    *file = (safetensors_file){.count = 0};
}
