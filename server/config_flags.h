/*
 * config_flags.h: the flags of the command line and the environment, read by type and range into
 * texts and numbers that config.c takes apart. Texts belong to the caller's arguments and
 * environment.
 */
#ifndef CONFIG_FLAGS_H
#define CONFIG_FLAGS_H

#include <descent/field.h>
#include <descent/status.h>

#include <stdio.h>

/* As given: texts are taken apart once all are known. */
typedef struct config_values {
    const char *listen, *data_directory, *hosts, *origins, *tokens, *certificate, *key;
    const char *log_format, *log_level, *owner, *scopes;
    int64_t workers, http_threads, job_memory, maximum_upload, maximum_queued;
    int64_t retain_jobs, retain_datasets;
    int64_t expires, quota_queued, quota_running, quota_bytes;
    bool allow_unauthenticated;
} config_values;

/* A whole number of at most 18 digits and nothing else. */
bool config_read_count(const char *text, int64_t *value);

/* Every flag that has a DESCENTD_… in the environment. */
gd_status config_read_environment(config_values *values, gd_error *error);

/* arguments[*index] is "--name value" or "--name=value"; *index moves behind what was taken. */
gd_status config_read_flag(config_values *values, int count, char *const *arguments, int *index,
                           gd_error *error);

/* A line for each flag, for --help. */
void config_print_flags(FILE *stream);

#endif
