/*
 * test_random.c: the generator against numbers computed independently (in Python, from the papers'
 * definitions), and the distributions drawn from it.
 */
#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(base_random, xoshiro_gives_the_published_sequence)
{
    static const uint64_t expected[] = {
        UINT64_C(41943041),
        UINT64_C(58720359),
        UINT64_C(3588806011781223),
        UINT64_C(3591011842654386),
        UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
        UINT64_C(14011001112246962877),
        UINT64_C(12406186145184390807),
        UINT64_C(15849039046786891736),
        UINT64_C(10450023813501588000),
    };
    gd_random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        cr_assert_eq(gd_random_bits(&random), expected[i]);
    }
}

typedef struct seeded {
    uint64_t seed;
    gd_stream stream;
    uint64_t bits[4];
} seeded;

static const seeded goldens[] = {
    {0,
     GD_STREAM_SPLIT,
     {UINT64_C(0x366aa1aec12080b8), UINT64_C(0xfa60ff1a1d6f1937), UINT64_C(0xbc4100c44a857fa2),
      UINT64_C(0x584c47806f6dcd1a)}},
    {0,
     GD_STREAM_SHUFFLE,
     {UINT64_C(0x940ef30a1ec9160), UINT64_C(0xfd34c6854ba60dfa), UINT64_C(0x2d5d0cb56e2acada),
      UINT64_C(0x6079755ebf7354e1)}},
    {1,
     GD_STREAM_SPLIT,
     {UINT64_C(0xba016177686e5b7d), UINT64_C(0x4c1ff17b710559f4), UINT64_C(0x610411d97959ecee),
      UINT64_C(0x19c2dac1f0089f18)}},
    {1,
     GD_STREAM_SHUFFLE,
     {UINT64_C(0x1fba6c405bb025f0), UINT64_C(0x31c08293a7a435e7), UINT64_C(0x9d630c891b93122c),
      UINT64_C(0xdddef8cfa314a98a)}},
    {UINT64_C(1) << 63,
     GD_STREAM_SPLIT,
     {UINT64_C(0xacd68560c9c0b5c1), UINT64_C(0x2ef7da0674f73a8), UINT64_C(0x5ad0864e0ba47c90),
      UINT64_C(0x35aa43b8c04215e6)}},
    {UINT64_C(1) << 63,
     GD_STREAM_SHUFFLE,
     {UINT64_C(0xd087215b65cd06bc), UINT64_C(0x86ca8434b85ab1e8), UINT64_C(0x6a5e3666ba2f6b4e),
      UINT64_C(0x93f98d8f3a972a37)}},
};

Test(base_random, seeds_and_streams_give_their_sequences)
{
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        gd_random random;
        gd_random_seed(&random, goldens[i].seed, goldens[i].stream);
        for (size_t j = 0; j < 4; j++) {
            cr_assert_eq(gd_random_bits(&random), goldens[i].bits[j], "golden %zu, number %zu", i,
                         j);
        }
    }
}

Test(base_random, below_gives_its_sequence)
{
    static const uint64_t digits[] = {0, 9, 1, 3, 1, 1, 7, 8, 9, 6, 2, 1};
    gd_random random;
    gd_random_seed(&random, 0, GD_STREAM_SHUFFLE);
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        cr_assert_eq(gd_random_below(&random, 10), digits[i]);
    }
    /* With 2^63 + 1 nearly half of all draws are rejected. */
    static const uint64_t large[] = {UINT64_C(1792504437035637491), UINT64_C(5670461034830858518),
                                     UINT64_C(7993744648944899269), UINT64_C(8231471874386317975)};
    gd_random_seed(&random, 1, GD_STREAM_SHUFFLE);
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        cr_assert_eq(gd_random_below(&random, (UINT64_C(1) << 63) + 1), large[i]);
    }
}

Test(base_random, below_is_unbiased)
{
    gd_random random;
    gd_random_seed(&random, 7, GD_STREAM_SAMPLE);
    int64_t counts[6] = {0};
    const int64_t draws = 600000;
    for (int64_t i = 0; i < draws; i++) {
        uint64_t value = gd_random_below(&random, 6);
        cr_assert_lt(value, 6);
        counts[value]++;
    }
    double chi_square = 0.0;
    for (size_t i = 0; i < 6; i++) {
        double difference = (double)counts[i] - (double)draws / 6;
        chi_square += difference * difference / ((double)draws / 6);
    }
    cr_assert_lt(chi_square, 20.5); /* 5 degrees of freedom, p = 0.001 */
    /* Without rejection a multiple of three would come up half the time. */
    const uint64_t bound = UINT64_C(3) << 62;
    int64_t lower = 0;
    for (int64_t i = 0; i < 100000; i++) {
        lower += gd_random_below(&random, bound) % 3 == 0;
    }
    cr_assert_float_eq((double)lower, 100000.0 / 3, 600.0);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(gd_random_below(&random, 1), 0);
    }
}

