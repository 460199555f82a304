/*
 * bench_training.c: rounds over the peers, one measurement of each at a time, and what becomes of
 * the figures.
 */
#include "bench/bench_training.h"

#include "bench/figures.h"
#include "bench/protocol.h"
#include "bench/workloads.h"

#include <string.h>

enum {
    OWN,
    TORCH,
    TUNED,
    SKLEARN,
    KANN,
    BLAS
};

static const char *const peer_names[BENCH_PEERS] = {"descent",      "PyTorch", "PyTorch tuned",
                                                    "scikit-learn", "KANN",    "OpenBLAS"};

typedef struct goal {
    const char *name, *words;
    int peer;
    double ratio, peak_share;
} goal;

static const goal goals[] = {
    {"linear-32-b64-sgd", ">= 20 x PyTorch", TORCH, 20, 0},
    {"linear-32-b1-sgd", ">= 5 x scikit-learn", SKLEARN, 5, 0},
    {"linear-32-full-gd", ">= 2 x PyTorch", TORCH, 2, 0},
    {"logistic-32-b64-adam", ">= 25 x PyTorch", TORCH, 25, 0},
    {"mlp-2-16-1-b32-adam", ">= 2.5 x KANN", KANN, 2.5, 0},
    {"mlp-784-128-10-b64-adam", ">= 1.5 x KANN", KANN, 1.5, 0},
    {"mlp-1024-2048-2048-10-b128-adam", ">= 1.3 x KANN, >= 75 % of peak", KANN, 1.3, 0.75},
    {"conv-28x28-8-16-b64-adam", ">= 4 x PyTorch", TORCH, 4, 0},
    {"lstm-65-32-128-t64-b32-adam", ">= 2.5 x PyTorch", TORCH, 2.5, 0},
};

/* Products that training makes, by class: small, tall, ragged, transposed; forward, weight gradient
 * and input gradient of the nets above. */
static const char *const products[] = {
    "product-32x32x32-nn",       "product-16x16x16-nn",      "product-97x61x103-nn",
    "product-97x61x103-tt",      "product-64x128x784-nt",    "product-128x784x64-tn",
    "product-64x10x128-nt",      "product-10x128x64-tn",     "product-64x128x10-nn",
    "product-128x2048x1024-nt",  "product-2048x1024x128-tn", "product-128x2048x2048-nn",
    "product-32x512x160-nt",     "product-512x160x32-tn",    "product-784x8x25-nt",
    "product-392x16x200-nt",     "product-16x200x392-tn",    "product-64x1x32-nt",
    "product-1x32x64-tn",        "product-2048x65x128-nt",   "product-512x512x512-nn",
    "product-1024x1024x1024-nn",
};

typedef struct peaks {
    figures fma, memory;
} peaks;

static bool is_wanted(const bench_options *options, const char *name)
{
    return options->only == NULL || strstr(name, options->only) != NULL;
}

/* One round of everything after the other; the first one warms up and is forgotten. */
static void measure(const bench_options *options, const char *name, peer *peers, figures *found,
                    peaks *peak)
{
    for (int p = 0; p < BENCH_PEERS; p++) {
        peer_ask(&peers[p], name, options->seconds / 4);
    }
    for (int round = 0; round < options->rounds; round++) {
        figures_add(&peak->fma, peer_ask(&peers[OWN], "peak-fma", options->seconds / 8));
        figures_add(&peak->memory, peer_ask(&peers[OWN], "peak-memory", options->seconds / 8));
        for (int p = 0; p < BENCH_PEERS; p++) {
            figures_add(&found[p], peer_ask(&peers[p], name, options->seconds));
        }
    }
}

static void fill_peers(table_row *row, const figures *found)
{
    for (int p = 1; p < BENCH_PEERS; p++) {
        row->peers[p - 1] = (table_peer){.name = peer_names[p],
                                         .figure = figures_median(&found[p]),
                                         .ratio = figures_ratio(&found[OWN], &found[p])};
    }
}

/* Bytes of examples a sample of a linear model takes from memory: features twice and the target. */
static double memory_of(const char *name)
{
    return strcmp(name, "linear-32-full-gd") == 0 ? (2 * 32 + 1) * 4.0 : -1;
}

static void add_workload(const bench_options *options, const char *name, peer *peers, table *rows)
{
    char question[PROTOCOL_LINE];
    figures found[BENCH_PEERS] = {{{0}, 0}};
    peaks peak = {{{0}, 0}, {{0}, 0}};
    measure(options, name, peers, found, &peak);
    snprintf(question, sizeof question, "operations-%s", name);
    double operations = peer_ask(&peers[OWN], question, 0);
    table_row row = {.group = "Training, one thread",
                     .name = name,
                     .unit = "samples/s",
                     .figure = figures_median(&found[OWN]),
                     .memory_share = -1,
                     .met = -1};
    row.peak_share = row.figure * operations / figures_median(&peak.fma);
    if (memory_of(name) > 0) {
        row.memory_share = row.figure * memory_of(name) / figures_median(&peak.memory);
    }
    fill_peers(&row, found);
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        if (strcmp(goals[i].name, name) == 0) {
            row.goal = goals[i].words;
            row.met = table_at_least(row.peers[goals[i].peer - 1].ratio, goals[i].ratio);
            row.met = row.met > 0 && row.peak_share < goals[i].peak_share ? 0 : row.met;
        }
    }
    table_print(rows, &row);
}

