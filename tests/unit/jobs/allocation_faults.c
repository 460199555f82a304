/*
 * allocation_faults.c: see allocation_faults.h. The linker's --wrap gives these functions their names.
 */
#include "unit/jobs/allocation_faults.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

static atomic_bool armed;
static _Atomic int64_t left, failures;

void allocation_faults_arm(int64_t n)
{
    atomic_store(&armed, false);
    atomic_store(&failures, 0);
    atomic_store(&left, n);
    atomic_store(&armed, true);
}

int64_t allocation_faults_disarm(void)
{
    atomic_store(&armed, false);
    return atomic_load(&failures);
}

static bool fails(void)
{
    if (!atomic_load(&armed) || atomic_fetch_sub(&left, 1) != 1)
        return false;
    atomic_fetch_add(&failures, 1);
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}