Test(base_random, uniform_and_normal_give_their_sequences)
{
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_INITIALISE);
    static const double uniforms[] = {0x1.769c4444ab030p-2, 0x1.b015738435850p-2,
                                      0x1.4ee0eaecd2d35p-1};
    for (size_t i = 0; i < 3; i++) {
        double value = gd_random_uniform(&random);
        cr_assert_eq(value, uniforms[i]);
    }
    static const double normals[] = {-2.3648778250694247, -1.0318424707619178, 0.5176829620299103};
    for (size_t i = 0; i < 3; i++) {
        double value = gd_random_normal(&random);
        cr_assert_float_eq(value, normals[i], 1e-14);
    }
}

Test(base_random, uniform_covers_the_unit_interval)
{
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    double sum = 0.0;
    double smallest = 1.0;
    double largest = 0.0;
    const int draws = 200000;
    for (int i = 0; i < draws; i++) {
        double value = gd_random_uniform(&random);
        sum += value;
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
    }
    cr_assert_geq(smallest, 0.0);
    cr_assert_lt(largest, 1.0);
    cr_assert_lt(smallest, 1e-4);
    cr_assert_gt(largest, 1.0 - 1e-4);
    cr_assert_float_eq(sum / draws, 0.5, 4 * sqrt(1.0 / 12 / draws));
}

Test(base_random, normal_has_its_moments)
{
    gd_random random;
    gd_random_seed(&random, 11, GD_STREAM_INITIALISE);
    const int draws = 400000;
    double moments[5] = {0};
    int beyond_two = 0;
    for (int i = 0; i < draws; i++) {
        double value = gd_random_normal(&random);
        double power = 1.0;
        for (size_t m = 1; m < 5; m++) {
            power *= value;
            moments[m] += power / draws;
        }
        beyond_two += fabs(value) > 2.0;
    }
    cr_assert_float_eq(moments[1], 0.0, 4 * sqrt(1.0 / draws));
    cr_assert_float_eq(moments[2], 1.0, 4 * sqrt(2.0 / draws));
    cr_assert_float_eq(moments[3], 0.0, 4 * sqrt(15.0 / draws));
    cr_assert_float_eq(moments[4], 3.0, 4 * sqrt(96.0 / draws));
    cr_assert_float_eq((double)beyond_two / draws, 0.0455002639, 0.0014);
}

Test(base_random, shuffle_gives_its_order)
{
    static const int64_t expected[10] = {0, 5, 2, 7, 1, 6, 9, 3, 4, 8};
    int64_t order[10];
    for (int64_t i = 0; i < 10; i++) {
        order[i] = i;
    }
    gd_random random;
    gd_random_seed(&random, UINT64_C(1) << 63, GD_STREAM_SHUFFLE);
    gd_random_shuffle(&random, order, 10);
    cr_assert_eq(memcmp(order, expected, sizeof order), 0);
}

Test(base_random, shuffle_is_a_permutation)
{
    enum {
        COUNT = 1000
    };
    for (int64_t count = 0; count <= COUNT; count = count * 3 + 1) {
        int64_t order[COUNT];
        bool seen[COUNT] = {false};
        for (int64_t i = 0; i < count; i++) {
            order[i] = i;
        }
        gd_random random;
        gd_random_seed(&random, (uint64_t)count, GD_STREAM_SHUFFLE);
        gd_random_shuffle(&random, order, count);
        for (int64_t i = 0; i < count; i++) {
            cr_assert(order[i] >= 0 && order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

Test(base_random, every_order_of_three_is_as_likely)
{
    gd_random random;
    gd_random_seed(&random, 5, GD_STREAM_SHUFFLE);
    int counts[27] = {0};
    for (int i = 0; i < 60000; i++) {
        int64_t order[3] = {0, 1, 2};
        gd_random_shuffle(&random, order, 3);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    int kinds = 0;
    for (size_t i = 0; i < 27; i++) {
        kinds += counts[i] > 0;
        cr_assert(counts[i] == 0 || (counts[i] > 9600 && counts[i] < 10400));
    }
    cr_assert_eq(kinds, 6);
}

Test(base_random, a_saved_state_continues)
{
    gd_random random;
    gd_random_seed(&random, 42, GD_STREAM_DROPOUT);
    for (int i = 0; i < 17; i++) {
        (void)gd_random_normal(&random);
    }
    unsigned char saved[sizeof random];
    memcpy(saved, &random, sizeof saved);
    uint64_t ahead[50];
    for (size_t i = 0; i < 50; i++) {
        ahead[i] = gd_random_bits(&random);
    }
    gd_random restored;
    memcpy(&restored, saved, sizeof restored);
    for (size_t i = 0; i < 50; i++) {
        cr_assert_eq(gd_random_bits(&restored), ahead[i]);
    }
}
