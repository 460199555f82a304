/*
 * protocol.c: the peer's side of the protocol.
 */
#include "bench/protocol.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double protocol_processor_time(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

double protocol_wall_time(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int protocol_answer(double (*measure)(const char *name, double seconds))
{
    char line[PROTOCOL_LINE], name[PROTOCOL_LINE];
    double seconds;
    while (fgets(line, sizeof line, stdin) != NULL) {
        double figure =
            sscanf(line, "%lf %200s", &seconds, name) == 2 ? measure(name, seconds) : -1;
        if (figure < 0) {
            puts("-");
        } else {
            printf("%.6g\n", figure);
        }
        fflush(stdout);
    }
    return 0;
}

bool protocol_read_product(const char *name, protocol_product *product)
{
    char left, right;
    if (sscanf(name, "product-%zux%zux%zu-%c%c", &product->rows, &product->columns, &product->inner,
               &left, &right) != 5) {
        return false;
    }
    product->left_transposed = left == 't';
    product->right_transposed = right == 't';
    return true;
}

float *protocol_numbers(size_t count)
{
    float *numbers = aligned_alloc(64, (count * sizeof *numbers + 63) / 64 * 64);
    uint32_t state = 1;
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        state = state * 1664525 + 1013904223;
        numbers[i] = (float)(state >> 8) / (float)(1 << 24) - 0.5F;
    }
    return numbers;
}