static void add_product(const bench_options *options, const char *name, peer *peers, table *rows)
{
    bench_options shorter = *options;
    shorter.seconds /= 3;
    figures found[BENCH_PEERS] = {{{0}, 0}};
    peaks peak = {{{0}, 0}, {{0}, 0}};
    measure(&shorter, name, peers, found, &peak);
    table_row row = {
        .group = "Products, float32, one thread: rows x columns x inner, t: stored transposed",
        .name = name,
        .unit = "flop/s",
        .figure = figures_median(&found[OWN]),
        .memory_share = -1,
        .goal = ">= 1 x OpenBLAS"};
    row.peak_share = row.figure / figures_median(&peak.fma);
    fill_peers(&row, found);
    row.met = table_at_least(row.peers[BLAS - 1].ratio, 1);
    table_print(rows, &row);
}

/* Two questions to the library itself, by turns: the second's ratio to the first. */
static void add_pair(const bench_options *options, peer *own, const char *first, const char *second,
                     table_row row, double at_least, table *rows)
{
    figures a = {{0}, 0}, b = {{0}, 0};
    peer_ask(own, first, options->seconds / 4);
    for (int round = 0; round < options->rounds; round++) {
        figures_add(&a, peer_ask(own, first, options->seconds));
        figures_add(&b, peer_ask(own, second, options->seconds));
    }
    row.unit = "of the rate";
    row.figure = figures_ratio(&b, &a);
    row.peak_share = row.memory_share = -1;
    row.met = table_at_least(row.figure, at_least);
    table_print(rows, &row);
}

static void add_recording(const bench_options *options, peer *own, table *rows)
{
    const char *const *names = workload_names();
    for (size_t i = 0; names[i] != NULL; i++) {
        char bare[PROTOCOL_LINE];
        snprintf(bare, sizeof bare, "%s@bare", names[i]);
        if (is_wanted(options, names[i])) {
            table_row row = {.group = "Recording: the rate with curve points against none",
                             .name = names[i],
                             .goal = ">= 0.98"};
            add_pair(options, own, bare, names[i], row, 0.98, rows);
        }
    }
}

static void start_peers(const bench_options *options, peer *peers)
{
    const char *const commands[BENCH_PEERS] = {options->descent_peer, options->torch,
                                               options->tuned,        options->sklearn,
                                               options->kann,         options->blas};
    memset(peers, 0, BENCH_PEERS * sizeof *peers);
    for (int p = 0; p < BENCH_PEERS; p++) {
        peers[p].name = peer_names[p];
        if (commands[p] != NULL && commands[p][0] != '\0') {
            peer_start(&peers[p], peer_names[p], commands[p]);
        }
    }
}

void bench_training(const bench_options *options, table *rows)
{
    peer peers[BENCH_PEERS];
    start_peers(options, peers);
    const char *const *names = workload_names();
    for (size_t i = 0; names[i] != NULL; i++) {
        if (is_wanted(options, names[i])) {
            add_workload(options, names[i], peers, rows);
        }
    }
    if (is_wanted(options, "threads")) {
        table_row row = {
            .group = "Threads", .name = "threads: 2 on the large net", .goal = ">= 1.7"};
        add_pair(options, &peers[OWN], "mlp-1024-2048-2048-10-b128-adam@1",
                 "mlp-1024-2048-2048-10-b128-adam@2", row, 1.7, rows);
    }
    add_recording(options, &peers[OWN], rows);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (is_wanted(options, products[i])) {
            add_product(options, products[i], peers, rows);
        }
    }
    for (int p = 0; p < BENCH_PEERS; p++) {
        peer_stop(&peers[p]);
    }
}

static void compare_one(const bench_options *options, const char *name, peer *pair, table *rows)
{
    figures found[2] = {{{0}, 0}, {{0}, 0}};
    for (int round = -1; round < options->rounds; round++) {
        for (int p = 0; p < 2; p++) {
            double figure = peer_ask(&pair[p], name, options->seconds / (round < 0 ? 4 : 1));
            if (round >= 0) {
                figures_add(&found[p], figure);
            }
        }
    }
    table_row row = {.group = "Against the base, in one run",
                     .name = name,
                     .unit = "",
                     .figure = figures_median(&found[1]),
                     .peak_share = -1,
                     .memory_share = -1,
                     .goal = ">= 0.95 x base"};
    double ratio = figures_ratio(&found[1], &found[0]);
    row.peers[0] =
        (table_peer){.name = "base", .figure = figures_median(&found[0]), .ratio = ratio};
    row.met = table_at_least(ratio, 0.95);
    table_print(rows, &row);
}

void bench_compare(const bench_options *options, const char *base, table *rows)
{
    peer pair[2];
    peer_start(&pair[0], "base", base);
    peer_start(&pair[1], "this tree", options->descent_peer);
    const char *const *names = workload_names();
    for (size_t i = 0; names[i] != NULL; i++) {
        if (is_wanted(options, names[i])) {
            compare_one(options, names[i], pair, rows);
        }
    }
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (is_wanted(options, products[i])) {
            compare_one(options, products[i], pair, rows);
        }
    }
    peer_stop(&pair[0]);
    peer_stop(&pair[1]);
}
