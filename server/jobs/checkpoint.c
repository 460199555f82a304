/*
 * checkpoint.c: atomic files: temporary name, write, fsync, rename, fsync of the directory. A failed
 * sync is reported, never retried; the temporary file is removed on every failure.
 */
#include "jobs/checkpoint.h"

#include "jobs/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        "descentd checkpoint 1\n"
#define MAGIC_LENGTH (sizeof MAGIC - 1)
#define HEADER_SIZE  (MAGIC_LENGTH + JOBS_DIGEST_SIZE - 1)

static gd_status fail_with_errno(gd_error *error, const char *doing, const char *name)
{
    gd_status status = errno == ENOSPC || errno == EDQUOT ? GD_NO_SPACE : GD_IO_ERROR;
    return gd_fail(error, status, "", "%s %s: %s", doing, name, strerror(errno));
}

void jobs_checkpoint_name(const char *job, int64_t step, char name[JOBS_CHECKPOINT_NAME_SIZE])
{
    snprintf(name, JOBS_CHECKPOINT_NAME_SIZE, "%s.%lld.checkpoint", job, (long long)step);
}

int64_t jobs_checkpoint_step(const char *name)
{
    const char *point = name != NULL ? strchr(name, '.') : NULL;
    char *end = NULL;
    long long step = point != NULL ? strtoll(point + 1, &end, 10) : -1;
    return end != NULL && end > point + 1 && strcmp(end, ".checkpoint") == 0 && step >= 0 ? step
                                                                                          : -1;
}

gd_status jobs_directory_sync(const char *path, gd_error *error)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return fail_with_errno(error, "opening the folder", path);
    gd_status status = GD_OK;
    if (fsync(directory) != 0)
        status = fail_with_errno(error, "syncing the folder", path);
    close(directory);
    return status;
}

gd_status jobs_directories_create(const char *data_directory, gd_error *error)
{
    static const char *const folders[] = {"", "/datasets", "/checkpoints", "/uploads"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof path, "%s%s", data_directory, folders[i]);
        if (length < 0 || (size_t)length >= sizeof path)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return fail_with_errno(error, "creating the folder", path);
    }
    return GD_OK;
}

static bool file_path(char path[PATH_MAX], const char *data_directory, const char *name,
                      const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/checkpoints/%s%s", data_directory, name, suffix);
    return length > 0 && length < PATH_MAX && strchr(name, '/') == NULL;
}

static bool write_whole(int file, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t written = write(file, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

static bool write_contents(int file, const gd_buffer *contents)
{
    char hex[JOBS_DIGEST_SIZE];
    jobs_digest_of(contents->bytes, contents->length, hex);
    return write_whole(file, MAGIC, MAGIC_LENGTH) && write_whole(file, hex, sizeof hex - 1) &&
           write_whole(file, contents->bytes, contents->length) && fsync(file) == 0;
}

gd_status jobs_checkpoint_write(const char *data_directory, const char *name,
                                const gd_buffer *contents, gd_error *error)
{
    char temporary[PATH_MAX], path[PATH_MAX], folder[PATH_MAX];
    if (!file_path(temporary, data_directory, name, ".new") ||
        !file_path(path, data_directory, name, "") || !file_path(folder, data_directory, ".", ""))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the checkpoint's path is too long");
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return fail_with_errno(error, "creating", name);
    gd_status status = GD_OK;
    if (!write_contents(file, contents))
        status = fail_with_errno(error, "writing", name);
    if (close(file) != 0 && status == GD_OK)
        status = fail_with_errno(error, "closing", name);
    if (status == GD_OK && rename(temporary, path) != 0)
        status = fail_with_errno(error, "renaming", name);
    if (status != GD_OK) {
        unlink(temporary);
        return status;
    }
    return jobs_directory_sync(folder, error);
}

static gd_status read_whole(int file, void **bytes, size_t *length, gd_error *error)
{
    struct stat information;
    if (fstat(file, &information) != 0)
        return fail_with_errno(error, "reading", "the checkpoint");
    if (information.st_size < (off_t)HEADER_SIZE)
        return gd_fail(error, GD_CORRUPT, "", "the checkpoint is shorter than its header");
    size_t size = (size_t)information.st_size;
    char *contents = malloc(size);
    if (contents == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a checkpoint of %zu bytes",
                       size);
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, contents + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(contents);
            return gd_fail(error, GD_IO_ERROR, "", "the checkpoint could not be read whole");
        }
        done += (size_t)got;
    }
    *bytes = contents;
    *length = size;
    return GD_OK;
}

gd_status jobs_checkpoint_read(const char *data_directory, const char *name, void **bytes,
                               size_t *length, gd_error *error)
{
    char path[PATH_MAX];
    if (!file_path(path, data_directory, name, ""))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the checkpoint's path is too long");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? gd_fail(error, GD_NOT_FOUND, "", "there is no file %s", name)
                               : fail_with_errno(error, "opening", name);
    void *contents = NULL;
    gd_status status = read_whole(file, &contents, length, error);
    close(file);
    if (status != GD_OK)
        return status;
    char hex[JOBS_DIGEST_SIZE];
    char *body = (char *)contents + HEADER_SIZE;
    jobs_digest_of(body, *length - HEADER_SIZE, hex);
    if (memcmp(contents, MAGIC, MAGIC_LENGTH) != 0 ||
        memcmp((char *)contents + MAGIC_LENGTH, hex, sizeof hex - 1) != 0) {
        free(contents);
        return gd_fail(error, GD_CORRUPT, "",
                       "the checkpoint's digest is not that of its contents");
    }
    *length -= HEADER_SIZE;
    memmove(contents, body, *length);
    *bytes = contents;
    return GD_OK;
}

void jobs_checkpoint_remove(const char *data_directory, const char *name)
{
    char path[PATH_MAX];
    if (file_path(path, data_directory, name, ""))
        unlink(path);
}
