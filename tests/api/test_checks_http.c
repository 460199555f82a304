/*
 * test_checks_http.c: numbered checks 1 to 13 and 45 of docs/reliability.md against the real program:
 * requests that two readers could take differently, what is too long, and clients that are too slow.
 * Each attack is answered and its connection closed, nothing behind it runs, and the next client is
 * served.
 */
#include "api/specs.h"
#include "support/client.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT    (90.0 * SERVICE_PATIENCE)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECONDS  5.0 /* an answer comes within */

/* Behind every attack; a reply to it would say "alive". */
#define HIDDEN "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define POST   "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* One of two statuses: where a newer HTTP library refuses first, it may say so in its own way. */
static void expect_refused(service *it, const char *attack, int status, int other)
{
    const char *answer = client_raw(it, attack, strlen(attack), SECONDS);
    int got = status_of(answer);
    cr_expect(got == status || got == other, "%d in place of %d for:\n%.300s", got, status, attack);
    cr_expect_null(strstr(answer, "alive"), "a second request ran behind:\n%.300s\n%s", attack,
                   answer);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
}

static void expect_all_refused(const char *const *attacks, size_t count, int status, int other)
{
    service *it = service_start(1);
    for (size_t i = 0; i < count; i++)
        expect_refused(it, attacks[i], status, other);
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 0, "a job was made");
    service_destroy(it);
}

Test(checks, n01_two_content_lengths, .timeout = LIMIT)
{
    static const char *const attacks[] = {
        POST "Content-Length: 2\r\nContent-Length: 46\r\n\r\n{}" HIDDEN,
        POST "Content-Length: 46\r\nContent-Length: 2\r\n\r\n{}" HIDDEN,
        POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" HIDDEN,
        POST "Content-Length: 2, 2\r\n\r\n{}" HIDDEN,
    };
    expect_all_refused(attacks, COUNT(attacks), 400, 400);
}

Test(checks, n02_content_length_with_transfer_encoding, .timeout = LIMIT)
{
    static const char *const attacks[] = {
        POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN,
        POST "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" HIDDEN,
    };
    expect_all_refused(attacks, COUNT(attacks), 400, 400);
}

Test(checks, n03_unknown_or_doubled_transfer_encoding_at_once, .timeout = LIMIT)
{
    static const char *const codings[] = {"gzip, chunked", "xchunked", "chunked, chunked",
                                          "identity", "chunked\r\nTransfer-Encoding: chunked"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(codings); i++) {
        double start = service_now();
        expect_refused(it,
                       client_text(it, POST "Transfer-Encoding: %s\r\n\r\n2\r\n{}\r\n0\r\n\r\n%s",
                                   codings[i], HIDDEN),
                       400, 501);
        cr_expect_lt(service_now() - start, 1.0 * SERVICE_PATIENCE, "%s", codings[i]);
    }
    service_destroy(it);
}

Test(checks, n04_content_length_over_the_cap_at_once, .timeout = LIMIT)
{
    static const char *const lengths[] = {"1000000000000", "9223372036854775808",
                                          "18446744073709551615", "18446744073709551616",
                                          "99999999999999999999999999"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        double start = service_now();
        expect_refused(it, client_text(it, POST "Content-Length: %s\r\n\r\n", lengths[i]), 413,
                       413);
        cr_expect_lt(service_now() - start, 1.0 * SERVICE_PATIENCE, "%s", lengths[i]);
    }
    service_destroy(it);
}

/* Resident memory in bytes. */
static double resident(const service *it)
{
    char path[64];
    long pages = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)it->process);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

Test(checks, n05_chunked_body_past_the_cap, .timeout = LIMIT)
{
    service *it = service_start(1);
    size_t length = (size_t)200 << 20;
    char *large = malloc(length);
    cr_assert_not_null(large);
    memset(large, ' ', length);
    client_request what = {.method = "POST",
                           .path = "/v1/jobs",
                           .headers = CLIENT_HEADERS("Content-Type: application/json"),
                           .body = large,
                           .length = length,
                           .chunked = true};
    (void)client_get(it, "/v1/jobs");
    double before = resident(it);
    for (int i = 0; i < 3; i++) {
        const reply *got = client_send(it, &what);
        cr_expect(got->status == 413 || got->status == 0, "%d %s", got->status, got->body);
    }
    /* Sanitizers keep freed memory for a while. */
    if (SERVICE_PATIENCE == 1)
        cr_expect_lt(resident(it) - before, 80e6, "%.0f more bytes", resident(it) - before);
    free(large);
    service_destroy(it);
}

