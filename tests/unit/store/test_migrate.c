/*
 * Migrations: made once, upgraded forward, and every database that is not to be used refused with its
 * bytes as they were.
 */
#include "store/handle.h"
#include "store/migrate.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_migrate, .init = start, .fini = end);

Test(store_migrate, embedded_files_are_in_order_with_checksums)
{
    cr_assert_geq(store_migration_count, 1u);
    for (size_t i = 0; i < store_migration_count; i++) {
        cr_assert_eq(store_migrations[i].version, (int64_t)i + 1);
        cr_assert_eq(strlen(store_migrations[i].sha256), 64u);
        cr_assert_gt(strlen(store_migrations[i].sql), 0u);
        cr_assert_eq(store_migrations[i].sql[strlen(store_migrations[i].sql) - 1], '\n');
    }
}

Test(store_migrate, records_what_it_applied)
{
    store_fixture_open(&fixture);
    store_fixture_close(&fixture);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM schema_migrations"),
                 (int64_t)store_migration_count);
    cr_assert_eq(store_fixture_number(&fixture, "PRAGMA user_version"),
                 (int64_t)store_migration_count);
    cr_assert_eq(store_fixture_number(&fixture, "PRAGMA application_id"), STORE_APPLICATION_ID);
    store_fixture_open(&fixture);
    store_fixture_close(&fixture);
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM schema_migrations"),
                 (int64_t)store_migration_count);
}

static const char hash_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char hash_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
static const char table_of_migrations[] =
    "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT; CREATE TABLE one (a);";

Test(store_migrate, upgrades_forward_and_rolls_a_failing_one_back)
{
    const store_migration two[] = {{1, "first", table_of_migrations, hash_a},
                                   {2, "second", "CREATE TABLE two (b);", hash_b}};
    const store_migration bad[] = {two[0], {2, "bad", "CREATE TABLE two (b); NONSENSE;", hash_b}};
    store_connection *connection = NULL;
    gd_error error = {.status = GD_OK};
    int64_t version = -1;
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, &error));
    must(store_schema_migrate(connection, two, 1, 0, &error));
    must(store_schema_verify(connection, two, 2, &version, &error));
    cr_assert_eq(version, 1);

    cr_assert_neq(store_schema_migrate(connection, bad, 2, 1, &error), GD_OK);
    cr_assert_not_null(strstr(error.message, "migration 2 (bad)"), "%s", error.message);
    must(store_schema_verify(connection, two, 2, &version, &error));
    cr_assert_eq(version, 1);

    must(store_schema_migrate(connection, two, 2, version, &error));
    must(store_schema_verify(connection, two, 2, &version, &error));
    cr_assert_eq(version, 2);
    cr_assert_eq(store_schema_verify(connection, two, 1, &version, &error), GD_UNSUPPORTED);
    store_connection_close(connection);
}

/* Opening fails with `expected`, one line that holds `word`, and the file unchanged. */
static void must_refuse(gd_status expected, const char *word)
{
    size_t before_length = 0;
    size_t after_length = 0;
    struct stat before_stat;
    struct stat after_stat;
    unsigned char *before = store_fixture_file(fixture.path, &before_length);
    (void)memset(&before_stat, 0, sizeof before_stat);
    (void)memset(&after_stat, 0, sizeof after_stat);
    (void)stat(fixture.path, &before_stat);
    store_options options = store_options_default();
    options.path = fixture.path;
    gd_error error = {.status = GD_OK};
    gd_status status = store_open(&fixture.store, &options, &error);
    cr_assert_eq(status, expected, "%s: %s", gd_status_name(status), error.message);
    cr_assert_null(fixture.store);
    cr_assert_not_null(strstr(error.message, word), "%s", error.message);
    cr_assert_null(strchr(error.message, '\n'));

    unsigned char *after = store_fixture_file(fixture.path, &after_length);
    (void)stat(fixture.path, &after_stat);
    cr_assert_eq(before_length, after_length);
    if (before != NULL)
        cr_assert_eq(memcmp(before, after, before_length), 0);
    cr_assert_eq(before_stat.st_mtim.tv_sec, after_stat.st_mtim.tv_sec);
    cr_assert_eq(before_stat.st_mtim.tv_nsec, after_stat.st_mtim.tv_nsec);
    free(before);
    free(after);
}

