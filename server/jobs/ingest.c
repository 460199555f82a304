/*
 * ingest.c: uploads/<id>.part while bytes arrive, datasets/<id>.frame.new while they are read,
 * datasets/<id>.frame once it is whole and synced, and only then a row in the store.
 */
#include "jobs/ingest.h"

#include "jobs/checkpoint.h"
#include "jobs/digest.h"
#include "jobs/identity.h"
#include "json/writer.h"

#include <descent/corpus.h>
#include <descent/frame.h>
#include <descent/idx.h>
#include <descent/npy.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAXIMUM        1000 /* columns described in a dataset's row at most */
#define CLASSES_MAXIMUM        1000 /* classes of a column listed there at most */
#define DESCRIPTION_MAXIMUM    ((size_t)64 << 20)
#define CONSTANT_WARNINGS_KEPT 20

struct jobs_upload {
    char id[STORE_ID_SIZE];
    const char *data_directory;
    char part[PATH_MAX]; /* the uploaded bytes */
    int file;
    int64_t bytes;
    jobs_digest digest;
    char owner[STORE_OWNER_SIZE];
    store_quota quota;
    int64_t stored; /* by the owner when the upload began */
};

static gd_status fail_with_errno(gd_error *error, const char *doing)
{
    gd_status status = errno == ENOSPC || errno == EDQUOT ? GD_NO_SPACE : GD_IO_ERROR;
    return gd_fail(error, status, "", "%s: %s", doing, strerror(errno));
}

static bool make_path(char path[PATH_MAX], const char *directory, const char *folder,
                      const char *name, const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/%s/%s%s", directory, folder, name, suffix);
    return length > 0 && length < PATH_MAX;
}

gd_status jobs_upload_begin(jobs_upload **upload, const char *data_directory, gd_error *error)
{
    jobs_upload *made = calloc(1, sizeof *made);
    if (made == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for an upload");
    made->file = -1;
    made->data_directory = data_directory;
    jobs_digest_start(&made->digest);
    gd_status status = GD_OK;
    if (!jobs_new_id(made->id) ||
        !make_path(made->part, data_directory, "uploads", made->id, ".part"))
        status = gd_fail(error, GD_IO_ERROR, "", "no name could be made for an upload");
    if (status == GD_OK) {
        made->file = open(made->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made->file < 0)
            status = fail_with_errno(error, "creating a file for the upload");
    }
    if (status != GD_OK) {
        free(made);
        return status;
    }
    *upload = made;
    return GD_OK;
}

void jobs_upload_own(jobs_upload *upload, const char *owner, const store_quota *quota,
                     int64_t stored)
{
    snprintf(upload->owner, sizeof upload->owner, "%s", owner);
    upload->quota = *quota;
    upload->stored = stored;
}

gd_status jobs_upload_add(jobs_upload *upload, const void *bytes, size_t length, gd_error *error)
{
    const char *at = bytes;
    jobs_digest_add(&upload->digest, bytes, length);
    upload->bytes += (int64_t)length;
    if (upload->quota.maximum_bytes > 0 &&
        upload->bytes > upload->quota.maximum_bytes - upload->stored)
        return gd_fail(error, GD_NO_SPACE, STORE_LIMIT_OWNER_BYTES,
                       "the file goes beyond the %lld bytes you may store, %lld of which are taken",
                       (long long)upload->quota.maximum_bytes, (long long)upload->stored);
    while (length > 0) {
        ssize_t written = write(upload->file, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_with_errno(error, "writing the upload");
        at += written;
        length -= (size_t)written;
    }
    return GD_OK;
}

void jobs_upload_destroy(jobs_upload *upload)
{
    if (upload == NULL)
        return;
    if (upload->file >= 0)
        close(upload->file);
    unlink(upload->part);
    free(upload);
}

static void write_column(json_writer *writer, const gd_column *column)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "name");
    json_writer_string(writer, column->name);
    json_writer_key(writer, "kind");
    bool numeric = column->kind == GD_COLUMN_NUMERIC;
    json_writer_string(writer, numeric ? "numeric" : "categorical");
    if (numeric) {
        json_writer_key(writer, "min");
        json_writer_double(writer, column->minimum);
        json_writer_key(writer, "max");
        json_writer_double(writer, column->maximum);
        json_writer_key(writer, "mean");
        json_writer_double(writer, column->mean);
        json_writer_key(writer, "std");
        json_writer_double(writer, column->standard_deviation);
    }
    json_writer_key(writer, "missing");
    json_writer_int64(writer, column->missing);
    if (!numeric) {
        json_writer_key(writer, "class_count");
        json_writer_int64(writer, column->class_count);
        json_writer_key(writer, "classes");
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < column->class_count && i < CLASSES_MAXIMUM; i++)
            json_writer_string(writer, column->classes[i]);
        json_writer_end_array(writer);
    }
    json_writer_end_object(writer);
}

