/*
 * Running jobs as readers see them: control words, progress, curves, snapshots; and many readers
 * while a worker publishes.
 */
#include "jobs/live.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ID "01980000-0000-7000-8000-000000000001"

enum {
    PARAMETERS = 1000
};

static jobs_live *live;

static void start(void)
{
    live = jobs_live_create();
    cr_assert_not_null(live);
}

static void end(void)
{
    jobs_live_destroy(live);
}

TestSuite(jobs_live, .init = start, .fini = end);

static jobs_live_entry *add_claimed(const char *id, int64_t step, int64_t revision)
{
    jobs_curve curve;
    gd_buffer preparation;
    store_progress progress = {.step = step};
    cr_assert_eq(jobs_curve_init(&curve, 1, 1), GD_OK);
    gd_buffer_init(&preparation, 100);
    gd_buffer_append(&preparation, "prepared", 8);
    jobs_live_entry *entry = jobs_live_add(live, id, revision, &progress, &curve, &preparation,
                                           PARAMETERS * sizeof(gd_real));
    cr_assert_not_null(entry);
    cr_assert_null(curve.columns, "taken over");
    gd_buffer_dispose(&preparation);
    return entry;
}

static jobs_live_entry *add_at(const char *id, int64_t step)
{
    return add_claimed(id, step, 0);
}

static jobs_live_entry *add(const char *id)
{
    return add_at(id, 7);
}

static void publish(jobs_live_entry *entry, int64_t step)
{
    double norm = (double)step;
    store_progress progress = {.step = step, .points = step};
    gd_point point = {.sequence = step,
                      .step = step,
                      .loss = 1.0 / (double)step,
                      .layer_gradient_norms = &norm,
                      .layer_count = 1};
    cr_assert_eq(jobs_live_publish(entry, &progress, 10, &point), GD_OK);
}

Test(jobs_live, an_entry_is_found_from_add_to_remove)
{
    store_progress progress;
    double pace;
    cr_expect_eq(jobs_live_count(live), 0);
    cr_expect_not(jobs_live_progress(live, ID, &progress, &pace));
    jobs_live_entry *entry = add(ID);
    jobs_live_entry *other = add("01980000-0000-7000-8000-000000000002");
    cr_expect_eq(jobs_live_count(live), 2);
    cr_assert(jobs_live_progress(live, ID, &progress, &pace));
    cr_expect_eq(progress.step, 7);
    publish(entry, 1);
    cr_assert(jobs_live_progress(live, ID, &progress, &pace));
    cr_expect_eq(progress.step, 1);
    cr_expect_eq(pace, 10);
    jobs_live_remove(live, entry);
    cr_expect_not(jobs_live_progress(live, ID, &progress, &pace));
    cr_expect_eq(jobs_live_count(live), 1);
    jobs_live_remove(live, other);
}

Test(jobs_live, the_higher_word_stands_and_a_pause_can_be_taken_back)
{
    enum {
        RUN = JOBS_CONTROL_RUN,
        PAUSE = JOBS_CONTROL_PAUSE,
        DRAIN = JOBS_CONTROL_DRAIN,
        CANCEL = JOBS_CONTROL_CANCEL
    };
    static const struct {
        int told[3], expected;
    } cases[] = {
        {{RUN, RUN, RUN}, RUN},         {{PAUSE, PAUSE, PAUSE}, PAUSE},
        {{PAUSE, RUN, RUN}, RUN},       {{PAUSE, RUN, PAUSE}, PAUSE},
        {{CANCEL, RUN, PAUSE}, CANCEL}, {{PAUSE, CANCEL, RUN}, CANCEL},
        {{DRAIN, RUN, PAUSE}, DRAIN},   {{DRAIN, CANCEL, DRAIN}, CANCEL},
        {{PAUSE, DRAIN, RUN}, DRAIN},   {{CANCEL, DRAIN, RUN}, CANCEL},
    };
    cr_expect_not(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 1));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jobs_live_entry *entry = add(ID);
        cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_RUN);
        for (int j = 0; j < 3; j++)
            cr_assert(jobs_live_tell(live, ID, (jobs_control)cases[i].told[j], j + 1));
        cr_expect_eq((int)jobs_live_control(entry), cases[i].expected, "case %zu", i);
        jobs_live_remove(live, entry);
    }
}

Test(jobs_live, a_word_that_was_overtaken_changes_nothing)
{
    uint64_t before = jobs_live_tells(live);
    jobs_live_entry *entry = add(ID);
    cr_expect_eq(jobs_live_tells(live), before);
    /* The row said pause at 4 and run at 5; told the other way round. */
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_RUN, 5));
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 4));
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_RUN);
    /* Run at 6, pause at 7. */
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 7));
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_RUN, 6));
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_PAUSE);
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_CANCEL, 8));
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_CANCEL, 8));
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_CANCEL);
    jobs_live_remove(live, entry);
    cr_expect_not(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 9));
    cr_expect_eq(jobs_live_tells(live), before + 7, "also those that found nobody");
}

