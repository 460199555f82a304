/*
 * test_faults.c: numbered checks 37 to 39 and 48 of docs/reliability.md: the n-th allocation, read,
 * write, sync … of the real program fails while it submits, uploads, trains and reads. It never dies of
 * a signal, never tells a success that is not, leaves nothing half-written, and goes on; where the
 * database cannot be trusted any more it ends with status 1, and the next start finds everything that
 * was answered. `make faults` takes every n, the suite some.
 */
#include "api/specs.h"
#include "support/client.h"
#include "support/faults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LIMIT       3600.0 /* with every n */
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define IDS_MAXIMUM 20000
#define N_MAXIMUM   200000
#define TABLE       "x,y,kind\n1,2,a\n2,3,b\n3,5,a\n4,7,b\n5,9,a\n6,11,b\n"
#define TABLE_ROWS  6
#define SPEC_STORED                                                                       \
    "{'model': {'type': 'mlp', 'hidden': [4]}, 'data': {'dataset': '%s', 'target': 'y', " \
    "'features': ['x', 'kind']}, 'training': {'epochs': 30, 'batch_size': 2, 'seed': 7, " \
    "'checkpoint_seconds': 0.001}}"

/* What was promised so far. */
typedef struct promises {
    service *it;
    char ids[IDS_MAXIMUM][40]; /* of jobs answered 201 */
    int id_count;
    int datasets;                          /* answered 201 */
    char dataset[40], job[40], digest[65]; /* from before any fault */
    int uploads;                           /* tried */
    int64_t faults;                        /* struck */
    int64_t refusals;                      /* replies that told of one */
    bool has_ended;                        /* it is waited for once */
    int restarts;                          /* the program ended with status 1 */
} promises;

static promises own;

/* --- Life and death ------------------------------------------------------------------------ */

/* False where the program has ended, which it may with status 1 and in no other way. */
static bool is_alive(void)
{
    int status = 0;
    if (own.has_ended)
        return false;
    if (waitpid(own.it->process, &status, WNOHANG) == 0)
        return true;
    own.has_ended = true;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "wait status %d", status);
    return false;
}

static void start_again(void)
{
    (void)faults_disarm();
    own.it->process = 0;
    own.has_ended = false;
    service_restart(own.it);
    own.restarts++;
}

/* After a fault: the program lives and is ready, or has ended in order and starts again, which only a
 * fault that `may_end` it allows. Its end takes a moment after the reply. */
static void survive(bool may_end)
{
    double deadline = service_now() + 10;
    bool ready = false;
    while (!ready && is_alive() && service_now() < deadline) {
        const reply *got = client_get(own.it, "/readyz");
        ready = got->status == 200;
        client_drop(got);
        if (!ready)
            service_sleep(0.01);
    }
    if (!is_alive()) {
        cr_assert(may_end, "the program ended");
        start_again();
    } else {
        cr_expect(ready, "it did not become ready again");
    }
}

static void begin(void)
{
    faults_prepare();
    own = (promises){.it = service_start(1)};
    (void)snprintf(own.dataset, sizeof own.dataset, "%s", client_upload(own.it, "?name=t", TABLE));
    own.datasets = 1;
    const reply *job = client_run(own.it, 30, SPEC_STORED, own.dataset);
    (void)snprintf(own.job, sizeof own.job, "%s", reply_text(job, "/id"));
    (void)snprintf(own.digest, sizeof own.digest, "%s", reply_text(job, "/digest"));
}

/* All that was promised is there, nothing is half there, and an undisturbed job comes to its bytes. */
static void finish(const char *what)
{
    (void)faults_disarm();
    const reply *again = client_run(own.it, 60, SPEC_STORED, own.dataset);
    cr_expect_str_eq(reply_text(again, "/digest"), own.digest);
    for (int i = 0; i < own.id_count; i++) {
        const reply *job = client_wait(own.it, own.ids[i], 60);
        ASSERT_STATUS(job, 200);
        client_drop(job);
    }
    int known = reply_count(client_get(own.it, "/v1/datasets?limit=500"), "/datasets");
    cr_expect_geq(known, own.datasets < 500 ? own.datasets : 500, "%d of %d datasets", known,
                  own.datasets);
    (void)service_stop(own.it);
    program_run check = SERVICE_PROGRAM("check", "--data-dir", own.it->data);
    cr_expect_eq(check.status, 0, "%s", check.errors);
    service_restart(own.it); /* what a crash left is swept at the start */
    cr_expect_eq(service_count_files(own.it, "uploads"), 0);
    cr_expect_eq(service_count_files(own.it, "checkpoints"), 0);
    (void)service_stop(own.it);
    cr_log_info("%s: %lld faults, %lld refusals, %d orderly ends, %d jobs promised", what,
                (long long)own.faults, (long long)own.refusals, own.restarts, own.id_count);
    service_destroy(own.it);
}

