/*
 * test_tls.c: HTTPS: the same answers, the same guards against ambiguous framing and slow clients, and
 * what is refused as a certificate or key. The certificate is made by the openssl program.
 */
#include "api/specs.h"
#include "support/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

typedef struct pair {
    char certificate[SERVICE_PATH_SIZE + 32], key[SERVICE_PATH_SIZE + 32];
} pair;

static void make_pair(const service *it, const char *name, pair *made)
{
    char command[4 * SERVICE_PATH_SIZE];
    snprintf(made->certificate, sizeof made->certificate, "%s/%s.pem", it->directory, name);
    snprintf(made->key, sizeof made->key, "%s/%s.key", it->directory, name);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "
             "'%s' -out '%s' -days 2 -subj /CN=localhost >/dev/null 2>&1 && chmod 600 '%s'",
             made->key, made->certificate, made->key);
    cr_assert_eq(system(command), 0, "openssl (a package of that name) made no certificate");
}

static service *start_secure(pair *made)
{
    service *it = service_create(1);
    make_pair(it, "tls", made);
    it->arguments[0] = "--tls-certificate";
    it->arguments[1] = made->certificate;
    it->arguments[2] = "--tls-key";
    it->arguments[3] = made->key;
    it->arguments[4] = "--max-upload=1M";
    it->arguments[5] = "--allow-host=service.example";
    service_restart(it);
    cr_assert(it->tls);
    return it;
}

Test(api_tls, answers_are_those_of_http, .timeout = LIMIT)
{
    pair files;
    service *it = start_secure(&files);
    const reply *got = client_get(it, "/healthz");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_header_or_empty(got, "X-Content-Type-Options"), "nosniff");
    const reply *job = client_run(it, LIMIT / 2, SPEC_SHAPES);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/curve", reply_text(job, "/id")), 200);
    ASSERT_STATUS(client_get_with(it, "Host: evil.example", "/healthz"), 400);
    ASSERT_STATUS(client_get_with(it, "Host: service.example", "/healthz"), 200);
    ASSERT_STATUS(client_get_with(it, "Host: service.example:8443", "/healthz"), 200);
    program_run health = SERVICE_PROGRAM("health", "--listen", it->address, "--tls-certificate",
                                         files.certificate, "--tls-key", files.key);
    cr_expect_eq(health.status, 0, "%s", health.errors);
    service_destroy(it);
}

/* An answer in the middle of a body goes through the session, never past it. */
Test(api_tls, a_body_that_is_too_long_is_answered_on_the_way, .timeout = LIMIT)
{
    pair files;
    service *it = start_secure(&files);
    size_t length = (size_t)4 << 20;
    char *text = malloc(length);
    cr_assert_not_null(text);
    memset(text, 'a', length);
    const char *const headers[] = {"Content-Type: text/plain", NULL};
    client_request what = {.method = "POST",
                           .path = "/v1/datasets",
                           .headers = headers,
                           .body = text,
                           .chunked = true};
    what.length = (size_t)500 << 10;
    ASSERT_STATUS(client_send(it, &what), 201);
    for (int i = 0; i < 5; i++) {
        what.length = length;
        const reply *refused = client_send(it, &what);
        ASSERT_STATUS(refused, 413);
        reply_expect_problem(refused, "413");
    }
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    free(text);
    service_destroy(it);
}

/* The bytes sent through a session of their own; what came back. */
static const char *secure_raw(service *it, const char *bytes)
{
    static char got[16384];
    size_t used = 0, count = 0;
    char address[128];
    snprintf(address, sizeof address, "https://%s/", it->address);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    cr_assert_eq(curl_easy_perform(curl), CURLE_OK);
    cr_assert_eq(curl_easy_send(curl, bytes, strlen(bytes), &count), CURLE_OK);
    double deadline = service_now() + 5 * SERVICE_PATIENCE;
    while (service_now() < deadline && used < sizeof got - 1) {
        CURLcode code = curl_easy_recv(curl, got + used, sizeof got - 1 - used, &count);
        if (code == CURLE_AGAIN) {
            service_sleep(0.01);
            continue;
        }
        if (code != CURLE_OK || count == 0)
            break;
        used += count;
    }
    got[used] = '\0';
    curl_easy_cleanup(curl);
    return got;
}

Test(api_tls, ambiguous_framing_is_refused, .timeout = LIMIT)
{
    pair files;
    service *it = start_secure(&files);
    const char *hidden = "GET /v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const char *got = secure_raw(
        it, client_text(it,
                        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(hidden), hidden));
    cr_expect_eq(strncmp(got, "HTTP/1.1 400", 12), 0, "%s", got);
    cr_expect_null(strstr(got, "kernels"), "the hidden request ran: %s", got);
    got = secure_raw(it,
                     "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    cr_expect_eq(strncmp(got, "HTTP/1.1 400", 12), 0, "%s", got);
    service_destroy(it);
}

Test(api_tls, old_versions_and_plain_requests_get_nothing, .timeout = LIMIT)
{
    pair files;
    service *it = start_secure(&files);
    static const long versions[] = {CURL_SSLVERSION_MAX_TLSv1_1, CURL_SSLVERSION_MAX_TLSv1_2,
                                    CURL_SSLVERSION_MAX_TLSv1_3};
    for (int i = 0; i < 3; i++) {
        char address[128];
        snprintf(address, sizeof address, "https://%s/healthz", it->address);
        CURL *curl = curl_easy_init();
        curl_easy_setopt(curl, CURLOPT_URL, address);
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_0 | versions[i]);
        CURLcode code = curl_easy_perform(curl);
        cr_expect_eq(code == CURLE_OK, i > 0, "%d: %s", i, curl_easy_strerror(code));
        curl_easy_cleanup(curl);
    }
    const char *plain = "GET /v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const char *got = client_raw(it, plain, strlen(plain), 3);
    cr_expect_null(strstr(got, "kernels"), "%s", got);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    service_destroy(it);
}

