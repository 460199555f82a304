/*
 * test_checks_crash.c: numbered checks 30, 34, 35 and 40 of docs/reliability.md against the real
 * program: deaths while it recovers, an orderly end under load, cancelling in every state, and data
 * directories it must not touch. The long run of check 28 is test_kills.c.
 */
#include "api/specs.h"
#include "support/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT (120.0 * SERVICE_PATIENCE)
/* Each step takes some ten milliseconds and is told as it is made. */
#define SPEC_LONG_STEPS                                                                        \
    "{'model': {'type': 'mlp', 'hidden': [256, 256]}, 'data': {'generator': {'type': 'moons'," \
    "'samples': 4096, 'seed': 1}}, 'training': {'steps': 1000000, 'batch_size': 'full', "      \
    "'record_every': 1, 'seed': 7}}"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(checks, n30_kills_while_it_recovers, .timeout = LIMIT)
{
    service *it = service_start(2);
    const reply *undisturbed = client_wait(it, client_submit(it, SPEC_SHORT, 40000, 7, 0.05), 60);
    const char *ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = client_submit(it, SPEC_SHORT, 40000, 7, 0.05);
    (void)client_wait_step(it, ids[1], 8000, 30);
    service_kill(it);
    /* Each start is killed a little later than the one before: from exec to just before ready. */
    for (int i = 0; i < 30; i++) {
        service_launch(it);
        service_sleep(0.001 * i * SERVICE_PATIENCE);
        service_kill(it);
    }
    service_restart(it);
    for (int i = 0; i < 4; i++) {
        const reply *job = client_wait(it, ids[i], 60);
        bool done = strcmp(reply_text(job, "/status"), "succeeded") == 0;
        /* Three deaths of the process under a job with nothing saved between would end it. */
        cr_expect(done || strcmp(reply_text(job, "/reason"), "crash_loop") == 0, "%.600s",
                  job->body);
        if (done)
            cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
    }
    (void)service_stop(it);
    program_run check = SERVICE_PROGRAM("check", "--data-dir", it->data);
    cr_expect_eq(check.status, 0, "%s", check.errors);
    service_destroy(it);
}

Test(checks, n34_sigterm_with_eight_running_jobs, .timeout = LIMIT)
{
    service *it = service_start(8);
    const reply *undisturbed = client_wait(it, client_submit(it, SPEC_SHORT, 60000, 7, 10.0), 60);
    const char *ids[8];
    for (int i = 0; i < 8; i++)
        ids[i] = client_submit(it, SPEC_SHORT, 60000, 7, 10.0);
    for (int i = 0; i < 8; i++)
        (void)client_wait_step(it, ids[i], 1, 60);
    cr_expect_lt(service_stop(it), SERVICE_STOP_SECONDS);
    service_restart(it);
    for (int i = 0; i < 8; i++) {
        const reply *job = client_wait(it, ids[i], 100);
        cr_expect_str_eq(reply_text(job, "/digest"), reply_text(undisturbed, "/digest"));
        cr_expect_eq(reply_number(job, "/attempt"), 1, "an orderly end is no crash");
    }
    service_destroy(it);
}

Test(checks, n35_cancel_queued_running_and_finished, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *running = client_submit(it, SPEC_ENDLESS);
    const char *queued = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, running, 1, 30);
    ASSERT_STATUS(client_act(it, queued, "cancel"), 200);
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", queued), "/status"), "cancelled");
    double start = service_now();
    const reply *got = client_act(it, running, "cancel");
    cr_expect(got->status == 202 || got->status == 200, "%d", got->status);
    while (!reply_truth(client_get(it, "/v1/jobs/%s", running), "/terminal"))
        cr_assert_lt(service_now() - start, 10.0 * SERVICE_PATIENCE);
    double seconds = service_now() - start;
    /* 100 ms on a quiet machine; this one may run seven other tests. */
    cr_expect_lt(seconds, 1.0 * SERVICE_PATIENCE, "it took %g s", seconds);
    cr_log_info("cancelled %.0f ms after it was asked", seconds * 1e3);
    /* Repeating is safe; a job that ended otherwise cannot be cancelled. */
    ASSERT_STATUS(client_act(it, running, "cancel"), 200);
    const reply *done = client_run(it, 30, SPEC_TINY);
    ASSERT_STATUS(client_act(it, reply_text(done, "/id"), "cancel"), 409);
    service_destroy(it);
}

/* By the steps it takes, for on a machine that does other things a clock says little: the reply
 * shows the progress as it is once the job has been told, so at most the step that was under way
 * follows. */
Test(checks, n35_cancel_stops_a_running_job_within_a_step, .timeout = LIMIT)
{
    service *it = service_start(1);
    for (int i = 0; i < 5; i++) {
        const char *id = client_submit(it, SPEC_LONG_STEPS);
        (void)client_wait_step(it, id, 2 + i, 60);
        const reply *asked = client_act(it, id, "cancel");
        ASSERT_STATUS(asked, 202);
        double step = reply_number(asked, "/progress/step");
        const reply *job = client_wait(it, id, 60);
        cr_expect_str_eq(reply_text(job, "/status"), "cancelled");
        cr_expect_leq(reply_number(job, "/progress/step"), step + 1, "from step %g to %g", step,
                      reply_number(job, "/progress/step"));
    }
    service_destroy(it);
}

/* --- Data directories that cannot be used -------------------------------------------------- */