/* --- What is done while something fails ---------------------------------------------------- */

/* `wanted`, no reply at all, or a reply that owns up to the fault. True where it was `wanted`. */
static bool is_done(const reply *got, int wanted)
{
    bool refused =
        got->status == 0 || got->status == 500 || got->status == 503 || got->status == 507;
    cr_expect(got->status == wanted || refused, "%d %.600s", got->status, got->body);
    own.refusals += refused ? 1 : 0;
    return got->status == wanted;
}

static void submit_dry(void)
{
    const reply *got = client_post(own.it, "/v1/jobs?dry_run=true", SPEC_STORED, own.dataset);
    if (is_done(got, 200))
        cr_expect_gt(reply_number(got, "/model/parameters"), 0);
    client_drop(got);
}

static const char *submit(void)
{
    const reply *got = client_post(own.it, "/v1/jobs", SPEC_STORED, own.dataset);
    const char *id = NULL;
    if (is_done(got, 201) && own.id_count < IDS_MAXIMUM) {
        id = own.ids[own.id_count++];
        (void)snprintf(own.ids[own.id_count - 1], sizeof own.ids[0], "%s", reply_text(got, "/id"));
    }
    client_drop(got);
    return id;
}

static void submit_only(void)
{
    (void)submit();
}

/* A success told is one: the bytes are those of the job before. */
static void train(void)
{
    const char *id = submit();
    double deadline = service_now() + 30;
    while (id != NULL && service_now() < deadline) {
        const reply *job = client_get(own.it, "/v1/jobs/%s", id);
        bool ended = job->status == 200 && reply_truth(job, "/terminal");
        if (ended && strcmp(reply_text(job, "/status"), "succeeded") == 0)
            cr_expect_str_eq(reply_text(job, "/digest"), own.digest);
        else if (ended)
            own.refusals++;
        bool gone = job->status == 0 && !is_alive();
        client_drop(job);
        if (ended || gone)
            return;
        service_sleep(0.001);
    }
    cr_expect(id == NULL, "the job did not end");
}

/* The same bytes are stored once: each upload has others. */
static void upload(void)
{
    char text[sizeof TABLE + 32];
    int length = snprintf(text, sizeof text, TABLE "%d,1,a\n", own.uploads++);
    client_request what = {.method = "POST",
                           .path = "/v1/datasets?name=fault",
                           .headers = CLIENT_HEADERS("Content-Type: text/csv"),
                           .body = text,
                           .length = (size_t)length};
    const reply *got = client_send(own.it, &what);
    if (is_done(got, 201)) {
        own.datasets++;
        cr_expect_eq(reply_number(got, "/rows"), TABLE_ROWS + 1);
    }
    client_drop(got);
}

static void read_all(void)
{
    static const char *const paths[] = {"/v1/jobs?limit=5",
                                        "/v1/jobs/%s",
                                        "/v1/jobs/%s/curve?max_points=0",
                                        "/v1/jobs/%s/events",
                                        "/v1/jobs/%s/parameters",
                                        "/v1/jobs/%s/parameters?format=safetensors",
                                        "/v1/datasets?limit=5",
                                        "/v1/catalog",
                                        "/metrics",
                                        "/readyz"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        const char *job = strstr(paths[i], "%s") != NULL ? own.job : "";
        const char *path = client_text(own.it, "%.*s%s%s", (int)strcspn(paths[i], "%"), paths[i],
                                       job, job[0] != '\0' ? strstr(paths[i], "%s") + 2 : "");
        const reply *got = client_get(own.it, "%s", path);
        (void)is_done(got, 200);
        client_drop(got);
    }
    const reply *rows = client_get(own.it, "/v1/datasets/%s/rows", own.dataset);
    if (is_done(rows, 200))
        cr_expect_eq(reply_count(rows, "/rows"), TABLE_ROWS);
    client_drop(rows);
    const reply *predicted =
        client_post(own.it, client_text(own.it, "/v1/jobs/%s/predict", own.job),
                    "{'rows': [[1, 'a'], [2, 'b']]}");
    if (is_done(predicted, 200))
        cr_expect_eq(reply_count(predicted, "/predictions"), 2);
    client_drop(predicted);
}

typedef struct plan {
    void (*act)(void);
    int kinds;
    const char *part;
    int error;
    bool persists, may_end;
} plan;

