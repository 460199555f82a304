/*
 * config.c: one table of flags, read from the environment first and the command line after.
 */
#include "config.h"

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
    FLAG_SWITCH
} flag_type;

typedef struct flag {
    const char *name; /* without the dashes */
    const char *value_name;
    flag_type type;
    size_t offset;
    int64_t minimum, maximum;
    const char *help;
} flag;

/* Texts are gathered here first and taken apart once all are known. */
typedef struct raw_config {
    const char *listen, *data_directory, *hosts;
    int64_t workers, http_threads, job_memory, maximum_upload, maximum_queued;
    bool allow_unauthenticated;
} raw_config;

#define MEMBER(name) offsetof(raw_config, name)

static const flag flags[] = {
    {"listen", "ADDRESS:PORT", FLAG_TEXT, MEMBER(listen), 0, 0,
     "where to serve; port 0 takes a free one (default 127.0.0.1:8080)"},
    {"data-dir", "FOLDER", FLAG_TEXT, MEMBER(data_directory), 0, 0,
     "where everything is kept (default ./data)"},
    {"workers", "N", FLAG_COUNT, MEMBER(workers), 0, 256,
     "jobs trained at once (default: one a processor)"},
    {"http-threads", "N", FLAG_COUNT, MEMBER(http_threads), 1, 256,
     "threads that answer requests (default 16)"},
    {"job-memory", "BYTES", FLAG_BYTES, MEMBER(job_memory), 1 << 20, INT64_C(1) << 46,
     "memory one job may take, with K, M or G (default 4G)"},
    {"max-upload", "BYTES", FLAG_BYTES, MEMBER(maximum_upload), 1, INT64_C(1) << 46,
     "largest dataset, after inflating (default 16G)"},
    {"max-queued", "N", FLAG_COUNT, MEMBER(maximum_queued), 1, INT64_C(1) << 40,
     "jobs that may wait; beyond, submits get 429 (default 100000)"},
    {"allow-host", "NAMES", FLAG_TEXT, MEMBER(hosts), 0, 0,
     "further names in the Host header, comma-separated; * allows all"},
    {"allow-unauthenticated", NULL, FLAG_SWITCH, MEMBER(allow_unauthenticated), 0, 0,
     "serve beyond this machine although anybody there may do anything"},
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

static gd_status read_word(config *read, const char *word, int position, gd_error *error)
{
    if (position == 0) {
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
            if (strcmp(commands[i].name, word) == 0) {
                read->command = commands[i].command;
                return GD_OK;
            }
        }
        if (strcmp(word, "token") == 0)
            return gd_fail(error, GD_UNSUPPORTED, "",
                           "tokens are not offered by this version; keep the service on loopback");
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

static gd_status take_hosts(config *read, const char *hosts, gd_error *error)
{
    if (hosts == NULL)
        return GD_OK;
    read->hosts_text = strdup(hosts);
    if (read->hosts_text == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the flags");
    char *at = read->hosts_text;
    for (int i = 0; *at != '\0'; i++) {
        if (i == CONFIG_HOSTS_MAXIMUM)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--allow-host takes %d names at most",
                           CONFIG_HOSTS_MAXIMUM);
        if (*at == ',')
            return gd_fail(error, GD_INVALID_ARGUMENT, "",
                           "--allow-host has a name without letters");
        read->allowed_hosts[i] = at;
        at += strcspn(at, ",");
        if (*at != '\0')
            *at++ = '\0';
    }
    return GD_OK;
}

static gd_status take_all(config *read, const raw_config *raw, gd_error *error)
{
    gd_status status = take_listen(read, raw->listen, error);
    if (status == GD_OK)
        status = take_hosts(read, raw->hosts, error);
    read->data_directory = raw->data_directory;
    read->workers = raw->workers;
    read->http_threads = raw->http_threads;
    read->job_memory = raw->job_memory;
    read->maximum_upload = raw->maximum_upload;
    read->maximum_queued = raw->maximum_queued;
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
        fprintf(stream, "  descentd %-14s %s\n", commands[i].usage, commands[i].help);
    fprintf(stream,
            "  descentd %-14s %s\n  descentd %-14s %s\n\nFlags, each also as DESCENTD_… in "
            "the environment:\n",
            "--version", "print the version", "--help", "print this");
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s %s", flags[i].name,
                 flags[i].value_name != NULL ? flags[i].value_name : "");
        fprintf(stream, "  %-26s %s\n", name, flags[i].help);
    }
}
