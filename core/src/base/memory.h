/*
 * memory.h: overflow-checked sizes and cache-line aligned blocks for the library's own use.
 */
#ifndef DESCENT_BASE_MEMORY_H
#define DESCENT_BASE_MEMORY_H

#include <descent/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *product = a · b; false where that does not fit. */
bool gdi_size_multiply(size_t a, size_t b, size_t *product);

/* Zero-filled block of count · size bytes, aligned to 64; NULL without memory or on overflow. */
void *gdi_allocate(size_t count, size_t size);

/* Copy of a text; NULL without memory. */
char *gdi_duplicate_text(const char *text);

void gdi_free(void *block);

/* GD_OUT_OF_MEMORY in its general words; fills `error` (may be NULL). */
gd_status gdi_fail_memory(gd_error *error);

/* Size of a working buffer. In a fuzzer's build it is a 256th: small inputs shall cross the edges of
 * buffers, and clearing large ones would take most of the time. */
#ifdef GDI_SMALL_BUFFERS
#define GDI_BUFFER_SIZE(size) ((size) >> 8)
#else
#define GDI_BUFFER_SIZE(size) (size)
#endif

#endif
