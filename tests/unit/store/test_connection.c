/*
 * Settings of connections, the meaning of result codes, and statements that leave nothing behind.
 */
#include "store/connection.h"

#include "store/readers.h"
#include "store/statement.h"
#include "unit/store/store_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static store_fixture fixture;

static void start(void)
{
    store_fixture_start(&fixture);
}

static void end(void)
{
    store_fixture_end(&fixture);
}

TestSuite(store_connection, .init = start, .fini = end);

static int64_t setting(store_connection *connection, const char *sql)
{
    int64_t value = -1;
    must(store_connection_number(connection, sql, &value, NULL));
    return value;
}

Test(store_connection, writer_is_durable_and_strict)
{
    store_connection *connection = NULL;
    must(store_connection_open(&connection, fixture.path, STORE_ACCESS_WRITE, NULL));
    cr_assert_eq(setting(connection, "PRAGMA synchronous"), 2);
    cr_assert_eq(setting(connection, "PRAGMA foreign_keys"), 1);
    cr_assert_eq(setting(connection, "PRAGMA trusted_schema"), 0);
    cr_assert_eq(setting(connection, "PRAGMA cell_size_check"), 1);
    cr_assert_eq(setting(connection, "PRAGMA wal_autocheckpoint"), 0);
    cr_assert_eq(setting(connection, "PRAGMA mmap_size"), 0);
    cr_assert_eq(setting(connection, "PRAGMA busy_timeout"), 5000);
    cr_assert_eq(setting(connection, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    cr_assert_neq(store_connection_execute(connection, "SELECT \"no such column\"", NULL), GD_OK);
    store_connection_close(connection);
    store_connection_close(NULL);
}

Test(store_connection, readers_cannot_write)
{
    store_fixture_open(&fixture);
    store_fixture_close(&fixture);
    static const store_access kinds[] = {STORE_ACCESS_READ, STORE_ACCESS_IMMUTABLE};
    for (size_t i = 0; i < 2; i++) {
        store_connection *connection = NULL;
        must(store_connection_open(&connection, fixture.path, kinds[i], NULL));
        cr_assert_eq(setting(connection, "PRAGMA query_only"), 1);
        cr_assert_eq(setting(connection, "SELECT count(*) FROM jobs"), 0);
        cr_assert_eq(store_connection_execute(connection, "DELETE FROM jobs", NULL), GD_IO_ERROR);
        store_connection_close(connection);
    }
    store_connection *none = NULL;
    gd_error error;
    cr_assert_eq(store_connection_open(&none, "/nowhere/x.db", STORE_ACCESS_READ, &error),
                 GD_IO_ERROR);
    cr_assert_null(none);
}

Test(store_connection, codes_have_meanings)
{
    static const struct {
        int code;
        gd_status status;
    } cases[] = {{SQLITE_OK, GD_OK},
                 {SQLITE_FULL, GD_NO_SPACE},
                 {SQLITE_IOERR_SHMSIZE, GD_NO_SPACE},
                 {SQLITE_IOERR_SHMMAP, GD_OUT_OF_MEMORY},
                 {SQLITE_CORRUPT, GD_CORRUPT},
                 {SQLITE_CORRUPT_INDEX, GD_CORRUPT},
                 {SQLITE_NOTADB, GD_CORRUPT},
                 {SQLITE_IOERR_FSYNC, GD_IO_ERROR},
                 {SQLITE_IOERR_NOMEM, GD_OUT_OF_MEMORY},
                 {SQLITE_NOMEM, GD_OUT_OF_MEMORY},
                 {SQLITE_BUSY_SNAPSHOT, GD_UNAVAILABLE},
                 {SQLITE_CANTOPEN_ISDIR, GD_IO_ERROR},
                 {SQLITE_READONLY_DBMOVED, GD_IO_ERROR},
                 {SQLITE_TOOBIG, GD_TOO_LARGE},
                 {SQLITE_CONSTRAINT_UNIQUE, GD_CONFLICT},
                 {SQLITE_CONSTRAINT_CHECK, GD_INVALID_ARGUMENT},
                 {SQLITE_CONSTRAINT_NOTNULL, GD_INVALID_ARGUMENT},
                 {SQLITE_ERROR, GD_CORRUPT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(store_status_of(cases[i].code), cases[i].status, "%d", cases[i].code);
}

Test(store_connection, statements_forget_their_last_use)
{
    static const char insert[] = "INSERT INTO t (a, b) VALUES (?, ?)";
    store_connection *connection = NULL;
    must(store_connection_open(&connection, "", STORE_ACCESS_MEMORY, NULL));
    must(store_connection_execute(connection,
                                  "CREATE TABLE t (a INTEGER PRIMARY KEY, b ANY) STRICT", NULL));
    for (int round = 0; round < 3; round++) {
        store_statement statement = store_statement_open(connection, insert);
        store_bind_integer(&statement, 1, 1);
        store_bind_text(&statement, 2, "text");
        gd_error error = {.status = GD_OK};
        cr_assert_eq(store_statement_run(&statement, NULL, &error),
                     round == 0 ? GD_OK : GD_CONFLICT, "a failure is told each time and no longer");
    }
    int64_t changed = -1;
    store_statement statement = store_statement_open(connection, insert);
    store_bind_integer(&statement, 1, 2);
    must(store_statement_run(&statement, &changed, NULL));
    cr_assert_eq(changed, 1);
    cr_assert_eq(setting(connection, "SELECT count(*) FROM t WHERE a = 2 AND b IS NULL"), 1,
                 "the text bound before is gone");

    statement = store_statement_open(connection, insert);
    store_bind_integer(&statement, 9, 1); /* no such parameter */
    store_bind_integer(&statement, 1, 3);
    cr_assert_neq(store_statement_run(&statement, NULL, NULL), GD_OK);
    statement = store_statement_open(connection, "NONSENSE");
    store_bind_integer(&statement, 1, 3);
    cr_assert_neq(store_statement_run(&statement, &changed, NULL), GD_OK);
    cr_assert_eq(changed, 0);
    cr_assert_eq(store_connection_fatal_code(connection), SQLITE_OK);
    store_connection_close(connection);
}

Test(store_connection, one_statement_may_be_used_within_itself)
{
    static const char select[] = "SELECT value FROM json_each('[1,2,3]')";
    store_connection *connection = NULL;
    must(store_connection_open(&connection, "", STORE_ACCESS_MEMORY, NULL));
    store_statement outer = store_statement_open(connection, select);
    int64_t pairs = 0;
    bool outer_row = true;
    for (;;) {
        must(store_statement_next(&outer, &outer_row, NULL));
        if (!outer_row)
            break;
        store_statement inner = store_statement_open(connection, select);
        bool row = true;
        for (;;) {
            must(store_statement_next(&inner, &row, NULL));
            if (!row)
                break;
            pairs++;
        }
        store_statement_close(&inner);
    }
    store_statement_close(&outer);
    store_statement_close(&outer);
    cr_assert_eq(pairs, 9);
    store_connection_close(connection);
}

Test(store_connection, readers_are_lent_and_given_back)
{
    store_fixture_open(&fixture);
    store_fixture_close(&fixture);
    store_readers *readers = NULL;
    gd_error error;
    cr_assert_eq(store_readers_create(&readers, fixture.path, 0, &error), GD_INVALID_ARGUMENT);
    cr_assert_eq(store_readers_create(&readers, "/nowhere/x.db", 2, &error), GD_IO_ERROR);
    cr_assert_null(readers);
    must(store_readers_create(&readers, fixture.path, 2, &error));
    store_connection *lent[2];
    for (int round = 0; round < 3; round++) {
        must(store_readers_take(readers, &lent[0], &error));
        must(store_readers_take(readers, &lent[1], &error));
        cr_assert_neq(lent[0], lent[1]);
        cr_assert_eq(setting(lent[0], "SELECT count(*) FROM jobs"), 0);
        store_readers_give(readers, lent[0]);
        store_readers_give(readers, lent[1]);
        cr_assert_eq(sqlite3_get_autocommit(store_connection_database(lent[0])), 1);
    }
    store_readers_destroy(readers);
}
