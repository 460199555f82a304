/*
 * token_file.c: reading and writing the lines. Reading is strict: what this program did not write is
 * refused, for a token that means something else than its author thinks is worse than none.
 */
#include "access/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADING    "descentd tokens 1"
#define LINE_BYTES 512

void access_token_list_dispose(access_token_list *list)
{
    free(list->tokens);
    *list = (access_token_list){NULL, 0};
}

static gd_status fail_with_errno(gd_error *error, const char *path)
{
    gd_status status = errno == ENOENT                      ? GD_NOT_FOUND
                       : errno == ENOSPC || errno == EDQUOT ? GD_NO_SPACE
                                                            : GD_IO_ERROR;
    return gd_fail(error, status, "", "%s: %s", path, strerror(errno));
}

/* --- Reading ------------------------------------------------------------------------------ */

/* The value of "key=value " at *at, which moves behind it; false where another key stands there. */
static bool take(const char **at, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);
    if (strncmp(*at, key, key_length) != 0 || (*at)[key_length] != '=')
        return false;
    const char *start = *at + key_length + 1;
    size_t length = strcspn(start, " ");
    if (length == 0 || length >= size)
        return false;
    memcpy(value, start, length);
    value[length] = '\0';
    *at = start + length + (start[length] == ' ' ? 1 : 0);
    return true;
}

