/*
 * datasets.c: the records of uploaded datasets. Their bytes are files; a record is made after its
 * file is durable and gone before the file is removed, so no record ever names a missing file.
 */
#include "store/handle.h"
#include "store/owners.h"
#include "store/statement.h"

#include <stdlib.h>

#define DATASET_COLUMNS                                                                    \
    "id, sequence, name, format, rows, column_count, bytes, columns, shape, sha256, file," \
    " warnings, created_at, owner, reading"

void store_dataset_dispose(store_dataset *dataset)
{
    char *const texts[] = {dataset->name,   dataset->format, dataset->columns,  dataset->shape,
                           dataset->sha256, dataset->file,   dataset->warnings, dataset->reading};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    *dataset = (store_dataset){.sequence = 0};
}

static gd_status read_row(store_statement *statement, store_dataset *dataset, gd_error *error)
{
    *dataset = (store_dataset){.sequence = 0};
    store_column_fixed(statement, 0, dataset->id, sizeof dataset->id);
    dataset->sequence = store_column_integer(statement, 1);
    dataset->name = store_column_text(statement, 2);
    dataset->format = store_column_text(statement, 3);
    dataset->rows = store_column_integer(statement, 4);
    dataset->column_count = store_column_integer(statement, 5);
    dataset->bytes = store_column_integer(statement, 6);
    dataset->columns = store_column_text(statement, 7);
    dataset->shape = store_column_text(statement, 8);
    dataset->sha256 = store_column_text(statement, 9);
    dataset->file = store_column_text(statement, 10);
    dataset->warnings = store_column_text(statement, 11);
    dataset->created_at = store_column_integer(statement, 12);
    store_column_fixed(statement, 13, dataset->owner, sizeof dataset->owner);
    dataset->reading = store_column_text(statement, 14);
    gd_status status = store_statement_check(statement, error);
    if (status != GD_OK)
        store_dataset_dispose(dataset);
    return status;
}

typedef struct creation {
    const store_dataset *dataset;
    store_quota quota;
} creation;

static gd_status run_create(store_transaction *transaction, void *context, gd_error *error)
{
    const creation *what = context;
    const store_dataset *dataset = what->dataset;
    gd_status status = store_owner_admit(transaction->connection, dataset->owner, &what->quota, 0,
                                         dataset->bytes, error);
    if (status != GD_OK)
        return status;
    store_statement statement = store_statement_open(
        transaction->connection,
        "INSERT INTO datasets (id, name, format, rows, column_count, bytes, columns, shape, sha256,"
        " file, warnings, created_at, owner, reading)"
        " VALUES (?, ?, ?, ?, ?, ?, coalesce(?, '[]'), ?, ?, ?, coalesce(?, '[]'), ?, ?, ?)");
    store_bind_text(&statement, 1, dataset->id);
    store_bind_text(&statement, 2, dataset->name);
    store_bind_text(&statement, 3, dataset->format);
    store_bind_integer(&statement, 4, dataset->rows);
    store_bind_integer(&statement, 5, dataset->column_count);
    store_bind_integer(&statement, 6, dataset->bytes);
    store_bind_text(&statement, 7, dataset->columns);
    store_bind_text(&statement, 8, dataset->shape);
    store_bind_text(&statement, 9, dataset->sha256);
    store_bind_text(&statement, 10, dataset->file);
    store_bind_text(&statement, 11, dataset->warnings);
    store_bind_integer(&statement, 12, dataset->created_at);
    store_bind_text(&statement, 13, dataset->owner);
    store_bind_text(&statement, 14, dataset->reading);
    return store_statement_run(&statement, NULL, error);
}

gd_status store_dataset_create(store *handle, const store_dataset *dataset, gd_error *error)
{
    return store_dataset_create_within(handle, dataset, NULL, error);
}

gd_status store_dataset_create_within(store *handle, const store_dataset *dataset,
                                      const store_quota *quota, gd_error *error)
{
    creation what = {.dataset = dataset};
    if (quota != NULL)
        what.quota = *quota;
    return store_writer_run(handle->writer, run_create, &what, error);
}

static gd_status find(store_connection *connection, const char *id, store_dataset *dataset,
                      gd_error *error)
{
    store_statement statement =
        store_statement_open(connection, "SELECT " DATASET_COLUMNS " FROM datasets WHERE id = ?");
    store_bind_text(&statement, 1, id);
    bool row = false;
    gd_status status = store_statement_next(&statement, &row, error);
    if (status == GD_OK)
        status = row ? read_row(&statement, dataset, error)
                     : gd_fail(error, GD_NOT_FOUND, "", "there is no dataset %.64s", id);
    store_statement_close(&statement);
    return status;
}

gd_status store_dataset_get(store *handle, const char *id, store_dataset *dataset, gd_error *error)
{
    *dataset = (store_dataset){.sequence = 0};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = find(connection, id, dataset, error);
    store_readers_give(handle->readers, connection);
    return status;
}

gd_status store_dataset_find(store *handle, const char *owner, const char *name, const char *sha256,
                             const char *reading, store_dataset *dataset, gd_error *error)
{
    *dataset = (store_dataset){.sequence = 0};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection, "SELECT " DATASET_COLUMNS
                                         " FROM datasets WHERE sha256 = ? AND reading = ?"
                                         " AND coalesce(name, '') = ? AND owner = ?"
                                         " ORDER BY sequence DESC LIMIT 1");
    store_bind_text(&statement, 1, sha256);
    store_bind_text(&statement, 2, reading);
    store_bind_text(&statement, 3, name);
    store_bind_text(&statement, 4, owner);
    bool row = false;
    status = store_statement_next(&statement, &row, error);
    if (status == GD_OK)
        status = row ? read_row(&statement, dataset, error)
                     : gd_fail(error, GD_NOT_FOUND, "", "there is no dataset of these bytes");
    store_statement_close(&statement);
    store_readers_give(handle->readers, connection);
    return status;
}

