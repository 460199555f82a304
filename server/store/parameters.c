/*
 * parameters.c: large blobs of a job: its parameters under a name, and its preparation. Parameters
 * of few bytes stand in their row, others lie in parts of PART_BYTES; they are bound from and
 * copied into the caller's memory directly, so beyond that memory only one part is ever held.
 */
#include "store/parameters.h"

#include "store/handle.h"
#include "store/job_rows.h"

#include <stdlib.h>
#include <string.h>

#define PART_BYTES ((size_t)4 << 20)
#define FEW_BYTES  ((size_t)1024)

static gd_status write_parts(store_connection *connection, int64_t id,
                             const store_parameters *parameters, gd_error *error)
{
    gd_status status = GD_OK;
    const unsigned char *bytes = parameters->bytes;
    int64_t part = 0;
    for (size_t at = 0; at < parameters->length && status == GD_OK; at += PART_BYTES) {
        size_t length = parameters->length - at;
        if (length > PART_BYTES)
            length = PART_BYTES;
        store_statement statement = store_statement_open(
            connection, "INSERT INTO parameter_parts (parameters, part, bytes) VALUES (?, ?, ?)");
        store_bind_integer(&statement, 1, id);
        store_bind_integer(&statement, 2, part++);
        store_bind_bytes(&statement, 3, bytes + at, length);
        status = store_statement_run(&statement, NULL, error);
    }
    return status;
}

gd_status store_parameters_write(store_connection *connection, int64_t job,
                                 const store_parameters *parameters, gd_error *error)
{
    store_statement removal =
        store_statement_open(connection, "DELETE FROM parameters WHERE job = ? AND which = ?");
    store_bind_integer(&removal, 1, job);
    store_bind_text(&removal, 2, parameters->which);
    gd_status status = store_statement_run(&removal, NULL, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection,
                             "INSERT INTO parameters (job, which, step, length, digest, bytes)"
                             " VALUES (?, ?, ?, ?, ?, ?) RETURNING id");
    store_bind_integer(&statement, 1, job);
    store_bind_text(&statement, 2, parameters->which);
    store_bind_integer(&statement, 3, parameters->step);
    store_bind_integer(&statement, 4, (int64_t)parameters->length);
    store_bind_text(&statement, 5, parameters->digest == NULL ? "" : parameters->digest);
    bool is_few = parameters->length <= FEW_BYTES;
    if (is_few)
        store_bind_bytes(&statement, 6, parameters->bytes, parameters->length);
    bool row = false;
    int64_t id = 0;
    status = store_statement_integer(&statement, &row, &id, error);
    if (status == GD_OK && !is_few)
        status = write_parts(connection, id, parameters, error);
    return status;
}

gd_status store_preparation_write(store_connection *connection, int64_t job, const void *bytes,
                                  size_t length, gd_error *error)
{
    store_statement statement = store_statement_open(
        connection, "INSERT OR REPLACE INTO preparations (job, bytes) VALUES (?, ?)");
    store_bind_integer(&statement, 1, job);
    store_bind_bytes(&statement, 2, bytes, length);
    return store_statement_run(&statement, NULL, error);
}

void store_blob_dispose(store_blob *blob)
{
    free(blob->bytes);
    *blob = (store_blob){.bytes = NULL};
}

/* Fills the blob, whose length is known and memory there, from its parts. */
static gd_status read_parts(store_connection *connection, int64_t id, store_blob *blob,
                            gd_error *error)
{
    store_statement statement = store_statement_open(
        connection, "SELECT bytes FROM parameter_parts WHERE parameters = ? ORDER BY part");
    store_bind_integer(&statement, 1, id);
    unsigned char *bytes = blob->bytes;
    size_t at = 0;
    bool row = true;
    gd_status status = GD_OK;
    while (status == GD_OK) {
        status = store_statement_next(&statement, &row, error);
        if (status != GD_OK || !row)
            break;
        const void *part = sqlite3_column_blob(statement.handle, 0);
        size_t length = (size_t)sqlite3_column_bytes(statement.handle, 0);
        if (length > 0 && part == NULL) {
            status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for parameters");
        } else if (length > blob->length - at) {
            status = gd_fail(error, GD_CORRUPT, "", "stored parameters are longer than recorded");
        } else if (length > 0) {
            memcpy(bytes + at, part, length);
            at += length;
        }
    }
    if (status == GD_OK && at != blob->length)
        status = gd_fail(error, GD_CORRUPT, "", "stored parameters are shorter than recorded");
    store_statement_close(&statement);
    return status;
}

