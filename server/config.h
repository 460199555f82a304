/*
 * config.h: what the command line and the environment say, checked. Each flag --like-this is also
 * read from DESCENTD_LIKE_THIS; the command line wins.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <descent/field.h>
#include <descent/status.h>

#include <stdio.h>

#define CONFIG_HOSTS_MAXIMUM 16 /* names, and origins */
#define CONFIG_PATH_SIZE     4096

typedef enum config_command {
    CONFIG_SERVE,
    CONFIG_CHECK,
    CONFIG_BACKUP,
    CONFIG_HEALTH,
    CONFIG_TOKEN_ADD,
    CONFIG_TOKEN_LIST,
    CONFIG_TOKEN_REVOKE,
    CONFIG_VERSION,
    CONFIG_HELP
} config_command;

typedef struct config {
    config_command command;
    bool is_token; /* the first word was token */
    const char *backup_file;
    char address[64]; /* numeric, without brackets; or "localhost" */
    uint16_t port;
    const char *data_directory;
    char database_path[CONFIG_PATH_SIZE];
    char token_path[CONFIG_PATH_SIZE];
    bool token_path_given;
    int64_t workers;
    int64_t http_threads;
    int64_t job_memory;     /* bytes */
    int64_t maximum_upload; /* bytes */
    int64_t maximum_queued;
    int64_t retain_jobs, retain_datasets; /* seconds; 0: for ever */
    bool allow_unauthenticated;
    const char *allowed_hosts[CONFIG_HOSTS_MAXIMUM + 1]; /* NULL-terminated */
    const char *cors_origins[CONFIG_HOSTS_MAXIMUM + 1];  /* NULL-terminated */
    char *hosts_text, *origins_text;                     /* owned; what the lists point into */
    const char *tls_certificate, *tls_key;               /* both or neither */
    bool log_json;
    int log_level; /* as log.h counts them */
    /* of `token add` and `token revoke` */
    const char *token_name;
    const char *token_owner;                          /* the name, where none was given */
    const char *token_scopes;                         /* as given; the command checks */
    int64_t token_seconds;                            /* until it expires; 0: never */
    int64_t token_queued, token_running, token_bytes; /* 0: no limit */
} config;

/* Reads arguments and environment. On failure `error` names the flag and what it takes. */
gd_status config_read(config *read, int argument_count, char *const *arguments, gd_error *error);
void config_dispose(config *read);

/* True where only this machine can reach the address. */
bool config_is_loopback(const config *read);

void config_print_help(FILE *stream);

#endif
