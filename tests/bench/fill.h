/*
 * fill.h: a database of many ended jobs, made from one that ended, without running them.
 */
#ifndef TESTS_BENCH_FILL_H
#define TESTS_BENCH_FILL_H

/* The service must not run on `folder`/data. False where the database is not as expected. */
int fill_ended_jobs(const char *folder, long count);

#endif