Test(checks, n06_hosts_header_names_and_control_bytes, .timeout = LIMIT)
{
    static const char *const attacks[] = {
        "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: user@localhost\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX : 1\r\n\r\n" HIDDEN,
        "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX\x01Y: 1\r\n\r\n" HIDDEN,
        "GET /v1/jobs\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN,
        "GET /v1/jobs%0d%0a HTTP/1.1\r\nHost: localhost\r\n\r\n" HIDDEN,
    };
    expect_all_refused(attacks, COUNT(attacks), 400, 400);
    /* A NUL in a value cannot be seen below: it must at least have no effect. */
    static const char nul[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "X: a\0b\r\n\r\n";
    service *it = service_start(1);
    int status = status_of(client_raw(it, nul, sizeof nul - 1, SECONDS));
    cr_expect(status == 200 || status == 400, "%d", status);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    service_destroy(it);
}

Test(checks, n07_paths_lead_to_no_file, .timeout = LIMIT)
{
    static const char *const paths[] = {"/..%2f..%2fetc%2fpasswd",
                                        "/../../../../etc/passwd",
                                        "/v1/jobs/..%2f..%2fdescentd.db",
                                        "/v1/jobs/%2e%2e/datasets",
                                        "/v1/jobs%00",
                                        "/v1/datasets/../descentd.db",
                                        "//etc/passwd",
                                        "/v1/jobs/..\\..\\x",
                                        "/assets/../index.html",
                                        "/descentd.db",
                                        "/%",
                                        "/nothing"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *request = client_text(
            it, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", paths[i]);
        const char *answer = client_raw(it, request, strlen(request), SECONDS);
        int status = status_of(answer);
        cr_expect(status == 400 || status == 404, "%s: %d", paths[i], status);
        cr_expect_null(strstr(answer, "root:"), "%s", answer);
        cr_expect_null(strstr(answer, "SQLite format"), "%s", answer);
        cr_expect_null(strstr(answer, it->data), "a path of the machine: %s", answer);
    }
    service_destroy(it);
}

Test(checks, n08_wrong_methods_and_head, .timeout = LIMIT)
{
    static const char *const wrong[][2] = {{"PUT", "/v1/jobs"},
                                           {"DELETE", "/v1/jobs"},
                                           {"POST", "/v1/catalog"},
                                           {"PATCH", "/v1/datasets"},
                                           {"BREW", "/v1/jobs"}};
    static const char *const readable[] = {"/v1/jobs", "/v1/catalog", "/v1/version", "/healthz",
                                           "/v1/datasets"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        client_request what = {.method = wrong[i][0], .path = wrong[i][1]};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 405, "%s %s: %d", wrong[i][0], wrong[i][1], got->status);
        cr_expect_not_null(strstr(reply_header_or_empty(got, "Allow"), "GET"), "%s", wrong[i][1]);
    }
    for (size_t i = 0; i < COUNT(readable); i++) {
        const reply *head = client_head(it, "%s", readable[i]);
        const reply *whole = client_get(it, "%s", readable[i]);
        ASSERT_STATUS(head, whole->status);
        cr_expect_eq(head->length, 0);
        cr_expect_str_eq(reply_header_or_empty(head, "Content-Length"),
                         reply_header_or_empty(whole, "Content-Length"), "%s", readable[i]);
        cr_expect_str_eq(reply_header_or_empty(head, "ETag"), reply_header_or_empty(whole, "ETag"),
                         "%s", readable[i]);
    }
    service_destroy(it);
}

Test(checks, n09_a_post_without_the_json_type_is_415, .timeout = LIMIT)
{
    static const char *const types[] = {"Content-Type: text/plain",
                                        "Content-Type: application/x-www-form-urlencoded",
                                        "Content-Type: multipart/form-data; boundary=x",
                                        "Content-Type: application/jsonp", "Content-Type:"};
    service *it = service_start(1);
    for (size_t i = 0; i < COUNT(types); i++) {
        const char *text = client_json(it, SPEC_TINY);
        client_request what = {.method = "POST",
                               .path = "/v1/jobs",
                               .headers = CLIENT_HEADERS(types[i]),
                               .body = text,
                               .length = strlen(text)};
        const reply *got = client_send(it, &what);
        cr_expect_eq(got->status, 415, "%s: %d", types[i], got->status);
    }
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 0);
    service_destroy(it);
}

/* `count` times `piece` between `before` and `after`; the caller's to free. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    size_t length = strlen(piece), start = strlen(before), end = strlen(after);
    char *text = malloc(start + count * length + end + 1);
    cr_assert_not_null(text);
    memcpy(text, before, start);
    for (size_t i = 0; i < count; i++)
        memcpy(text + start + i * length, piece, length);
    memcpy(text + start + count * length, after, end + 1);
    return text;
}

Test(checks, n10_a_long_uri_is_414_and_many_headers_are_431, .timeout = LIMIT)
{
    service *it = service_start(1);
    char *uri = repeat("GET /v1/jobs?name=", "a", 40000, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    char *lines =
        repeat("GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n", "X-A: 1\r\n", 3000, "\r\n");
    char *value = repeat("GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: ", "a", 40000, "\r\n\r\n");
    expect_refused(it, uri, 414, 414);
    /* With bytes still on their way, closing may overtake the answer. */
    expect_refused(it, lines, 431, 0);
    expect_refused(it, value, 431, 0);
    free(uri);
    free(lines);
    free(value);
    service_destroy(it);
}

