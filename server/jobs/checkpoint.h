/*
 * checkpoint.h: files of the data directory that are written whole or not at all.
 *
 * A file is written under a temporary name, synced, renamed, and its directory synced, before its
 * name goes into the store; so a name in the store always means a whole file. A checkpoint carries
 * the SHA-256 of its contents. Nothing is lost with a checkpoint: without one a job runs again from
 * its seed to the same bytes.
 */
#ifndef JOBS_CHECKPOINT_H
#define JOBS_CHECKPOINT_H

#include <descent/buffer.h>

#include <stdint.h>

#define JOBS_CHECKPOINT_NAME_SIZE 96

/* "<job>.<step>.checkpoint" */
void jobs_checkpoint_name(const char *job, int64_t step, char name[JOBS_CHECKPOINT_NAME_SIZE]);

/* The step in such a name; -1 for NULL and what is none. */
int64_t jobs_checkpoint_step(const char *name);

/* Writes `contents` as `name` in the folder "checkpoints" of the data directory. */
gd_status jobs_checkpoint_write(const char *data_directory, const char *name,
                                const gd_buffer *contents, gd_error *error);

/* Reads it back; *bytes (free) and *length are what was given to write. Damaged: GD_CORRUPT. */
gd_status jobs_checkpoint_read(const char *data_directory, const char *name, void **bytes,
                               size_t *length, gd_error *error);

/* Removing what is not there is no error. */
void jobs_checkpoint_remove(const char *data_directory, const char *name);

/* Creates the folders of a data directory where they are missing. */
gd_status jobs_directories_create(const char *data_directory, gd_error *error);

/* Syncs a directory, so that a rename in it survives a power cut. */
gd_status jobs_directory_sync(const char *path, gd_error *error);

#endif
