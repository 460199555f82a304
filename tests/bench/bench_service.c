/*
 * bench_service.c: the service's figures (bench_service.h). Figures that are ratios of two programs
 * are taken by turns; times are the wall's, for waiting is what is measured.
 */
#include "bench/bench_service.h"

#include "bench/daemon.h"
#include "bench/figures.h"
#include "bench/fill.h"
#include "bench/load.h"
#include "bench/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_THREADS 16   /* the program's default */
#define STACK_RATE   91.0 /* tiny jobs a second of FastAPI + RQ + Redis + scikit-learn + SQLite */
#define ID_PATH      256

static const char endless[] =
    "{\"model\":{\"type\":\"mlp\",\"hidden\":[64]},\"data\":{\"generator\":{\"type\":\"moons\","
    "\"samples\":2000,\"seed\":1}},\"training\":{\"steps\":10000000000,\"batch_size\":64,\"seed\":1}}";
static const char long_curve[] =
    "{\"model\":\"softmax\",\"data\":{\"generator\":{\"type\":\"moons\",\"samples\":64,\"seed\":1}},"
    "\"training\":{\"steps\":100000,\"batch_size\":1,\"record_every\":1,\"seed\":1}}";
static const char large_job[] =
    "{\"model\":{\"type\":\"mlp\",\"hidden\":[512,512]},\"data\":{\"generator\":{\"type\":"
    "\"moons\",\"samples\":4000,\"seed\":1}},\"training\":{\"steps\":1500,\"batch_size\":128,"
    "\"seed\":1}}";
static const char small_job[] =
    "{\"model\":\"softmax\",\"data\":{\"generator\":{\"type\":\"moons\",\"samples\":100,\"seed\":1}},"
    "\"training\":{\"epochs\":3,\"seed\":1}}";

static void print(table *rows, const char *name, const char *unit, double figure, const char *goal,
                  int met)
{
    table_row row = {.group = "Service, load generator on the same machine",
                     .name = name,
                     .unit = unit,
                     .figure = figure,
                     .peak_share = -1,
                     .memory_share = -1,
                     .goal = goal,
                     .met = met};
    table_print(rows, &row);
}

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

static int submit(int port, const char *body, char id[64])
{
    char reply[16384];
    char *request = load_request("POST", "/v1/jobs", "", body);
    int status = load_once(port, request, reply, sizeof reply, NULL, NULL);
    const char *found = status == 201 ? strstr(reply, "\"id\":\"") : NULL;
    if (found != NULL) {
        snprintf(id, 64, "%.36s", found + 6);
    }
    free(request);
    return found != NULL;
}

static int get(int port, const char *path, char *body, size_t size)
{
    char *request = load_request("GET", path, "", NULL);
    int status = load_once(port, request, body, size, NULL, NULL);
    free(request);
    return status;
}

static void await(int port, const char *id, const char *status)
{
    char path[ID_PATH], wanted[64], body[16384] = "";
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    snprintf(wanted, sizeof wanted, "\"status\":\"%s\"", status);
    double start = protocol_wall_time();
    while (strstr(body, wanted) == NULL && protocol_wall_time() - start < 60) {
        usleep(500);
        get(port, path, body, sizeof body);
    }
}

static long ended_jobs(int port)
{
    char body[16384];
    if (get(port, "/metrics", body, sizeof body) != 200) {
        return -1;
    }
    const char *at = strstr(body, "descentd_jobs{status=\"succeeded\"}");
    return at == NULL ? -1 : strtol(strchr(at, ' '), NULL, 10);
}

/* Requests a second on 64 connections, one request again and again. */
static double rate_of(int port, const char *request, double seconds, load_result *result)
{
    load_options options = {.port = port,
                            .connections = 64,
                            .requests = &request,
                            .request_count = 1,
                            .seconds = seconds};
    return load_run(&options, result) && result->refused == 0 ? result->rate : -1;
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
static void add_tiny(const bench_options *options, table *rows)
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
    print(rows, "tiny jobs end to end, two workers a processor", "jobs/s", figure,
          ">= 20 x the stack's 91/s", table_at_least(figure, 20 * STACK_RATE));
    print(rows, "tiny jobs end to end, 2 workers", "jobs/s", figures_median(&two), NULL, -1);
    print(rows, "two workers against one, tiny", "times", ratio, ">= 1.9",
          table_at_least(ratio, 1.9));
    free(request);
}

