/*
 * main.c: the benchmark. `make bench` builds it and its peers and gives the commands by environment;
 * what a variable does not name is not measured.
 *
 *     bench [--only PART] [--rounds N] [--seconds S] [--lines FILE] training | service | compare
 */
#include "bench/bench_service.h"
#include "bench/bench_training.h"
#include "bench/figures.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: bench [--only PART] [--rounds N] [--seconds S] [--lines FILE] training|service|compare";

static int refuse(const char *what)
{
    fprintf(stderr, "bench: %s\n%s\n", what, usage);
    return 2;
}

static void print_machine(void)
{
    char line[256], date[64] = "";
    const time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL) {
        strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
    }
    printf("%s", date);
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *name = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && name != NULL) {
            printf(", %.*s", (int)strcspn(name + 2, "\n"), name + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    file = fopen("/proc/loadavg", "r");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        printf(", load %.*s", (int)strcspn(line, " "), line);
    }
    if (file != NULL) {
        fclose(file);
    }
    putchar('\n');
}

int main(int count, char **arguments)
{
    bench_options options = {
        .descent_peer = getenv("BENCH_DESCENT"),
        .torch = getenv("BENCH_TORCH"),
        .tuned = getenv("BENCH_TORCH_TUNED"),
        .sklearn = getenv("BENCH_SKLEARN"),
        .kann = getenv("BENCH_KANN"),
        .blas = getenv("BENCH_BLAS"),
        .rounds = 5,
        .seconds = 0.4,
    };
    table rows = {.lines = NULL};
    int i = 1;
    for (; i + 1 < count && strncmp(arguments[i], "--", 2) == 0; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--only") == 0) {
            options.only = value;
        } else if (strcmp(name, "--rounds") == 0) {
            options.rounds = (int)strtol(value, NULL, 10);
        } else if (strcmp(name, "--seconds") == 0) {
            options.seconds = strtod(value, NULL);
        } else if (strcmp(name, "--lines") == 0) {
            rows.lines = fopen(value, "a");
        } else {
            return refuse(name);
        }
    }
    if (i + 1 != count || options.rounds < 1 || options.rounds > FIGURES_ROUNDS ||
        !(options.seconds > 0)) {
        return refuse("what is to be measured?");
    }
    print_machine();
    if (strcmp(arguments[i], "training") == 0) {
        bench_training(&options, &rows);
    } else if (strcmp(arguments[i], "compare") == 0) {
        bench_compare(&options, getenv("BENCH_BASE"), &rows);
    } else if (strcmp(arguments[i], "service") == 0) {
        bench_service(&options, &rows);
    } else {
        return refuse(arguments[i]);
    }
    table_finish(&rows);
    if (rows.lines != NULL) {
        fclose(rows.lines);
    }
    return 0;
}
