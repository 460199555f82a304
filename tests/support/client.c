/*
 * client.c: one libcurl handle a request, replies in a list of the service's. Headers are taken apart
 * once, bodies are parsed when their type says JSON.
 */
#include "support/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- What the service owns ----------------------------------------------------------------- */

static reply *new_reply(service *it)
{
    reply *made = calloc(1, sizeof *made);
    cr_assert_not_null(made);
    made->owner = it;
    pthread_mutex_lock(&it->lock);
    made->next = it->replies;
    it->replies = made;
    pthread_mutex_unlock(&it->lock);
    return made;
}

static void free_reply(reply *it)
{
    free(it->body);
    free(it->header_text);
    cJSON_Delete(it->json);
    free(it);
}

void client_release(service *it)
{
    while (it->replies != NULL) {
        reply *next = it->replies->next;
        free_reply(it->replies);
        it->replies = next;
    }
}

void client_drop(const reply *dropped)
{
    service *it = dropped->owner;
    reply *found = NULL;
    pthread_mutex_lock(&it->lock);
    for (reply **at = &it->replies; *at != NULL && found == NULL; at = &(*at)->next) {
        if (*at == dropped) {
            found = *at;
            *at = found->next;
            break;
        }
    }
    pthread_mutex_unlock(&it->lock);
    if (found != NULL)
        free_reply(found);
}

static char *__attribute__((format(printf, 1, 0)))
format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    cr_assert_geq(vasprintf(&text, format, arguments), 0);
    return text;
}

static char *turn_quotes(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return text;
}

/* Makes `text` the service's. */
static const char *own_text(service *it, char *text)
{
    reply *holder = new_reply(it);
    holder->body = text;
    holder->length = strlen(text);
    return text;
}

/* `text` gets what the caller's format gives. */
#define FORMATTED(text, last)                   \
    char *text;                                 \
    {                                           \
        va_list arguments_;                     \
        va_start(arguments_, last);             \
        (text) = format_text(last, arguments_); \
        va_end(arguments_);                     \
    }

const char *client_text(service *it, const char *format, ...)
{
    FORMATTED(text, format)
    return own_text(it, text);
}

const char *client_json(service *it, const char *json, ...)
{
    FORMATTED(text, json)
    return own_text(it, turn_quotes(text));
}

/* --- One request --------------------------------------------------------------------------- */

typedef struct gathered {
    char *bytes;
    size_t length;
} gathered;

static size_t gather(char *bytes, size_t size, size_t count, void *context)
{
    gathered *into = context;
    size_t length = size * count;
    char *grown = realloc(into->bytes, into->length + length + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + into->length, bytes, length);
    into->bytes = grown;
    into->length += length;
    grown[into->length] = '\0';
    return length;
}

typedef struct upload {
    const char *bytes;
    size_t left;
} upload;

static size_t give(char *into, size_t size, size_t count, void *context)
{
    upload *from = context;
    size_t length = size * count < from->left ? size * count : from->left;
    memcpy(into, from->bytes, length);
    from->bytes += length;
    from->left -= length;
    return length;
}

/* Splits the header lines; an interim reply's (100) are let go. */
static void take_headers(reply *into, char *text)
{
    into->header_text = text;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        if (strncmp(line, "HTTP/", 5) == 0) {
            into->header_count = 0;
            continue;
        }
        char *colon = strchr(line, ':');
        if (colon == NULL || into->header_count == REPLY_HEADERS_MAXIMUM)
            continue;
        *colon = '\0';
        into->names[into->header_count] = line;
        into->values[into->header_count++] = colon + 1 + strspn(colon + 1, " ");
    }
}

static struct curl_slist *list_headers(const service *it, const client_request *what)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool typed = false, authorised = it->bearer == NULL;
    for (size_t i = 0; what->headers != NULL && what->headers[i] != NULL; i++) {
        typed = typed || strncasecmp(what->headers[i], "Content-Type:", 13) == 0;
        authorised = authorised || strncasecmp(what->headers[i], "Authorization:", 14) == 0;
        list = curl_slist_append(list, what->headers[i]);
    }
    if (what->chunked)
        list = curl_slist_append(list, "Transfer-Encoding: chunked");
    if (!typed)
        list = curl_slist_append(list, "Content-Type:");
    if (!authorised) {
        char header[256];
        snprintf(header, sizeof header, "Authorization: Bearer %s", it->bearer);
        list = curl_slist_append(list, header);
    }
    return list;
}

