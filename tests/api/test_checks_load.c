/*
 * test_checks_load.c: numbered checks 14, 15 and 41 of docs/reliability.md, small enough for every run;
 * `make overload` and `make soak` (tests/load) do the same at full size and for long.
 */
#include "api/specs.h"
#include "support/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

/* 256 descriptors leave room for 160 connections: 64 are kept, and two for each of 16 threads. */
#define DESCRIPTORS 256
#define CONNECTIONS 160
#define CROWD       (CONNECTIONS * 12 / 10)

static service *start_with_few_descriptors(void)
{
    struct rlimit few, old;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = (struct rlimit){DESCRIPTORS, old.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    service *it = service_start(0);
    old.rlim_cur = old.rlim_max < 4096 ? old.rlim_max : 4096;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    return it;
}

static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* Whether a reply of 200 came on the connection by then. */
static bool is_answered(int connection, double deadline)
{
    char text[512] = "";
    size_t used = 0;
    while (service_now() < deadline && used < sizeof text - 1) {
        ssize_t got = recv(connection, text + used, sizeof text - 1 - used, MSG_DONTWAIT);
        if (got == 0)
            break;
        used += got > 0 ? (size_t)got : 0;
        text[used] = '\0';
        if (strstr(text, "alive") != NULL)
            return true;
        service_sleep(0.01);
    }
    return false;
}

static bool await_descriptors(const service *it, int most)
{
    double deadline = service_now() + 10 * SERVICE_PATIENCE;
    while (load_descriptors(it) > most && service_now() < deadline)
        service_sleep(0.05);
    return load_descriptors(it) <= most;
}

Test(checks, n14_more_connections_than_there_may_be_wait, .timeout = LIMIT)
{
    int connections[CROWD];
    service *it = start_with_few_descriptors();
    int before = load_descriptors(it);
    for (int i = 0; i < CROWD; i++) {
        connections[i] = load_connect(it);
        cr_assert_geq(connections[i], 0);
    }
    service_sleep(0.3);
    cr_expect_leq(load_descriptors(it), before + CONNECTIONS + 4);
    for (int i = 0; i < CROWD; i++)
        (void)send(connections[i], request, sizeof request - 1, MSG_NOSIGNAL);
    int answered = 0;
    double deadline = service_now() + 20 * SERVICE_PATIENCE;
    for (int i = 0; i < CROWD; i++) {
        answered += is_answered(connections[i], deadline);
        close(connections[i]);
    }
    cr_expect_eq(answered, CROWD, "%d of %d were answered", answered, CROWD);
    cr_expect(await_descriptors(it, before + 4), "%d descriptors are left, of %d",
              load_descriptors(it), before);
    service_destroy(it);
}

Test(checks, n15_without_descriptors_it_waits_and_recovers, .timeout = LIMIT)
{
    int connections[CROWD];
    service *it = service_start(0);
    int before = load_descriptors(it);
    struct rlimit tight, old;
    cr_assert_eq(prlimit(it->process, RLIMIT_NOFILE, NULL, &old), 0);
    tight = (struct rlimit){(rlim_t)before + 4, old.rlim_max};
    cr_assert_eq(prlimit(it->process, RLIMIT_NOFILE, &tight, NULL), 0);
    for (int i = 0; i < CROWD; i++)
        connections[i] = load_connect(it);
    service_sleep(0.5);
    double busy = load_processor_seconds(it);
    service_sleep(1);
    busy = load_processor_seconds(it) - busy;
    cr_expect_lt(busy, 0.25 * SERVICE_PATIENCE, "it spins: %.2f s in one second", busy);
    cr_expect_lt(load_log_bytes(it), 20000);
    for (int i = 0; i < CROWD; i++)
        if (connections[i] >= 0)
            close(connections[i]);
    cr_assert_eq(prlimit(it->process, RLIMIT_NOFILE, &old, NULL), 0);
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    cr_expect(await_descriptors(it, before + 4), "%d descriptors are left, of %d",
              load_descriptors(it), before);
    service_destroy(it);
}

Test(checks, n41_a_full_queue_is_429_and_memory_stays, .timeout = LIMIT)
{
    service *it = service_create(0);
    it->arguments[0] = "--max-queued=1200";
    service_restart(it);
    load_client client;
    const char *spec = client_json(it, SPEC_TINY);
    load_client_open(&client, it);
    int64_t before = 0;
    for (int i = 0; i < 1200; i++) {
        cr_assert_eq(load_ask(&client, "POST", "/v1/jobs", spec, NULL), 201);
        if (i == 200)
            before = load_resident_kilobytes(it);
    }
    int64_t after = load_resident_kilobytes(it);
    load_client_close(&client);
    const reply *refused = client_post(it, "/v1/jobs", SPEC_TINY);
    ASSERT_STATUS(refused, 429);
    cr_expect_str_eq(reply_text(refused, "/code"), "queue_full");
    cr_expect_not_null(reply_header(refused, "Retry-After"));
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 200);
    /* Of 1,000 jobs and their caches on disk; a sanitizer keeps what is freed. */
    if (SERVICE_PATIENCE == 1)
        cr_expect_lt(after - before, 8 * 1024, "memory grew by %lld kB",
                     (long long)(after - before));
    service_destroy(it);
}
