/*
 * test_order.c: every example once an epoch, whole or window by window, and how well windows mix.
 */
#include <criterion/criterion.h>

#include "train/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gdi_order make(int64_t count, int64_t window, int64_t batch)
{
    gdi_order order;
    gd_error error = {0};
    cr_assert_eq(gdi_order_init(&order, count, window, batch, &error), GD_OK, "%s", error.message);
    return order;
}

/* One epoch in batches; checks that every example comes once. The caller frees. */
static int64_t *take_epoch(gdi_order *order, gd_random *random, int64_t batch)
{
    int64_t *taken = calloc((size_t)order->count, sizeof *taken);
    unsigned char *seen = calloc((size_t)order->count, 1);
    cr_assert(taken != NULL && seen != NULL);
    gdi_order_start(order, random);
    for (int64_t first = 0; first < order->count; first += batch) {
        int64_t left = order->count - first, rows = left < batch ? left : batch;
        const int64_t *part = gdi_order_take(order, first, rows);
        for (int64_t i = 0; i < rows; i++) {
            cr_assert(part[i] >= 0 && part[i] < order->count);
            cr_assert_eq(seen[part[i]], 0, "example %lld twice", (long long)part[i]);
            seen[part[i]] = 1;
            taken[first + i] = part[i];
        }
    }
    free(seen);
    return taken;
}

Test(train_order, every_example_comes_once)
{
    static const int64_t counts[] = {1, 2, 255, 256, 257, 1000, 5003},
                         windows[] = {0, 1, 2, 100, 256, 257, 512, 1000, 4999, 100000},
                         batches[] = {1, 7, 64, 300, 5003};
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_SHUFFLE);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t j = 0; j < sizeof windows / sizeof windows[0]; j++) {
            for (size_t k = 0; k < sizeof batches / sizeof batches[0]; k++) {
                gdi_order order = make(counts[i], windows[j], batches[k]);
                free(take_epoch(&order, &random, batches[k]));
                free(take_epoch(&order, &random, batches[k]));
                gdi_order_dispose(&order);
            }
        }
    }
}

Test(train_order, without_a_window_it_is_the_whole_shuffle)
{
    static const int64_t windows[] = {0, 500, 501};
    int64_t expected[500];
    gd_random random;
    gd_random_seed(&random, 9, GD_STREAM_SHUFFLE);
    for (int64_t i = 0; i < 500; i++) {
        expected[i] = i;
    }
    gd_random_shuffle(&random, expected, 500);
    for (size_t i = 0; i < 3; i++) {
        gd_random_seed(&random, 9, GD_STREAM_SHUFFLE);
        gdi_order order = make(500, windows[i], 32);
        int64_t *taken = take_epoch(&order, &random, 32);
        cr_assert_eq(memcmp(taken, expected, sizeof expected), 0);
        cr_assert_not(gdi_order_is_windowed(&order));
        free(taken);
        gdi_order_dispose(&order);
    }
}

Test(train_order, any_place_can_be_gone_to_at_once)
{
    gd_random random, again;
    gdi_order order = make(5003, 1024, 48), other = make(5003, 1024, 48);
    gd_random_seed(&random, 4, GD_STREAM_SHUFFLE);
    again = random;
    int64_t *taken = take_epoch(&order, &random, 48);
    for (int64_t first = 5003 - 5003 % 48; first >= 0; first -= 48 * 7) {
        gd_random start = again;
        int64_t rows = 5003 - first < 48 ? 5003 - first : 48;
        gdi_order_start(&other, &start);
        const int64_t *part = gdi_order_take(&other, first, rows);
        cr_assert_eq(memcmp(part, taken + first, (size_t)rows * sizeof *part), 0);
    }
    free(taken);
    gdi_order_dispose(&order);
    gdi_order_dispose(&other);
}

Test(train_order, windows_have_their_blocks_and_no_others)
{
    gd_random random;
    gdi_order order = make(5003, 1024, 48);
    gd_random_seed(&random, 4, GD_STREAM_SHUFFLE);
    int64_t *taken = take_epoch(&order, &random, 48);
    for (int64_t window = 0; window < order.window_count; window++) {
        const int64_t *list = NULL;
        int64_t blocks = gdi_order_blocks(&order, window, &list);
        int64_t end = gdi_order_window_start(&order, window + 1);
        for (int64_t place = gdi_order_window_start(&order, window); place < end; place++) {
            bool found = false;
            cr_assert_eq(gdi_order_window_of(&order, place), window);
            for (int64_t i = 0; i < blocks; i++) {
                found = found || taken[place] / order.block == list[i];
            }
            cr_assert(found);
        }
    }
    free(taken);
    gdi_order_dispose(&order);
}

/* Examples sorted by class, ten classes: what a batch of 64 sees of them. */
static double classes_a_batch(int64_t count, int64_t window, double *correlation)
{
    gd_random random;
    gd_random_seed(&random, 11, GD_STREAM_SHUFFLE);
    gdi_order order = make(count, window, 64);
    int64_t *taken = take_epoch(&order, &random, 64);
    double classes = 0, covariance = 0, mean = (double)(count - 1) / 2;
    for (int64_t first = 0; first + 64 <= count; first += 64) {
        bool seen[10] = {false};
        for (int64_t i = first; i < first + 64; i++) {
            seen[taken[i] * 10 / count] = true;
        }
        for (int i = 0; i < 10; i++) {
            classes += seen[i];
        }
    }
    for (int64_t i = 0; i < count; i++) {
        covariance += ((double)i - mean) * ((double)taken[i] - mean);
    }
    *correlation = covariance * 12 / ((double)count * ((double)count * (double)count - 1));
    free(taken);
    gdi_order_dispose(&order);
    return classes / (double)(count / 64);
}

Test(train_order, a_sorted_file_comes_mixed)
{
    double whole_correlation, correlation;
    double whole = classes_a_batch(64000, 0, &whole_correlation);
    double windowed = classes_a_batch(64000, 4096, &correlation);
    cr_assert_gt(whole, 9.9, "%g", whole);
    cr_assert_gt(windowed, 9.8, "%g of %g", windowed, whole);
    /* Of 64,000 independent places it would be within 0.012 in 998 of 1000 cases; a sixteenth of the
     * file in order would have 0.06 and more. */
    cr_assert_lt(fabs(whole_correlation), 0.013, "%g", whole_correlation);
    cr_assert_lt(fabs(correlation), 0.05, "%g", correlation);
}

Test(train_order, says_how_much_memory_it_takes)
{
    cr_assert_eq(gdi_order_bytes(1000, 0, 10), 8000);
    cr_assert_eq(gdi_order_bytes(10000, 512, 10), 8 * (1250 + 512 + 10));
    cr_assert_eq(gdi_order_bytes(INT64_MAX / 4, 0, 10), -1);
}
