/*
 * test_batcher.c: every example once an epoch, in place where that can be, the same order after a
 * restore.
 */
#include <criterion/criterion.h>

#include "train/batcher.h"

#include <string.h>

enum {
    ROWS = 23
};

static gd_real features[ROWS * 2], targets[ROWS];

static gd_examples make_examples(void)
{
    for (int i = 0; i < ROWS; i++) {
        features[2 * i] = (gd_real)i;
        features[2 * i + 1] = (gd_real)(-i);
        targets[i] = (gd_real)(100 + i);
    }
    return (gd_examples){features, targets, ROWS, 2, 1, 0, 0, NULL, NULL};
}

static gdi_batcher make(int64_t batch_size, bool shuffle, uint64_t seed)
{
    gd_training_options options = gd_training_options_default();
    options.batch_size = batch_size;
    options.shuffle = shuffle;
    options.seed = seed;
    gd_examples examples = make_examples();
    gdi_batcher batcher;
    cr_assert_eq(gdi_batcher_init(&batcher, &examples, &options, 0, NULL), GD_OK);
    return batcher;
}

/* Takes an epoch, checking that rows belong together and that each comes once. */
static void take_epoch(gdi_batcher *batcher, int order[ROWS])
{
    int seen[ROWS] = {0}, rows = 0;
    bool ended = false;
    while (!ended) {
        gdi_batch batch = gdi_batcher_take(batcher);
        for (int64_t i = 0; i < batch.rows; i++) {
            int example = (int)batch.features[2 * i];
            cr_assert_eq(batch.features[2 * i + 1], (gd_real)(-example));
            cr_assert_eq(batch.targets[i], (gd_real)(100 + example));
            cr_assert_eq(batch.order == NULL ? batch.first_row + i : batch.order[i], example);
            seen[example]++;
            order[rows++] = example;
        }
        ended = gdi_batcher_advance(batcher);
    }
    cr_assert_eq(rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
        cr_assert_eq(seen[i], 1);
    }
}

Test(train_batcher, gives_every_example_once_an_epoch)
{
    const int64_t sizes[] = {1, 2, 5, 22, 23, 1000, GD_AUTOMATIC};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int shuffle = 0; shuffle < 2; shuffle++) {
            gdi_batcher batcher = make(sizes[i], shuffle != 0, 1);
            int order[ROWS], next[ROWS];
            take_epoch(&batcher, order);
            take_epoch(&batcher, next);
            bool same = memcmp(order, next, sizeof order) == 0;
            cr_assert_eq(same, shuffle == 0 || batcher.batches == 1, "batch size %lld",
                         (long long)sizes[i]);
            gdi_batcher_dispose(&batcher);
        }
    }
}

Test(train_batcher, uses_rows_in_place_where_they_stand_side_by_side)
{
    gdi_batcher whole = make(GD_AUTOMATIC, true, 1);
    cr_assert_eq(gdi_batcher_take(&whole).features, features);
    gdi_batcher_dispose(&whole);
    gdi_batcher ordered = make(5, false, 1);
    gdi_batcher_take(&ordered);
    gdi_batcher_advance(&ordered);
    cr_assert_eq(gdi_batcher_take(&ordered).features, features + 10);
    cr_assert_eq(gdi_batcher_take(&ordered).targets, targets + 5);
    gdi_batcher_dispose(&ordered);
    gdi_batcher single = make(1, true, 1);
    gdi_batch batch = gdi_batcher_take(&single);
    cr_assert_eq(batch.features, features + 2 * batch.order[0]);
    gdi_batcher_dispose(&single);
}

Test(train_batcher, seed_decides_the_order)
{
    int first[ROWS], second[ROWS], other[ROWS];
    gdi_batcher a = make(4, true, 9), b = make(6, true, 9), c = make(4, true, 10);
    take_epoch(&a, first);
    take_epoch(&b, second);
    take_epoch(&c, other);
    cr_assert_eq(memcmp(first, second, sizeof first), 0);
    cr_assert_neq(memcmp(first, other, sizeof first), 0);
    gdi_batcher_dispose(&a);
    gdi_batcher_dispose(&b);
    gdi_batcher_dispose(&c);
}

Test(train_batcher, restores_order_and_position)
{
    for (int64_t taken = 0; taken < 17; taken++) {
        gdi_batcher batcher = make(4, true, 9), restored = make(4, true, 1);
        for (int64_t i = 0; i < taken; i++) {
            gdi_batcher_take(&batcher);
            gdi_batcher_advance(&batcher);
        }
        gdi_batcher_restore(&restored, gdi_batcher_state(&batcher), batcher.position);
        for (int i = 0; i < 20; i++) {
            gdi_batch a = gdi_batcher_take(&batcher), b = gdi_batcher_take(&restored);
            cr_assert_eq(a.rows, b.rows);
            cr_assert_eq(memcmp(a.targets, b.targets, (size_t)a.rows * sizeof *a.targets), 0);
            gdi_batcher_advance(&batcher);
            gdi_batcher_advance(&restored);
        }
        gdi_batcher_dispose(&batcher);
        gdi_batcher_dispose(&restored);
    }
}

Test(train_batcher, says_how_much_memory_it_takes)
{
    gd_training_options options = gd_training_options_default();
    gd_examples examples = make_examples();
    options.batch_size = 4;
    cr_assert_eq(gdi_batcher_bytes(&examples, &options, 0),
                 (int64_t)(ROWS * sizeof(int64_t) + 4 * 3 * sizeof(gd_real)));
    options.shuffle = false;
    cr_assert_eq(gdi_batcher_bytes(&examples, &options, 0), 0);
    options.shuffle = true;
    examples.count = INT64_MAX / 4;
    cr_assert_eq(gdi_batcher_bytes(&examples, &options, 0), -1);
}
