/*
 * ingest.h: an uploaded file becomes a dataset. Bytes go to disk as they arrive; when all are there
 * they are read into a frame file, which is made durable before the store hears of it. Whatever goes
 * wrong, nothing of the upload stays behind. Thread rule: an upload has one owner.
 */
#ifndef JOBS_INGEST_H
#define JOBS_INGEST_H

#include "store/store.h"

#include <descent/csv.h>

#include <stdatomic.h>

typedef struct jobs_upload jobs_upload;

gd_status jobs_upload_begin(jobs_upload **upload, const char *data_directory, gd_error *error);
/*
 * Whose dataset it will be, and what that owner may have; without, nobody's in particular and any
 * number of bytes. `owner` is copied; `stored` are the bytes that owner has already. Where what has
 * come passes the quota, jobs_upload_add is GD_NO_SPACE with path STORE_LIMIT_OWNER_BYTES.
 */
void jobs_upload_own(jobs_upload *upload, const char *owner, const store_quota *quota,
                     int64_t stored);
/* The file may have as many bytes, counted when it is decompressed; without, any number. */
void jobs_upload_limit(jobs_upload *upload, int64_t bytes);
/*
 * The file is CSV, to be read by `options` (kept by the caller until the upload is destroyed), and may
 * be read while it arrives, by as many threads in all as *running allows (read_ahead.h).
 */
void jobs_upload_read_early(jobs_upload *upload, const gd_csv_options *options,
                            atomic_int *running);
/*
 * The next bytes, of the file itself or compressed by gzip. GD_INVALID_DATA where it is known already
 * that the file cannot be used.
 */
gd_status jobs_upload_add(jobs_upload *upload, const void *bytes, size_t length, gd_error *error);

typedef enum jobs_upload_format {
    JOBS_UPLOAD_CSV,
    JOBS_UPLOAD_TEXT, /* a corpus: a row is a character */
    JOBS_UPLOAD_IDX,
    JOBS_UPLOAD_NPY,
    JOBS_UPLOAD_LIBSVM, /* sparse */
    JOBS_UPLOAD_DETECT  /* IDX or NPY, as its first bytes say */
} jobs_upload_format;

/* "csv", "text", "idx", "npy", "libsvm": how the store calls them. */
const char *jobs_upload_format_name(jobs_upload_format format);

/*
 * When all bytes are there: the newest dataset of that name made of the same bytes in the same way;
 * GD_NOT_FOUND where there is none.
 */
gd_status jobs_upload_find(jobs_upload *upload, store *opened, const char *name,
                           jobs_upload_format format, const gd_csv_options *options,
                           char id[STORE_ID_SIZE], gd_error *error);

/*
 * Reads the bytes as `format`, CSV by `options`, and stores the dataset under a new id, which is copied
 * to `id`. GD_INVALID_DATA where the file cannot be used; the message names the line or the byte.
 */
gd_status jobs_upload_finish(jobs_upload *upload, store *opened, const char *name,
                             jobs_upload_format format, const gd_csv_options *options,
                             char id[STORE_ID_SIZE], gd_error *error);

/* Features of a LIBSVM file; 0, as it begins: up to the largest index there is. */
void jobs_upload_set_width(jobs_upload *upload, int64_t width);

/* Removes the uploaded bytes. Due in every case. */
void jobs_upload_destroy(jobs_upload *upload);

/* Removes a dataset's frame file. */
void jobs_dataset_file_remove(const char *data_directory, const char *file);

/* Removes files that the store does not know and unfinished uploads; counts what it removed, and the
 * files that the store knows and are not there. */
gd_status jobs_sweep_files(const char *data_directory, store *opened, int64_t *removed,
                           int64_t *missing, gd_error *error);

#endif
