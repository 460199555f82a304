/*
 * random.h: reproducible random numbers, one independent stream a purpose.
 *
 * xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021),
 * seeded through SplitMix64 from (seed, stream). The state is plain data: saving the struct and
 * putting it back continues the sequence. Thread rule: one owner for each generator.
 */
#ifndef DESCENT_RANDOM_H
#define DESCENT_RANDOM_H

#include <descent/real.h>

/* Streams never share numbers, so that e.g. switching dropout on does not change the shuffle. */
typedef enum gd_stream {
    GD_STREAM_SPLIT = 1,
    GD_STREAM_INITIALISE = 2,
    GD_STREAM_SHUFFLE = 3,
    GD_STREAM_DROPOUT = 4,
    GD_STREAM_GENERATE = 5,
    GD_STREAM_RESTART = 6,
    GD_STREAM_SAMPLE = 7
} gd_stream;

typedef struct gd_random {
    uint64_t state[4];
} gd_random;

void gd_random_seed(gd_random *random, uint64_t seed, gd_stream stream);

uint64_t gd_random_bits(gd_random *random);

/* Uniform on 0 … bound-1 without bias (Lemire 2019, with rejection); bound > 0. */
uint64_t gd_random_below(gd_random *random, uint64_t bound);

/* Uniform on [0, 1), 53 bits. */
double gd_random_uniform(gd_random *random);

/* Standard normal (Marsaglia and Bray's polar method; draws in pairs, keeps none). */
double gd_random_normal(gd_random *random);

/* Fisher–Yates over 0 … count-1 already standing in `order`. */
void gd_random_shuffle(gd_random *random, int64_t *order, int64_t count);

#endif
