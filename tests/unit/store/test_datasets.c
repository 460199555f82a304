/*
 * Records of datasets: pages, and deleting only what no unfinished job needs.
 */
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
    store_fixture_open(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_datasets, .init = start, .fini = end);

static gd_status create(int64_t n)
{
    static char name[] = "houses";
    static char format[] = "csv";
    static char columns[] = "[{\"name\":\"x\"}]";
    static char shape[] = "[8,8]";
    static char sha256[] = "aa";
    static char warnings[] = "[\"w\"]";
    char file[32];
    (void)snprintf(file, sizeof file, "dataset-%lld", (long long)n);
    store_dataset dataset = {.name = name,
                             .format = format,
                             .rows = 10 * n,
                             .column_count = 4,
                             .bytes = 1234,
                             .columns = columns,
                             .shape = n == 1 ? NULL : shape,
                             .sha256 = sha256,
                             .file = file,
                             .warnings = warnings,
                             .created_at = 5000 + n};
    store_fixture_id(n, dataset.id);
    return store_dataset_create(fixture.store, &dataset, NULL);
}

Test(store_datasets, come_back_as_they_were)
{
    must(create(2));
    cr_assert_eq(create(2), GD_CONFLICT);
    char id[STORE_ID_SIZE];
    store_fixture_id(2, id);
    store_dataset dataset;
    must(store_dataset_get(fixture.store, id, &dataset, NULL));
    cr_assert_str_eq(dataset.id, id);
    cr_assert_eq(dataset.sequence, 1);
    cr_assert_str_eq(dataset.name, "houses");
    cr_assert_str_eq(dataset.format, "csv");
    cr_assert_eq(dataset.rows, 20);
    cr_assert_eq(dataset.column_count, 4);
    cr_assert_eq(dataset.bytes, 1234);
    cr_assert_str_eq(dataset.columns, "[{\"name\":\"x\"}]");
    cr_assert_str_eq(dataset.shape, "[8,8]");
    cr_assert_str_eq(dataset.sha256, "aa");
    cr_assert_str_eq(dataset.file, "dataset-2");
    cr_assert_str_eq(dataset.warnings, "[\"w\"]");
    cr_assert_eq(dataset.created_at, 5002);
    store_dataset_dispose(&dataset);
    cr_assert_eq(store_dataset_get(fixture.store, "nothing", &dataset, NULL), GD_NOT_FOUND);
    cr_assert_null(dataset.name);
}

Test(store_datasets, lists_newest_first_in_pages)
{
    for (int64_t n = 1; n <= 70; n++)
        must(create(n));
    store_dataset *datasets = NULL;
    int64_t count = 0;
    int64_t cursor = 0;
    int64_t expected = 70;
    do {
        must(store_dataset_list(fixture.store, NULL, cursor, 40, &datasets, &count, NULL));
        for (int64_t i = 0; i < count; i++) {
            cr_assert_eq(datasets[i].sequence, expected--);
            cursor = datasets[i].sequence;
        }
        store_dataset_list_dispose(datasets, count);
    } while (count > 0);
    cr_assert_eq(expected, 0);
    cr_assert_eq(store_dataset_list(fixture.store, NULL, 0, 0, &datasets, &count, NULL),
                 GD_INVALID_ARGUMENT);
}

Test(store_datasets, stay_while_an_unfinished_job_needs_them)
{
    must(create(1));
    char dataset[STORE_ID_SIZE];
    char id[STORE_ID_SIZE];
    store_fixture_id(1, dataset);
    store_fixture_id(9, id);
    const char *needed[] = {dataset, dataset};
    store_job_insert insert = store_fixture_insert(id);
    insert.datasets = needed;
    insert.dataset_count = 2;
    must(store_job_create(fixture.store, &insert, NULL, NULL, NULL));
    char *file = NULL;
    gd_error error;
    store_claim claim;
    cr_assert_eq(store_dataset_delete(fixture.store, dataset, &file, &error), GD_CONFLICT);
    cr_assert_not_null(strstr(error.message, "1 unfinished job needs"), "%s", error.message);
    store_fixture_claim(fixture.store, "boot", &claim);
    cr_assert_eq(store_dataset_delete(fixture.store, dataset, &file, &error), GD_CONFLICT);
    store_run_end finish = {.status = STORE_JOB_SUCCEEDED, .reason = "completed", .at = 1};
    must(store_run_finish(fixture.store, &claim, &finish, NULL));
    must(store_dataset_delete(fixture.store, dataset, &file, &error));
    cr_assert_str_eq(file, "dataset-1");
    free(file);
    cr_assert_eq(store_dataset_delete(fixture.store, dataset, &file, &error), GD_NOT_FOUND);
    cr_assert_null(file);
    cr_assert_eq(store_fixture_status(fixture.store, 9), STORE_JOB_SUCCEEDED, "the job stays");
    must(store_check(fixture.path, &error));
}

typedef struct seen_files {
    int64_t datasets, checkpoints;
} seen_files;

static gd_status see_file(void *context, const char *file)
{
    seen_files *seen = context;
    seen->datasets += strncmp(file, "dataset-", 8) == 0 ? 1 : 0;
    seen->checkpoints += strcmp(file, "checkpoint") == 0 ? 1 : 0;
    return GD_OK;
}

Test(store_datasets, file_list_names_datasets_and_checkpoints)
{
    for (int64_t n = 1; n <= 300; n++)
        must(create(n));
    store_claim claim;
    store_run_update update = {.checkpoint = "checkpoint"};
    for (int64_t n = 1; n <= 3; n++) {
        must(store_fixture_create(fixture.store, n));
        store_fixture_claim(fixture.store, "boot", &claim);
        if (n != 2)
            must(store_run_save(fixture.store, &claim, &update, NULL));
    }
    seen_files seen = {.datasets = 0};
    must(store_file_list(fixture.store, see_file, &seen, NULL));
    cr_assert_eq(seen.datasets, 300);
    cr_assert_eq(seen.checkpoints, 2);
}
