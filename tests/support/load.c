/*
 * load.c: see load.h.
 */
#include "support/load.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t gather(char *bytes, size_t size, size_t count, void *context)
{
    load_client *client = context;
    size_t length = size * count;
    if (client->length + length + 1 > client->capacity) {
        client->capacity = 2 * (client->length + length + 1);
        client->body = realloc(client->body, client->capacity);
        if (client->body == NULL)
            return 0;
    }
    memcpy(client->body + client->length, bytes, length);
    client->length += length;
    client->body[client->length] = '\0';
    return length;
}

static size_t note_header(char *bytes, size_t size, size_t count, void *context)
{
    load_client *client = context;
    size_t length = size * count;
    if (length > 6 && length < sizeof client->etag && strncasecmp(bytes, "etag: ", 6) == 0) {
        memcpy(client->etag, bytes + 6, length - 6);
        client->etag[length - 6] = '\0';
        client->etag[strcspn(client->etag, "\r\n")] = '\0';
    }
    return length;
}

void load_client_open(load_client *client, const service *it)
{
    memset(client, 0, sizeof *client);
    snprintf(client->base, sizeof client->base, "http://%s", it->address);
    client->curl = curl_easy_init();
    cr_assert_not_null(client->curl);
}

void load_client_close(load_client *client)
{
    curl_easy_cleanup(client->curl);
    free(client->body);
}

int load_ask(load_client *client, const char *method, const char *path, const char *body,
             const char *etag)
{
    char url[512], header[192];
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    CURL *curl = client->curl;
    long status = 0;
    snprintf(url, sizeof url, "%s%s", client->base, path);
    if (body != NULL)
        list = curl_slist_append(list, body[0] == '{' ? "Content-Type: application/json"
                                                      : "Content-Type: text/csv");
    if (etag != NULL && etag[0] != '\0') {
        snprintf(header, sizeof header, "If-None-Match: %s", etag);
        list = curl_slist_append(list, header);
    }
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, note_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    client->length = 0;
    client->etag[0] = '\0';
    if (client->body != NULL)
        client->body[0] = '\0';
    double start = service_now();
    CURLcode code = curl_easy_perform(curl);
    client->seconds = service_now() - start;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    client->status = code == CURLE_OK ? (int)status : 0;
    return client->status;
}

bool load_first_id(const load_client *client, char id[37])
{
    const char *at = client->body != NULL ? strstr(client->body, "\"id\":\"") : NULL;
    if (at == NULL || strlen(at) < 6 + 36)
        return false;
    memcpy(id, at + 6, 36);
    id[36] = '\0';
    return true;
}

int64_t load_resident_kilobytes(const service *it)
{
    char path[64], line[256];
    long long kilobytes = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)it->process);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmRSS: %lld kB", &kilobytes) == 1)
            break;
    fclose(file);
    cr_assert_gt(kilobytes, 0);
    return kilobytes;
}

int load_descriptors(const service *it)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)it->process);
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2;
}

double load_processor_seconds(const service *it)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)it->process);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *rest = strrchr(text, ')');
    cr_assert_not_null(rest);
    cr_assert_eq(
        sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

int64_t load_log_bytes(const service *it)
{
    char path[SERVICE_PATH_SIZE + 8];
    struct stat facts;
    snprintf(path, sizeof path, "%s/log", it->directory);
    return stat(path, &facts) == 0 ? (int64_t)facts.st_size : 0;
}

int64_t load_setting(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? strtoll(text, NULL, 10) : otherwise;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double load_percentile(double *values, size_t count, double p)
{
    cr_assert_gt(count, 0u);
    qsort(values, count, sizeof *values, compare);
    size_t index = (size_t)ceil(p * (double)count);
    return values[index > 0 ? index - 1 : 0];
}

double load_slope(const double *times, const double *values, size_t count)
{
    double time = 0, value = 0, both = 0, square = 0;
    for (size_t i = 0; i < count; i++) {
        time += times[i] / (double)count;
        value += values[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        both += (times[i] - time) * (values[i] - value);
        square += (times[i] - time) * (times[i] - time);
    }
    return square > 0 ? both / square : 0;
}

int load_connect(const service *it)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)it->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return -1;
    /* In progress is as good: what waits in the backlog is part of what is looked at. */
    (void)connect(connection, (struct sockaddr *)&address, sizeof address);
    return connection;
}
