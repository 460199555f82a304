/*
 * peers.h: the programs that are measured, as processes that answer questions (protocol.h).
 *
 * A peer that cannot be started, or that ends, answers nothing from then on: the table then lacks its
 * column. Thread rule: one owner.
 */
#ifndef TESTS_BENCH_PEERS_H
#define TESTS_BENCH_PEERS_H

#include <stdio.h>
#include <sys/types.h>

typedef struct peer {
    const char *name;
    pid_t process; /* 0: not running */
    FILE *questions, *answers;
} peer;

/* `command` goes to a shell. */
void peer_start(peer *it, const char *name, const char *command);
void peer_stop(peer *it);

/* The figure, or a negative number where the peer has none of that name. */
double peer_ask(peer *it, const char *name, double seconds);

#endif
