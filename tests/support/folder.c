/*
 * folder.c: see folder.h.
 */
#include "support/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

void folder_create(char *path, size_t size, const char *name)
{
    const char *parent = getenv("TEST_DIRECTORY");
    int length = snprintf(path, size, "%s/%s-XXXXXX", parent != NULL ? parent : "/tmp", name);
    cr_assert(length > 0 && (size_t)length < size, "%s is too long", path);
    cr_assert_not_null(mkdtemp(path), "no folder %s", path);
}
