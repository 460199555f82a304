/*
 * ingest.c: uploads/<id>.part while bytes arrive, datasets/<id>.frame.new while they are read,
 * datasets/<id>.frame once it is whole and synced, and only then a row in the store.
 */
#include "jobs/ingest.h"

#include "jobs/checkpoint.h"
#include "jobs/columns.h"
#include "jobs/digest.h"
#include "jobs/gunzip.h"
#include "jobs/identity.h"
#include "jobs/read_ahead.h"
#include "jobs/warnings.h"

#include <descent/corpus.h>
#include <descent/frame.h>
#include <descent/idx.h>
#include <descent/libsvm.h>
#include <descent/npy.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_READING_SIZE 128                /* bytes of how a file was read */
#define READ_AHEAD_FROM   ((int64_t)1 << 20) /* bytes; what is shorter is read at once anyway */

/* How the bytes are read while they arrive. */
typedef struct early_reading {
    const gd_csv_options *options; /* NULL: not before they are whole */
    atomic_int *running;
    jobs_read_ahead *reader;
    int output;
} early_reading;

struct jobs_upload {
    char id[STORE_ID_SIZE];
    const char *data_directory;
    char part[PATH_MAX]; /* the uploaded bytes */
    int file;
    char temporary[PATH_MAX]; /* the frame file while it is written */
    int64_t bytes, maximum;
    jobs_digest digest;
    int64_t width; /* of a LIBSVM file; 0: as its indices say */
    char owner[STORE_OWNER_SIZE];
    store_quota quota;
    int64_t stored;                /* by the owner when the upload began */
    char sha256[JOBS_DIGEST_SIZE]; /* empty until the last byte is there */
    jobs_gunzip *gunzip;
    early_reading early;
};

static gd_status fail_with_errno(gd_error *error, const char *doing)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    gd_status status = full ? GD_NO_SPACE : GD_IO_ERROR;
    return gd_fail(error, status, "", "%s: %s", doing, strerror(errno));
}

static bool make_path(char path[PATH_MAX], const char *directory, const char *folder,
                      const char *name, const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/%s/%s%s", directory, folder, name, suffix);
    return length > 0 && length < PATH_MAX;
}

