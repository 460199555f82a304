/*
 * bench_client.h: what the parts of the service's benchmark share: rows of its table, and single requests
 * of a client that waits for each.
 */
#ifndef TESTS_BENCH_BENCH_CLIENT_H
#define TESTS_BENCH_BENCH_CLIENT_H

#include "bench/table.h"

#define ID_PATH 256

/* `goal` NULL: none; `met` as table_at_least and table_at_most tell. */
void bench_print(table *rows, const char *name, const char *unit, double figure, const char *goal,
                 int met);

/* Whether the job was taken; its id. */
int bench_submit(int port, const char *body, char id[64]);
/* The status, or -1. */
int bench_get(int port, const char *path, char *body, size_t size);
/* Until the job has that status, for a minute at most. */
void bench_await(int port, const char *id, const char *status);

#endif
