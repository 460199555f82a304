/*
 * config.c: one table of flags, read from the environment first and the command line after.
 */
#include "config.h"

#include "log.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum flag_type {
    FLAG_TEXT,
    FLAG_COUNT,
    FLAG_BYTES,
    FLAG_SECONDS,
    FLAG_SWITCH
} flag_type;

/* Which commands a flag is for, as --help sorts them. */
typedef enum flag_group {
    FLAG_GROUP_SERVICE,
    FLAG_GROUP_TOKEN
} flag_group;

typedef struct flag {
    const char *name; /* without the dashes */
    const char *value_name;
    flag_type type;
    size_t offset;
    int64_t minimum, maximum;
    const char *help;
    flag_group group;
} flag;

/* Texts are gathered here first and taken apart once all are known. */
typedef struct raw_config {
    const char *listen, *data_directory, *hosts, *origins, *tokens, *certificate, *key;
    const char *log_format, *log_level, *owner, *scopes;
    int64_t workers, http_threads, job_memory, maximum_upload, maximum_queued;
    int64_t retain_jobs, retain_datasets;
    int64_t expires, quota_queued, quota_running, quota_bytes;
    bool allow_unauthenticated;
} raw_config;

#define MEMBER(name) offsetof(raw_config, name)

static const flag flags[] = {
    {"listen", "ADDRESS:PORT", FLAG_TEXT, MEMBER(listen), 0, 0,
     "where to serve; port 0 takes a free one (default 127.0.0.1:8080)", FLAG_GROUP_SERVICE},
    {"data-dir", "FOLDER", FLAG_TEXT, MEMBER(data_directory), 0, 0,
     "where everything is kept (default ./data)", FLAG_GROUP_SERVICE},
    {"workers", "N", FLAG_COUNT, MEMBER(workers), 0, 256,
     "jobs trained at once (default: one a processor)", FLAG_GROUP_SERVICE},
    {"http-threads", "N", FLAG_COUNT, MEMBER(http_threads), 1, 256,
     "threads that answer requests (default 16)", FLAG_GROUP_SERVICE},
    {"job-memory", "BYTES", FLAG_BYTES, MEMBER(job_memory), 1 << 20, INT64_C(1) << 46,
     "memory one job may take, with K, M or G (default 4G)", FLAG_GROUP_SERVICE},
    {"max-upload", "BYTES", FLAG_BYTES, MEMBER(maximum_upload), 1, INT64_C(1) << 46,
     "largest dataset, after inflating (default 16G)", FLAG_GROUP_SERVICE},
    {"max-queued", "N", FLAG_COUNT, MEMBER(maximum_queued), 1, INT64_C(1) << 40,
     "jobs that may wait; beyond, submits get 429 (default 100000)", FLAG_GROUP_SERVICE},
    {"retain-jobs", "TIME", FLAG_SECONDS, MEMBER(retain_jobs), 1, INT64_C(100) * 366 * 86400,
     "delete jobs so long after their end, as 30d, 12h or 90m (default never)", FLAG_GROUP_SERVICE},
    {"retain-datasets", "TIME", FLAG_SECONDS, MEMBER(retain_datasets), 1,
     INT64_C(100) * 366 * 86400,
     "delete datasets so long after upload or last use by a job (default never)",
     FLAG_GROUP_SERVICE},
    {"allow-host", "NAMES", FLAG_TEXT, MEMBER(hosts), 0, 0,
     "further names in the Host header, comma-separated; * allows all", FLAG_GROUP_SERVICE},
    {"tokens", "FILE", FLAG_TEXT, MEMBER(tokens), 0, 0,
     "the file of access tokens (default: tokens in the data directory)", FLAG_GROUP_SERVICE},
    {"allow-unauthenticated", NULL, FLAG_SWITCH, MEMBER(allow_unauthenticated), 0, 0,
     "serve beyond this machine without tokens, although anybody there may do anything",
     FLAG_GROUP_SERVICE},
    {"tls-certificate", "FILE", FLAG_TEXT, MEMBER(certificate), 0, 0,
     "serve HTTPS with this certificate and its chain (PEM); needs --tls-key", FLAG_GROUP_SERVICE},
    {"tls-key", "FILE", FLAG_TEXT, MEMBER(key), 0, 0,
     "its private key (PEM), which nobody else may read", FLAG_GROUP_SERVICE},
    {"cors-origin", "ORIGINS", FLAG_TEXT, MEMBER(origins), 0, 0,
     "pages that may use the service, as https://name[:port], comma-separated (default none)",
     FLAG_GROUP_SERVICE},
    {"log-format", "FORMAT", FLAG_TEXT, MEMBER(log_format), 0, 0,
     "text or json, a line an event on standard error (default text)", FLAG_GROUP_SERVICE},
    {"log-level", "LEVEL", FLAG_TEXT, MEMBER(log_level), 0, 0,
     "debug (with a line a request), info, warning or error (default info)", FLAG_GROUP_SERVICE},
    {"owner", "NAME", FLAG_TEXT, MEMBER(owner), 0, 0,
     "whose jobs and datasets the token makes and sees (default: the token's name)",
     FLAG_GROUP_TOKEN},
    {"scopes", "LIST", FLAG_TEXT, MEMBER(scopes), 0, 0,
     "of read, submit, admin, comma-separated (default read,submit)", FLAG_GROUP_TOKEN},
    {"expires", "TIME", FLAG_SECONDS, MEMBER(expires), 1, INT64_C(100) * 366 * 86400,
     "from now on, as 90d, 12h, 30m or 45s (default never)", FLAG_GROUP_TOKEN},
    {"quota-queued", "N", FLAG_COUNT, MEMBER(quota_queued), 1, INT64_C(1) << 40,
     "jobs of the owner that may wait (default no limit)", FLAG_GROUP_TOKEN},
    {"quota-running", "N", FLAG_COUNT, MEMBER(quota_running), 1, INT64_C(1) << 40,
     "jobs of the owner that may run at once (default no limit)", FLAG_GROUP_TOKEN},
    {"quota-bytes", "BYTES", FLAG_BYTES, MEMBER(quota_bytes), 1, INT64_C(1) << 46,
     "datasets and parameters the owner may store (default no limit)", FLAG_GROUP_TOKEN},
};