/* Ten seconds for a request are for its handshake too. */
Test(api_tls, a_handshake_that_drips_is_cut, .timeout = LIMIT)
{
    pair files;
    service *it = start_secure(&files);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)it->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    /* The head of a handshake record of 512 bytes, and of a ClientHello in it. */
    static const unsigned char head[] = {22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(connection, (struct sockaddr *)&address, sizeof address), 0);
    double start = service_now(), seconds = 0;
    bool is_open = true;
    for (size_t i = 0; is_open && seconds < 20 * SERVICE_PATIENCE; i++) {
        unsigned char byte = i < sizeof head ? head[i] : 7;
        struct pollfd wait = {connection, POLLIN, 0};
        is_open = send(connection, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&wait, 1, 200) == 0;
        seconds = service_now() - start;
    }
    close(connection);
    cr_expect_not(is_open, "still open after %g s", seconds);
    cr_expect_gt(seconds, 5);
    cr_expect_lt(seconds, 14 * SERVICE_PATIENCE);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    service_destroy(it);
}

static void expect_no_start(const service *it, const char *certificate, const char *key,
                            const char *word)
{
    program_run run = SERVICE_PROGRAM("serve", "--listen=127.0.0.1:0", "--workers=0", "--data-dir",
                                      it->data, "--tls-certificate", certificate, "--tls-key", key);
    cr_expect_eq(run.status, 1, "%s", run.output);
    cr_expect_not_null(strstr(run.errors, word), "no \"%s\" in: %s", word, run.errors);
}

Test(api_tls, a_pair_that_is_none_is_refused, .timeout = LIMIT)
{
    service *it = service_create(0);
    pair one, two;
    make_pair(it, "one", &one);
    make_pair(it, "two", &two);
    expect_no_start(it, one.certificate, two.key, "no certificate with its key");
    expect_no_start(it, one.key, one.key, "no certificate with its key");
    expect_no_start(it, one.certificate, "/no/such/key", "/no/such/key");
    cr_assert_eq(chmod(one.key, 0644), 0);
    expect_no_start(it, one.certificate, one.key, "open to others");
    service_destroy(it);
}

/* --- Renewal ------------------------------------------------------------------------------- */

/* True if a new client that trusts this certificate alone is answered. */
static bool presents(const service *it, const char *certificate)
{
    char address[128];
    snprintf(address, sizeof address, "https://%s/healthz", it->address);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CAINFO, certificate);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    cr_assert(code == CURLE_OK || code == CURLE_PEER_FAILED_VERIFICATION, "%s",
              curl_easy_strerror(code));
    return code == CURLE_OK;
}

static void await_presented(const service *it, const char *certificate)
{
    double deadline = service_now() + 10 * SERVICE_PATIENCE;
    while (!presents(it, certificate)) {
        cr_assert_lt(service_now(), deadline, "%s is not presented", certificate);
        service_sleep(0.1);
    }
}

static bool log_says(const service *it, const char *words)
{
    char path[SERVICE_PATH_SIZE + 8];
    static char text[65536];
    snprintf(path, sizeof path, "%s/log", it->directory);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strstr(text, words) != NULL;
}

static void copy_over(const char *from, const char *to)
{
    char command[4 * SERVICE_PATH_SIZE];
    snprintf(command, sizeof command, "cp '%s' '%s.new' && chmod 600 '%s.new' && mv '%s.new' '%s'",
             from, to, to, to, to);
    cr_assert_eq(system(command), 0);
}

Test(api_tls, a_renewed_certificate_is_taken_and_a_broken_one_is_not, .timeout = LIMIT)
{
    pair files, first, second;
    service *it = start_secure(&files);
    make_pair(it, "first", &first);
    make_pair(it, "second", &second);
    cr_expect(presents(it, files.certificate));
    cr_expect(!presents(it, second.certificate));
    copy_over(second.certificate, files.certificate); /* for a moment without its key */
    (void)presents(it, second.certificate);
    copy_over(second.key, files.key);
    await_presented(it, second.certificate);
    /* A client of before is served on, over the session it has. */
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    copy_over(first.certificate, files.certificate);
    double deadline = service_now() + 10 * SERVICE_PATIENCE;
    while (!log_says(it, "the certificate before stays in use")) {
        cr_expect(presents(it, second.certificate));
        cr_assert_lt(service_now(), deadline, "a certificate without its key is not told of");
        service_sleep(0.1);
    }
    cr_assert_eq(truncate(files.key, 0), 0);
    service_sleep(1.5);
    cr_expect(presents(it, second.certificate));
    cr_assert_eq(unlink(files.certificate), 0);
    service_sleep(1.5);
    cr_expect(presents(it, second.certificate));
    copy_over(first.certificate, files.certificate);
    copy_over(first.key, files.key);
    await_presented(it, first.certificate);
    cr_expect(log_says(it, "is read anew"));
    (void)service_stop(it);
    service_destroy(it);
}