/* n = 1, 2, 3, … until the act ends before its n-th call; the largest n that struck. */
static int64_t run_through(const plan *what)
{
    int64_t n = 1, struck = 0;
    for (; n < N_MAXIMUM; n = faults_next(n, 12)) {
        faults_arm(what->kinds, what->part, n, what->error, what->persists);
        what->act();
        int64_t failures = faults_disarm();
        survive(what->may_end);
        if (failures == 0)
            break;
        own.faults += failures;
        struck = n;
    }
    cr_expect_gt(struck, 0, "no call of that kind in %s", what->part);
    cr_expect_lt(n, N_MAXIMUM);
    return struck;
}

static void run_all(const plan *plans, size_t count, const char *what)
{
    begin();
    for (size_t i = 0; i < count; i++) {
        int64_t most = run_through(&plans[i]);
        cr_log_info("plan %zu (kinds %#x in \"%s\"%s): up to n = %lld", i, (unsigned)plans[i].kinds,
                    plans[i].part, plans[i].persists ? ", lasting" : "", (long long)most);
    }
    finish(what);
}

/* --- The checks ---------------------------------------------------------------------------- */

#define MEMORY(act)                                     \
    {                                                   \
        act, FAULTS_ALLOCATION, "", ENOMEM, false, true \
    }

Test(faults, n37_allocations_of_submits, .timeout = LIMIT)
{
    static const plan plans[] = {MEMORY(submit_dry), MEMORY(submit_only)};
    run_all(plans, COUNT(plans), "allocations of submits");
}

Test(faults, n37_allocations_of_uploads, .timeout = LIMIT)
{
    static const plan plans[] = {MEMORY(upload)};
    run_all(plans, COUNT(plans), "allocations of uploads");
}

Test(faults, n37_allocations_of_training, .timeout = LIMIT)
{
    static const plan plans[] = {MEMORY(train)};
    run_all(plans, COUNT(plans), "allocations of training");
}

Test(faults, n37_allocations_of_reads, .timeout = LIMIT)
{
    static const plan plans[] = {MEMORY(read_all)};
    run_all(plans, COUNT(plans), "allocations of reads");
}

#define DATABASE(act, kinds, persists)                 \
    {                                                  \
        act, kinds, "descentd.db", EIO, persists, true \
    }

Test(faults, n38_reads_of_the_database, .timeout = LIMIT)
{
    static const plan plans[] = {DATABASE(submit_only, FAULTS_READ, false),
                                 DATABASE(read_all, FAULTS_READ, false),
                                 DATABASE(train, FAULTS_READ, false)};
    begin();
    for (size_t i = 0; i < COUNT(plans); i++) {
        /* Its cache may hold every page: then nothing is read, and nothing fails. */
        for (int64_t n = 1; n < 40; n = faults_next(n, 6)) {
            faults_arm(plans[i].kinds, plans[i].part, n, EIO, plans[i].persists);
            plans[i].act();
            own.faults += faults_disarm();
            survive(true);
        }
    }
    finish("reads of the database");
}

Test(faults, n38_writes_and_syncs_of_the_database, .timeout = LIMIT)
{
    static const plan plans[] = {
        DATABASE(submit_only, FAULTS_WRITE, false), DATABASE(submit_only, FAULTS_SYNC, false),
        DATABASE(submit_only, FAULTS_SYNC, true), DATABASE(train, FAULTS_WRITE, false),
        DATABASE(train, FAULTS_SYNC, false)};
    run_all(plans, COUNT(plans), "writes and syncs of the database");
}

#define FILES(act, kinds, part, error)        \
    {                                         \
        act, kinds, part, error, false, false \
    }

Test(faults, n38_files_of_uploads, .timeout = LIMIT)
{
    static const plan plans[] = {FILES(upload, FAULTS_OPEN, "/uploads/", EIO),
                                 FILES(upload, FAULTS_WRITE, "/uploads/", EIO),
                                 FILES(upload, FAULTS_READ, "/uploads/", EIO),
                                 FILES(upload, FAULTS_OPEN, "/datasets", EIO),
                                 FILES(upload, FAULTS_WRITE, "/", ENOSPC),
                                 FILES(upload, FAULTS_SYNC, "/datasets", EIO),
                                 FILES(upload, FAULTS_RENAME, "/datasets", EIO)};
    run_all(plans, COUNT(plans), "files of uploads");
}

Test(faults, n38_files_of_training, .timeout = LIMIT)
{
    static const plan plans[] = {FILES(train, FAULTS_OPEN, "/datasets/", EIO),
                                 FILES(train, FAULTS_MAP, "/datasets/", ENOMEM),
                                 FILES(read_all, FAULTS_OPEN, "/datasets/", EMFILE)};
    run_all(plans, COUNT(plans), "files of training");
}

