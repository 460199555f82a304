/*
 * workloads.h: the trainings that are measured, the same for every peer.
 *
 * A workload is a net, its data in memory and a way of training; its name is what a peer process is
 * asked for (protocol.h). The data are random: speed is measured here, not quality. What a peer would
 * record by default is recorded. Thread rule: one owner.
 */
#ifndef TESTS_BENCH_WORKLOADS_H
#define TESTS_BENCH_WORKLOADS_H

#include <descent/training.h>

typedef struct workload_run workload_run;

/* The names, NULL-terminated, in the order of the table. */
const char *const *workload_names(void);

/*
 * Ready to train without an end in sight. `threads` share a step; without `records` only the first
 * and last point are kept. NULL: no such workload, or no memory.
 */
workload_run *workload_create(const char *name, int64_t threads, bool records);
void workload_destroy(workload_run *run);

/* Trains for about so many seconds of the process's own clock; samples a second, or -1. */
double workload_measure(workload_run *run, double seconds, double (*clock)(void));

/* Floating-point operations of a training step, a sample. */
double workload_operations(const workload_run *run);

#endif
