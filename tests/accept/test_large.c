/*
 * test_large.c: datasets four times the memory allowed, trained from the mapped file, against the same
 * rows prepared in memory: samples a second of both, and their ratio. Run by `make accept`.
 *
 * The service that maps stands in a control group whose limit counts its page cache too, so that the
 * file cannot stay in memory; where no group can be made this is said and --job-memory alone limits.
 * LARGE_MIB (512) is the size of the file; what is allowed is a quarter of it.
 */
#include "support/client.h"
#include "support/memory_group.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECONDS  3600.0
#define LIMIT    (2 * SECONDS)
#define GOAL     0.70
#define MEBIBYTE ((int64_t)1 << 20)
#define TIMES    4
#define TURNS    3
#define PROGRAM  (24 * MEBIBYTE) /* of what is allowed, for the program itself */

static int64_t file_bytes(void)
{
    const char *text = getenv("LARGE_MIB");
    return (text != NULL ? strtoll(text, NULL, 10) : 512) * MEBIBYTE;
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* --- What is uploaded ------------------------------------------------------------------------ */

/* Bytes in memory of their own, given back by free. */
typedef struct content {
    unsigned char *bytes;
    size_t length;
} content;

static void put_u32(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Images of 28 × 28, ten patterns under noise, sorted by class; IDX. */
static content make_images(int64_t rows)
{
    content made = {malloc(16 + (size_t)rows * 784), 16 + (size_t)rows * 784};
    uint64_t state = 88172645463325252U;
    unsigned char patterns[10][784];
    cr_assert_not_null(made.bytes);
    put_u32(made.bytes, 0x803);
    put_u32(made.bytes + 4, (uint32_t)rows);
    put_u32(made.bytes + 8, 28);
    put_u32(made.bytes + 12, 28);
    for (size_t i = 0; i < sizeof patterns; i++)
        ((unsigned char *)patterns)[i] = (unsigned char)(next(&state) & 127);
    unsigned char *at = made.bytes + 16;
    for (int64_t row = 0; row < rows; row++) {
        const unsigned char *pattern = patterns[row * 10 / rows];
        for (int i = 0; i < 784; i += 8) {
            uint64_t noise = next(&state);
            for (int j = 0; j < 8; j++)
                *at++ = (unsigned char)(pattern[i + j] + (noise >> (8 * j) & 127));
        }
    }
    return made;
}

static content make_labels(int64_t rows)
{
    content made = {malloc(8 + (size_t)rows), 8 + (size_t)rows};
    cr_assert_not_null(made.bytes);
    put_u32(made.bytes, 0x801);
    put_u32(made.bytes + 4, (uint32_t)rows);
    for (int64_t row = 0; row < rows; row++)
        made.bytes[8 + row] = (unsigned char)(row * 10 / rows);
    return made;
}

/* 32 numbers and their weighted sum, float32; NPY. */
static content make_table(int64_t rows)
{
    static const char magic[] = "\x93NUMPY\x01\x00";
    size_t head = 128, cells = (size_t)rows * 33;
    content made = {malloc(head + cells * sizeof(float)), head + cells * sizeof(float)};
    uint64_t state = 1181783497276652981U;
    cr_assert_not_null(made.bytes);
    memset(made.bytes, ' ', head);
    memcpy(made.bytes, magic, 8);
    made.bytes[8] = (unsigned char)(head - 10);
    made.bytes[9] = 0;
    int length = snprintf((char *)made.bytes + 10, head - 10,
                          "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, 33), }",
                          (long long)rows);
    made.bytes[10 + length] = ' ';
    made.bytes[head - 1] = '\n';
    for (int64_t row = 0; row < rows; row++) {
        float values[33], sum = 0;
        for (int i = 0; i < 32; i++) {
            values[i] = (float)((double)(next(&state) >> 40) * 0x1p-23 - 1);
            sum += values[i] * (float)(i % 5 - 2) * 0.1F;
        }
        values[32] = sum + 0.1F * values[0] * values[1];
        memcpy(made.bytes + head + (size_t)row * sizeof values, values, sizeof values);
    }
    return made;
}

static const char *upload(service *it, const char *format, content what)
{
    const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
    client_request request = {.method = "POST",
                              .path = client_text(it, "/v1/datasets?format=%s", format),
                              .headers = headers,
                              .body = what.bytes,
                              .length = what.length,
                              .seconds = 600};
    const reply *made = client_send(it, &request);
    ASSERT_STATUS(made, 201);
    return reply_text(made, "/id");
}

/* --- How fast ------------------------------------------------------------------------------- */

typedef struct workload {
    const char *name, *model, *data; /* data: members behind the dataset */
    bool images;
    int64_t row_bytes;
    int epochs;
    bool must; /* reach the goal */
} workload;

typedef struct outcome {
    double rate; /* samples a second of training */
    double loss;
    double read; /* times the file, from the disk */
    char storage[16];
} outcome;

static outcome run(service *it, const workload *what, const char *const ids[2])
{
    const char *target = what->images ? client_text(it, "{'dataset': '%s'}", ids[1]) : "'v_32'";
    const reply *job = client_run(
        it, SECONDS,
        "{'model': %s, 'data': {'dataset': '%s', 'target': %s%s}, 'optimizer': {'type': 'adam', "
        "'learning_rate': 0.001}, 'training': {'epochs': %d, 'batch_size': 64, 'seed': 1}}",
        what->model, ids[0], target, what->data, what->epochs);
    outcome result = {.loss = reply_number(job, "/metrics/loss")};
    double samples = reply_number(job, "/progress/steps") * 64;
    result.rate = samples / reply_number(job, "/progress/seconds");
    snprintf(result.storage, sizeof result.storage, "%s", reply_text(job, "/spec/data/storage"));
    return result;
}

/* Mebibytes a second of a dataset's file that is not in the page cache; 0 where it cannot be told. */
static double disk_rate(const service *it, const char *id)
{
    char path[SERVICE_PATH_SIZE + 80];
    snprintf(path, sizeof path, "%s/datasets/%s.frame", it->data, id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *buffer = malloc((size_t)MEBIBYTE);
    if (file < 0 || buffer == NULL)
        return 0;
    (void)fsync(file);
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    double begin = service_now(), bytes = 0;
    for (ssize_t got = 1; got > 0; bytes += (double)got)
        got = read(file, buffer, (size_t)MEBIBYTE);
    double rate = bytes / (double)MEBIBYTE / (service_now() - begin);
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
    free(buffer);
    return rate;
}

static void upload_all(service *it, const workload *what, int64_t rows, const char *ids[2])
{
    content made = what->images ? make_images(rows) : make_table(rows);
    ids[0] = upload(it, what->images ? "idx" : "npy", made);
    free(made.bytes);
    if (what->images) {
        made = make_labels(rows);
        ids[1] = upload(it, "idx", made);
        free(made.bytes);
    }
}

/* Bytes the process had read from the disk. */
static double bytes_read(const service *it)
{
    char path[64], line[128];
    double bytes = 0;
    snprintf(path, sizeof path, "/proc/%ld/io", (long)it->process);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "read_bytes: ", 12) == 0)
            bytes = strtod(line + 12, NULL);
    if (file != NULL)
        fclose(file);
    return bytes;
}

/* The service whose jobs keep their rows in memory, and the one that has not enough for that. */
typedef struct sides {
    service *memory, *mapped;
    const char *memory_ids[2], *mapped_ids[2];
    memory_group group;
    bool grouped;
    double disk;
} sides;

static sides begin(const workload *what, int64_t rows, int64_t allowed)
{
    sides both = {.memory = service_create(1), .mapped = service_create(1)};
    static char bytes[32];
    snprintf(bytes, sizeof bytes, "%lld", (long long)(allowed - PROGRAM));
    both.memory->arguments[0] = both.mapped->arguments[0] = "--job-memory";
    both.memory->arguments[1] = "64G";
    both.mapped->arguments[1] = bytes;
    service_restart(both.memory);
    service_restart(both.mapped);
    both.grouped = memory_group_create(&both.group, allowed) &&
                   memory_group_add(&both.group, both.mapped->process);
    upload_all(both.memory, what, rows, both.memory_ids);
    upload_all(both.mapped, what, rows, both.mapped_ids);
    both.disk = disk_rate(both.mapped, both.mapped_ids[0]);
    return both;
}

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Turn by turn, so that both meet the same machine; the median of the ratios. */
static double alternate(const sides *both, const workload *what, outcome *memory, outcome *mapped)
{
    double ratios[TURNS];
    workload in_memory = *what;
    in_memory.data = client_text(both->memory, "%s, 'storage': 'memory'", what->data);
    for (int i = 0; i < TURNS; i++) {
        *memory = run(both->memory, &in_memory, both->memory_ids);
        double before = bytes_read(both->mapped);
        *mapped = run(both->mapped, what, both->mapped_ids);
        mapped->read = (bytes_read(both->mapped) - before) / (double)file_bytes();
        ratios[i] = mapped->rate / memory->rate;
    }
    qsort(ratios, TURNS, sizeof ratios[0], compare_numbers);
    return ratios[TURNS / 2];
}

static void compare(const workload *what)
{
    int64_t rows = file_bytes() / what->row_bytes, allowed = file_bytes() / TIMES;
    sides both = begin(what, rows, allowed);
    outcome memory, mapped;
    double ratio = alternate(&both, what, &memory, &mapped);
    int64_t peak = both.grouped ? memory_group_peak(&both.group) : -1;
    printf(
        "%-18s %8.0f %8.0f  %5.2f %s  %4lld of %lld MiB%s  %5.0f MiB/s  %5.0f MiB/s  %5.1f  %.5f "
        "%.5f\n",
        what->name, memory.rate, mapped.rate, ratio,
        ratio >= GOAL ? "ok    "
        : what->must  ? "MISSED"
                      : "-     ",
        (long long)(peak / MEBIBYTE), (long long)(allowed / MEBIBYTE),
        both.grouped ? "" : " (no group)", mapped.rate * (double)what->row_bytes / (double)MEBIBYTE,
        both.disk, mapped.read, memory.loss, mapped.loss);
    fflush(stdout);
    service_destroy(both.memory);
    service_destroy(both.mapped);
    memory_group_destroy(&both.group);
    cr_expect_str_eq(memory.storage, "memory");
    cr_expect_str_eq(mapped.storage, "mapped");
    cr_expect(!what->must || ratio >= GOAL, "%s: %g", what->name, ratio);
    cr_expect(!both.grouped || peak <= allowed);
    cr_expect_lt(mapped.loss, memory.loss * 1.5 + 0.01);
}

Test(accept_large, images, .timeout = LIMIT)
{
    printf(
        "%-18s %8s %8s  %5s         memory at most   read by it   disk gives   files read  losses\n",
        "4 x the memory", "memory/s", "mapped/s", "ratio");
    compare(&(workload){.name = "digits 784-128-10",
                        .model = "{'type': 'mlp', 'hidden': [128]}",
                        .data = ", 'scaling': 'minmax', 'task': 'classification'",
                        .images = true,
                        .row_bytes = 784,
                        .epochs = 2,
                        .must = true});
}

Test(accept_large, table, .timeout = LIMIT)
{
    compare(&(workload){.name = "table 32-128-128-1",
                        .model = "{'type': 'mlp', 'hidden': [128, 128]}",
                        .data = ", 'scaling': 'standardize'",
                        .row_bytes = 33 * 4,
                        .epochs = 1,
                        .must = true});
}

/* So little is computed for a row here that the disk sets the pace; said, not demanded. */
Test(accept_large, linear, .timeout = LIMIT)
{
    compare(&(workload){.name = "linear 32",
                        .model = "'linear'",
                        .data = ", 'scaling': 'standardize'",
                        .row_bytes = 33 * 4,
                        .epochs = 2,
                        .must = false});
}
