/*
 * bench_service.c: the service's figures (bench_service.h). Figures that are ratios of two programs
 * are taken by turns; times are the wall's, for waiting is what is measured.
 */
#include "bench/bench_service.h"

#include "bench/bench_client.h"
#include "bench/bench_jobs.h"
#include "bench/daemon.h"
#include "bench/figures.h"
#include "bench/fill.h"
#include "bench/load.h"
#include "bench/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_THREADS 16 /* the program's default */

static const char endless[] =
    "{\"model\":{\"type\":\"mlp\",\"hidden\":[64]},\"data\":{\"generator\":{\"type\":\"moons\","
    "\"samples\":2000,\"seed\":1}},\"training\":{\"steps\":10000000000,\"batch_size\":64,\"seed\":1}}";
static const char long_curve[] =
    "{\"model\":\"softmax\",\"data\":{\"generator\":{\"type\":\"moons\",\"samples\":64,\"seed\":1}},"
    "\"training\":{\"steps\":100000,\"batch_size\":1,\"record_every\":1,\"seed\":1}}";
static const char small_job[] =
    "{\"model\":\"softmax\",\"data\":{\"generator\":{\"type\":\"moons\",\"samples\":100,\"seed\":1}},"
    "\"training\":{\"epochs\":3,\"seed\":1}}";

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
    bench_print(rows, "durable submits, 64 connections", "submits/s", rate, ">= 10,000",
                table_at_least(rate, 10000));
    bench_print(rows, "the same, p99", "ms", figures_median(&p99), NULL, -1);
    bench_print(rows, "resident memory idle", "bytes", idle, "<= 12 MB", table_at_most(idle, 12e6));
    bench_print(rows, "resident memory at most, so many times 10,000 queued", "bytes", highest[0],
                NULL, -1);
    bench_print(rows, "  with as many again, against that", "times", highest[1] / highest[0],
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
    if (!daemon_start(&it, 1) || !bench_submit(it.port, small_job, id)) {
        daemon_destroy(&it);
        return;
    }
    bench_await(it.port, id, "succeeded");
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
    bench_print(rows, "bare libmicrohttpd", "replies/s", figures_median(&least), NULL, -1);
    bench_print(rows, "GET /v1/jobs/{id}", "replies/s", figures_median(&got), NULL, -1);
    bench_print(rows, "  of bare libmicrohttpd", "share", share, ">= 0.5",
                table_at_least(share, 0.5));
    bench_print(rows, "304", "replies/s", figures_median(&unchanged), NULL, -1);
    bench_print(rows, "  of bare libmicrohttpd", "share", share_304, ">= 0.6",
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
    if (!daemon_start(&it, 2) || !bench_submit(it.port, endless, first) ||
        !bench_submit(it.port, endless, second)) {
        daemon_destroy(&it);
        return;
    }
    bench_await(it.port, second, "running");
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
        bench_await(it.port, first, "cancelled");
        figures_add(&stop, (protocol_wall_time() - start) * 1000);
        free(cancel);
        bench_submit(it.port, endless, first);
        bench_await(it.port, first, "running");
    }
    bench_print(rows, "GET while both cores train", "replies/s", figures_median(&rates), NULL, -1);
    bench_print(rows, "  p99, 8 connections", "ms", figures_median(&p99), "<= 5 ms",
                table_at_most(figures_median(&p99), 5));
    bench_print(rows, "cancel to stopped, as a client sees it", "ms", figures_median(&stop),
                "<= 50 ms", table_at_most(figures_median(&stop), 50));
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
    if (daemon_start(&it, 1) && bench_submit(it.port, long_curve, id)) {
        bench_await(it.port, id, "succeeded");
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
    bench_print(rows, "100,000 points thinned to 1,000", "ms", figures_median(&times), "<= 2 ms",
                table_at_most(figures_median(&times), 2));
    bench_print(rows, "  the first time", "ms", figures_median(&first), NULL, -1);
    bench_print(rows, "  10 windows of 30,000, each the first time", "ms", figures_median(&windows),
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
        good = daemon_start(both[i], 1) && bench_submit(both[i]->port, small_job, ids[i]);
        bench_await(both[i]->port, ids[i], "succeeded");
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
    bench_print(rows, "start to first reply, empty", "ms", figures_median(&starts[0]), "<= 50 ms",
                table_at_most(figures_median(&starts[0]), 50));
    bench_print(rows, "start to first reply, 1,000,000 jobs", "ms", figures_median(&starts[1]),
                "<= 200 ms", table_at_most(figures_median(&starts[1]), 200));
    for (int i = 0; i < MILLION_KINDS; i++) {
        double ratio = figures_ratio(&kinds[0][i], &kinds[1][i]);
        bench_print(rows, names[i], "x empty", ratio, "<= 1.25 x", table_at_most(ratio, 1.25));
    }
    daemon_destroy(&empty);
    daemon_destroy(&full);
}

void bench_service(const bench_options *options, table *rows)
{
    static const struct {
        const char *name;
        void (*add)(const bench_options *options, table *rows);
    } parts[] = {{"tiny", bench_tiny_jobs}, {"large", bench_large_jobs}, {"submits", add_submits},
                 {"reads", add_reads},      {"training", add_training},  {"curve", add_curve},
                 {"million", add_million}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (options->only == NULL || strstr(parts[i].name, options->only) != NULL) {
            parts[i].add(options, rows);
        }
    }
}
