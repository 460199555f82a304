/*
 * bench_jobs.c: jobs a second, from the first submit to the last end (bench_jobs.h).
 */
#include "bench/bench_jobs.h"

#include "bench/bench_client.h"
#include "bench/daemon.h"
#include "bench/figures.h"
#include "bench/load.h"
#include "bench/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_RATE 91.0 /* tiny jobs a second of FastAPI + RQ + Redis + scikit-learn + SQLite */

static const char large_job[] =
    "{\"model\":{\"type\":\"mlp\",\"hidden\":[512,512]},\"data\":{\"generator\":{\"type\":"
    "\"moons\",\"samples\":4000,\"seed\":1}},\"training\":{\"steps\":1500,\"batch_size\":128,"
    "\"seed\":1}}";

/* 150 rows of 4 numbers and a class of 3, written into the request as iris would be. */
static char *tiny_job(void)
{
    char *text = malloc(16384);
    size_t used = 0;
    if (text == NULL) {
        return NULL;
    }
    used +=
        (size_t)snprintf(text, 16384,
                         "{\"model\":\"softmax\",\"data\":{\"inline\":{\"columns\":[\"a\",\"b\","
                         "\"c\",\"d\",\"class\"],\"rows\":[");
    for (int i = 0; i < 150; i++) {
        used += (size_t)snprintf(text + used, 16384 - used, "%s[%.1f,%.1f,%.1f,%.1f,\"c%d\"]",
                                 i > 0 ? "," : "", 5 + i * 7 % 10 * 0.1 + i / 50,
                                 3 + i * 3 % 10 * 0.1, 1.5 + i / 50 * 1.5 + i * 9 % 7 * 0.1,
                                 0.2 + i / 50 * 0.8 + i % 5 * 0.1, i / 50);
    }
    snprintf(
        text + used, 16384 - used,
        "]},\"target\":\"class\"},\"training\":{\"epochs\":100,\"batch_size\":32,\"seed\":1}}");
    char *request = load_request("POST", "/v1/jobs", "", text);
    free(text);
    return request;
}

static long ended_jobs(int port)
{
    char body[16384];
    if (bench_get(port, "/metrics", body, sizeof body) != 200) {
        return -1;
    }
    const char *at = strstr(body, "descentd_jobs{status=\"succeeded\"}");
    return at == NULL ? -1 : strtol(strchr(at, ' '), NULL, 10);
}

/*
 * Waits until so many ended. A look costs the service what a tenth of a tiny job does, on the
 * processors that train: each is taken when half of what is left should be done.
 */
static int await_ended(int port, long count, double start)
{
    double now = protocol_wall_time();
    while (now - start < 120) {
        long ended = ended_jobs(port);
        if (ended < 0 || ended >= count) {
            return ended >= count;
        }
        now = protocol_wall_time();
        double left = ended == 0 ? 0 : (now - start) / (double)ended * (double)(count - ended);
        double pause = left / 2 < 0.002 ? 0.002 : left / 2 > 0.5 ? 0.5 : left / 2;
        usleep((useconds_t)(pause * 1e6));
    }
    return 0;
}

/* Jobs a second from the first submit to the last end, over 8 connections. */
static double job_rate(const char *request, int workers, long count)
{
    daemon_process it = {0};
    load_result result;
    load_options options = {
        .connections = 8, .requests = &request, .request_count = 1, .limit = count};
    double rate = -1;
    if (daemon_start(&it, workers)) {
        options.port = it.port;
        double start = protocol_wall_time();
        if (load_run(&options, &result) && result.refused == 0 &&
            await_ended(it.port, count, start)) {
            rate = (double)count / (protocol_wall_time() - start);
        }
    }
    daemon_destroy(&it);
    return rate;
}

/* A worker that waits for its commit leaves the processor to another, where there is another. */
void bench_tiny_jobs(const bench_options *options, table *rows)
{
    char *request = tiny_job();
    int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    figures one = {{0}, 0}, two = {{0}, 0}, many = {{0}, 0};
    for (int round = 0; round < options->rounds; round++) {
        figures_add(&many, job_rate(request, 2 * processors, 4000));
        figures_add(&two, job_rate(request, 2, 4000));
        figures_add(&one, job_rate(request, 1, 2000));
    }
    double figure = figures_median(&many), ratio = figures_ratio(&two, &one);
    bench_print(rows, "tiny jobs end to end, two workers a processor", "jobs/s", figure,
                ">= 20 x the stack's 91/s", table_at_least(figure, 20 * STACK_RATE));
    bench_print(rows, "tiny jobs end to end, 2 workers", "jobs/s", figures_median(&two), NULL, -1);
    bench_print(rows, "two workers against one, tiny", "times", ratio, ">= 1.9",
                table_at_least(ratio, 1.9));
    free(request);
}

void bench_large_jobs(const bench_options *options, table *rows)
{
    char *request = load_request("POST", "/v1/jobs", "", large_job);
    figures one = {{0}, 0}, two = {{0}, 0};
    for (int round = 0; round < options->rounds; round++) {
        figures_add(&two, job_rate(request, 2, 8));
        figures_add(&one, job_rate(request, 1, 8));
    }
    double ratio = figures_ratio(&two, &one);
    bench_print(rows, "two workers against one, large", "times", ratio, ">= 1.9",
                table_at_least(ratio, 1.9));
    free(request);
}