#define FLAG_COUNT_OF (sizeof flags / sizeof flags[0])

static const struct {
    const char *name;
    config_command command;
    const char *usage, *help;
} commands[] = {
    {"serve", CONFIG_SERVE, "serve", "serve until SIGTERM or Ctrl-C (the default)"},
    {"check", CONFIG_CHECK, "check", "check flags and database, and say what is wrong"},
    {"backup", CONFIG_BACKUP, "backup FILE", "write a consistent copy of the database"},
    {"health", CONFIG_HEALTH, "health", "ask a running service whether it is ready"},
};

/* The second words of `token`. */
static const struct {
    const char *name;
    config_command command;
    const char *usage, *help;
} token_commands[] = {
    {"add", CONFIG_TOKEN_ADD, "token add NAME", "make an access token and show it, once"},
    {"list", CONFIG_TOKEN_LIST, "token list", "list the tokens, without what would open a door"},
    {"revoke", CONFIG_TOKEN_REVOKE, "token revoke NAME", "a token is good no more, at once"},
};

static bool read_count(const char *text, int64_t *value)
{
    if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
        return false;
    *value = strtoll(text, NULL, 10);
    return true;
}

/* A count with K, M, G or T (powers of 1024) behind it. */
static bool read_bytes(const char *text, int64_t *value)
{
    static const char units[] = "KMGT";
    char digits[20];
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length + 1);
    const char *unit = strchr(units, toupper((unsigned char)digits[length - 1]));
    int shift = 0;
    if (unit != NULL) {
        shift = 10 * (int)(unit - units + 1);
        digits[length - 1] = '\0';
    }
    if (!read_count(digits, value) || *value > INT64_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

/* A count with d, h, m or s behind it. */
static bool read_seconds(const char *text, int64_t *value)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    char digits[12];
    size_t length = strlen(text);
    if (length < 2 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length - 1] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text[length - 1] && read_count(digits, value)) {
            *value *= units[i].seconds;
            return true;
        }
    }
    return false;
}

