/*
 * sweep.c: files and rows held against each other at start. A crash between writing a file and
 * telling the store leaves a file without a row: it is removed. A row without its file is counted,
 * so that it can be told.
 */
#include "jobs/ingest.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct name_list {
    char **names; /* sorted by strcmp after collecting */
    size_t count, capacity;
} name_list;

static gd_status collect(void *context, const char *file)
{
    name_list *list = context;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        char **grown = realloc(list->names, capacity * sizeof *grown);
        if (grown == NULL)
            return GD_OUT_OF_MEMORY;
        list->names = grown;
        list->capacity = capacity;
    }
    list->names[list->count] = strdup(file);
    return list->names[list->count++] == NULL ? GD_OUT_OF_MEMORY : GD_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dispose(name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
}

static gd_status sweep_folder(const char *data_directory, const char *folder,
                              const name_list *known, int64_t *removed, gd_error *error)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", data_directory, folder) >= (int)sizeof path)
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
    DIR *directory = opendir(path);
    if (directory == NULL)
        return gd_fail(error, GD_IO_ERROR, "", "reading the folder %s: %s", folder,
                       strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        const char *name = entry->d_name;
        if (name[0] == '.' || (known->count > 0 && bsearch(&name, known->names, known->count,
                                                           sizeof *known->names, compare) != NULL))
            continue;
        if (unlinkat(dirfd(directory), name, 0) == 0)
            (*removed)++;
    }
    closedir(directory);
    return GD_OK;
}

static int64_t count_missing(const char *data_directory, const name_list *known)
{
    int64_t missing = 0;
    for (size_t i = 0; i < known->count; i++) {
        bool found = false;
        static const char *const folders[] = {"datasets", "checkpoints"};
        for (size_t j = 0; j < 2 && !found; j++) {
            char path[PATH_MAX];
            int length = snprintf(path, sizeof path, "%s/%s/%s", data_directory, folders[j],
                                  known->names[i]);
            found = length > 0 && length < (int)sizeof path && access(path, F_OK) == 0;
        }
        missing += !found;
    }
    return missing;
}

gd_status jobs_sweep_files(const char *data_directory, store *opened, int64_t *removed,
                           int64_t *missing, gd_error *error)
{
    name_list known = {0};
    const name_list none = {0};
    *removed = *missing = 0;
    gd_status status = store_file_list(opened, collect, &known, error);
    if (status == GD_OK && known.count > 0)
        qsort(known.names, known.count, sizeof *known.names, compare);
    if (status == GD_OK)
        status = sweep_folder(data_directory, "uploads", &none, removed, error);
    if (status == GD_OK)
        status = sweep_folder(data_directory, "datasets", &known, removed, error);
    if (status == GD_OK)
        status = sweep_folder(data_directory, "checkpoints", &known, removed, error);
    if (status == GD_OK)
        *missing = count_missing(data_directory, &known);
    dispose(&known);
    return status;
}
