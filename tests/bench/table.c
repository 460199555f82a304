/*
 * table.c: printing of the table (table.h).
 */
#include "bench/table.h"

#include <math.h>
#include <string.h>

int table_at_least(double value, double bound)
{
    return value < 0 ? -1 : value >= bound;
}

int table_at_most(double value, double bound)
{
    return value < 0 ? -1 : value <= bound;
}

/* Three digits and a multiplier. */
static const char *short_number(double value, char text[32])
{
    static const char *const multipliers[] = {"", " k", " M", " G"};
    size_t i = 0;
    for (; i < 3 && fabs(value) >= 999.5; i++) {
        value /= 1000;
    }
    int digits = fabs(value) >= 99.95 ? 0 : fabs(value) >= 9.995 ? 1 : 2;
    snprintf(text, 32, "%.*f%s", digits, value, multipliers[i]);
    return text;
}

static void print_line(FILE *lines, const table_row *row)
{
    fprintf(lines, "{\"group\":\"%s\",\"name\":\"%s\",\"unit\":\"%s\",\"figure\":%.6g", row->group,
            row->name, row->unit, row->figure);
    if (row->peak_share >= 0) {
        fprintf(lines, ",\"share_of_fma_peak\":%.4f", row->peak_share);
    }
    if (row->memory_share >= 0) {
        fprintf(lines, ",\"share_of_memory_bandwidth\":%.4f", row->memory_share);
    }
    fputs(",\"peers\":{", lines);
    const char *comma = "";
    for (int i = 0; i < TABLE_PEERS; i++) {
        const table_peer *peer = &row->peers[i];
        if (peer->name != NULL && peer->ratio > 0) {
            fprintf(lines, "%s\"%s\":{\"figure\":%.6g,\"ratio\":%.4g}", comma, peer->name,
                    peer->figure, peer->ratio);
            comma = ",";
        }
    }
    fprintf(lines, "},\"goal\":\"%s\",\"met\":%s}\n", row->goal == NULL ? "" : row->goal,
            row->met < 0    ? "null"
            : row->met != 0 ? "true"
                            : "false");
    fflush(lines);
}

void table_print(table *it, const table_row *row)
{
    char figure[32];
    if (it->group == NULL || strcmp(it->group, row->group) != 0) {
        printf("\n%s\n", row->group);
        it->group = row->group;
    }
    printf("  %-34s %9s %-11s", row->name,
           row->figure < 0 ? "-" : short_number(row->figure, figure), row->unit);
    if (row->peak_share >= 0) {
        printf(" %3.0f %% of peak", row->peak_share * 100);
    }
    if (row->memory_share >= 0) {
        printf(" %3.0f %% of memory", row->memory_share * 100);
    }
    for (int i = 0; i < TABLE_PEERS; i++) {
        const table_peer *peer = &row->peers[i];
        if (peer->name != NULL && peer->ratio > 0) {
            printf("  %.3g x %s", peer->ratio, peer->name);
        }
    }
    if (row->goal != NULL) {
        printf("  [%s: %s]", row->goal,
               row->met < 0    ? "not known here"
               : row->met != 0 ? "met"
                               : "NOT MET");
        it->met += row->met > 0;
        it->missed += row->met == 0;
    }
    putchar('\n');
    fflush(stdout);
    if (it->lines != NULL) {
        print_line(it->lines, row);
    }
}

void table_finish(const table *it)
{
    printf("\n%d goals met, %d not met\n", it->met, it->missed);
}
