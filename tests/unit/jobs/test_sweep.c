/*
 * The sweep at start: strays go, what the store knows stays, what it misses is counted.
 */
#include "jobs/ingest.h"

#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static jobs_fixture fixture;

static void start(void)
{
    jobs_fixture_start(&fixture);
}

static void end(void)
{
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_sweep, .init = start, .fini = end);

static void sweep(int64_t expected_removed, int64_t expected_missing)
{
    int64_t removed = -1, missing = -1;
    gd_error error = {0};
    cr_assert_eq(jobs_sweep_files(fixture.folder, fixture.store, &removed, &missing, &error), GD_OK,
                 "%s", error.message);
    cr_expect_eq(removed, expected_removed);
    cr_expect_eq(missing, expected_missing);
}

Test(jobs_sweep, an_empty_directory_stays_so)
{
    sweep(0, 0);
}

Test(jobs_sweep, strays_go_and_known_files_stay)
{
    char id[STORE_ID_SIZE], other[STORE_ID_SIZE];
    jobs_fixture_upload(&fixture, "x,y\n1,2\n3,4\n", id);
    jobs_fixture_upload(&fixture, "x,y\n1,2\n3,5\n", other);
    jobs_fixture_write(&fixture, "uploads", "a.part", "x", 1);
    jobs_fixture_write(&fixture, "datasets", "a.frame", "x", 1);
    jobs_fixture_write(&fixture, "datasets", "zzzz.frame.new", "x", 1);
    jobs_fixture_write(&fixture, "checkpoints", "a.1.checkpoint", "x", 1);
    jobs_fixture_write(&fixture, "checkpoints", ".keep", "", 0);
    sweep(4, 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "uploads"), 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "datasets"), 2);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
    sweep(0, 0);
    char path[160];
    snprintf(path, sizeof path, "%s/datasets/%s.frame", fixture.folder, id);
    cr_assert_eq(unlink(path), 0);
    sweep(0, 1);
}

Test(jobs_sweep, a_folder_that_is_gone_is_told)
{
    char path[128];
    int64_t removed, missing;
    gd_error error = {0};
    snprintf(path, sizeof path, "%s/uploads", fixture.folder);
    cr_assert_eq(rmdir(path), 0);
    cr_expect_eq(jobs_sweep_files(fixture.folder, fixture.store, &removed, &missing, &error),
                 GD_IO_ERROR);
}