/* A pause at 4 and its end at 5 both came before the claim at 6, and one of them is told only now. */
Test(jobs_live, a_word_for_an_earlier_attempt_changes_nothing)
{
    jobs_live_entry *entry = add_claimed(ID, 7, 6);
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 4));
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_RUN);
    /* Pause at 7, run at 8, told to nobody and read from the row; the pause is told late. */
    uint64_t before = jobs_live_tells(live);
    jobs_live_begin(entry, JOBS_CONTROL_RUN, 8);
    cr_expect_eq(jobs_live_tells(live), before);
    cr_assert(jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 7));
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_RUN);
    jobs_live_begin(entry, JOBS_CONTROL_CANCEL, 9);
    cr_expect_eq(jobs_live_control(entry), JOBS_CONTROL_CANCEL);
    jobs_live_remove(live, entry);
}

Test(jobs_live, draining_reaches_everybody)
{
    jobs_live_entry *first = add(ID), *second = add("01980000-0000-7000-8000-000000000002");
    cr_expect_not(jobs_live_is_draining(live));
    jobs_live_drain(live);
    cr_expect(jobs_live_is_draining(live));
    cr_expect_eq(jobs_live_control(first), JOBS_CONTROL_DRAIN);
    cr_expect_eq(jobs_live_control(second), JOBS_CONTROL_DRAIN);
    jobs_live_remove(live, first);
    jobs_live_remove(live, second);
}