static gd_status set_flag(raw_config *raw, const flag *row, const char *text, gd_error *error)
{
    void *member = (char *)raw + row->offset;
    int64_t value = 0;
    switch (row->type) {
    case FLAG_TEXT:
        if (text[0] == '\0')
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s needs a value (%s)", row->name,
                           row->value_name);
        *(const char **)member = text;
        return GD_OK;
    case FLAG_SWITCH:
        if (strcmp(text, "1") != 0 && strcmp(text, "true") != 0 && strcmp(text, "0") != 0 &&
            strcmp(text, "false") != 0)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s takes true or false, not \"%s\"",
                           row->name, text);
        *(bool *)member = text[0] == '1' || text[0] == 't';
        return GD_OK;
    case FLAG_SECONDS:
        if (!read_seconds(text, &value) || value < row->minimum || value > row->maximum)
            return gd_fail(error, GD_INVALID_ARGUMENT, "",
                           "--%s takes a time such as 90d, 12h, 30m or 45s, not \"%s\"", row->name,
                           text);
        *(int64_t *)member = value;
        return GD_OK;
    case FLAG_COUNT:
    case FLAG_BYTES:
        break;
    }
    bool read = row->type == FLAG_COUNT ? read_count(text, &value) : read_bytes(text, &value);
    if (!read || value < row->minimum || value > row->maximum)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--%s takes a whole number from %lld to %lld%s, not \"%s\"", row->name,
                       (long long)row->minimum, (long long)row->maximum,
                       row->type == FLAG_BYTES ? " (K, M or G may follow)" : "", text);
    *(int64_t *)member = value;
    return GD_OK;
}

static gd_status read_environment(raw_config *raw, gd_error *error)
{
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        char name[64] = "DESCENTD_";
        size_t length = strlen(name);
        for (const char *at = flags[i].name; *at != '\0'; at++)
            name[length++] = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
        name[length] = '\0';
        const char *text = getenv(name);
        if (text == NULL)
            continue;
        gd_status status = set_flag(raw, &flags[i], text, error);
        if (status != GD_OK)
            return status;
    }
    return GD_OK;
}

/* "--name value" or "--name=value"; *index moves behind what was taken. */
static gd_status read_flag(raw_config *raw, int count, char *const *arguments, int *index,
                           gd_error *error)
{
    const char *argument = arguments[*index] + 2;
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        if (strlen(flags[i].name) != length || strncmp(flags[i].name, argument, length) != 0)
            continue;
        if (argument[length] == '=')
            return set_flag(raw, &flags[i], argument + length + 1, error);
        if (flags[i].type == FLAG_SWITCH)
            return set_flag(raw, &flags[i], "true", error);
        if (*index + 1 == count)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s needs a value (%s)", flags[i].name,
                           flags[i].value_name);
        return set_flag(raw, &flags[i], arguments[++*index], error);
    }
    return gd_fail(error, GD_INVALID_ARGUMENT, "", "there is no flag %s; --help lists them",
                   arguments[*index]);
}

/* The words behind `token`. */
static gd_status read_token_word(config *read, const char *word, int position, gd_error *error)
{
    if (position == 1) {
        for (size_t i = 0; i < sizeof token_commands / sizeof token_commands[0]; i++) {
            if (strcmp(token_commands[i].name, word) == 0) {
                read->command = token_commands[i].command;
                return GD_OK;
            }
        }
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "token takes add, list or revoke, not \"%s\"", word);
    }
    if (position == 2 && read->command != CONFIG_TOKEN_LIST) {
        read->token_name = word;
        return GD_OK;
    }
    return gd_fail(error, GD_INVALID_ARGUMENT, "", "\"%s\" is one word too many", word);
}

static gd_status read_word(config *read, const char *word, int position, gd_error *error)
{
    if (position > 0 && read->is_token)
        return read_token_word(read, word, position, error);
    if (position == 0) {
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
            if (strcmp(commands[i].name, word) == 0) {
                read->command = commands[i].command;
                return GD_OK;
            }
        }
        if (strcmp(word, "token") == 0) {
            read->is_token = true;
            return GD_OK;
        }
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "there is no command \"%s\"; --help lists "
                       "them",
                       word);
    }
    if (position == 1 && read->command == CONFIG_BACKUP) {
        read->backup_file = word;
        return GD_OK;
    }
    return gd_fail(error, GD_INVALID_ARGUMENT, "", "\"%s\" is one word too many", word);
}

