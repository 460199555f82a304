/*
 * allocation_faults.h: the n-th allocation of this test program fails. The program is linked so that
 * what our own objects ask of malloc, calloc, realloc, aligned_alloc and strdup comes here first;
 * libraries are not touched (tests/fault does that for the real program). All threads count.
 */
#ifndef TESTS_UNIT_JOBS_ALLOCATION_FAULTS_H
#define TESTS_UNIT_JOBS_ALLOCATION_FAULTS_H

#include <stdint.h>

/* From now on the n-th (from 1) allocation fails, once. */
void allocation_faults_arm(int64_t n);
/* Failures there were since: 0 or 1. */
int64_t allocation_faults_disarm(void);

#endif