static void add_large(const bench_options *options, table *rows)
{
    char *request = load_request("POST", "/v1/jobs", "", large_job);
    figures one = {{0}, 0}, two = {{0}, 0};
    for (int round = 0; round < options->rounds; round++) {
        figures_add(&two, job_rate(request, 2, 8));
        figures_add(&one, job_rate(request, 1, 8));
    }
    double ratio = figures_ratio(&two, &one);
    print(rows, "two workers against one, large", "times", ratio, ">= 1.9",
          table_at_least(ratio, 1.9));
    free(request);
}

static void add_submits(const bench_options *options, table *rows)
{
    char *request = load_request("POST", "/v1/jobs", "", small_job);
    const char *requests[] = {request};
    daemon_process it = {0};
    load_result result;
    figures rates = {{0}, 0}, p99 = {{0}, 0};
    double idle = -1, highest[2] = {-1, -1};
    if (daemon_start(&it, 0)) {
        usleep(300000);
        idle = daemon_memory(&it);
        load_options load = {.port = it.port,
                             .connections = 64,
                             .requests = requests,
                             .request_count = 1,
                             .limit = 10000};
        for (int round = 0; round < 2 * options->rounds && load_run(&load, &result); round++) {
            double memory = daemon_memory(&it), *most = &highest[round / options->rounds];
            figures_add(&rates, result.refused == 0 ? result.rate : -1);
            figures_add(&p99, result.p99 * 1000);
            *most = memory > *most ? memory : *most;
        }
    }
    double rate = figures_median(&rates);
    print(rows, "durable submits, 64 connections", "submits/s", rate, ">= 10,000",
          table_at_least(rate, 10000));
    print(rows, "the same, p99", "ms", figures_median(&p99), NULL, -1);
    print(rows, "resident memory idle", "bytes", idle, "<= 12 MB", table_at_most(idle, 12e6));
    print(rows, "resident memory at most, so many times 10,000 queued", "bytes", highest[0], NULL,
          -1);
    print(rows, "  with as many again, against that", "times", highest[1] / highest[0],
          "<= 1.1: flat", table_at_most(highest[1] / highest[0], 1.1));
    daemon_destroy(&it);
    free(request);
}

/* GET of one ended job and its 304, by turns with a bare server that answers the same text. */
static void add_reads(const bench_options *options, table *rows)
{
    daemon_process it = {0}, bare = {0};
    char id[64], path[ID_PATH], header[128], etag[64] = "";
    static char body[65536];
    figures got = {{0}, 0}, unchanged = {{0}, 0}, least = {{0}, 0};
    load_result result;
    if (!daemon_start(&it, 1) || !submit(it.port, small_job, id)) {
        daemon_destroy(&it);
        return;
    }
    await(it.port, id, "succeeded");
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    char *plain = load_request("GET", path, "", NULL);
    load_once(it.port, plain, body, sizeof body, "\r\nETag: ", etag);
    snprintf(header, sizeof header, "If-None-Match: %s\r\n", etag);
    char *conditional = load_request("GET", path, header, NULL);
    if (daemon_start_bare(&bare, HTTP_THREADS, body)) {
        for (int round = 0; round < options->rounds; round++) {
            figures_add(&least, rate_of(bare.port, plain, options->seconds, &result));
            figures_add(&got, rate_of(it.port, plain, options->seconds, &result));
            figures_add(&unchanged, rate_of(it.port, conditional, options->seconds, &result));
        }
    }
    double share = figures_ratio(&got, &least), share_304 = figures_ratio(&unchanged, &least);
    print(rows, "bare libmicrohttpd", "replies/s", figures_median(&least), NULL, -1);
    print(rows, "GET /v1/jobs/{id}", "replies/s", figures_median(&got), NULL, -1);
    print(rows, "  of bare libmicrohttpd", "share", share, ">= 0.5", table_at_least(share, 0.5));
    print(rows, "304", "replies/s", figures_median(&unchanged), NULL, -1);
    print(rows, "  of bare libmicrohttpd", "share", share_304, ">= 0.6",
          table_at_least(share_304, 0.6));
    free(plain);
    free(conditional);
    daemon_destroy(&it);
    daemon_destroy(&bare);
}

