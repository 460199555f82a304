/*
 * table.h: the one table of the benchmark, on the screen and as lines for programs.
 *
 * A row is a figure, what it is a share of, and its ratio to peers; the goal is a ratio to one of them
 * or a bound of the figure itself. With a file named, each row is also written there as one line of
 * JSON. Thread rule: one owner.
 */
#ifndef TESTS_BENCH_TABLE_H
#define TESTS_BENCH_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_PEERS 5

typedef struct table_peer {
    const char *name; /* NULL: none */
    double figure, ratio;
} table_peer;

typedef struct table_row {
    const char *group, *name, *unit;
    double figure;
    double peak_share, memory_share; /* 0 … 1; negative: not known */
    table_peer peers[TABLE_PEERS];
    const char *goal; /* words; NULL: none */
    int met;          /* 1 yes, 0 no, -1 not known */
} table_row;

typedef struct table {
    FILE *lines; /* NULL: none */
    const char *group;
    int met, missed;
} table;

void table_print(table *it, const table_row *row);
void table_finish(const table *it);

/* Whether `value`, if known, is at least (or at most) the bound. */
int table_at_least(double value, double bound);
int table_at_most(double value, double bound);

#endif