static void set_body(CURL *curl, const client_request *what, upload *from)
{
    if (what->chunked) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(curl, CURLOPT_READDATA, from);
    } else if (what->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what->body);
    } else if (strcmp(what->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    if (strcmp(what->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, what->method);
}

const reply *client_send(service *it, const client_request *what)
{
    reply *made = new_reply(it);
    gathered headers = {0}, body = {0};
    upload from = {what->body, what->length};
    char *address;
    cr_assert_geq(asprintf(&address, "http%s://%s%s", it->tls ? "s" : "", it->address, what->path),
                  0);
    CURL *curl = curl_easy_init();
    cr_assert_not_null(curl);
    struct curl_slist *list = list_headers(it, what);
    double seconds = what->seconds > 0 ? what->seconds : CLIENT_SECONDS;
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(seconds * 1000));
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, gather);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    set_body(curl, what, &from);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    made->status = code == CURLE_OK ? (int)status : 0;
    if (code != CURLE_OK)
        snprintf(made->failure, sizeof made->failure, "%s %.150s: %s ", what->method, what->path,
                 curl_easy_strerror(code));
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    free(address);
    made->body = body.bytes != NULL ? body.bytes : strdup("");
    made->length = body.length;
    if (headers.bytes != NULL)
        take_headers(made, headers.bytes);
    if (strstr(reply_header_or_empty(made, "Content-Type"), "json") != NULL && made->length > 0)
        made->json = cJSON_ParseWithLength(made->body, made->length);
    return made;
}

/* --- Requests by kind ---------------------------------------------------------------------- */

static const reply *send_plain(service *it, const char *method, const char *header, char *path)
{
    const char *const headers[] = {header, NULL};
    client_request what = {.method = method, .path = path, .headers = headers};
    const reply *got = client_send(it, &what);
    free(path);
    return got;
}

const reply *client_get(service *it, const char *path, ...)
{
    FORMATTED(text, path)
    return send_plain(it, "GET", NULL, text);
}

const reply *client_head(service *it, const char *path, ...)
{
    FORMATTED(text, path)
    return send_plain(it, "HEAD", NULL, text);
}

const reply *client_delete(service *it, const char *path, ...)
{
    FORMATTED(text, path)
    return send_plain(it, "DELETE", NULL, text);
}

const reply *client_get_with(service *it, const char *header, const char *path, ...)
{
    FORMATTED(text, path)
    return send_plain(it, "GET", header, text);
}

static const reply *send_text(service *it, const char *method, const char *path, const char *type,
                              const char *header, const char *text)
{
    const char *const headers[] = {type, header, NULL};
    client_request what = {
        .method = method, .path = path, .headers = headers, .body = text, .length = strlen(text)};
    return client_send(it, &what);
}

const reply *client_post_text(service *it, const char *path, const char *header, const char *text)
{
    return send_text(it, "POST", path, "Content-Type: application/json", header, text);
}

const reply *client_post(service *it, const char *path, const char *json, ...)
{
    FORMATTED(text, json)
    const reply *got = client_post_text(it, path, NULL, turn_quotes(text));
    free(text);
    return got;
}

const reply *client_patch(service *it, const char *path, const char *json, ...)
{
    FORMATTED(text, json)
    const reply *got = send_text(it, "PATCH", path, "Content-Type: application/merge-patch+json",
                                 NULL, turn_quotes(text));
    free(text);
    return got;
}

const reply *client_act(service *it, const char *id, const char *action)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/jobs/%.40s/%.40s", id, action);
    client_request what = {.method = "POST", .path = path};
    return client_send(it, &what);
}

const char *client_upload(service *it, const char *query, const char *csv)
{
    const char *path = client_text(it, "/v1/datasets%s", query);
    const reply *got = send_text(it, "POST", path, "Content-Type: text/csv", NULL, csv);
    ASSERT_STATUS(got, 201);
    return reply_text(got, "/id");
}

const char *client_upload_file(service *it, const char *query, const char *path)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "cannot open %s", path);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    cr_assert_geq(length, 0);
    rewind(file);
    char *text = calloc(1, (size_t)length + 1);
    cr_assert_not_null(text);
    cr_assert_eq(fread(text, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    return client_upload(it, query, own_text(it, text));
}

/* --- Bytes as they are --------------------------------------------------------------------- */

int client_connect(const service *it)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)it->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    cr_assert_eq(connect(connection, (struct sockaddr *)&address, sizeof address), 0);
    return connection;
}

static void send_all(int connection, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(connection, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the other side may have answered and closed already */
        bytes += sent;
        length -= (size_t)sent;
    }
}

const char *client_raw(service *it, const void *bytes, size_t length, double seconds)
{
    int connection = client_connect(it);
    send_all(connection, bytes, length);
    gathered got = {0};
    double deadline = service_now() + seconds * SERVICE_PATIENCE;
    for (;;) {
        char piece[4096];
        struct pollfd wait = {connection, POLLIN, 0};
        double left = deadline - service_now();
        if (left <= 0 || poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
            break;
        ssize_t count = recv(connection, piece, sizeof piece, 0);
        if (count <= 0)
            break;
        gather(piece, 1, (size_t)count, &got);
    }
    close(connection);
    return own_text(it, got.bytes != NULL ? got.bytes : strdup(""));
}
