/*
 * fuzz.c: the table of targets and what they share; see fuzz.h.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

fuzz_function *fuzz_find(const char *name)
{
    static const struct {
        const char *name;
        fuzz_function *function;
    } targets[] = {
#define FUZZ_ROW(name) {#name, fuzz_##name},
        FUZZ_TARGETS(FUZZ_ROW)
#undef FUZZ_ROW
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        if (strcmp(targets[i].name, name) == 0)
            return targets[i].function;
    return NULL;
}

void fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

int fuzz_file(const void *bytes, size_t length)
{
    int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(descriptor >= 0);
    for (size_t written = 0; written < length;) {
        ssize_t count = write(descriptor, (const char *)bytes + written, length - written);
        FUZZ_REQUIRE(count > 0);
        written += (size_t)count;
    }
    return descriptor;
}

uint8_t *fuzz_file_bytes(int descriptor, size_t *length)
{
    struct stat facts;
    FUZZ_REQUIRE(fstat(descriptor, &facts) == 0);
    *length = (size_t)facts.st_size;
    uint8_t *bytes = malloc(*length + 1);
    FUZZ_REQUIRE(bytes != NULL);
    FUZZ_REQUIRE(pread(descriptor, bytes, *length, 0) == (ssize_t)*length);
    bytes[*length] = '\0';
    return bytes;
}

void fuzz_folder(char folder[64])
{
    const char *parent = getenv("TEST_DIRECTORY");
    if (parent == NULL)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    FUZZ_REQUIRE(snprintf(folder, 64, "%s/descentd-fuzz-XXXXXX", parent) < 64);
    FUZZ_REQUIRE(mkdtemp(folder) != NULL);
}

uint8_t *fuzz_edit(const void *valid, size_t length, const uint8_t *edits, size_t edit_length,
                   size_t *result_length)
{
    /* Exactly as large as it says, so that a read behind the end is seen. */
    size_t kept = length;
    if (edit_length % 3 == 1)
        kept = length * edits[edit_length - 1] / 256;
    uint8_t *result = malloc(kept > 0 ? kept : 1);
    FUZZ_REQUIRE(result != NULL);
    memcpy(result, valid, kept);
    for (size_t i = 0; kept > 0 && i + 3 <= edit_length; i += 3)
        result[((size_t)edits[i] | (size_t)edits[i + 1] << 8) % kept] = edits[i + 2];
    *result_length = kept;
    return result;
}
