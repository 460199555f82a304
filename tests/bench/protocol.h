/*
 * protocol.h: how the benchmark asks for a figure.
 *
 * Each program that is measured runs as a process of its own and answers lines: "SECONDS NAME" is
 * answered by a number, samples (or operations) a second of its own processor time, or by "-" where it
 * does not know the name. So runs of all of them can be interleaved, and none waits for another's
 * memory or start. A name may end in "@2": two threads, and time of the wall.
 */
#ifndef TESTS_BENCH_PROTOCOL_H
#define TESTS_BENCH_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#define PROTOCOL_LINE 256

/* Seconds of processor time of this process, and of the wall. */
double protocol_processor_time(void);
double protocol_wall_time(void);

/*
 * Answers the lines of standard input until it ends. `measure` returns the figure, or a negative
 * number where the name is not known. Returns what main is to.
 */
int protocol_answer(double (*measure)(const char *name, double seconds));

/*
 * A product to be measured is named "product-ROWSxCOLUMNSxINNER", then "-tn", "-nt" or "-nn": whether
 * left and right are stored transposed. Figures are floating-point operations a second.
 */
typedef struct protocol_product {
    size_t rows, columns, inner;
    bool left_transposed, right_transposed;
} protocol_product;

bool protocol_read_product(const char *name, protocol_product *product);

/* `count` small numbers, or NULL. */
float *protocol_numbers(size_t count);

#endif
