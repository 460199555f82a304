/*
 * safetensors.h: a reader of safetensors files made from the format's description alone, with cJSON,
 * to hold the product's writer against.
 */
#ifndef TESTS_SUPPORT_SAFETENSORS_H
#define TESTS_SUPPORT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct safetensors_entry {
    char name[64], dtype[8];
    int64_t shape[4], rank;
    const unsigned char *bytes; /* points into the file */
    size_t length;
} safetensors_entry;

typedef struct safetensors_file {
    safetensors_entry *entries; /* [count] in the header's order, "__metadata__" left out; owned */
    int64_t count;
} safetensors_file;

/*
 * False where the bytes are no such file: header outside the file or not a multiple of 8, no JSON,
 * offsets with gaps or overlaps, bytes that belong to no tensor, or sizes that contradict shapes.
 */
bool safetensors_read(safetensors_file *file, const unsigned char *bytes, size_t length);
void safetensors_dispose(safetensors_file *file);

#endif
