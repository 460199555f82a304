/*
 * test_thread_pool.c: every part is run once, by however many threads, again and again.
 */
#include "base/thread_pool.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PARTS = 300
};

typedef struct count {
    atomic_int runs[PARTS];
    atomic_int scratched;
} count;

static void count_part(void *context, size_t part, void *scratch)
{
    count *c = context;
    atomic_fetch_add(&c->runs[part], 1);
    if (scratch != NULL) {
        memset(scratch, (int)part, 4096); /* threads that shared it would be seen by a sanitizer */
        atomic_fetch_add(&c->scratched, 1);
    }
}

static void expect_each_once(int64_t threads, size_t parts, int rounds)
{
    gdi_thread_pool *pool = NULL;
    cr_assert_eq(gdi_thread_pool_create(&pool, threads, 4096, NULL), GD_OK);
    cr_assert_leq(gdi_thread_pool_size(pool), (size_t)threads);
    count *c = calloc(1, sizeof *c);
    for (int round = 1; round <= rounds; round++) {
        gdi_thread_pool_run(pool, parts, count_part, c);
        for (size_t i = 0; i < PARTS; i++) {
            cr_assert_eq(atomic_load(&c->runs[i]), i < parts ? round : 0, "%lld threads, part %zu",
                         (long long)threads, i);
        }
        if (round == rounds / 2) {
            usleep(3000); /* so that helpers fall asleep */
        }
    }
    cr_expect_eq(atomic_load(&c->scratched), threads > 1 ? rounds * (int)parts : 0);
    free(c);
    gdi_thread_pool_destroy(pool);
}

Test(base_thread_pool, every_part_is_run_once)
{
    expect_each_once(1, 7, 3);
    expect_each_once(2, 0, 3);
    expect_each_once(2, 1, 3);
    expect_each_once(2, 2, 2000);
    expect_each_once(3, 5, 1000);
    expect_each_once(8, PARTS, 100);
    expect_each_once(64, 3, 20);
}

Test(base_thread_pool, may_end_without_work)
{
    for (int i = 0; i < 50; i++) {
        gdi_thread_pool *pool = NULL;
        cr_assert_eq(gdi_thread_pool_create(&pool, 4, 64, NULL), GD_OK);
        gdi_thread_pool_destroy(pool);
    }
    gdi_thread_pool_destroy(NULL);
}

Test(base_thread_pool, knows_its_size)
{
    gdi_thread_pool *pool = NULL;
    cr_assert_eq(gdi_thread_pool_create(&pool, 1, 64, NULL), GD_OK);
    cr_expect_null(pool);
    cr_expect_eq(gdi_thread_pool_size(NULL), 1u);
    cr_expect_eq(gdi_thread_pool_bytes(1, 64), 0);
    cr_expect_geq(gdi_thread_pool_bytes(3, 1000), 3000);
    cr_expect_geq(gdi_processor_count(), 1);
    cr_expect_leq(gdi_processor_count(), GDI_MAXIMUM_THREADS);
}
