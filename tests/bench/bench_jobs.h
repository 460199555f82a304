/*
 * bench_jobs.h: how many jobs the service ends a second, tiny ones and large ones, by workers.
 */
#ifndef TESTS_BENCH_BENCH_JOBS_H
#define TESTS_BENCH_BENCH_JOBS_H

#include "bench/bench_training.h"

void bench_tiny_jobs(const bench_options *options, table *rows);
void bench_large_jobs(const bench_options *options, table *rows);

#endif
