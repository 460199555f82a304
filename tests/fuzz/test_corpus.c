/*
 * test_corpus.c: every input kept in tests/fuzz/corpus through its target, without a fuzzer: what was
 * mended once stays mended. A target without a single input fails.
 */
#include "fuzz/fuzz.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus"

static void replay_file(const char *path, fuzz_function *target)
{
    size_t length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(file, 0, "%s cannot be opened", path);
    uint8_t *bytes = fuzz_file_bytes(file, &length);
    close(file);
    /* Without the byte behind the end, as a fuzzer gives it. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    cr_assert_not_null(exact);
    for (size_t i = 0; i < length; i++)
        exact[i] = bytes[i];
    free(bytes);
    target(exact, length);
    free(exact);
}

static void replay(const char *name, fuzz_function *target)
{
    char folder[256], path[600];
    int count = 0;
    (void)snprintf(folder, sizeof folder, "%s/%s", CORPUS, name);
    DIR *directory = opendir(folder);
    cr_assert_not_null(directory, "no folder %s; the suite runs from the top of the repository",
                       folder);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        replay_file(path, target);
        count++;
    }
    closedir(directory);
    uint8_t nothing = 0;
    target(&nothing, 0);
    cr_expect_gt(count, 0, "no inputs in %s", folder);
}

#define REPLAY(name)                \
    Test(fuzz_corpus, name)         \
    {                               \
        replay(#name, fuzz_##name); \
    }
FUZZ_TARGETS(REPLAY)
