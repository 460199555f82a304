/*
 * test_timing.c: numbered check 44 of docs/reliability.md: a refusal takes as long whatever is wrong
 * with the token. Requests of each kind in turns over one connection, TIMING_ROUNDS of each; what
 * counts is the ratio of medians, which other work on the machine moves little. `make timing`.
 */
#include "support/load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKENS 200
#define KINDS  5
#define BOUND  1.10 /* of the slowest kind's median to the quickest's */

static int connect_and_wait(const service *it)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)it->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    cr_assert_eq(connect(connection, (struct sockaddr *)&address, sizeof address), 0);
    return connection;
}

/* Seconds from the first byte sent to the last one of a 401 with its body. */
static double ask(int connection, const char *request)
{
    char text[4096];
    size_t length = 0, whole = sizeof text;
    double start = service_now();
    cr_assert_eq(send(connection, request, strlen(request), MSG_NOSIGNAL),
                 (ssize_t)strlen(request));
    while (length < whole) {
        ssize_t got = recv(connection, text + length, sizeof text - 1 - length, 0);
        cr_assert_gt(got, 0);
        length += (size_t)got;
        text[length] = '\0';
        const char *end = strstr(text, "\r\n\r\n"), *size = strcasestr(text, "\r\nContent-Length:");
        if (whole == sizeof text && end != NULL && size != NULL)
            whole = (size_t)(end + 4 - text) + strtoul(size + 17, NULL, 10);
    }
    double seconds = service_now() - start;
    cr_assert_eq(strncmp(text, "HTTP/1.1 401 ", 13), 0, "%s", text);
    return seconds;
}

/* Makes the tokens; the secret of one in the middle of the list goes to `secret`. */
static void add_tokens(const service *it, char secret[128])
{
    for (int i = 0; i < TOKENS; i++) {
        char name[32];
        snprintf(name, sizeof name, "token-%d", i);
        program_run run = SERVICE_PROGRAM("token", "add", name, "--data-dir", it->data);
        cr_assert_eq(run.status, 0, "%s", run.errors);
        if (i == TOKENS / 2)
            snprintf(secret, 128, "%.*s", (int)strcspn(run.output, "\n"), run.output);
    }
}

Test(load_timing, n44_a_refusal_takes_as_long_whatever_is_wrong, .timeout = 3600)
{
    static const char *const names[KINDS] = {"wrong first byte", "wrong last byte", "no such token",
                                             "short", "none"};
    size_t rounds = (size_t)load_setting("TIMING_ROUNDS", 5000);
    service *it = service_create(1);
    char secret[128], secrets[KINDS][128], requests[KINDS][1024];
    add_tokens(it, secret);
    service_restart(it);
    for (int i = 0; i < KINDS; i++)
        snprintf(secrets[i], sizeof secrets[i], "%s", secret);
    char *first = secrets[0] + strlen("descentd_"), *last = secrets[1] + strlen(secret) - 1;
    *first = *first == 'A' ? 'B' : 'A';
    *last = *last == 'A' ? 'B' : 'A';
    memset(secrets[2] + strlen("descentd_"), 'x', strlen(secret) - strlen("descentd_"));
    snprintf(secrets[3], sizeof secrets[3], "a");
    for (int i = 0; i < KINDS; i++)
        snprintf(requests[i], sizeof requests[i],
                 "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
                 i == KINDS - 1 ? "" : "Authorization: Bearer ", i == KINDS - 1 ? "" : secrets[i],
                 i == KINDS - 1 ? "" : "\r\n");
    double *times[KINDS], medians[KINDS], least = 1e9, most = 0;
    for (int i = 0; i < KINDS; i++) {
        times[i] = calloc(rounds, sizeof **times);
        cr_assert_not_null(times[i]);
    }
    int connection = connect_and_wait(it);
    for (size_t round = 0; round < rounds; round++) /* each kind comes after each other one */
        for (size_t i = 0; i < KINDS; i++) {
            size_t kind = (i * (1 + round % (KINDS - 1)) + round) % KINDS;
            times[kind][round] = ask(connection, requests[kind]);
        }
    close(connection);
    for (int i = 0; i < KINDS; i++) {
        medians[i] = load_percentile(times[i], rounds, 0.5);
        printf("%-16s: median %.1f us\n", names[i], medians[i] * 1e6);
        least = medians[i] < least ? medians[i] : least;
        most = medians[i] > most ? medians[i] : most;
        free(times[i]);
    }
    printf("ratio of the slowest to the quickest: %.3f\n", most / least);
    cr_expect_lt(most, BOUND * least);
    service_destroy(it);
}