static gd_status create_output(const jobs_upload *upload, int *output, gd_error *error)
{
    *output = open(upload->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *output >= 0 ? GD_OK : fail_with_errno(error, "creating the dataset's file");
}

/* What a reader that ran ahead says of the file, good or bad. */
static gd_status finish_early(jobs_upload *upload, gd_csv_report *report, gd_error *error)
{
    gd_status status = jobs_read_ahead_finish(upload->early.reader, report, error);
    jobs_read_ahead_destroy(upload->early.reader);
    upload->early.reader = NULL;
    return status;
}

/* Lets a reader begin, or tells the one there is what has come; its refusal ends the upload. */
static gd_status read_early(jobs_upload *upload, gd_error *error)
{
    early_reading *early = &upload->early;
    gd_csv_report report;
    if (early->options == NULL || upload->bytes < READ_AHEAD_FROM)
        return GD_OK;
    if (early->reader == NULL) {
        if (atomic_load(early->running) >= JOBS_READ_AHEAD_MAXIMUM)
            return GD_OK;
        gd_status status = early->output < 0 ? create_output(upload, &early->output, error) : GD_OK;
        if (status != GD_OK)
            return status;
        early->reader =
            jobs_read_ahead_start(upload->file, early->output, early->options, early->running);
    }
    if (early->reader == NULL || jobs_read_ahead_arrived(early->reader, upload->bytes))
        return GD_OK;
    return finish_early(upload, &report, error);
}

/* Bytes as they are read later, to digest and disk. */
static gd_status keep_bytes(void *context, const void *bytes, size_t length, gd_error *error)
{
    jobs_upload *upload = context;
    const char *at = bytes;
    jobs_digest_add(&upload->digest, bytes, length);
    upload->bytes += (int64_t)length;
    if (upload->quota.maximum_bytes > 0 &&
        upload->bytes > upload->quota.maximum_bytes - upload->stored)
        return gd_fail(error, GD_NO_SPACE, STORE_LIMIT_OWNER_BYTES,
                       "the file goes beyond the %lld bytes you may store, %lld of which are taken",
                       (long long)upload->quota.maximum_bytes, (long long)upload->stored);
    if (upload->maximum > 0 && upload->bytes > upload->maximum)
        return gd_fail(error, GD_TOO_LARGE, "",
                       "the file has more than %lld bytes when it is decompressed",
                       (long long)upload->maximum);
    while (length > 0) {
        ssize_t written = write(upload->file, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_with_errno(error, "writing the upload");
        at += written;
        length -= (size_t)written;
    }
    return read_early(upload, error);
}

gd_status jobs_upload_begin(jobs_upload **upload, const char *data_directory, gd_error *error)
{
    jobs_upload *made = calloc(1, sizeof *made);
    if (made != NULL)
        made->gunzip = jobs_gunzip_create(keep_bytes, made);
    if (made == NULL || made->gunzip == NULL) {
        free(made);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for an upload");
    }
    made->file = made->early.output = -1;
    made->data_directory = data_directory;
    jobs_digest_start(&made->digest);
    gd_status status = GD_OK;
    if (!jobs_new_id(made->id) ||
        !make_path(made->part, data_directory, "uploads", made->id, ".part") ||
        !make_path(made->temporary, data_directory, "datasets", made->id, ".frame.new"))
        status = gd_fail(error, GD_IO_ERROR, "", "no name could be made for an upload");
    if (status == GD_OK) {
        made->file = open(made->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (made->file < 0)
            status = fail_with_errno(error, "creating a file for the upload");
    }
    if (status != GD_OK) {
        jobs_gunzip_destroy(made->gunzip);
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

void jobs_upload_limit(jobs_upload *upload, int64_t bytes)
{
    upload->maximum = bytes;
}

void jobs_upload_read_early(jobs_upload *upload, const gd_csv_options *options, atomic_int *running)
{
    upload->early.options = options;
    upload->early.running = running;
}

void jobs_upload_set_width(jobs_upload *upload, int64_t width)
{
    upload->width = width;
}

gd_status jobs_upload_add(jobs_upload *upload, const void *bytes, size_t length, gd_error *error)
{
    return jobs_gunzip_add(upload->gunzip, bytes, length, error);
}

void jobs_upload_destroy(jobs_upload *upload)
{
    if (upload == NULL)
        return;
    jobs_read_ahead_destroy(upload->early.reader);
    if (upload->early.output >= 0) {
        close(upload->early.output);
        unlink(upload->temporary);
    }
    close(upload->file);
    unlink(upload->part);
    jobs_gunzip_destroy(upload->gunzip);
    free(upload);
}

const char *jobs_upload_format_name(jobs_upload_format format)
{
    static const char *const names[] = {"csv", "text", "idx", "npy", "libsvm"};
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
                       "format=, whether compressed by gzip or not");
    return GD_OK;
}

/* What a reader told of the file. */
typedef struct conversion {
    jobs_upload_format format;
    const gd_csv_options *options;
    gd_csv_report csv;
    int64_t width;
    int64_t rank;
    int64_t dimensions[GD_NPY_MAXIMUM_RANK]; /* of the array; rows first */
} conversion;

static gd_status read_csv(jobs_upload *upload, conversion *how, int output, gd_error *error)
{
    gd_status status =
        upload->early.reader != NULL
            ? finish_early(upload, &how->csv, error)
            : gd_csv_to_frame_file(upload->file, output, how->options, &how->csv, error);
    how->rank = 2;
    how->dimensions[0] = how->csv.rows;
    how->dimensions[1] = how->csv.columns;
    return status;
}

static gd_status read_as(jobs_upload *upload, conversion *how, int output, gd_error *error)
{
    const int input = upload->file;
    gd_corpus_report text = {0};
    gd_idx_report idx = {0};
    gd_npy_report npy = {0};
    gd_libsvm_report libsvm = {0};
    gd_status status = GD_OK;
    switch (how->format) {
    case JOBS_UPLOAD_CSV:
        status = read_csv(upload, how, output, error);
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
    case JOBS_UPLOAD_LIBSVM:
        status = gd_libsvm_to_frame_file(input, output, how->width, &libsvm, error);
        how->rank = 2;
        how->dimensions[0] = libsvm.rows;
        how->dimensions[1] = libsvm.width;
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
    char folder[PATH_MAX];
    int output = upload->early.output;
    if (!make_path(folder, upload->data_directory, "datasets", "", ""))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
    gd_status status = output < 0 ? create_output(upload, &output, error) : GD_OK;
    if (status != GD_OK)
        return status;
    upload->early.output = -1;
    status = read_as(upload, how, output, error);
    if (status == GD_OK && fsync(output) != 0)
        status = fail_with_errno(error, "syncing the dataset's file");
    if (close(output) != 0 && status == GD_OK)
        status = fail_with_errno(error, "closing the dataset's file");
    if (status == GD_OK && rename(upload->temporary, path) != 0)
        status = fail_with_errno(error, "naming the dataset's file");
    if (status != GD_OK) {
        unlink(upload->temporary);
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

/* How the bytes are read, in a word that is equal where the way is: "csv auto , <digest of names>". */
static void write_reading(jobs_upload_format format, const gd_csv_options *options, int64_t width,
                          char *text, size_t size)
{
    static const char *const headers[] = {"auto", "yes", "no"};
    char names[JOBS_DIGEST_SIZE] = "-";
    if (format != JOBS_UPLOAD_CSV) {
        if (width > 0)
            snprintf(text, size, "%s %lld", jobs_upload_format_name(format), (long long)width);
        else
            snprintf(text, size, "%s", jobs_upload_format_name(format));
        return;
    }
    if (options->name_count > 0) {
        jobs_digest digest;
        jobs_digest_start(&digest);
        for (int64_t i = 0; i < options->name_count; i++)
            jobs_digest_add(&digest, options->names[i], strlen(options->names[i]) + 1);
        jobs_digest_finish(&digest, names);
    }
    snprintf(text, size, "csv %s %s %s", headers[options->header],
             options->delimiter == '\0'   ? "auto"
             : options->delimiter == '\t' ? "tab"
             : options->delimiter == ';'  ? ";"
                                          : ",",
             names);
}

static gd_status register_dataset(jobs_upload *upload, store *opened, const char *name,
                                  const conversion *how, const char path[PATH_MAX], gd_error *error)
{
    gd_frame *frame = NULL;
    gd_status status = gd_frame_open(&frame, path, error);
    if (status != GD_OK)
        return status;
    char reading[JOBS_READING_SIZE], file[STORE_ID_SIZE + 8], shape[24 * GD_NPY_MAXIMUM_RANK];
    write_reading(how->format, how->options, how->width, reading, sizeof reading);
    snprintf(file, sizeof file, "%s.frame", upload->id);
    write_shape(how, shape, sizeof shape);
    char *columns = jobs_describe_columns(frame);
    /* The border of images is constant, and that is as it should be. */
    bool images = how->format >= JOBS_UPLOAD_IDX && how->rank > 2;
    char *warnings =
        images ? strdup("[]")
               : jobs_describe_warnings(frame, how->format == JOBS_UPLOAD_CSV ? &how->csv : NULL);
    if (columns == NULL || warnings == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to describe the dataset");
    } else {
        store_dataset row = {
            .name = (char *)(uintptr_t)name,
            .format = (char *)(uintptr_t)jobs_upload_format_name(how->format),
            .rows = gd_frame_row_count(frame),
            .column_count = jobs_count_columns(frame),
            .bytes = upload->bytes,
            .columns = columns,
            .shape = shape,
            .sha256 = upload->sha256,
            .reading = reading,
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

/* After the last byte: the rest of a compressed file, the digest, the format. Once. */
static gd_status complete(jobs_upload *upload, jobs_upload_format *format, gd_error *error)
{
    if (upload->sha256[0] == '\0') {
        gd_status status = jobs_gunzip_finish(upload->gunzip, error);
        if (status != GD_OK)
            return status;
        jobs_digest_finish(&upload->digest, upload->sha256);
    }
    return *format == JOBS_UPLOAD_DETECT ? detect_format(upload, format, error) : GD_OK;
}

gd_status jobs_upload_find(jobs_upload *upload, store *opened, const char *name,
                           jobs_upload_format format, const gd_csv_options *options,
                           char id[STORE_ID_SIZE], gd_error *error)
{
    char reading[JOBS_READING_SIZE], path[PATH_MAX];
    store_dataset dataset;
    gd_status status = complete(upload, &format, error);
    if (status != GD_OK)
        return status;
    write_reading(format, options, upload->width, reading, sizeof reading);
    status =
        store_dataset_find(opened, upload->owner, name, upload->sha256, reading, &dataset, error);
    if (status != GD_OK)
        return status;
    /* A row without its file is no dataset to be found again. */
    bool there = make_path(path, upload->data_directory, "datasets", dataset.file, "") &&
                 access(path, R_OK) == 0;
    memcpy(id, dataset.id, STORE_ID_SIZE);
    store_dataset_dispose(&dataset);
    return there ? GD_OK : gd_fail(error, GD_NOT_FOUND, "", "the dataset's file is missing");
}

gd_status jobs_upload_finish(jobs_upload *upload, store *opened, const char *name,
                             jobs_upload_format format, const gd_csv_options *options,
                             char id[STORE_ID_SIZE], gd_error *error)
{
    char path[PATH_MAX];
    conversion how = {.format = format, .options = options, .width = upload->width};
    if (!make_path(path, upload->data_directory, "datasets", upload->id, ".frame"))
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "the data directory's path is too long");
    gd_status status = complete(upload, &how.format, error);
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
