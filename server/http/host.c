/*
 * Host and Origin checks: a list of names, and a comparison of authorities.
 */
#include "http/host.h"

#include "http/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct http_host_rules {
    bool allows_all;
    http_host_check *check;
    void *context;
    size_t count;
    char (*names)[HTTP_HOST_BYTES];
    size_t origin_count;
    char (*origins)[HTTP_HOST_BYTES];
};

static const char *const ALWAYS[] = {"localhost", "127.0.0.1", "[::1]"};
enum {
    ALWAYS_COUNT = sizeof(ALWAYS) / sizeof(ALWAYS[0])
};

static void add_name(http_host_rules *rules, const char *name)
{
    const bool needs_brackets = strchr(name, ':') != NULL && name[0] != '[';
    char *target = rules->names[rules->count];
    const int length = snprintf(target, HTTP_HOST_BYTES, "%s%s%s", needs_brackets ? "[" : "", name,
                                needs_brackets ? "]" : "");
    if (length <= 0 || length >= HTTP_HOST_BYTES) {
        return; /* longer than any host that is parsed: could never be equal to one */
    }
    for (char *byte = target; *byte != '\0'; byte++) {
        *byte = http_text_lower(*byte);
    }
    rules->count++;
}

/* False without memory. One too long to be parsed could never be equal to a header. */
static bool add_origins(http_host_rules *rules, const char *const *origins)
{
    size_t listed = 0;
    while (origins != NULL && origins[listed] != NULL) {
        listed++;
    }
    rules->origins = calloc(listed + 1, sizeof(*rules->origins));
    for (size_t i = 0; rules->origins != NULL && i < listed; i++) {
        if (strlen(origins[i]) < HTTP_HOST_BYTES) {
            memcpy(rules->origins[rules->origin_count++], origins[i], strlen(origins[i]) + 1);
        }
    }
    return rules->origins != NULL;
}

const char *http_cors_origin(const http_host_rules *rules, const char *origin)
{
    for (size_t i = 0; origin != NULL && i < rules->origin_count; i++) {
        if (strcmp(rules->origins[i], origin) == 0) {
            return rules->origins[i];
        }
    }
    return NULL;
}

bool http_cors_is_on(const http_host_rules *rules)
{
    return rules->origin_count > 0;
}

http_host_rules *http_host_rules_create(const http_server_options *options)
{
    size_t listed = 0;
    while (options->allowed_hosts != NULL && options->allowed_hosts[listed] != NULL) {
        listed++;
    }
    http_host_rules *rules = calloc(1, sizeof(*rules));
    if (rules == NULL) {
        return NULL;
    }
    rules->names = calloc(listed + ALWAYS_COUNT + 1, sizeof(*rules->names));
    if (rules->names == NULL || !add_origins(rules, options->cors_origins)) {
        http_host_rules_destroy(rules);
        return NULL;
    }
    rules->check = options->host_check;
    rules->context = options->host_context;
    for (size_t i = 0; i < ALWAYS_COUNT; i++) {
        add_name(rules, ALWAYS[i]);
    }
    add_name(rules, options->address);
    for (size_t i = 0; i < listed; i++) {
        if (strcmp(options->allowed_hosts[i], "*") == 0) {
            rules->allows_all = true;
        } else {
            add_name(rules, options->allowed_hosts[i]);
        }
    }
    return rules;
}

void http_host_rules_destroy(http_host_rules *rules)
{
    if (rules != NULL) {
        free(rules->names);
        free(rules->origins);
        free(rules);
    }
}

static bool is_host_byte(char byte, bool in_brackets)
{
    const char lower = http_text_lower(byte);
    if (byte >= '0' && byte <= '9') {
        return true;
    }
    if (in_brackets) {
        return (lower >= 'a' && lower <= 'f') || byte == ':' || byte == '.';
    }
    return (lower >= 'a' && lower <= 'z') || byte == '-' || byte == '.' || byte == '_';
}

static bool is_port(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    return digits <= 5 && text[digits] == '\0';
}

bool http_host_parse(const char *authority, char host[HTTP_HOST_BYTES])
{
    const char *text = authority;
    size_t length = strlen(text);
    http_text_trim(&text, &length);
    const bool in_brackets = length > 0 && text[0] == '[';
    size_t used = 0;
    size_t position = 0;
    if (in_brackets) {
        host[used++] = text[position++];
    }
    while (position < length && used < HTTP_HOST_BYTES - 2 &&
           is_host_byte(text[position], in_brackets)) {
        host[used++] = http_text_lower(text[position++]);
    }
    if (in_brackets) {
        if (position == length || text[position] != ']' || used == 1) {
            return false;
        }
        host[used++] = text[position++];
    }
    host[used] = '\0';
    char port[8] = "";
    if (position < length && text[position] == ':' && length - position <= sizeof(port)) {
        memcpy(port, text + position + 1, length - position - 1);
        port[length - position - 1] = '\0';
        position = length;
    }
    return used > 0 && position == length && is_port(port);
}

bool http_host_is_allowed(const http_host_rules *rules, const char *host)
{
    if (rules->allows_all) {
        return true;
    }
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->names[i], host) == 0) {
            return true;
        }
    }
    return rules->check != NULL && rules->check(rules->context, host);
}

bool http_host_is_local_address(int descriptor, const char *host)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof(local);
    if (getsockname(descriptor, (struct sockaddr *)&local, &size) != 0) {
        return false;
    }
    char text[INET6_ADDRSTRLEN] = "";
    char wanted[INET6_ADDRSTRLEN + 2] = "";
    if (local.ss_family == AF_INET) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)&local;
        (void)inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
        snprintf(wanted, sizeof(wanted), "%s", text);
    } else if (local.ss_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&local;
        if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
            (void)inet_ntop(AF_INET, &address->sin6_addr.s6_addr[12], text, sizeof(text));
            snprintf(wanted, sizeof(wanted), "%s", text);
        } else {
            (void)inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
            snprintf(wanted, sizeof(wanted), "[%s]", text);
        }
    }
    return text[0] != '\0' && strcmp(wanted, host) == 0;
}

bool http_origin_is_host(const char *origin, const char *host_value)
{
    const char *separator = strstr(origin, "://");
    const char *host = host_value;
    size_t host_length = host_value == NULL ? 0 : strlen(host_value);
    http_text_trim(&host, &host_length);
    if (separator == NULL || host_length == 0) {
        return false;
    }
    const char *authority = separator + 3;
    return strlen(authority) == host_length && http_text_starts(host, host_length, authority);
}
