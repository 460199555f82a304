/*
 * bench_service.h: the service under load: the program itself on a free port, a load generator on the
 * same machine, and a bare libmicrohttpd as the measure of what a reply costs at least.
 */
#ifndef TESTS_BENCH_BENCH_SERVICE_H
#define TESTS_BENCH_BENCH_SERVICE_H

#include "bench/bench_training.h"

void bench_service(const bench_options *options, table *rows);

#endif