/* --- Slow clients -------------------------------------------------------------------------- */

static int connect_raw(const service *it, int receive_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)it->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    if (receive_bytes > 0)
        (void)setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    cr_assert_eq(connect(connection, (struct sockaddr *)&address, sizeof address), 0);
    return connection;
}

static void send_text(int connection, const char *text)
{
    cr_assert_eq(send(connection, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* One byte a quarter of a second until the other side has had enough; seconds that took. */
static double drip(int connection, double seconds)
{
    double start = service_now();
    char byte;
    while (service_now() - start < seconds) {
        if (send(connection, "1", 1, MSG_NOSIGNAL) != 1 ||
            recv(connection, &byte, 1, MSG_DONTWAIT) == 0)
            break;
        service_sleep(0.25);
    }
    return service_now() - start;
}

static off_t log_size(const service *it)
{
    char path[SERVICE_PATH_SIZE + 8];
    struct stat facts;
    (void)snprintf(path, sizeof path, "%s/log", it->directory);
    cr_assert_eq(stat(path, &facts), 0);
    return facts.st_size;
}

/* Sockets the program has open. */
static int count_sockets(const service *it)
{
    char folder[64];
    int count = 0;
    (void)snprintf(folder, sizeof folder, "/proc/%d/fd", (int)it->process);
    DIR *directory = opendir(folder);
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char target[64];
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target);
        count += length > 7 && strncmp(target, "socket:", 7) == 0;
    }
    closedir(directory);
    return count;
}

Test(checks, n12_a_body_that_drips_is_cut_and_leaves_no_job, .timeout = LIMIT)
{
    service *it = service_start(1);
    int connection = connect_raw(it, 0);
    send_text(connection, POST "Content-Length: 2000\r\n\r\n{\"model\": ");
    cr_expect_lt(drip(connection, 30), 15.0 * SERVICE_PATIENCE, "the deadline is 10 s");
    close(connection);
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 0);
    service_destroy(it);
}

Test(checks, n13_a_reply_that_is_not_read_is_cut_and_the_log_stays_short, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job =
        client_run(it, 60,
                   "{'model': {'type': 'mlp', 'hidden': [1000, 1000]}, 'data': {'generator': "
                   "{'type': 'moons', 'samples': 32, 'seed': 1}}, 'training': {'steps': 1}}");
    off_t before = log_size(it);
    service_sleep(0.5); /* the connection of the last request closes */
    int idle = count_sockets(it);
    int connection = connect_raw(it, 4096);
    send_text(connection, client_text(it,
                                      "GET /v1/jobs/%s/parameters HTTP/1.1\r\nHost: localhost\r\n"
                                      "\r\n",
                                      reply_text(job, "/id")));
    char byte;
    double start = service_now();
    service_sleep(1);
    cr_expect_gt(count_sockets(it), idle, "the reply fits into the kernel's buffers");
    /* A byte a second: what was sent already waits in the kernel. */
    while (count_sockets(it) > idle && service_now() - start < 60 * SERVICE_PATIENCE) {
        cr_assert_neq(recv(connection, &byte, 1, MSG_DONTWAIT), 0);
        service_sleep(1);
    }
    cr_expect_lt(service_now() - start, 40.0 * SERVICE_PATIENCE, "the reply was not cut");
    cr_expect_lt(log_size(it) - before, 2000);
    close(connection);
    service_destroy(it);
}

/* --- Other sites --------------------------------------------------------------------------- */

Test(checks, n45_other_sites_and_forms_can_write_nothing, .timeout = LIMIT)
{
    static const char *const origins[] = {"Origin: http://evil.example", "Origin: null",
                                          "Origin: http://localhost.evil.example",
                                          "Sec-Fetch-Site: cross-site"};
    service *it = service_start(1);
    const char *spec = client_json(it, SPEC_TINY);
    for (size_t i = 0; i < COUNT(origins); i++) {
        const reply *got = client_post_text(it, "/v1/jobs", origins[i], spec);
        cr_expect_eq(got->status, 403, "%s: %d", origins[i], got->status);
        cr_expect_null(reply_header(got, "Access-Control-Allow-Origin"));
    }
    static const char form[] = "model=linear&data=moons";
    client_request what = {.method = "POST",
                           .path = "/v1/jobs",
                           .headers =
                               CLIENT_HEADERS("Content-Type: application/x-www-form-urlencoded",
                                              "Origin: http://evil.example"),
                           .body = form,
                           .length = sizeof form - 1};
    int status = client_send(it, &what)->status;
    cr_expect(status == 403 || status == 415, "%d", status);
    const reply *read = client_get_with(it, "Origin: http://evil.example", "/v1/jobs");
    cr_expect_null(reply_header(read, "Access-Control-Allow-Origin"));
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 0);
    service_destroy(it);
}
