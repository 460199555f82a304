/*
 * target_checkpoint.c: any bytes as a checkpoint file, as an edit of a whole one, and as the contents
 * of one. What is read back is what was written, and only a whole file is read.
 */
#include "fuzz/training.h"

#include "jobs/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME      "fuzz.1.checkpoint"
#define FILE_PATH "/checkpoints/" NAME

static void make_folder(char folder[64])
{
    fuzz_folder(folder);
    FUZZ_REQUIRE(jobs_directories_create(folder, NULL) == GD_OK);
}

static void remove_folder(const char *folder)
{
    static const char *const inner[] = {FILE_PATH, "/checkpoints", "/datasets", "/uploads", ""};
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", folder, inner[i]);
        (void)remove(path);
    }
}

static void overwrite(const char *folder, const uint8_t *bytes, size_t length)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s" FILE_PATH, folder);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_REQUIRE(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    close(file);
}

static uint8_t *file_bytes(const char *folder, size_t *length)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s" FILE_PATH, folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_REQUIRE(file >= 0);
    uint8_t *bytes = fuzz_file_bytes(file, length);
    close(file);
    return bytes;
}

/* Written and read: the same. */
static void expect_round(const char *folder, const uint8_t *bytes, size_t length)
{
    void *back = NULL;
    size_t back_length = 0;
    gd_buffer contents;
    gd_buffer_init(&contents, length + 1);
    gd_buffer_append(&contents, bytes, length);
    FUZZ_REQUIRE(jobs_checkpoint_write(folder, NAME, &contents, NULL) == GD_OK);
    FUZZ_REQUIRE(jobs_checkpoint_read(folder, NAME, &back, &back_length, NULL) == GD_OK);
    FUZZ_REQUIRE(back_length == length && memcmp(back, bytes, length) == 0);
    free(back);
    gd_buffer_dispose(&contents);
}

/* Read as it stands; true where it was taken. */
static bool reads(const char *folder, const uint8_t *bytes, size_t length)
{
    void *back = NULL;
    size_t back_length = 0;
    overwrite(folder, bytes, length);
    gd_status status = jobs_checkpoint_read(folder, NAME, &back, &back_length, NULL);
    FUZZ_REQUIRE(status == GD_OK || status == GD_CORRUPT);
    if (status == GD_OK) {
        FUZZ_REQUIRE(back_length < length);
        free(back);
    }
    return status == GD_OK;
}

void fuzz_checkpoint(const uint8_t *bytes, size_t length)
{
    char folder[64];
    size_t valid_length = 0, edited_length = 0;
    make_folder(folder);
    (void)reads(folder, bytes, length);
    expect_round(folder, bytes, length);
    uint8_t *valid = file_bytes(folder, &valid_length);
    uint8_t *edited = fuzz_edit(valid, valid_length, bytes, length, &edited_length);
    bool same = edited_length == valid_length && memcmp(edited, valid, valid_length) == 0;
    FUZZ_REQUIRE(reads(folder, edited, edited_length) == same);
    free(valid);
    free(edited);
    remove_folder(folder);
}
