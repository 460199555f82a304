/*
 * descent_peer.c: the library under measurement, by the protocol of protocol.h.
 *
 * Besides the workloads it answers "operations-NAME" (those of a sample, for shares of the peak),
 * "peak-fma" (the most multiply-adds one thread can do, counted as two operations each) and
 * "peak-memory" (bytes a second of a sum over 256 MB), products, and workloads with "@2" (two
 * threads) or "@bare" (nothing recorded).
 */
#include "bench/protocol.h"
#include "bench/workloads.h"
#include "math/kernels.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS       24 /* independent sums: enough to hide the time of a multiply-add */
#define ROUNDS       100000
#define MEMORY_BYTES ((size_t)256 << 20)

/* Chains start apart, so that no compiler makes one of two. */
#define CHAINS_OF_SUMS(type)                                      \
    type sums[CHAINS], factor = {0};                              \
    factor += start;                                              \
    for (int c = 0; c < CHAINS; c++) {                            \
        sums[c] = factor + (float)c;                              \
    }                                                             \
    for (int i = 0; i < ROUNDS; i++) {                            \
        _Pragma("GCC unroll 24") for (int c = 0; c < CHAINS; c++) \
        {                                                         \
            sums[c] = sums[c] * factor + factor;                  \
        }                                                         \
    }                                                             \
    for (int c = 1; c < CHAINS; c++) {                            \
        sums[0] += sums[c];                                       \
    }                                                             \
    return (double)sums[0][0] + (double)sums[0][sizeof(type) / sizeof(float) - 1];

#if defined(__x86_64__)
typedef float wide __attribute__((vector_size(64)));
typedef float half __attribute__((vector_size(32)));

__attribute__((target("avx512f,fma"), optimize("fp-contract=fast"))) static double sums_avx512(
    float start)
{
    CHAINS_OF_SUMS(wide)
}

__attribute__((target("avx2,fma"), optimize("fp-contract=fast"))) static double sums_avx2(
    float start)
{
    CHAINS_OF_SUMS(half)
}
#endif

typedef float narrow __attribute__((vector_size(16)));

static double sums_baseline(float start)
{
    CHAINS_OF_SUMS(narrow)
}

static double peak_fma(double seconds)
{
    double (*sums)(float) = sums_baseline;
    double lanes = 4;
    const char *kernels = gdi_kernels_best()->name;
#if defined(__x86_64__)
    if (strcmp(kernels, "avx512") == 0) {
        sums = sums_avx512;
        lanes = 16;
    } else if (strcmp(kernels, "avx2") == 0) {
        sums = sums_avx2;
        lanes = 8;
    }
#endif
    volatile double sink = 0;
    double start = protocol_processor_time(), now = start, calls = 0;
    while (now - start < seconds) {
        sink += sums(0.5F);
        calls++;
        now = protocol_processor_time();
    }
    return calls * ROUNDS * CHAINS * lanes * 2 / (now - start);
}

static double peak_memory(double seconds)
{
    static float *memory;
    const size_t count = MEMORY_BYTES / sizeof *memory;
    if (memory == NULL) {
        memory = protocol_numbers(count);
    }
    if (memory == NULL) {
        return -1;
    }
    volatile double sink = 0;
    double start = protocol_processor_time(), now = start, calls = 0;
    while (now - start < seconds) {
        sink += gdi_kernels_best()->all_finite(memory, count) ? 1 : 0;
        calls++;
        now = protocol_processor_time();
    }
    return calls * (double)MEMORY_BYTES / (now - start);
}

static double measure_product(const protocol_product *it, double seconds)
{
    const gdi_kernels *kernels = gdi_kernels_best();
    float *left = protocol_numbers(it->rows * it->inner);
    float *right = protocol_numbers(it->inner * it->columns);
    float *result = protocol_numbers(it->rows * it->columns);
    float *scratch = protocol_numbers(gdi_product_scratch(it->rows, it->columns, it->inner));
    double calls = 0, start = 0, now = 0;
    if (left != NULL && right != NULL && result != NULL && scratch != NULL) {
        gdi_matrix a = {left, it->left_transposed ? it->rows : it->inner, it->left_transposed};
        gdi_matrix b = {right, it->right_transposed ? it->inner : it->columns,
                        it->right_transposed};
        double operations = 2.0 * (double)it->rows * (double)it->columns * (double)it->inner;
        int burst = operations > 1e8 ? 1 : (int)(1e8 / operations) + 1;
        for (start = now = protocol_processor_time(); now - start < seconds;) {
            for (int i = 0; i < burst; i++) {
                kernels->product(a, b, result, it->columns, it->rows, it->columns, it->inner, NULL,
                                 false, scratch);
            }
            calls += burst;
            now = protocol_processor_time();
        }
        calls *= operations;
    }
    free(left);
    free(right);
    free(result);
    free(scratch);
    return now > start ? calls / (now - start) : -1;
}

/* The last workload asked for stays, so that its rounds go on where they ended. */
static workload_run *open_workload(const char *name)
{
    static workload_run *run;
    static char open[PROTOCOL_LINE];
    if (strcmp(name, open) == 0) {
        return run;
    }
    workload_destroy(run);
    strncpy(open, name, sizeof open - 1);
    char plain[PROTOCOL_LINE];
    strncpy(plain, name, sizeof plain - 1);
    plain[sizeof plain - 1] = '\0';
    char *way = strchr(plain, '@');
    if (way != NULL) {
        *way++ = '\0';
    }
    run = workload_create(plain, way != NULL && strcmp(way, "2") == 0 ? 2 : 1,
                          way == NULL || strcmp(way, "bare") != 0);
    return run;
}

static double measure(const char *name, double seconds)
{
    static const char operations[] = "operations-";
    protocol_product product;
    if (strcmp(name, "peak-fma") == 0) {
        return peak_fma(seconds);
    }
    if (strcmp(name, "peak-memory") == 0) {
        return peak_memory(seconds);
    }
    if (protocol_read_product(name, &product)) {
        return measure_product(&product, seconds);
    }
    bool asks_operations = strncmp(name, operations, sizeof operations - 1) == 0;
    workload_run *run = open_workload(asks_operations ? name + sizeof operations - 1 : name);
    if (run == NULL) {
        return -1;
    }
    if (asks_operations) {
        return workload_operations(run);
    }
    bool by_wall = strstr(name, "@2") != NULL || strstr(name, "@1") != NULL;
    return workload_measure(run, seconds, by_wall ? protocol_wall_time : protocol_processor_time);
}

int main(void)
{
    return protocol_answer(measure);
}
