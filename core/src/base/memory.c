/*
 * memory.c: overflow-checked sizes and cache-line aligned blocks.
 *
 * An empty block is a real one (64 bytes), so that NULL always means failure. Blocks come from the
 * C library's allocator; gdi_free and free() are the same.
 */
#include "base/memory.h"

#include <descent/memory.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t cache_line = 64;
/* Blocks of at least two of them stand on them. */
static const size_t large_page = (size_t)2 << 20;

bool gdi_size_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

void *gd_allocate_block(size_t count, size_t size)
{
    size_t bytes = 0;
    if (!gdi_size_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bool is_large = bytes >= 2 * large_page;
    size_t alignment = is_large ? large_page : cache_line;
    size_t reserved = bytes == 0 ? cache_line : (bytes + alignment - 1) / alignment * alignment;
    void *block = aligned_alloc(alignment, reserved); /* multiples, as C11 wants it */
#ifdef MADV_HUGEPAGE
    if (block != NULL && is_large) {
        (void)madvise(block, reserved, MADV_HUGEPAGE); /* a wish: without it all is as right */
    }
#endif
    return block;
}

void *gdi_allocate(size_t count, size_t size)
{
    void *block = gd_allocate_block(count, size);
    if (block != NULL) {
        const size_t bytes = count * size;
        memset(block, 0, bytes + (cache_line - bytes % cache_line) % cache_line);
    }
    return block;
}

char *gdi_duplicate_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void gdi_free(void *block)
{
    free(block);
}

gd_status gdi_fail_memory(gd_error *error)
{
    return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
}