static void make(void)
{
    store_fixture_open(&fixture);
    for (int64_t i = 0; i < 50; i++)
        must(store_fixture_create(fixture.store, i));
    store_fixture_close(&fixture);
}

Test(store_migrate, refuses_a_newer_database)
{
    make();
    store_fixture_execute(&fixture, "INSERT INTO schema_migrations VALUES (99, 'later', 'x', 0)");
    must_refuse(GD_UNSUPPORTED, "migration 99");
}

Test(store_migrate, refuses_another_checksum)
{
    make();
    store_fixture_execute(&fixture, "UPDATE schema_migrations SET sha256 = 'x' WHERE version = 1");
    must_refuse(GD_CORRUPT, "checksum");
}

Test(store_migrate, refuses_missing_records)
{
    make();
    store_fixture_execute(&fixture, "DELETE FROM schema_migrations");
    must_refuse(GD_CORRUPT, "no record");
}

Test(store_migrate, refuses_tables_changed_by_hand)
{
    make();
    store_fixture_execute(&fixture, "ALTER TABLE jobs ADD COLUMN colour TEXT");
    must_refuse(GD_CORRUPT, "table jobs");
}

Test(store_migrate, refuses_a_dropped_index)
{
    make();
    store_fixture_execute(&fixture, "DROP INDEX jobs_by_model");
    must_refuse(GD_CORRUPT, "altered");
}

Test(store_migrate, refuses_another_programs_database)
{
    store_fixture_execute(&fixture, "CREATE TABLE songs (title TEXT); PRAGMA user_version = 1");
    must_refuse(GD_UNSUPPORTED, "another program");
    store_fixture_execute(&fixture, "PRAGMA application_id = 77");
    must_refuse(GD_UNSUPPORTED, "another program");
}

Test(store_migrate, refuses_another_programs_database_with_a_log)
{
    store_fixture_execute(&fixture, "PRAGMA journal_mode = WAL; CREATE TABLE songs (title TEXT)");
    sqlite3 *database = store_fixture_sql(&fixture);
    (void)sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    cr_assert_eq(sqlite3_exec(database, "INSERT INTO songs VALUES ('one')", NULL, NULL, NULL),
                 SQLITE_OK);
    (void)sqlite3_close(database);
    must_refuse(GD_UNSUPPORTED, "another program");
    cr_assert_eq(store_fixture_number(&fixture, "SELECT count(*) FROM songs"), 1);
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

Test(store_migrate, refuses_what_is_no_database)
{
    char text[8192];
    memset(text, 'x', sizeof text);
    write_file(fixture.path, text, sizeof text);
    must_refuse(GD_CORRUPT, "refused");
    write_file(fixture.path, "short", 5);
    must_refuse(GD_CORRUPT, "refused");
}

Test(store_migrate, refuses_a_truncated_file)
{
    make();
    size_t length = 0;
    unsigned char *bytes = store_fixture_file(fixture.path, &length);
    static const size_t parts[] = {2, 3, 4, 8};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        write_file(fixture.path, bytes, length - length / parts[i]);
        must_refuse(GD_CORRUPT, "refused");
    }
    write_file(fixture.path, bytes, length - 1);
    must_refuse(GD_CORRUPT, "refused");
    write_file(fixture.path, bytes, length);
    free(bytes);
    store_fixture_open(&fixture);
}

Test(store_migrate, refuses_a_missing_file_beside_its_log)
{
    char log[128];
    (void)snprintf(log, sizeof log, "%s-wal", fixture.path);
    write_file(log, "something", 9);
    must_refuse(GD_CORRUPT, "missing");
    write_file(fixture.path, "", 0);
    must_refuse(GD_CORRUPT, "empty");
    cr_assert_eq(access(log, F_OK), 0);
}

Test(store_migrate, takes_an_empty_file)
{
    write_file(fixture.path, "", 0);
    store_fixture_open(&fixture);
    must(store_fixture_create(fixture.store, 1));
}