/* Started on the directory it ends with a failure and one line that is no trace of the insides. */
static void expect_no_start(const service *it, const char *what)
{
    program_run run = SERVICE_PROGRAM("serve", "--listen", "127.0.0.1:0", "--data-dir", it->data);
    cr_expect_eq(run.status, 1, "%s: status %d: %s", what, run.status, run.errors);
    cr_expect_eq(strncmp(run.errors, "descentd: ", 10), 0, "%s: %s", what, run.errors);
    const char *end = strchr(run.errors, '\n');
    cr_expect(end != NULL && end[1] == '\0' && end > run.errors + 20, "%s: not one line: %s", what,
              run.errors);
    cr_expect_eq(run.output[0], '\0', "%s", run.output);
}

/* Size, time of change and contents of the database, as a number. */
static uint64_t fingerprint(const char *path)
{
    struct stat facts;
    uint64_t sum = 1469598103934665603u;
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    cr_assert_eq(fstat(fileno(file), &facts), 0);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file))
        sum = (sum ^ (uint64_t)byte) * 1099511628211u;
    fclose(file);
    return sum ^ (uint64_t)facts.st_size ^ (uint64_t)facts.st_mtim.tv_nsec << 1;
}

/* A child of the test becomes a user without rights, or a mount namespace of its own, and reports. */
static void in_child(void (*run)(const service *), const service *it)
{
    int status = 0;
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        run(it);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
}

/* Status of `descentd serve` on the directory and whether it said one line, in a child. */
static void serve_and_exit(const service *it, const char *listen)
{
    program_run run = SERVICE_PROGRAM("serve", "--listen", listen, "--data-dir", it->data);
    const char *end = strchr(run.errors, '\n');
    bool right = run.status == 1 && strncmp(run.errors, "descentd: ", 10) == 0 && end != NULL &&
                 end[1] == '\0';
    if (!right)
        fprintf(stderr, "status %d: %s%s\n", run.status, run.output, run.errors);
    _exit(right ? 0 : 1);
}

static void serve_on_read_only_volume(const service *it)
{
    if (mount(it->data, it->data, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, it->data, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
        _exit(1);
    serve_and_exit(it, "127.0.0.1:0");
}

static service *stopped_with_a_job(char path[SERVICE_PATH_SIZE], char id[64])
{
    service *it = service_start(1);
    (void)snprintf(id, 64, "%s", reply_text(client_run(it, 30, SPEC_TINY), "/id"));
    (void)service_stop(it);
    service_database_path(it, path);
    return it;
}

static void expect_still_there(service *it, const char *id)
{
    service_restart(it);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", id), 200);
    service_destroy(it);
}

static void enter_namespace(const service *it)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        _exit(1);
    serve_on_read_only_volume(it);
}

static void probe_namespace(const service *it)
{
    (void)it;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("/tmp", "/tmp", NULL, MS_BIND, NULL) != 0)
        _exit(1);
}

static bool may_mount(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        probe_namespace(NULL);
        _exit(0);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Test(checks, n40_a_read_only_volume, .timeout = LIMIT)
{
    char path[SERVICE_PATH_SIZE], id[64];
    if (!may_mount())
        cr_skip_test("mounting is not permitted here");
    service *it = stopped_with_a_job(path, id);
    uint64_t before = fingerprint(path);
    in_child(enter_namespace, it);
    cr_expect_eq(fingerprint(path), before);
    expect_still_there(it, id);
}

static void serve_as_nobody(const service *it)
{
    if (setgid(65534) != 0 || setuid(65534) != 0)
        _exit(1);
    serve_and_exit(it, "127.0.0.1:0");
}

Test(checks, n40_a_directory_of_another_owner, .timeout = LIMIT)
{
    char path[SERVICE_PATH_SIZE], id[64];
    if (geteuid() != 0)
        cr_skip_test("only root can become another user");
    service *it = stopped_with_a_job(path, id);
    uint64_t before = fingerprint(path);
    cr_assert_eq(chmod(it->directory, 0755), 0);
    in_child(serve_as_nobody, it);
    cr_expect_eq(fingerprint(path), before);
    expect_still_there(it, id);
}

static void overwrite(const char *path, off_t offset, const char *bytes)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    cr_assert_geq(file, 0);
    cr_assert_eq(pwrite(file, bytes, strlen(bytes), offset), (ssize_t)strlen(bytes));
    close(file);
}

Test(checks, n40_a_damaged_file, .timeout = LIMIT)
{
    char path[SERVICE_PATH_SIZE], id[64];
    service *it = stopped_with_a_job(path, id);
    struct stat facts;
    cr_assert_eq(stat(path, &facts), 0);
    /* The head of the file, its first table, and a cut in the middle. */
    overwrite(path, 0, "No database at all");
    uint64_t before = fingerprint(path);
    expect_no_start(it, "another head");
    cr_expect_eq(fingerprint(path), before);
    overwrite(path, 0, "SQLite format 3");
    overwrite(path, 100, "damage damage damage damage");
    before = fingerprint(path);
    expect_no_start(it, "a damaged table of tables");
    cr_expect_eq(fingerprint(path), before);
    cr_assert_eq(truncate(path, facts.st_size / 2), 0);
    before = fingerprint(path);
    expect_no_start(it, "half a file");
    cr_expect_eq(fingerprint(path), before);
    service_destroy(it);
}