Test(jobs_live, curves_are_given_from_where_they_are_wanted)
{
    jobs_live_entry *entry = add(ID);
    gd_status status;
    for (int64_t step = 1; step <= 100; step++)
        publish(entry, step);
    static const struct {
        int64_t after, first, count;
    } cases[] = {{0, 1, 100}, {50, 51, 50}, {99, 100, 1}, {100, 0, 0}, {1000, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jobs_curve curve = {0};
        cr_assert(jobs_live_read_curve(live, ID, cases[i].after, &curve, &status));
        cr_expect_eq(status, GD_OK);
        cr_expect_eq(curve.count, cases[i].count);
        if (cases[i].count > 0)
            cr_expect_eq(curve.first_sequence, cases[i].first);
        jobs_curve_dispose(&curve);
    }
    jobs_live_forget(entry, 60);
    jobs_curve curve = {0};
    cr_assert(jobs_live_read_curve(live, ID, 10, &curve, &status));
    cr_expect_eq(curve.first_sequence, 61);
    cr_expect_eq(curve.count, 40);
    jobs_curve_dispose(&curve);
    cr_expect_eq(jobs_live_curve(entry)->count, 40);
    jobs_live_remove(live, entry);
    cr_expect_not(jobs_live_read_curve(live, ID, 0, &curve, &status));
}

Test(jobs_live, a_point_out_of_order_is_refused)
{
    jobs_live_entry *entry = add(ID);
    store_progress progress = {.step = 1};
    double norm = 0;
    gd_point point = {.sequence = 2, .layer_gradient_norms = &norm, .layer_count = 1};
    cr_expect_eq(jobs_live_publish(entry, &progress, 1, &point), GD_INVALID_ARGUMENT);
    jobs_live_remove(live, entry);
}

/* --- Snapshots ----------------------------------------------------------------------------- */

static void give_parameters(jobs_live_entry *entry, int64_t step)
{
    gd_real values[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++)
        values[i] = (gd_real)step;
    jobs_live_publish_parameters(entry, values, step);
}

Test(jobs_live, a_snapshot_that_nobody_makes_is_unavailable)
{
    jobs_snapshot snapshot;
    cr_expect_eq(jobs_live_snapshot(live, ID, 1, &snapshot), GD_NOT_FOUND);
    jobs_live_entry *entry = add(ID);
    cr_expect_not(jobs_live_is_wanted(entry));
    cr_expect_eq(jobs_live_snapshot(live, ID, 20, &snapshot), GD_UNAVAILABLE);
    cr_expect_null(snapshot.parameters);
    cr_expect(jobs_live_is_wanted(entry));
    give_parameters(entry, 3);
    cr_expect_not(jobs_live_is_wanted(entry));
    cr_assert_eq(jobs_live_snapshot(live, ID, 20, &snapshot), GD_OK, "the earlier one");
    cr_expect_eq(snapshot.step, 3);
    cr_expect_eq(snapshot.bytes, PARAMETERS * sizeof(gd_real));
    cr_expect_eq(((const gd_real *)snapshot.parameters)[PARAMETERS - 1], 3);
    cr_expect_eq(snapshot.preparation_length, 8);
    cr_expect_eq(memcmp(snapshot.preparation, "prepared", 8), 0);
    jobs_snapshot_dispose(&snapshot);
    jobs_live_remove(live, entry);
}

static void *take_snapshot(void *context)
{
    jobs_snapshot *snapshot = context;
    gd_status status = jobs_live_snapshot(live, ID, 20000, snapshot);
    return (void *)(uintptr_t)status;
}

Test(jobs_live, a_waiting_reader_is_woken_by_the_next_step_or_the_end)
{
    jobs_live_entry *entry = add(ID);
    for (int round = 0; round < 2; round++) {
        pthread_t reader;
        jobs_snapshot snapshot;
        void *status;
        cr_assert_eq(pthread_create(&reader, NULL, take_snapshot, &snapshot), 0);
        while (!jobs_live_is_wanted(entry))
            usleep(1000);
        if (round == 0)
            give_parameters(entry, 9);
        else
            jobs_live_remove(live, entry);
        cr_assert_eq(pthread_join(reader, &status), 0);
        cr_expect_eq((gd_status)(uintptr_t)status, round == 0 ? GD_OK : GD_NOT_FOUND);
        if (round == 0)
            cr_expect_eq(snapshot.step, 9);
        jobs_snapshot_dispose(&snapshot);
    }
}

/* --- A worker and its readers -------------------------------------------------------------- */

static atomic_bool finished;

static void *read_all(void *context)
{
    int64_t *seen = context, last = 0;
    while (!atomic_load(&finished)) {
        store_progress progress;
        double pace;
        jobs_snapshot snapshot;
        jobs_curve curve = {0};
        gd_status status;
        if (jobs_live_progress(live, ID, &progress, &pace)) {
            cr_assert_geq(progress.step, last, "progress goes forward");
            last = progress.step;
        }
        if (jobs_live_read_curve(live, ID, 0, &curve, &status)) {
            cr_assert_eq(status, GD_OK);
            for (int64_t i = 0; i < curve.count; i++)
                cr_assert_eq((int64_t)curve.columns[JOBS_SERIES_STEP][i], curve.first_sequence + i);
        }
        jobs_curve_dispose(&curve);
        if (jobs_live_snapshot(live, ID, 5, &snapshot) == GD_OK) {
            for (size_t i = 0; i < PARAMETERS; i++)
                cr_assert_eq((int64_t)((const gd_real *)snapshot.parameters)[i], snapshot.step,
                             "of one step");
            (*seen)++;
        }
        jobs_snapshot_dispose(&snapshot);
        (void)jobs_live_tell(live, ID, JOBS_CONTROL_PAUSE, 1);
        (void)jobs_live_tell(live, ID, JOBS_CONTROL_RUN, 2);
        (void)jobs_live_count(live);
    }
    return NULL;
}

Test(jobs_live, readers_while_a_worker_publishes, .timeout = 60)
{
    enum {
        READERS = 4,
        ROUNDS = 5,
        STEPS = 400
    };
    pthread_t readers[READERS];
    int64_t seen[READERS] = {0};
    atomic_store(&finished, false);
    for (int i = 0; i < READERS; i++)
        cr_assert_eq(pthread_create(&readers[i], NULL, read_all, &seen[i]), 0);
    for (int round = 0; round < ROUNDS; round++) {
        jobs_live_entry *entry = add_at(ID, round * STEPS + 7);
        for (int64_t step = 8; step < 8 + STEPS; step++) {
            store_progress progress = {.step = round * STEPS + step};
            double norm = 0;
            gd_point point = {.sequence = step - 7,
                              .step = step - 7,
                              .layer_gradient_norms = &norm,
                              .layer_count = 1};
            cr_assert_eq(jobs_live_publish(entry, &progress, 1, &point), GD_OK);
            if (jobs_live_is_wanted(entry))
                give_parameters(entry, step);
            (void)jobs_live_control(entry);
            if (step % 100 == 0)
                jobs_live_forget(entry, 50);
            if (step % 8 == 0)
                usleep(100);
        }
        jobs_live_remove(live, entry);
    }
    atomic_store(&finished, true);
    int64_t total = 0;
    for (int i = 0; i < READERS; i++) {
        cr_assert_eq(pthread_join(readers[i], NULL), 0);
        total += seen[i];
    }
    cr_expect_gt(total, 0);
    cr_expect_eq(jobs_live_count(live), 0);
}
