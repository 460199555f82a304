/*
 * path.c: names of the database file and of the files beside it; see path.h.
 */
#include "store/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *store_path_beside(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    size_t suffix_size = strlen(suffix) + 1;
    char *joined = malloc(length + suffix_size);
    if (joined == NULL)
        return NULL;
    memcpy(joined, path, length);
    memcpy(joined + length, suffix, suffix_size);
    return joined;
}

/* The folder part of `path` (free): "." where there is none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

gd_status store_path_resolve(const char *path, char **resolved, gd_error *error)
{
    *resolved = NULL;
    if (path == NULL || path[0] == '\0' || path[strlen(path) - 1] == '/')
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the database needs a file name");
    *resolved = realpath(path, NULL);
    if (*resolved != NULL)
        return GD_OK;
    if (errno != ENOENT)
        return gd_fail(error, GD_IO_ERROR, "", "%s: %s", path, strerror(errno));

    char *folder = folder_of(path);
    char *folder_resolved = folder == NULL ? NULL : realpath(folder, NULL);
    free(folder);
    if (folder_resolved == NULL)
        return gd_fail(error, errno == ENOENT ? GD_NOT_FOUND : GD_IO_ERROR, "",
                       "the folder of %s: %s", path, strerror(errno));
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    char *with_slash = store_path_beside(folder_resolved, folder_resolved[1] == '\0' ? "" : "/");
    free(folder_resolved);
    *resolved = with_slash == NULL ? NULL : store_path_beside(with_slash, file);
    free(with_slash);
    if (*resolved == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a path");
    return GD_OK;
}

gd_status store_path_size(const char *path, int64_t *size, gd_error *error)
{
    struct stat status;
    *size = -1;
    if (stat(path, &status) != 0) {
        if (errno == ENOENT)
            return GD_OK;
        return gd_fail(error, GD_IO_ERROR, "", "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "%s is not a file", path);
    *size = (int64_t)status.st_size;
    return GD_OK;
}

gd_status store_path_sync_folder(const char *path, gd_error *error)
{
    char *folder = folder_of(path);
    if (folder == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a path");
    gd_status status = GD_OK;
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) != 0)
        status = gd_fail(error, GD_IO_ERROR, "", "the folder of %s: %s", path, strerror(errno));
    if (descriptor >= 0 && close(descriptor) != 0 && status == GD_OK)
        status = gd_fail(error, GD_IO_ERROR, "", "the folder of %s: %s", path, strerror(errno));
    free(folder);
    return status;
}
