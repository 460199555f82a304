/*
 * memory.h: blocks for the numbers of examples and parameters, aligned as the library's kernels
 * like them.
 *
 * Large ones stand on large pages where the system has some: rows taken in a random order otherwise
 * cost a walk through page tables each. Thread rule: safe from any thread.
 */
#ifndef DESCENT_MEMORY_H
#define DESCENT_MEMORY_H

#include <stddef.h>

/*
 * count · size bytes, aligned to 64, not cleared; the caller's to free(). NULL without memory or
 * where the product does not fit; an empty block is a real one.
 */
void *gd_allocate_block(size_t count, size_t size);

#endif
