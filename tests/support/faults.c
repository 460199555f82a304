/*
 * faults.c: see faults.h.
 */
#include "support/faults.h"

#include "support/service.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static faults_control *control;

void faults_prepare(void)
{
    static char library[PATH_MAX];
    char link[64];
    const char *named = getenv("FAULT_LIBRARY");
    if (SERVICE_PATIENCE > 1)
        cr_skip_test("a sanitizer wants to stand first itself");
    cr_assert_not_null(realpath(named != NULL ? named : "build/tests/fault.so", library),
                       "there is no library of faults (environment FAULT_LIBRARY)");
    int file = memfd_create("faults", 0); /* of this process; the program opens it by our id */
    cr_assert_geq(file, 0);
    cr_assert_eq(ftruncate(file, sizeof *control), 0);
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    cr_assert_neq(map, MAP_FAILED);
    control = map;
    (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)getpid(), file);
    cr_assert_eq(setenv(FAULTS_ENVIRONMENT, link, 1), 0);
    cr_assert_eq(setenv("LD_PRELOAD", library, 1), 0);
}

void faults_arm(int kinds, const char *part, int64_t n, int error, bool persists)
{
    atomic_store(&control->kinds, 0);
    (void)snprintf(control->part, sizeof control->part, "%s", part);
    atomic_store(&control->error, error);
    atomic_store(&control->persists, persists ? 1 : 0);
    atomic_store(&control->failures, 0);
    atomic_store(&control->left, n);
    atomic_store(&control->kinds, kinds);
}

int64_t faults_disarm(void)
{
    atomic_store(&control->kinds, 0);
    return atomic_load(&control->failures);
}

void faults_shift_clock(int seconds)
{
    atomic_store(&control->clock_shift, seconds);
}

int64_t faults_next(int64_t n, int64_t dense)
{
    return getenv("FAULTS_ALL") != NULL || n < dense ? n + 1 : n + 1 + n / 4;
}