static char *describe_columns(const gd_frame *frame)
{
    json_writer *writer = json_writer_create(DESCRIPTION_MAXIMUM);
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_frame_column_count(frame) && i < COLUMNS_MAXIMUM; i++)
        write_column(writer, gd_frame_column(frame, i));
    json_writer_end_array(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

static bool is_constant(const gd_column *column)
{
    return column->kind == GD_COLUMN_NUMERIC ? !(column->minimum < column->maximum)
                                             : column->class_count < 2;
}

static char *describe_warnings(const gd_frame *frame)
{
    json_writer *writer = json_writer_create(DESCRIPTION_MAXIMUM);
    int64_t kept = 0;
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_frame_column_count(frame) && kept < CONSTANT_WARNINGS_KEPT; i++) {
        const gd_column *column = gd_frame_column(frame, i);
        char message[GD_FRAME_MAXIMUM_NAME + 96];
        if (!is_constant(column))
            continue;
        snprintf(message, sizeof message, "Column \"%s\" has one value only and says nothing.",
                 column->name);
        json_writer_begin_object(writer);
        json_writer_key(writer, "code");
        json_writer_string(writer, "constant_column");
        json_writer_key(writer, "column");
        json_writer_string(writer, column->name);
        json_writer_key(writer, "message");
        json_writer_string(writer, message);
        json_writer_end_object(writer);
        kept++;
    }
    json_writer_end_array(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

const char *jobs_upload_format_name(jobs_upload_format format)
{
    static const char *const names[] = {"csv", "text", "idx", "npy"};
    return names[format];
}

/* IDX begins with two zero bytes, NPY with its magic. */
static gd_status detect_format(const jobs_upload *upload, jobs_upload_format *format,
                               gd_error *error)
{
    static const char idx[2] = {0};
    char start[6] = "none";
    ssize_t got = pread(upload->file, start, sizeof start, 0);
    if (got == (ssize_t)sizeof start && memcmp(start, GD_NPY_MAGIC, sizeof start) == 0)
        *format = JOBS_UPLOAD_NPY;
    else if (got >= (ssize_t)sizeof idx && memcmp(start, idx, sizeof idx) == 0)
        *format = JOBS_UPLOAD_IDX;
    else
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the first bytes are those of no NPY and no IDX file: say what it is with "
                       "format=, and send a compressed file with Content-Encoding: gzip");
    return GD_OK;
}

/* What a reader told of the file. */
typedef struct conversion {
    jobs_upload_format format;
    const gd_csv_options *options;
    int64_t rank;
    int64_t dimensions[GD_NPY_MAXIMUM_RANK]; /* of the array; rows first */
} conversion;

static gd_status read_as(conversion *how, int input, int output, gd_error *error)
{
    gd_csv_report csv = {0};
    gd_corpus_report text = {0};
    gd_idx_report idx = {0};
    gd_npy_report npy = {0};
    gd_status status = GD_OK;
    switch (how->format) {
    case JOBS_UPLOAD_CSV:
        status = gd_csv_to_frame_file(input, output, how->options, &csv, error);
        how->rank = 2;
        how->dimensions[0] = csv.rows;
        how->dimensions[1] = csv.columns;
        break;
    case JOBS_UPLOAD_TEXT:
        status = gd_corpus_to_frame_file(input, output, &text, error);
        how->rank = 1;
        how->dimensions[0] = text.characters;
        break;
    case JOBS_UPLOAD_IDX:
        status = gd_idx_to_frame_file(input, output, &idx, error);
        how->rank = idx.rank;
        memcpy(how->dimensions, idx.dimensions, sizeof idx.dimensions);
        break;
    case JOBS_UPLOAD_NPY:
        status = gd_npy_to_frame_file(input, output, &npy, error);
        how->rank = npy.rank;
        memcpy(how->dimensions, npy.dimensions, sizeof npy.dimensions);
        break;
    case JOBS_UPLOAD_DETECT: /* settled before */
        break;
    }
    return status;
}

/* Reads the part into a synced frame file under its final name. */
static gd_status convert(jobs_upload *upload, conversion *how, const char path[PATH_MAX],
                         gd_error *error)
{
    char temporary[PATH_MAX], folder[PATH_MAX];
    if (!make_path(temporary, upload->data_directory, "datasets", upload->id, ".frame.new") ||
        !make_path(folder, upload->data_directory, "datasets", "", ""))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
    int output = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (output < 0)
        return fail_with_errno(error, "creating the dataset's file");
    gd_status status = read_as(how, upload->file, output, error);
    if (status == GD_OK && fsync(output) != 0)
        status = fail_with_errno(error, "syncing the dataset's file");
    if (close(output) != 0 && status == GD_OK)
        status = fail_with_errno(error, "closing the dataset's file");
    if (status == GD_OK && rename(temporary, path) != 0)
        status = fail_with_errno(error, "naming the dataset's file");
    if (status != GD_OK) {
        unlink(temporary);
        return status;
    }
    return jobs_directory_sync(folder, error);
}

/* "[10000,28,28]" */
static void write_shape(const conversion *how, char *text, size_t size)
{
    size_t used = 0;
    for (int64_t i = 0; i < how->rank; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i == 0 ? "[" : ",",
                                 (long long)how->dimensions[i]);
    snprintf(text + used, size - used, "]");
}

static gd_status register_dataset(jobs_upload *upload, store *opened, const char *name,
                                  const conversion *how, const char path[PATH_MAX], gd_error *error)
{
    gd_frame *frame = NULL;
    gd_status status = gd_frame_open(&frame, path, error);
    if (status != GD_OK)
        return status;
    char sha256[JOBS_DIGEST_SIZE], file[STORE_ID_SIZE + 8], shape[24 * GD_NPY_MAXIMUM_RANK];
    jobs_digest_finish(&upload->digest, sha256);
    snprintf(file, sizeof file, "%s.frame", upload->id);
    write_shape(how, shape, sizeof shape);
    /* The border of images is constant, and that is as it should be. */
    char *columns = describe_columns(frame);
    bool images = how->format >= JOBS_UPLOAD_IDX && how->rank > 2;
    char *warnings = images ? strdup("[]") : describe_warnings(frame);
    if (columns == NULL || warnings == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to describe the dataset");
    } else {
        store_dataset row = {
            .name = (char *)(uintptr_t)name,
            .format = (char *)(uintptr_t)jobs_upload_format_name(how->format),
            .rows = gd_frame_row_count(frame),
            .column_count = gd_frame_column_count(frame),
            .bytes = upload->bytes,
            .columns = columns,
            .shape = shape,
            .sha256 = sha256,
            .file = file,
            .warnings = warnings,
            .created_at = jobs_now(),
        };
        memcpy(row.id, upload->id, sizeof row.id);
        memcpy(row.owner, upload->owner, sizeof row.owner);
        status = store_dataset_create_within(opened, &row, &upload->quota, error);
    }
    gd_frame_destroy(frame);
    free(columns);
    free(warnings);
    return status;
}

gd_status jobs_upload_finish(jobs_upload *upload, store *opened, const char *name,
                             jobs_upload_format format, const gd_csv_options *options,
                             char id[STORE_ID_SIZE], gd_error *error)
{
    char path[PATH_MAX];
    conversion how = {.format = format, .options = options};
    if (!make_path(path, upload->data_directory, "datasets", upload->id, ".frame"))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
    gd_status status = GD_OK;
    if (format == JOBS_UPLOAD_DETECT)
        status = detect_format(upload, &how.format, error);
    if (status == GD_OK)
        status = convert(upload, &how, path, error);
    if (status == GD_OK)
        status = register_dataset(upload, opened, name, &how, path, error);
    /* Of a store that failed for good nobody knows whether it has the row: the next start's sweep
     * does. */
    if (status == GD_OK)
        memcpy(id, upload->id, STORE_ID_SIZE);
    else if (status != GD_UNAVAILABLE)
        unlink(path);
    return status;
}

void jobs_dataset_file_remove(const char *data_directory, const char *file)
{
    char path[PATH_MAX];
    if (strchr(file, '/') == NULL && make_path(path, data_directory, "datasets", file, ""))
        unlink(path);
}