/* Checkpoints cost time when they are lost, and nothing else: a long enough job has some. */
static void train_with_checkpoints(void)
{
    const char *id = client_submit(own.it, SPEC_SHORT, 8000, 7, 0.002);
    const reply *job = client_wait(own.it, id, 60);
    cr_expect_str_eq(reply_text(job, "/status"), "succeeded", "%.600s", job->body);
    if (own.id_count == 0)
        (void)snprintf(own.ids[own.id_count++], sizeof own.ids[0], "%s", id);
    const reply *first = client_get(own.it, "/v1/jobs/%s", own.ids[0]);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(first, "/digest"));
    client_drop(first);
    client_drop(job);
}

Test(faults, n38_files_of_checkpoints, .timeout = LIMIT)
{
    static const int kinds[] = {FAULTS_OPEN, FAULTS_WRITE, FAULTS_SYNC, FAULTS_RENAME};
    begin();
    train_with_checkpoints();
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (int lasting = 0; lasting < 2; lasting++) {
            for (int64_t n = 1; n < 8; n = faults_next(n, 3)) {
                faults_arm(kinds[i], "/checkpoints", n, i == 1 ? ENOSPC : EIO, lasting == 1);
                train_with_checkpoints();
                own.faults += faults_disarm();
                survive(false);
            }
        }
    }
    cr_expect_gt(own.faults, 8);
    finish("files of checkpoints");
}

Test(faults, n39_a_full_disk, .timeout = LIMIT)
{
    begin();
    for (int round = 0; round < 3; round++) {
        faults_arm(FAULTS_WRITE | FAULTS_TRUNCATE, own.it->directory, 1, ENOSPC, true);
        for (int i = 0; i < 5; i++) {
            const reply *got = client_post(own.it, "/v1/jobs", SPEC_STORED, own.dataset);
            cr_expect(got->status == 507 || got->status == 503, "%d %s", got->status, got->body);
            client_request what = {.method = "POST",
                                   .path = "/v1/datasets",
                                   .headers = CLIENT_HEADERS("Content-Type: text/csv"),
                                   .body = TABLE,
                                   .length = sizeof TABLE - 1};
            got = client_send(own.it, &what);
            cr_expect(got->status == 507 || got->status == 503, "%d %s", got->status, got->body);
            ASSERT_STATUS(client_get(own.it, "/v1/jobs/%s", own.job), 200);
            ASSERT_STATUS(client_get(own.it, "/v1/jobs/%s/curve", own.job), 200);
            ASSERT_STATUS(client_get(own.it, "/v1/datasets/%s/rows", own.dataset), 200);
        }
        own.faults += faults_disarm();
        cr_assert(is_alive(), "a full disk is no end");
        const reply *after = client_run(own.it, 30, SPEC_STORED, own.dataset);
        cr_expect_str_eq(reply_text(after, "/digest"), own.digest);
    }
    finish("a full disk");
}

Test(faults, n48_a_clock_set_back, .timeout = 120)
{
    faults_prepare();
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHORT, 30000, 7, 0.05);
    const reply *limited = client_post(it, "/v1/jobs",
                                       "{'model': 'linear', 'data': {'generator': 'linear'}, "
                                       "'training': {'steps': 10000000000, 'max_seconds': 1}}");
    ASSERT_STATUS(limited, 201);
    faults_shift_clock(-3600);
    double start = service_now();
    const reply *job = client_wait(it, id, 60);
    cr_expect_str_eq(reply_text(job, "/status"), "succeeded");
    cr_expect_geq(reply_number(job, "/progress/samples_per_second"), 0);
    job = client_wait(it, reply_text(limited, "/id"), 60);
    cr_expect_str_eq(reply_text(job, "/reason"), "time_limit", "%.600s", job->body);
    cr_expect_lt(service_now() - start, 50);
    /* A request's deadline is not the wall's either: a silent one is cut after 10 s, not an hour. */
    static const char half[] = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Le";
    start = service_now();
    (void)client_raw(it, half, sizeof half - 1, 30);
    cr_expect_lt(service_now() - start, 20);
    /* Newest first even so: the order is that of creation. */
    const reply *newest = client_run(it, 30, SPEC_TINY);
    const reply *list = client_get(it, "/v1/jobs?limit=1");
    cr_expect_str_eq(reply_text(list, "/jobs/0/id"), reply_text(newest, "/id"));
    faults_shift_clock(0);
    (void)service_stop(it);
    service_destroy(it);
}