static gd_status read_arguments(config *read, raw_config *raw, int count, char *const *arguments,
                                gd_error *error)
{
    int position = 0;
    gd_status status = GD_OK;
    for (int i = 1; status == GD_OK && i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0)
            read->command = CONFIG_HELP;
        else if (strcmp(arguments[i], "--version") == 0)
            read->command = CONFIG_VERSION;
        else if (strncmp(arguments[i], "--", 2) == 0)
            status = read_flag(raw, count, arguments, &i, error);
        else
            status = read_word(read, arguments[i], position++, error);
        if (read->command == CONFIG_HELP || read->command == CONFIG_VERSION)
            return GD_OK;
    }
    if (status == GD_OK && read->command == CONFIG_BACKUP && read->backup_file == NULL)
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "backup needs the FILE to write");
    if (status == GD_OK && read->is_token && position < 2)
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "token takes add, list or revoke");
    if (status == GD_OK && read->is_token && read->command != CONFIG_TOKEN_LIST &&
        read->token_name == NULL)
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "token needs the NAME of the token");
    return status;
}

static gd_status take_listen(config *read, const char *listen, gd_error *error)
{
    const char *colon = strrchr(listen, ':');
    int64_t port = 0;
    size_t length = colon != NULL ? (size_t)(colon - listen) : 0;
    bool brackets = length > 2 && listen[0] == '[' && listen[length - 1] == ']';
    if (brackets) {
        listen++;
        length -= 2;
    }
    if (colon == NULL || length == 0 || length >= sizeof read->address ||
        memchr(listen, '[', length) != NULL || memchr(listen, ']', length) != NULL ||
        !read_count(colon + 1, &port) || port > 65535)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--listen takes ADDRESS:PORT such as 127.0.0.1:8080 or [::1]:8080");
    memcpy(read->address, listen, length);
    read->address[length] = '\0';
    read->port = (uint16_t)port;
    return GD_OK;
}

/* "a,b" into `list`, whose texts lie in *owned. */
static gd_status take_list(const char *flag_name, const char *text,
                           const char *list[CONFIG_HOSTS_MAXIMUM + 1], char **owned,
                           gd_error *error)
{
    if (text == NULL)
        return GD_OK;
    *owned = strdup(text);
    if (*owned == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the flags");
    char *at = *owned;
    for (int i = 0; *at != '\0'; i++) {
        if (i == CONFIG_HOSTS_MAXIMUM)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s takes %d names at most", flag_name,
                           CONFIG_HOSTS_MAXIMUM);
        if (*at == ',')
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s has a name without letters",
                           flag_name);
        list[i] = at;
        at += strcspn(at, ",");
        if (*at != '\0')
            *at++ = '\0';
    }
    return GD_OK;
}

/* An origin as a browser writes it (RFC 6454): scheme and authority, lower case, nothing behind. */
static bool is_origin(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]";
    size_t scheme =
        strncmp(text, "https://", 8) == 0 ? 8 : (strncmp(text, "http://", 7) == 0 ? 7 : 0);
    return scheme > 0 && text[scheme] != '\0' &&
           strspn(text + scheme, allowed) == strlen(text + scheme);
}

static gd_status take_origins(config *read, const char *text, gd_error *error)
{
    gd_status status =
        take_list("cors-origin", text, read->cors_origins, &read->origins_text, error);
    for (size_t i = 0; status == GD_OK && read->cors_origins[i] != NULL; i++) {
        if (!is_origin(read->cors_origins[i]))
            status = gd_fail(error, GD_INVALID_ARGUMENT, "",
                             "--cors-origin takes exact origins such as https://name:8443, not "
                             "\"%s\"",
                             read->cors_origins[i]);
    }
    return status;
}

static gd_status take_log(config *read, const raw_config *raw, gd_error *error)
{
    read->log_json = strcmp(raw->log_format, "json") == 0;
    if (!read->log_json && strcmp(raw->log_format, "text") != 0)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--log-format takes text or json, not \"%s\"", raw->log_format);
    while (log_level_names[read->log_level] != NULL &&
           strcmp(log_level_names[read->log_level], raw->log_level) != 0)
        read->log_level++;
    if (log_level_names[read->log_level] == NULL)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--log-level takes debug, info, warning or error, not \"%s\"",
                       raw->log_level);
    return GD_OK;
}

