/*
 * Checkpoint files: written whole, read back, damage found, nothing left behind.
 */
#include "jobs/checkpoint.h"

#include "unit/jobs/jobs_fixture.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

TestSuite(jobs_checkpoint, .init = start, .fini = end);

static gd_status write_bytes(const char *name, const void *bytes, size_t length)
{
    gd_buffer buffer;
    gd_error error = {0};
    gd_buffer_init(&buffer, length + 1);
    gd_buffer_append(&buffer, bytes, length);
    gd_status status = jobs_checkpoint_write(fixture.folder, name, &buffer, &error);
    gd_buffer_dispose(&buffer);
    return status;
}

static gd_status read_status(const char *name)
{
    void *bytes = NULL;
    size_t length = 0;
    gd_error error = {0};
    gd_status status = jobs_checkpoint_read(fixture.folder, name, &bytes, &length, &error);
    if (status == GD_OK)
        free(bytes);
    else
        cr_expect_gt(strlen(error.message), 0);
    return status;
}

Test(jobs_checkpoint, what_is_written_is_read)
{
    static const size_t lengths[] = {0, 1, 4096, 1000000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        unsigned char *bytes = malloc(lengths[i] + 1);
        void *back = NULL;
        size_t length = 0;
        cr_assert_not_null(bytes);
        for (size_t j = 0; j < lengths[i]; j++)
            bytes[j] = (unsigned char)(j * 7 + i);
        cr_assert_eq(write_bytes("a.1.checkpoint", bytes, lengths[i]), GD_OK);
        cr_assert_eq(jobs_checkpoint_read(fixture.folder, "a.1.checkpoint", &back, &length, NULL),
                     GD_OK);
        cr_assert_eq(length, lengths[i]);
        cr_expect_eq(memcmp(back, bytes, length), 0);
        free(back);
        free(bytes);
        cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 1, "written over");
    }
    jobs_checkpoint_remove(fixture.folder, "a.1.checkpoint");
    jobs_checkpoint_remove(fixture.folder, "a.1.checkpoint");
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
}

Test(jobs_checkpoint, every_damage_is_found)
{
    char path[160], contents[512];
    cr_assert_eq(write_bytes("a.1.checkpoint", "what a job needs to go on", 25), GD_OK);
    snprintf(path, sizeof path, "%s/checkpoints/a.1.checkpoint", fixture.folder);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    size_t length = fread(contents, 1, sizeof contents, file);
    fclose(file);
    for (size_t at = 0; at < length; at++) {
        char kept = contents[at];
        contents[at] = (char)(kept ^ 0x10);
        jobs_fixture_write(&fixture, "checkpoints", "a.1.checkpoint", contents, length);
        cr_assert_eq(read_status("a.1.checkpoint"), GD_CORRUPT, "byte %zu", at);
        contents[at] = kept;
    }
    for (size_t cut = 0; cut < length; cut++) {
        jobs_fixture_write(&fixture, "checkpoints", "a.1.checkpoint", contents, cut);
        cr_assert_eq(read_status("a.1.checkpoint"), GD_CORRUPT, "%zu bytes", cut);
    }
    jobs_fixture_write(&fixture, "checkpoints", "a.1.checkpoint", contents, length);
    cr_expect_eq(read_status("a.1.checkpoint"), GD_OK);
}

Test(jobs_checkpoint, what_is_not_there_is_not_found)
{
    cr_expect_eq(read_status("b.1.checkpoint"), GD_NOT_FOUND);
}

Test(jobs_checkpoint, names_never_leave_the_folder)
{
    cr_expect_eq(read_status("../descentd.db"), GD_INVALID_ARGUMENT);
    cr_expect_eq(write_bytes("../stray", "x", 1), GD_INVALID_ARGUMENT);
    jobs_checkpoint_remove(fixture.folder, "../descentd.db");
    cr_expect_eq(access(fixture.database, F_OK), 0);
    char name[PATH_MAX + 1];
    memset(name, 'n', PATH_MAX);
    name[PATH_MAX] = '\0';
    cr_expect_eq(write_bytes(name, "x", 1), GD_INVALID_ARGUMENT);
}

Test(jobs_checkpoint, a_write_that_fails_leaves_nothing)
{
    char path[160];
    snprintf(path, sizeof path, "%s/checkpoints/c.1.checkpoint", fixture.folder);
    cr_assert_eq(mkdir(path, 0700), 0); /* a name that no file can take */
    cr_expect_eq(write_bytes("c.1.checkpoint", "x", 1), GD_IO_ERROR);
    cr_assert_eq(rmdir(path), 0);
    cr_expect_eq(jobs_fixture_count(&fixture, "checkpoints"), 0);
}

Test(jobs_checkpoint, names_and_folders)
{
    char name[JOBS_CHECKPOINT_NAME_SIZE];
    jobs_checkpoint_name("01980000-0000-7000-8000-000000000000", INT64_MAX, name);
    cr_expect_str_eq(name, "01980000-0000-7000-8000-000000000000.9223372036854775807.checkpoint");
    cr_expect_eq(jobs_checkpoint_step(name), INT64_MAX);
    cr_expect_eq(jobs_checkpoint_step("a.0.checkpoint"), 0);
    static const char *const others[] = {
        NULL, "", "a", "a.", "a.1", "a.-1.checkpoint", "a..checkpoint", "a.1.checkpoint.tmp"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_eq(jobs_checkpoint_step(others[i]), -1, "%zu", i);
    cr_expect_eq(jobs_directories_create(fixture.folder, NULL), GD_OK, "they are there already");
    cr_expect_eq(jobs_directories_create("/tmp/there/is/no/such/folder", NULL), GD_IO_ERROR);
    cr_expect_eq(jobs_directory_sync("/tmp/there/is/no/such/folder", NULL), GD_IO_ERROR);
}
