/*
 * daemon.h: the programs under load, as child processes on free ports: the service on a directory of
 * its own, and a bare libmicrohttpd that answers everything with one text.
 */
#ifndef TESTS_BENCH_DAEMON_H
#define TESTS_BENCH_DAEMON_H

#include <sys/types.h>

typedef struct daemon_process {
    pid_t process;
    int port;
    double started_in; /* seconds until the first reply */
    char folder[64];
} daemon_process;

/* On a new directory, or on the one it had before. False where it does not answer. */
int daemon_start(daemon_process *it, int workers);
void daemon_stop(daemon_process *it);
/* Stops it and removes the directory. */
void daemon_destroy(daemon_process *it);

/* Resident bytes, or -1. */
double daemon_memory(const daemon_process *it);

/* `threads` as the service's; `body` is what every reply holds. */
int daemon_start_bare(daemon_process *it, unsigned threads, const char *body);

#endif