static gd_status read_rows(store_statement *statement, store_dataset **datasets, int64_t *count,
                           gd_error *error)
{
    int64_t capacity = 0;
    bool row = true;
    gd_status status = GD_OK;
    while (status == GD_OK) {
        status = store_statement_next(statement, &row, error);
        if (status != GD_OK || !row)
            break;
        if (*count == capacity) {
            capacity = capacity == 0 ? 32 : capacity * 2;
            store_dataset *grown = realloc(*datasets, (size_t)capacity * sizeof **datasets);
            if (grown == NULL)
                return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a list of datasets");
            *datasets = grown;
        }
        status = read_row(statement, &(*datasets)[*count], error);
        if (status == GD_OK)
            *count += 1;
    }
    return status;
}

gd_status store_dataset_list(store *handle, const char *owner, int64_t before_sequence,
                             int64_t limit, store_dataset **datasets, int64_t *count,
                             gd_error *error)
{
    return store_dataset_list_of(handle, owner, NULL, before_sequence, limit, datasets, count,
                                 error);
}

gd_status store_dataset_list_of(store *handle, const char *owner, const char *sha256,
                                int64_t before_sequence, int64_t limit, store_dataset **datasets,
                                int64_t *count, gd_error *error)
{
    *datasets = NULL;
    *count = 0;
    if (limit < 1 || limit > 100000)
        return gd_fail(error, GD_INVALID_ARGUMENT, "limit", "from 1 to 100000, not %lld",
                       (long long)limit);
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    /* Each with the index that fits it. */
    static const char *const queries[2][2] = {
        {"SELECT " DATASET_COLUMNS " FROM datasets WHERE sequence < ?1"
         " ORDER BY sequence DESC LIMIT ?2",
         "SELECT " DATASET_COLUMNS " FROM datasets WHERE owner = ?3 AND sequence < ?1"
         " ORDER BY sequence DESC LIMIT ?2"},
        {"SELECT " DATASET_COLUMNS " FROM datasets WHERE sha256 = ?4 AND sequence < ?1"
         " ORDER BY sequence DESC LIMIT ?2",
         "SELECT " DATASET_COLUMNS " FROM datasets WHERE sha256 = ?4 AND owner = ?3"
         " AND sequence < ?1 ORDER BY sequence DESC LIMIT ?2"},
    };
    store_statement statement =
        store_statement_open(connection, queries[sha256 != NULL][owner != NULL]);
    if (owner != NULL)
        store_bind_text(&statement, 3, owner);
    if (sha256 != NULL)
        store_bind_text(&statement, 4, sha256);
    store_bind_integer(&statement, 1, before_sequence == 0 ? INT64_MAX : before_sequence);
    store_bind_integer(&statement, 2, limit);
    status = read_rows(&statement, datasets, count, error);
    store_statement_close(&statement);
    store_readers_give(handle->readers, connection);
    if (status != GD_OK) {
        store_dataset_list_dispose(*datasets, *count);
        *datasets = NULL;
        *count = 0;
    }
    return status;
}

void store_dataset_list_dispose(store_dataset *datasets, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        store_dataset_dispose(&datasets[i]);
    free(datasets);
}

typedef struct deletion {
    const char *id;
    char *file;
} deletion;

static gd_status check_unused(store_connection *connection, int64_t dataset, gd_error *error)
{
    store_statement statement =
        store_statement_open(connection,
                             "SELECT count(*) FROM job_datasets JOIN jobs ON jobs.sequence = job"
                             " WHERE dataset = ? AND status IN ('queued', 'running', 'paused')");
    store_bind_integer(&statement, 1, dataset);
    bool row = false;
    int64_t users = 0;
    gd_status status = store_statement_integer(&statement, &row, &users, error);
    if (status == GD_OK && users > 0)
        status = gd_fail(error, GD_CONFLICT, "", "%lld unfinished job%s the dataset",
                         (long long)users, users == 1 ? " needs" : "s need");
    return status;
}

static gd_status run_delete(store_transaction *transaction, void *context, gd_error *error)
{
    deletion *what = context;
    store_dataset dataset;
    gd_status status = find(transaction->connection, what->id, &dataset, error);
    if (status != GD_OK)
        return status;
    status = check_unused(transaction->connection, dataset.sequence, error);
    if (status == GD_OK) {
        store_statement statement = store_statement_open(transaction->connection,
                                                         "DELETE FROM datasets WHERE sequence = ?");
        store_bind_integer(&statement, 1, dataset.sequence);
        status = store_statement_run(&statement, NULL, error);
    }
    if (status == GD_OK) {
        what->file = dataset.file;
        dataset.file = NULL;
    }
    store_dataset_dispose(&dataset);
    return status;
}

gd_status store_dataset_delete(store *handle, const char *id, char **file, gd_error *error)
{
    *file = NULL;
    deletion what = {.id = id};
    gd_status status = store_writer_run(handle->writer, run_delete, &what, error);
    if (status == GD_OK)
        *file = what.file;
    else
        free(what.file);
    return status;
}
