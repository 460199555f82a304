/*
 * test_sparse.c: a LIBSVM file of 100,000 rows and 1,000,000 features, made by
 * tests/support/libsvm.awk, trained by a logistic model over HTTP: validation accuracy, and the
 * peak of resident memory.
 */
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (600.0 * SERVICE_PATIENCE)
#define ROOM  ((size_t)100 << 20)
#define ROWS \
    "awk -v rows=100000 -v features=1000000 -v entries=30 -v seed=1 -f tests/support/libsvm.awk"

static const char *upload(service *it)
{
    char *text = malloc(ROOM);
    FILE *made = popen(ROWS, "r");
    cr_assert(text != NULL && made != NULL);
    size_t length = fread(text, 1, ROOM, made);
    cr_assert_eq(pclose(made), 0);
    cr_assert(length > (1 << 20) && length < ROOM);
    client_request what = {.method = "POST",
                           .path = "/v1/datasets?format=libsvm",
                           .headers = CLIENT_HEADERS("Content-Type: application/octet-stream"),
                           .body = text,
                           .length = length,
                           .seconds = 120};
    const reply *stored = client_send(it, &what);
    free(text);
    ASSERT_STATUS(stored, 201);
    return reply_text(stored, "/id");
}

/* Over idle at most: 12 bytes a non-zero (the mapped file), 64 a parameter (16 numbers of float32:
 * blocks, gradient, moments, what is stored) and 24 MiB. Written out the rows would be 400 GB. */
Test(accept_sparse, a_million_features, .timeout = LIMIT)
{
    service *it = service_start(1);
    double idle = service_peak_memory(it);
    const char *id = upload(it);
    double non_zeros =
        reply_number(client_get(it, "/v1/datasets/%s/rows?limit=1", id), "/non_zeros");
    const reply *job = client_run(
        it, LIMIT,
        "{'model': 'logistic', 'data': {'dataset': '%s', 'validation': {'fraction': 0.2}}, "
        "'optimizer': {'type': 'adam', 'learning_rate': 0.01}, 'training': {'epochs': 3, "
        "'batch_size': 256, 'seed': 1}}",
        id);
    double accuracy = reply_number(job, "/metrics/accuracy");
    double used = service_peak_memory(it) - idle;
    double bound = 12 * non_zeros + 64 * reply_number(job, "/model/parameters") + (24 << 20);
    printf("%-24s %8.4f  >= %.4f  (chance 0.52)  %s  %.0f MiB over idle of %.0f allowed, %.1f s\n",
           "sparse, 1e6 features", accuracy, 0.75, accuracy >= 0.75 ? "ok    " : "MISSED",
           used / 1048576, bound / 1048576, reply_number(job, "/progress/seconds"));
    fflush(stdout);
    cr_expect_geq(accuracy, 0.75);
    cr_expect_lt(used, bound);
    service_destroy(it);
}