static void add_training(const bench_options *options, table *rows)
{
    daemon_process it = {0};
    char first[64], second[64], path[ID_PATH];
    figures p99 = {{0}, 0}, stop = {{0}, 0}, rates = {{0}, 0};
    load_result result;
    if (!daemon_start(&it, 2) || !submit(it.port, endless, first) ||
        !submit(it.port, endless, second)) {
        daemon_destroy(&it);
        return;
    }
    await(it.port, second, "running");
    snprintf(path, sizeof path, "/v1/jobs/%s", first);
    char *request = load_request("GET", path, "", NULL);
    const char *requests[] = {request};
    load_options load = {.port = it.port,
                         .connections = 8,
                         .requests = requests,
                         .request_count = 1,
                         .seconds = options->seconds};
    for (int round = 0; round < options->rounds && load_run(&load, &result); round++) {
        figures_add(&p99, result.p99 * 1000);
        figures_add(&rates, result.rate);
    }
    for (int round = 0; round < options->rounds; round++) {
        char url[ID_PATH + 16];
        snprintf(url, sizeof url, "/v1/jobs/%s/cancel", first);
        char *cancel = load_request("POST", url, "", "{}");
        double start = protocol_wall_time();
        load_once(it.port, cancel, NULL, 0, NULL, NULL);
        await(it.port, first, "cancelled");
        figures_add(&stop, (protocol_wall_time() - start) * 1000);
        free(cancel);
        submit(it.port, endless, first);
        await(it.port, first, "running");
    }
    print(rows, "GET while both cores train", "replies/s", figures_median(&rates), NULL, -1);
    print(rows, "  p99, 8 connections", "ms", figures_median(&p99), "<= 5 ms",
          table_at_most(figures_median(&p99), 5));
    print(rows, "cancel to stopped, as a client sees it", "ms", figures_median(&stop), "<= 50 ms",
          table_at_most(figures_median(&stop), 50));
    free(request);
    daemon_destroy(&it);
}

/* Milliseconds of so many requests for parts of the curve, one after the other, none asked for
 * before. */
static double window_time(int port, const char *id, int windows, long from, long span, int round)
{
    enum {
        MOST = 10
    };
    char path[ID_PATH], *requests[MOST] = {NULL};
    load_result result;
    for (int i = 0; i < windows && i < MOST; i++) {
        snprintf(path, sizeof path, "/v1/jobs/%s/curve?max_points=1000&from_step=%ld&to_step=%ld",
                 id, from + i * 5000L + round, from + i * 5000L + round + span);
        requests[i] = load_request("GET", path, "", NULL);
    }
    load_options load = {.port = port,
                         .connections = 1,
                         .requests = (const char *const *)requests,
                         .request_count = (size_t)windows,
                         .limit = windows};
    double time = load_run(&load, &result) && result.refused == 0 ? result.seconds * 1000 : -1;
    for (int i = 0; i < MOST; i++) {
        free(requests[i]);
    }
    return time;
}

static void add_curve(const bench_options *options, table *rows)
{
    daemon_process it = {0};
    char id[64], path[ID_PATH];
    load_result result;
    figures times = {{0}, 0}, first = {{0}, 0}, windows = {{0}, 0};
    if (daemon_start(&it, 1) && submit(it.port, long_curve, id)) {
        await(it.port, id, "succeeded");
        snprintf(path, sizeof path, "/v1/jobs/%s/curve?max_points=1000", id);
        char *request = load_request("GET", path, "", NULL);
        const char *requests[] = {request};
        load_options load = {.port = it.port,
                             .connections = 1,
                             .requests = requests,
                             .request_count = 1,
                             .limit = 20};
        for (int round = 0; round < options->rounds && load_run(&load, &result); round++) {
            figures_add(&times, result.refused == 0 ? result.median * 1000 : -1);
            figures_add(&first, window_time(it.port, id, 1, 1, 100000, round));
            figures_add(&windows, window_time(it.port, id, 10, 10000, 30000, round));
        }
        free(request);
    }
    print(rows, "100,000 points thinned to 1,000", "ms", figures_median(&times), "<= 2 ms",
          table_at_most(figures_median(&times), 2));
    print(rows, "  the first time", "ms", figures_median(&first), NULL, -1);
    print(rows, "  10 windows of 30,000, each the first time", "ms", figures_median(&windows),
          "<= 20 ms", table_at_most(figures_median(&windows), 20));
    daemon_destroy(&it);
}

