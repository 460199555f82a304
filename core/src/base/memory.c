/*
 * memory.c: overflow-checked sizes and cache-line aligned blocks.
 *
 * An empty block is a real one (64 bytes), so that NULL always means failure. Blocks come from the
 * C library's allocator; gdi_free and free() are the same.
 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t cache_line = 64;
/* Blocks of at least two large pages stand on them where the system has some: rows taken in a random
 * order otherwise cost a walk through page tables each. */
static const size_t large_page = (size_t)2 << 20;

bool gdi_size_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

void *gdi_allocate(size_t count, size_t size)
{
    size_t bytes = 0;
    if (!gdi_size_multiply(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = bytes == 0 ? cache_line : (bytes + cache_line - 1) / cache_line * cache_line;
    bool is_large = rounded >= 2 * large_page;
    size_t alignment = is_large ? large_page : cache_line;
    size_t reserved = (rounded + alignment - 1) / alignment * alignment; /* as C11 wants it */
    void *block = aligned_alloc(alignment, reserved);
#ifdef MADV_HUGEPAGE
    if (block != NULL && is_large) {
        (void)madvise(block, reserved, MADV_HUGEPAGE); /* a wish: without it all is as right */
    }
#endif
    if (block != NULL) {
        memset(block, 0, rounded);
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