static bool take_count(const char **at, const char *key, int64_t *value)
{
    char text[24];
    if (!take(at, key, text, sizeof text) || strspn(text, "0123456789") != strlen(text) ||
        strlen(text) > 18)
        return false;
    *value = strtoll(text, NULL, 10);
    return true;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool take_digest(const char **at, unsigned char digest[ACCESS_DIGEST_SIZE])
{
    char text[2 * ACCESS_DIGEST_SIZE + 1];
    if (!take(at, "digest", text, sizeof text) || strlen(text) != 2 * ACCESS_DIGEST_SIZE)
        return false;
    for (size_t i = 0; i < ACCESS_DIGEST_SIZE; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool read_line(const char *line, access_token *token)
{
    char scopes[32];
    const char *at = line;
    *token = (access_token){.scopes = 0};
    return take(&at, "token", token->name, sizeof token->name) &&
           access_name_is_valid(token->name) &&
           take(&at, "owner", token->owner, sizeof token->owner) &&
           access_name_is_valid(token->owner) && take(&at, "scopes", scopes, sizeof scopes) &&
           access_scopes_parse(scopes, &token->scopes) && take_digest(&at, token->digest) &&
           take_count(&at, "created", &token->created_at) &&
           take_count(&at, "expires", &token->expires_at) &&
           take_count(&at, "queued", &token->maximum_queued) &&
           take_count(&at, "running", &token->maximum_running) &&
           take_count(&at, "bytes", &token->maximum_bytes) && *at == '\0';
}

static bool is_listed(const access_token_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->tokens[i].name, name) == 0)
            return true;
    return false;
}

static gd_status append(access_token_list *list, const access_token *token, gd_error *error)
{
    access_token *grown = realloc(list->tokens, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the tokens");
    list->tokens = grown;
    list->tokens[list->count++] = *token;
    return GD_OK;
}

static gd_status read_lines(FILE *file, const char *path, access_token_list *list, gd_error *error)
{
    char line[LINE_BYTES];
    int64_t number = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(line);
        access_token token;
        bool is_whole = length > 0 && line[length - 1] == '\n';
        number++;
        if (is_whole)
            line[length - 1] = '\0';
        if (number == 1 && is_whole && strcmp(line, HEADING) == 0)
            continue;
        if (number == 1 || !is_whole || !read_line(line, &token) || is_listed(list, token.name) ||
            list->count == ACCESS_TOKENS_MAXIMUM)
            return gd_fail(error, GD_CORRUPT, "",
                           "%s, line %lld: this is no line of a file of tokens", path,
                           (long long)number);
        gd_status status = append(list, &token, error);
        if (status != GD_OK)
            return status;
    }
    if (ferror(file) != 0)
        return fail_with_errno(error, path);
    if (number == 0)
        return gd_fail(error, GD_CORRUPT, "", "%s is empty: a file of tokens has a heading", path);
    return GD_OK;
}

gd_status access_token_file_read(const char *path, access_token_list *list, gd_error *error)
{
    *list = (access_token_list){NULL, 0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (descriptor < 0)
        return fail_with_errno(error, path);
    FILE *file = fdopen(descriptor, "r");
    if (file == NULL || fstat(descriptor, &facts) != 0) {
        gd_status status = fail_with_errno(error, path);
        if (file != NULL)
            fclose(file);
        else
            close(descriptor);
        return status;
    }
    gd_status status = GD_OK;
    if (!S_ISREG(facts.st_mode) || (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        status =
            gd_fail(error, GD_INVALID_ARGUMENT, "",
                    "%s must be a file that nobody but its owner may write to (chmod go-w)", path);
    if (status == GD_OK)
        status = read_lines(file, path, list, error);
    fclose(file);
    if (status != GD_OK)
        access_token_list_dispose(list);
    return status;
}

/* --- Writing ------------------------------------------------------------------------------ */

static void write_line(FILE *file, const access_token *token)
{
    char scopes[32];
    access_scopes_write(token->scopes, scopes, sizeof scopes);
    fprintf(file, "token=%s owner=%s scopes=%s digest=", token->name, token->owner, scopes);
    for (size_t i = 0; i < ACCESS_DIGEST_SIZE; i++)
        fprintf(file, "%02x", token->digest[i]);
    fprintf(file,
            " created=%" PRId64 " expires=%" PRId64 " queued=%" PRId64 " running=%" PRId64
            " bytes=%" PRId64 "\n",
            token->created_at, token->expires_at, token->maximum_queued, token->maximum_running,
            token->maximum_bytes);
}

static gd_status sync_folder(const char *path, gd_error *error)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    const char *folder = dirname(copy);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return fail_with_errno(error, folder);
    gd_status status = fsync(descriptor) == 0 ? GD_OK : fail_with_errno(error, folder);
    close(descriptor);
    return status;
}

static gd_status write_file(const char *path, const access_token_list *list, gd_error *error)
{
    char partial[PATH_MAX];
    if (snprintf(partial, sizeof partial, "%s.new", path) >= (int)sizeof partial)
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the path of the tokens is too long");
    (void)unlink(partial);
    int descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (file == NULL) {
        gd_status status = fail_with_errno(error, partial);
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    fprintf(file, HEADING "\n");
    for (size_t i = 0; i < list->count; i++)
        write_line(file, &list->tokens[i]);
    bool is_written = fflush(file) == 0 && ferror(file) == 0 && fsync(descriptor) == 0;
    gd_status status = is_written ? GD_OK : fail_with_errno(error, partial);
    if (fclose(file) != 0 && status == GD_OK)
        status = fail_with_errno(error, partial);
    if (status == GD_OK && rename(partial, path) != 0)
        status = fail_with_errno(error, path);
    if (status != GD_OK) {
        (void)unlink(partial);
        return status;
    }
    return sync_folder(path, error);
}

/* The lock lies on a file of its own, which stays: the file of tokens is another one after each
 * change. */
static int lock(const char *path)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (descriptor >= 0 && fcntl(descriptor, F_OFD_SETLKW, &whole) != 0) {
        if (errno != EINTR) {
            int kept = errno;
            close(descriptor);
            errno = kept;
            return -1;
        }
    }
    return descriptor;
}

gd_status access_token_file_change(const char *path, access_token_change change, void *context,
                                   gd_error *error)
{
    access_token_list list = {NULL, 0};
    bool changed = false;
    int held = lock(path);
    if (held < 0)
        return gd_fail(error, GD_IO_ERROR, "", "%s.lock: %s", path, strerror(errno));
    gd_status status = access_token_file_read(path, &list, error);
    if (status == GD_NOT_FOUND)
        status = GD_OK;
    if (status == GD_OK)
        status = change(context, &list, &changed, error);
    if (status == GD_OK && changed)
        status = write_file(path, &list, error);
    access_token_list_dispose(&list);
    close(held);
    return status;
}
