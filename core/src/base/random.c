/*
 * random.c: xoshiro256++ and what is drawn from it.
 *
 * Seed and stream are mixed into one 64-bit starting point by SplitMix64's bijective finaliser, so
 * that two streams of one seed never start at the same point; four further SplitMix64 outputs are the
 * state. They come from four different counters, so at most one of them can be zero.
 */
#include <descent/random.h>

#include <math.h>

static const uint64_t golden_gamma = UINT64_C(0x9E3779B97F4A7C15);

/* Stafford's variant 13 of the MurmurHash3 finaliser, as SplitMix64 uses it. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t value, unsigned count)
{
    return (value << count) | (value >> (64u - count));
}

void gd_random_seed(gd_random *random, uint64_t seed, gd_stream stream)
{
    uint64_t counter = mix(mix(seed + golden_gamma) ^ (uint64_t)stream);
    for (size_t i = 0; i < 4; i++) {
        counter += golden_gamma;
        random->state[i] = mix(counter);
    }
}

uint64_t gd_random_bits(gd_random *random)
{
    uint64_t *state = random->state;
    uint64_t result = rotate_left(state[0] + state[3], 23) + state[0];
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t gd_random_below(gd_random *random, uint64_t bound)
{
    unsigned __int128 product = (unsigned __int128)gd_random_bits(random) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = (0 - bound) % bound; /* 2^64 mod bound */
        while ((uint64_t)product < threshold) {
            product = (unsigned __int128)gd_random_bits(random) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

double gd_random_uniform(gd_random *random)
{
    return (double)(gd_random_bits(random) >> 11) * 0x1p-53;
}

double gd_random_normal(gd_random *random)
{
    double x = 0.0;
    double square = 0.0;
    do {
        x = 2.0 * gd_random_uniform(random) - 1.0;
        double y = 2.0 * gd_random_uniform(random) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    return x * sqrt(-2.0 * log(square) / square);
}

void gd_random_shuffle(gd_random *random, int64_t *order, int64_t count)
{
    gd_random own = *random; /* in registers, where *random could not be */
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)gd_random_below(&own, (uint64_t)i + 1);
        int64_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    *random = own;
}
