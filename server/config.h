/*
 * config.h: what the command line and the environment say, checked. Each flag --like-this is also
 * read from DESCENTD_LIKE_THIS; the command line wins.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <descent/field.h>
#include <descent/status.h>

#include <stdio.h>

#define CONFIG_HOSTS_MAXIMUM 16

typedef enum config_command {
    CONFIG_SERVE,
    CONFIG_CHECK,
    CONFIG_BACKUP,
    CONFIG_HEALTH,
    CONFIG_VERSION,
    CONFIG_HELP
} config_command;

typedef struct config {
    config_command command;
    const char *backup_file;
    char address[64]; /* numeric, without brackets; or "localhost" */
    uint16_t port;
    const char *data_directory;
    char database_path[4096];
    int64_t workers;
    int64_t http_threads;
    int64_t job_memory;     /* bytes */
    int64_t maximum_upload; /* bytes */
    int64_t maximum_queued;
    bool allow_unauthenticated;
    const char *allowed_hosts[CONFIG_HOSTS_MAXIMUM + 1]; /* NULL-terminated */
    char *hosts_text;                                    /* owned; what allowed_hosts points into */
} config;

/* Reads arguments and environment. On failure `error` names the flag and what it takes. */
gd_status config_read(config *read, int argument_count, char *const *arguments, gd_error *error);
void config_dispose(config *read);

/* True where only this machine can reach the address. */
bool config_is_loopback(const config *read);

void config_print_help(FILE *stream);

#endif
