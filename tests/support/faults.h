/*
 * faults.h: the real program with calls that fail: its n-th allocation, read, write, sync and so on,
 * those of its libraries among them. The program is started with the library of tests/fault in front
 * of the C library; what fails is said while it runs. One service a test process.
 */
#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

#include "fault/control.h"

#include <stdbool.h>

/* Before the service is started; ends the test as skipped where sanitizers stand in the way. */
void faults_prepare(void);

/* From now on the n-th (from 1) call of these kinds on files whose path contains `part` fails. */
void faults_arm(int kinds, const char *part, int64_t n, int error, bool persists);
/* Stops failing; the failures there were since it was armed. */
int64_t faults_disarm(void);

/* Seconds the program's wall clock is off. */
void faults_shift_clock(int seconds);

/* Steps for "n = 1, 2, 3, …": all of them where the environment's FAULTS_ALL is set (`make faults`),
 * else the first `dense` and then ever fewer. */
int64_t faults_next(int64_t n, int64_t dense);

#endif
