/*
 * config_flags.c: one table of flags, each read from DESCENTD_… in the environment or from the command
 * line by its type and range. What flags mean together is config.c's.
 */
#include "config_flags.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

#define MEMBER(name) offsetof(config_values, name)

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

bool config_read_count(const char *text, int64_t *value)
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
    if (!config_read_count(digits, value) || *value > INT64_MAX >> shift)
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
        if (units[i].unit == text[length - 1] && config_read_count(digits, value)) {
            *value *= units[i].seconds;
            return true;
        }
    }
    return false;
}

static gd_status set_flag(config_values *values, const flag *row, const char *text, gd_error *error)
{
    void *member = (char *)values + row->offset;
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
    bool read =
        row->type == FLAG_COUNT ? config_read_count(text, &value) : read_bytes(text, &value);
    if (!read || value < row->minimum || value > row->maximum)
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--%s takes a whole number from %lld to %lld%s, not \"%s\"", row->name,
                       (long long)row->minimum, (long long)row->maximum,
                       row->type == FLAG_BYTES ? " (K, M or G may follow)" : "", text);
    *(int64_t *)member = value;
    return GD_OK;
}

gd_status config_read_environment(config_values *values, gd_error *error)
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
        gd_status status = set_flag(values, &flags[i], text, error);
        if (status != GD_OK)
            return status;
    }
    return GD_OK;
}

gd_status config_read_flag(config_values *values, int count, char *const *arguments, int *index,
                           gd_error *error)
{
    const char *argument = arguments[*index] + 2;
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        if (strlen(flags[i].name) != length || strncmp(flags[i].name, argument, length) != 0)
            continue;
        if (argument[length] == '=')
            return set_flag(values, &flags[i], argument + length + 1, error);
        if (flags[i].type == FLAG_SWITCH)
            return set_flag(values, &flags[i], "true", error);
        if (*index + 1 == count)
            return gd_fail(error, GD_INVALID_ARGUMENT, "", "--%s needs a value (%s)", flags[i].name,
                           flags[i].value_name);
        return set_flag(values, &flags[i], arguments[++*index], error);
    }
    return gd_fail(error, GD_INVALID_ARGUMENT, "", "there is no flag %s; --help lists them",
                   arguments[*index]);
}

void config_print_flags(FILE *stream)
{
    for (size_t i = 0; i < FLAG_COUNT_OF; i++) {
        char name[64];
        if (i > 0 && flags[i].group != flags[i - 1].group)
            fprintf(stream, "\nFlags of token add:\n");
        snprintf(name, sizeof name, "--%s %s", flags[i].name,
                 flags[i].value_name != NULL ? flags[i].value_name : "");
        fprintf(stream, "  %-26s %s\n", name, flags[i].help);
    }
}
