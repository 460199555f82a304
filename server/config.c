/*
 * config.c: commands, their words, and what the flags (config_flags.h) mean, checked one against
 * the other.
 */
#include "config.h"

#include "config_flags.h"
#include "log.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
                       "there is no command \"%s\"; --help lists them", word);
    }
    if (position == 1 && read->command == CONFIG_BACKUP) {
        read->backup_file = word;
        return GD_OK;
    }
    return gd_fail(error, GD_INVALID_ARGUMENT, "", "\"%s\" is one word too many", word);
}

static gd_status read_arguments(config *read, config_values *values, int count,
                                char *const *arguments, gd_error *error)
{
    int position = 0;
    gd_status status = GD_OK;
    for (int i = 1; status == GD_OK && i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0)
            read->command = CONFIG_HELP;
        else if (strcmp(arguments[i], "--version") == 0)
            read->command = CONFIG_VERSION;
        else if (strncmp(arguments[i], "--", 2) == 0)
            status = config_read_flag(values, count, arguments, &i, error);
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
        !config_read_count(colon + 1, &port) || port > 65535)
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

static gd_status take_log(config *read, const config_values *values, gd_error *error)
{
    read->log_json = strcmp(values->log_format, "json") == 0;
    if (!read->log_json && strcmp(values->log_format, "text") != 0)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--log-format takes text or json, not \"%s\"", values->log_format);
    while (log_level_names[read->log_level] != NULL &&
           strcmp(log_level_names[read->log_level], values->log_level) != 0)
        read->log_level++;
    if (log_level_names[read->log_level] == NULL)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--log-level takes debug, info, warning or error, not \"%s\"",
                       values->log_level);
    return GD_OK;
}

static gd_status take_access(config *read, const config_values *values, gd_error *error)
{
    read->token_path_given = values->tokens != NULL;
    int length = read->token_path_given
                     ? snprintf(read->token_path, sizeof read->token_path, "%s", values->tokens)
                     : snprintf(read->token_path, sizeof read->token_path, "%s/tokens",
                                values->data_directory);
    if (length < 0 || (size_t)length >= sizeof read->token_path)
        return gd_fail(error, GD_INVALID_ARGUMENT, "", "%s is too long",
                       read->token_path_given ? "--tokens" : "--data-dir");
    if ((values->certificate == NULL) != (values->key == NULL))
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--tls-certificate and --tls-key go together: one of them is missing");
    read->tls_certificate = values->certificate;
    read->tls_key = values->key;
    read->token_owner = values->owner != NULL ? values->owner : read->token_name;
    read->token_scopes = values->scopes;
    read->token_seconds = values->expires;
    read->token_queued = values->quota_queued;
    read->token_running = values->quota_running;
    read->token_bytes = values->quota_bytes;
    return GD_OK;
}

static gd_status take_all(config *read, const config_values *values, gd_error *error)
{
    gd_status status = take_listen(read, values->listen, error);
    if (status == GD_OK)
        status =
            take_list("allow-host", values->hosts, read->allowed_hosts, &read->hosts_text, error);
    if (status == GD_OK)
        status = take_origins(read, values->origins, error);
    if (status == GD_OK)
        status = take_log(read, values, error);
    if (status == GD_OK)
        status = take_access(read, values, error);
    read->data_directory = values->data_directory;
    read->workers = values->workers;
    read->http_threads = values->http_threads;
    read->job_memory = values->job_memory;
    read->maximum_upload = values->maximum_upload;
    read->maximum_queued = values->maximum_queued;
    read->retain_jobs = values->retain_jobs;
    read->retain_datasets = values->retain_datasets;
    read->allow_unauthenticated = values->allow_unauthenticated;
    int length = snprintf(read->database_path, sizeof read->database_path, "%s/descentd.db",
                          values->data_directory);
    if (status == GD_OK && (length < 0 || (size_t)length >= sizeof read->database_path))
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "--data-dir is too long");
    return status;
}

gd_status config_read(config *read, int argument_count, char *const *arguments, gd_error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    config_values values = {
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
    gd_status status = config_read_environment(&values, error);
    if (status == GD_OK)
        status = read_arguments(read, &values, argument_count, arguments, error);
    return status == GD_OK ? take_all(read, &values, error) : status;
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
    config_print_flags(stream);
}
