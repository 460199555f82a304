/*
 * The joined log over a file of this test: whatever is done in whatever order, the file holds what
 * a plain one would as soon as it is looked at, and what fails is told no later than by the sync.
 */
#include "store/joined_log.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#define SIZE  2000000
#define PAGES 15 /* of a commit, with what stands before each */

/* A file in memory that counts its calls. */
typedef struct memory_file {
    sqlite3_file base;
    unsigned char bytes[SIZE];
    sqlite3_int64 size;
    int writes, syncs, closes;
    int failing; /* writes until one fails; 0: none does */
} memory_file;

static int memory_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    memory_file *memory = (memory_file *)file;
    memory->writes++;
    if (memory->failing > 0 && --memory->failing == 0)
        return SQLITE_FULL;
    cr_assert_leq(offset + count, SIZE);
    if (offset > memory->size)
        memset(memory->bytes + memory->size, 0, (size_t)(offset - memory->size));
    memcpy(memory->bytes + offset, bytes, (size_t)count);
    if (offset + count > memory->size)
        memory->size = offset + count;
    return SQLITE_OK;
}

static int memory_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    const memory_file *memory = (const memory_file *)file;
    if (offset + count > memory->size)
        return SQLITE_IOERR_SHORT_READ;
    memcpy(bytes, memory->bytes + offset, (size_t)count);
    return SQLITE_OK;
}

static int memory_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    memory_file *memory = (memory_file *)file;
    memory->size = size;
    return SQLITE_OK;
}

static int memory_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    ((memory_file *)file)->syncs++;
    return SQLITE_OK;
}

static int memory_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = ((const memory_file *)file)->size;
    return SQLITE_OK;
}

static int memory_close(sqlite3_file *file)
{
    ((memory_file *)file)->closes++;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = memory_close,
                                           .xRead = memory_read,
                                           .xWrite = memory_write,
                                           .xTruncate = memory_truncate,
                                           .xSync = memory_sync,
                                           .xFileSize = memory_size};
static memory_file joined, plain;

static sqlite3_file *start(void)
{
    joined.base.pMethods = plain.base.pMethods = &methods;
    cr_assert(store_join_log(&joined.base));
    return &joined.base;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void expect_equal(void)
{
    cr_assert_eq(joined.size, plain.size);
    cr_assert_eq(memcmp(joined.bytes, plain.bytes, (size_t)plain.size), 0);
}

/* Mostly writes behind the last one, as a log has them, some larger than what is held. */
Test(store_joined_log, any_order_of_calls_leaves_what_a_plain_file_has)
{
    static unsigned char bytes[300000], read[2][300000];
    uint64_t state = 7;
    sqlite3_file *file = start();
    sqlite3_int64 at = 0;
    for (int i = 0; i < 20000; i++) {
        const uint64_t choice = next_random(&state) % 100;
        int count = (int)(next_random(&state) % (choice == 0 ? sizeof bytes : 5000));
        if (choice < 5)
            at = (sqlite3_int64)(next_random(&state) % SIZE);
        if (at + count > SIZE)
            at = 0;
        if (choice < 90) {
            memset(bytes, (int)choice + i, (size_t)count);
            cr_assert_eq(file->pMethods->xWrite(file, bytes, count, at), SQLITE_OK);
            cr_assert_eq(memory_write(&plain.base, bytes, count, at), SQLITE_OK);
            at += count;
        } else if (choice < 95) {
            const int code = memory_read(&plain.base, read[0], count, at / 2);
            cr_assert_eq(file->pMethods->xRead(file, read[1], count, at / 2), code);
            cr_assert(code != SQLITE_OK || memcmp(read[0], read[1], (size_t)count) == 0);
        } else if (choice < 96) {
            cr_assert_eq(file->pMethods->xTruncate(file, plain.size / 2), SQLITE_OK);
            plain.size /= 2;
            at = plain.size;
            expect_equal();
        } else if (choice < 98) {
            sqlite3_int64 size = -1;
            cr_assert_eq(file->pMethods->xFileSize(file, &size), SQLITE_OK);
            cr_assert_eq(size, plain.size);
        } else {
            cr_assert_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
            expect_equal();
        }
    }
    cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
}

Test(store_joined_log, what_follows_goes_out_in_one_call_before_the_sync)
{
    unsigned char page[4096] = {1};
    sqlite3_file *file = start();
    for (int i = 0; i < PAGES; i++) {
        cr_assert_eq(file->pMethods->xWrite(file, page, 24, 32 + i * 4120), SQLITE_OK);
        cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 56 + i * 4120), SQLITE_OK);
    }
    cr_expect_eq(joined.writes, 0);
    cr_assert_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
    cr_expect_eq(joined.writes, 1);
    cr_expect_eq(joined.syncs, 1);
    cr_expect_eq(joined.size, 32 + PAGES * 4120);
    cr_assert_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
    cr_expect_eq(joined.writes, 1, "nothing is left");
    cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
    cr_expect_eq(joined.closes, 1);
    cr_expect_eq(file->pMethods, &methods);
}

Test(store_joined_log, a_write_that_fails_is_told_until_the_transaction_is_forgotten)
{
    unsigned char page[4096] = {1};
    sqlite3_file *file = start();
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 0), SQLITE_OK);
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 5000), SQLITE_OK);
    joined.failing = 1;
    cr_expect_eq(file->pMethods->xRead(file, page, 4096, 5000), SQLITE_FULL);
    cr_expect_eq(file->pMethods->xRead(file, page, 4096, 0), SQLITE_OK, "is there");
    cr_expect_eq(file->pMethods->xRead(file, page, 4096, 1000), SQLITE_FULL, "partly lost");
    cr_expect_eq(file->pMethods->xWrite(file, page, 4096, 9096), SQLITE_FULL);
    cr_expect_eq(file->pMethods->xWrite(file, page, 4096, 0), SQLITE_FULL);
    cr_expect_eq(file->pMethods->xSync(file, 0), SQLITE_FULL);
    cr_expect_eq(joined.syncs, 0);
    cr_expect_eq(joined.writes, 2, "none after the one that failed");
    store_joined_log_forget(file);
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 5000), SQLITE_OK);
    cr_expect_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
    cr_expect_eq(joined.size, 9096);
    cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
}

Test(store_joined_log, the_sync_and_the_next_write_tell_what_failed)
{
    unsigned char page[4096] = {1};
    sqlite3_file *file = start();
    joined.failing = 1;
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 0), SQLITE_OK);
    cr_expect_eq(file->pMethods->xSync(file, 0), SQLITE_FULL);
    cr_expect_eq(joined.syncs, 0);
    cr_expect_eq(joined.size, 0);
    store_joined_log_forget(file);
    cr_expect_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
    joined.failing = 1;
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 0), SQLITE_OK);
    cr_expect_eq(file->pMethods->xWrite(file, page, 4096, 9000), SQLITE_FULL, "told by the next");
    cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
}

Test(store_joined_log, what_was_rolled_back_is_not_written)
{
    unsigned char page[4096] = {1};
    sqlite3_file *file = start();
    cr_assert_eq(file->pMethods->xWrite(file, page, 4096, 0), SQLITE_OK);
    store_joined_log_forget(file);
    cr_assert_eq(file->pMethods->xSync(file, 0), SQLITE_OK);
    cr_expect_eq(joined.writes, 0);
    cr_assert_eq(file->pMethods->xClose(file), SQLITE_OK);
}
