/*
 * control.h: how a test tells a running program which of its calls is to fail. The record lies in a
 * file that both have mapped: tests/support/faults.c writes it, tests/fault/preload.c, which the
 * program is started with (LD_PRELOAD), obeys it. The program itself knows nothing of this.
 */
#ifndef TESTS_FAULT_CONTROL_H
#define TESTS_FAULT_CONTROL_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULTS_ENVIRONMENT "DESCENTD_TEST_FAULTS" /* names the file */

/* Kinds of calls, to be combined. All but ALLOCATION concern files only. */
enum {
    FAULTS_ALLOCATION = 1 << 0,
    FAULTS_OPEN = 1 << 1,
    FAULTS_READ = 1 << 2,
    FAULTS_WRITE = 1 << 3,
    FAULTS_SYNC = 1 << 4,
    FAULTS_RENAME = 1 << 5,
    FAULTS_MAP = 1 << 6,
    FAULTS_TRUNCATE = 1 << 7
};

typedef struct faults_control {
    atomic_int kinds;         /* 0: nothing fails. Set last */
    atomic_int error;         /* errno of a failing call */
    atomic_int persists;      /* not 0: every call behind the failing one fails too */
    _Atomic int64_t left;     /* calls until the failing one */
    _Atomic int64_t failures; /* there have been */
    atomic_int clock_shift;   /* seconds added to the wall clock */
    char part[128];           /* only files whose path contains it; "": all */
} faults_control;

#endif