#define MILLION_KINDS   4
#define MILLION_SUBMITS 3000

/* Submit, read, list and poll, their rates on one database. */
static void measure_kinds(int port, const char *id, double seconds, figures *kinds)
{
    char path[ID_PATH], curve[ID_PATH];
    load_result result;
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    snprintf(curve, sizeof curve, "/v1/jobs/%s/curve?after=0&max_points=100", id);
    char *requests[MILLION_KINDS] = {
        load_request("POST", "/v1/jobs", "", small_job), load_request("GET", path, "", NULL),
        load_request("GET", "/v1/jobs?limit=50", "", NULL), load_request("GET", curve, "", NULL)};
    for (int i = 0; i < MILLION_KINDS; i++) {
        const char *request = requests[i];
        load_options load = {.port = port,
                             .connections = 8,
                             .requests = &request,
                             .request_count = 1,
                             /* As many in both, for places in the queue are counted. */
                             .limit = i == 0 ? MILLION_SUBMITS : 0,
                             .seconds = i == 0 ? 0 : seconds};
        figures_add(&kinds[i], load_run(&load, &result) ? result.rate : -1);
        free(requests[i]);
    }
}

static void add_million(const bench_options *options, table *rows)
{
    static const char *const names[MILLION_KINDS] = {"1,000,000 jobs: submit",
                                                     "1,000,000 jobs: read", "1,000,000 jobs: list",
                                                     "1,000,000 jobs: poll a curve"};
    daemon_process empty = {0}, full = {0};
    char ids[2][64];
    figures kinds[2][MILLION_KINDS] = {{{{0}, 0}}}, starts[2] = {{{0}, 0}, {{0}, 0}};
    daemon_process *both[2] = {&empty, &full};
    int good = 1;
    for (int i = 0; i < 2 && good; i++) {
        good = daemon_start(both[i], 1) && submit(both[i]->port, small_job, ids[i]);
        await(both[i]->port, ids[i], "succeeded");
        daemon_stop(both[i]);
    }
    good = good && fill_ended_jobs(full.folder, 1000000);
    for (int round = 0; round < options->rounds && good; round++) {
        for (int i = 0; i < 2 && good; i++) {
            good = daemon_start(both[i], 0);
            figures_add(&starts[i], both[i]->started_in * 1000);
            measure_kinds(both[i]->port, ids[i], options->seconds, kinds[i]);
            daemon_stop(both[i]);
        }
    }
    print(rows, "start to first reply, empty", "ms", figures_median(&starts[0]), "<= 50 ms",
          table_at_most(figures_median(&starts[0]), 50));
    print(rows, "start to first reply, 1,000,000 jobs", "ms", figures_median(&starts[1]),
          "<= 200 ms", table_at_most(figures_median(&starts[1]), 200));
    for (int i = 0; i < MILLION_KINDS; i++) {
        double ratio = figures_ratio(&kinds[0][i], &kinds[1][i]);
        print(rows, names[i], "x empty", ratio, "<= 1.25 x", table_at_most(ratio, 1.25));
    }
    daemon_destroy(&empty);
    daemon_destroy(&full);
}

void bench_service(const bench_options *options, table *rows)
{
    static const struct {
        const char *name;
        void (*add)(const bench_options *options, table *rows);
    } parts[] = {{"tiny", add_tiny},      {"large", add_large},       {"submits", add_submits},
                 {"reads", add_reads},    {"training", add_training}, {"curve", add_curve},
                 {"million", add_million}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (options->only == NULL || strstr(parts[i].name, options->only) != NULL) {
            parts[i].add(options, rows);
        }
    }
}
