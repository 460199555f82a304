/*
 * Uploads: bytes to a dataset, and whatever goes wrong nothing stays behind.
 */
#include "jobs/ingest.h"

#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL "x,y,kind\n1,2,a\n3,,b\n5,2,a\n"

static jobs_fixture fixture;

static void start(void)
{
    jobs_fixture_start(&fixture);
}

static void end(void)
{
    jobs_fixture_end(&fixture);
}

TestSuite(jobs_ingest, .init = start, .fini = end);

static void expect_nothing_left(void)
{
    cr_expect_eq(jobs_fixture_count(&fixture, "uploads"), 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "datasets"), 0);
    store_dataset *datasets = NULL;
    int64_t count = 0;
    cr_assert_eq(store_dataset_list(fixture.store, NULL, 0, 10, &datasets, &count, NULL), GD_OK);
    cr_expect_eq(count, 0);
    store_dataset_list_dispose(datasets, count);
}

Test(jobs_ingest, a_file_becomes_a_dataset)
{
    char id[STORE_ID_SIZE];
    store_dataset dataset;
    jobs_fixture_upload(&fixture, SMALL, id);
    cr_assert_eq(store_dataset_get(fixture.store, id, &dataset, NULL), GD_OK);
    cr_expect_str_eq(dataset.name, "a dataset");
    cr_expect_str_eq(dataset.format, "csv");
    cr_expect_eq(dataset.rows, 3);
    cr_expect_eq(dataset.column_count, 3);
    cr_expect_eq(dataset.bytes, (int64_t)strlen(SMALL));
    cr_expect_str_eq(dataset.shape, "[3,3]");
    cr_expect_eq(strlen(dataset.sha256), 64);
    cr_expect_gt(dataset.created_at, 0);
    cJSON *columns = cJSON_Parse(dataset.columns);
    cr_assert_eq(cJSON_GetArraySize(columns), 3);
    const cJSON *x = cJSON_GetArrayItem(columns, 0), *kind = cJSON_GetArrayItem(columns, 2);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(x, "kind")->valuestring, "numeric");
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(x, "mean")->valuedouble, 3);
    cr_expect_eq(cJSON_GetObjectItemCaseSensitive(kind, "class_count")->valuedouble, 2);
    cJSON_Delete(columns);
    cr_expect_not_null(strstr(dataset.warnings, "constant_column"), "%s", dataset.warnings);
    cr_expect_not_null(strstr(dataset.warnings, "\"y\""), "%s", dataset.warnings);
    store_dataset_dispose(&dataset);
    cr_expect_eq(jobs_fixture_count(&fixture, "uploads"), 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "datasets"), 1);
    jobs_resources resources = {fixture.store, fixture.folder, 0, NULL, NULL};
    gd_frame *frame = NULL;
    cr_assert_eq(jobs_open_dataset(&resources, id, &frame, NULL, NULL), GD_OK);
    cr_expect_eq(gd_frame_row_count(frame), 3);
    gd_frame_destroy(frame);
}

Test(jobs_ingest, bytes_may_come_in_any_pieces)
{
    jobs_upload *upload = NULL;
    gd_csv_options options = gd_csv_options_default();
    char id[STORE_ID_SIZE];
    store_dataset whole, pieces;
    jobs_fixture_upload(&fixture, SMALL, id);
    cr_assert_eq(store_dataset_get(fixture.store, id, &whole, NULL), GD_OK);
    cr_assert_eq(jobs_upload_begin(&upload, fixture.folder, NULL), GD_OK);
    cr_assert_eq(jobs_upload_add(upload, "", 0, NULL), GD_OK);
    for (const char *at = SMALL; *at != '\0'; at++)
        cr_assert_eq(jobs_upload_add(upload, at, 1, NULL), GD_OK);
    cr_assert_eq(jobs_upload_finish(upload, fixture.store, "", JOBS_UPLOAD_CSV, &options, id, NULL),
                 GD_OK);
    jobs_upload_destroy(upload);
    cr_assert_eq(store_dataset_get(fixture.store, id, &pieces, NULL), GD_OK);
    cr_expect_str_eq(pieces.sha256, whole.sha256);
    cr_expect_str_eq(pieces.columns, whole.columns);
    store_dataset_dispose(&whole);
    store_dataset_dispose(&pieces);
}

Test(jobs_ingest, an_upload_that_is_given_up_leaves_nothing)
{
    jobs_upload *upload = NULL;
    cr_assert_eq(jobs_upload_begin(&upload, fixture.folder, NULL), GD_OK);
    cr_assert_eq(jobs_upload_add(upload, SMALL, 10, NULL), GD_OK);
    cr_expect_eq(jobs_fixture_count(&fixture, "uploads"), 1);
    jobs_upload_destroy(upload);
    jobs_upload_destroy(NULL);
    expect_nothing_left();
}

static gd_status finish(const char *text, gd_error *error)
{
    jobs_upload *upload = NULL;
    gd_csv_options options = gd_csv_options_default();
    char id[STORE_ID_SIZE] = "untouched";
    cr_assert_eq(jobs_upload_begin(&upload, fixture.folder, error), GD_OK);
    cr_assert_eq(jobs_upload_add(upload, text, strlen(text), error), GD_OK);
    gd_status status =
        jobs_upload_finish(upload, fixture.store, "bad", JOBS_UPLOAD_CSV, &options, id, error);
    jobs_upload_destroy(upload);
    if (status != GD_OK)
        cr_expect_str_eq(id, "untouched");
    return status;
}

Test(jobs_ingest, a_file_that_is_no_table_leaves_nothing)
{
    gd_error error = {0};
    cr_expect_eq(finish("a,b\n1,2\n3\n", &error), GD_INVALID_DATA);
    cr_expect_not_null(strstr(error.message, "line 3"), "%s", error.message);
    expect_nothing_left();
    cr_expect_eq(finish("", &error), GD_INVALID_DATA);
    expect_nothing_left();
    cr_expect_eq(finish("a,a\n1,2\n", &error), GD_INVALID_DATA);
    expect_nothing_left();
}

Test(jobs_ingest, a_disk_that_refuses_leaves_nothing)
{
    gd_error error = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/datasets", fixture.folder);
    cr_assert_eq(rmdir(path), 0);
    cr_expect_eq(finish(SMALL, &error), GD_IO_ERROR, "there is no folder for datasets");
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_nothing_left();
}

Test(jobs_ingest, no_folder_no_upload)
{
    jobs_upload *upload = NULL;
    gd_error error = {0};
    cr_expect_eq(jobs_upload_begin(&upload, "/tmp/there/is/no/such/folder", &error), GD_IO_ERROR);
    cr_expect_null(upload);
}

Test(jobs_ingest, a_removed_file_never_lies_elsewhere)
{
    jobs_dataset_file_remove(fixture.folder, "../descentd.db");
    cr_expect_eq(access(fixture.database, F_OK), 0);
    jobs_fixture_write(&fixture, "datasets", "a.frame", "x", 1);
    jobs_dataset_file_remove(fixture.folder, "a.frame");
    jobs_dataset_file_remove(fixture.folder, "a.frame");
    cr_expect_eq(jobs_fixture_count(&fixture, "datasets"), 0);
}
