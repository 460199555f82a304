/*
 * bench_training.h: trainings and products against the peers.
 */
#ifndef TESTS_BENCH_BENCH_TRAINING_H
#define TESTS_BENCH_BENCH_TRAINING_H

#include "bench/peers.h"
#include "bench/table.h"

#define BENCH_PEERS 6

typedef struct bench_options {
    const char *descent_peer; /* commands */
    const char *torch, *tuned /* its convolutions with channels last */, *sklearn, *kann, *blas;
    const char *only; /* part of a row's name; NULL: all */
    int rounds;
    double seconds; /* of a measurement */
} bench_options;

void bench_training(const bench_options *options, table *rows);

/* Both programs answer for all names; rows are ratios of the second to the first. */
void bench_compare(const bench_options *options, const char *base, table *rows);

#endif