static gd_status take_access(config *read, const raw_config *raw, gd_error *error)
{
    read->token_path_given = raw->tokens != NULL;
    int length =
        read->token_path_given
            ? snprintf(read->token_path, sizeof read->token_path, "%s", raw->tokens)
            : snprintf(read->token_path, sizeof read->token_path, "%s/tokens", raw->data_directory);
    if (length < 0 || (size_t)length >= sizeof read->token_path)
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "%s is too long",
                       read->token_path_given ? "--tokens" : "--data-dir");
    if ((raw->certificate == NULL) != (raw->key == NULL))
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--tls-certificate and --tls-key go together: one of them is missing");
    read->tls_certificate = raw->certificate;
    read->tls_key = raw->key;
    read->token_owner = raw->owner != NULL ? raw->owner : read->token_name;
    read->token_scopes = raw->scopes;
    read->token_seconds = raw->expires;
    read->token_queued = raw->quota_queued;
    read->token_running = raw->quota_running;
    read->token_bytes = raw->quota_bytes;
    return GD_OK;
}

static gd_status take_all(config *read, const raw_config *raw, gd_error *error)
{
    gd_status status = take_listen(read, raw->listen, error);
    if (status == GD_OK)
        status = take_list("allow-host", raw->hosts, read->allowed_hosts, &read->hosts_text, error);
    if (status == GD_OK)
        status = take_origins(read, raw->origins, error);
    if (status == GD_OK)
        status = take_log(read, raw, error);
    if (status == GD_OK)
        status = take_access(read, raw, error);
    read->data_directory = raw->data_directory;
    read->workers = raw->workers;
    read->http_threads = raw->http_threads;
    read->job_memory = raw->job_memory;
    read->maximum_upload = raw->maximum_upload;
    read->maximum_queued = raw->maximum_queued;
    read->retain_jobs = raw->retain_jobs;
    read->retain_datasets = raw->retain_datasets;
    read->allow_unauthenticated = raw->allow_unauthenticated;
    int length = snprintf(read->database_path, sizeof read->database_path, "%s/descentd.db",
                          raw->data_directory);
    if (status == GD_OK && (length < 0 || (size_t)length >= sizeof read->database_path))
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "--data-dir is too long");
    return status;
}

gd_status config_read(config *read, int argument_count, char *const *arguments, gd_error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    raw_config raw = {
        .listen = "127.0.0.1:8080",
        .data_directory = "./data",
        .workers = processors > 0 ? processors : 1,
        .http_threads = 16,
        .job_memory = INT64_C(4) << 30,
        .maximum_upload = INT64_C(16) << 30,
        .maximum_queued = 100000,
        .log_format = "text",
        .log_level = "info",
        .scopes = "read,submit",
    };
    memset(read, 0, sizeof *read);
    gd_status status = read_environment(&raw, error);
    if (status == GD_OK)
        status = read_arguments(read, &raw, argument_count, arguments, error);
    return status == GD_OK ? take_all(read, &raw, error) : status;
}

void config_dispose(config *read)
{
    free(read->hosts_text);
    free(read->origins_text);
    memset(read, 0, sizeof *read);
}

bool config_is_loopback(const config *read)
{
    struct in_addr four;
    if (inet_pton(AF_INET, read->address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(read->address, "::1") == 0 || strcmp(read->address, "localhost") == 0;
}

void config_print_help(FILE *stream)
{
    fprintf(stream, "descentd: gradient descent as a service\n\nUsage:\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(stream, "  descentd %-18s %s\n", commands[i].usage, commands[i].help);
    for (size_t i = 0; i < sizeof token_commands / sizeof token_commands[0]; i++)
        fprintf(stream, "  descentd %-18s %s\n", token_commands[i].usage, token_commands[i].help);
    fprintf(stream,
            "  descentd %-18s %s\n  descentd %-18s %s\n\nFlags, each also as DESCENTD_… in "
            "the environment:\n",
            "--version", "print the version", "--help", "print this");
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        char name[64];
        if (i > 0 && flags[i].group != flags[i - 1].group)
            fprintf(stream, "\nFlags of token add:\n");
        snprintf(name, sizeof name, "--%s %s", flags[i].name,
                 flags[i].value_name != NULL ? flags[i].value_name : "");
        fprintf(stream, "  %-26s %s\n", name, flags[i].help);
    }
}