/* The bytes of the row, where they stand there; *whole then says so. */
static gd_status take_few(store_statement *statement, int column, store_blob *blob, bool *whole,
                          gd_error *error)
{
    *whole = sqlite3_column_type(statement->handle, column) != SQLITE_NULL;
    size_t length = 0;
    const void *bytes = store_column_borrowed(statement, column, &length);
    gd_status status = store_statement_check(statement, error);
    if (status != GD_OK || !*whole)
        return status;
    if (length != blob->length)
        return gd_fail(error, GD_CORRUPT, "", "stored parameters are not as long as recorded");
    if (length > 0)
        memcpy(blob->bytes, bytes, length);
    return GD_OK;
}

static gd_status read_parameters(store_connection *connection, const char *job, const char *which,
                                 store_blob *blob, gd_error *error)
{
    int64_t sequence = 0;
    gd_status status = store_job_sequence(connection, job, &sequence, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection,
                             "SELECT id, step, length, digest, bytes FROM parameters"
                             " WHERE job = ? AND which = ?");
    store_bind_integer(&statement, 1, sequence);
    store_bind_text(&statement, 2, which);
    bool row = false, whole = false;
    int64_t id = 0;
    status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && !row)
        status = gd_fail(error, GD_NOT_FOUND, "", "the job has no parameters called %.32s", which);
    if (status == GD_OK) {
        id = store_column_integer(&statement, 0);
        blob->step = store_column_integer(&statement, 1);
        blob->length = (size_t)store_column_integer(&statement, 2);
        store_column_fixed(&statement, 3, blob->digest, sizeof blob->digest);
        blob->bytes = malloc(blob->length > 0 ? blob->length : 1);
        status = blob->bytes != NULL
                     ? take_few(&statement, 4, blob, &whole, error)
                     : gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %zu bytes of parameters",
                               blob->length);
    }
    store_statement_close(&statement);
    return status == GD_OK && !whole ? read_parts(connection, id, blob, error) : status;
}

gd_status store_parameters_read(store *handle, const char *job, const char *which, store_blob *blob,
                                gd_error *error)
{
    *blob = (store_blob){.bytes = NULL};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    status = read_parameters(connection, job, which, blob, error);
    store_readers_give(handle->readers, connection);
    if (status != GD_OK)
        store_blob_dispose(blob);
    return status;
}

gd_status store_preparation_read(store *handle, const char *job, store_blob *blob, gd_error *error)
{
    *blob = (store_blob){.bytes = NULL};
    store_connection *connection = NULL;
    gd_status status = store_readers_take(handle->readers, &connection, error);
    if (status != GD_OK)
        return status;
    store_statement statement =
        store_statement_open(connection,
                             "SELECT bytes FROM preparations"
                             " WHERE job = (SELECT sequence FROM jobs WHERE id = ?)");
    store_bind_text(&statement, 1, job);
    bool row = false;
    status = store_statement_next(&statement, &row, error);
    if (status == GD_OK && !row)
        status = gd_fail(error, GD_NOT_FOUND, "", "job %.64s has no preparation", job);
    if (status == GD_OK) {
        blob->bytes = store_column_bytes(&statement, 0, &blob->length);
        status = store_statement_check(&statement, error);
    }
    store_statement_close(&statement);
    store_readers_give(handle->readers, connection);
    if (status != GD_OK)
        store_blob_dispose(blob);
    return status;
}
