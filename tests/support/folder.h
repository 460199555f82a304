/*
 * folder.h: folders for tests, all below one that the environment's TEST_DIRECTORY names (/tmp without
 * it) and the Makefile removes, whatever becomes of the tests.
 */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <stddef.h>

/* A new folder whose name begins with `name`, into `path`; no more than 64 bytes with the NUL where
 * `name` has at most 16. */
void folder_create(char *path, size_t size, const char *name);

#endif
