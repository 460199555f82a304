/*
 * test_soak.c: 50 pollers and a stream of submits, uploads and deletions for SOAK_SECONDS (an hour)
 * before a queue of SOAK_QUEUED jobs (10,000) that stays as long as it is: memory, descriptors and log
 * do not grow, and the slowest replies become no slower. `make soak`.
 */
#include "api/specs.h"
#include "support/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLLERS         50
#define KEPT            200            /* jobs that are there at a time */
#define POLLS_A_SECOND  (POLLERS * 10) /* more than they come to, for they pause */
#define PARTS           10             /* of the time, each with a p99 of its own */
#define TOP_UP_INTERVAL 10             /* submits between two further jobs of the long queue */

/* A job of the long queue: it lets every other go before, and takes longer than the time between two
 * such jobs, so that the queue never shrinks. */
#define SPEC_LAST                                                                           \
    "{'name': 'last', 'priority': -1000, 'model': {'type': 'mlp', 'hidden': [8]}, 'data': " \
    "{'generator': {'type': 'moons', 'samples': 256, 'seed': 1}}, 'training': {'steps': "   \
    "1000000, 'batch_size': 16, 'seed': 7}}"

typedef struct soak {
    service *it;
    double start;
    atomic_bool over;
    atomic_llong polls, unchanged, submits, failures;
    pthread_mutex_t lock;
    char ids[KEPT][37];
    size_t next;
    struct poll_time {
        double at, seconds;
    } * times; /* of polls; at most `capacity` */
    size_t count, capacity;
} soak;

static void sleep_milliseconds(long milliseconds)
{
    service_sleep((double)milliseconds * 1e-3);
}

static bool pick(soak *work, unsigned *seed, char id[37])
{
    pthread_mutex_lock(&work->lock);
    memcpy(id, work->ids[rand_r(seed) % KEPT], 37);
    pthread_mutex_unlock(&work->lock);
    return id[0] != '\0';
}

/* A reply that is neither good nor "no longer there" is a failure. */
static void note(soak *work, const load_client *client)
{
    bool good = client->status == 200 || client->status == 201 || client->status == 204 ||
                client->status == 304 || client->status == 404 || client->status == 409;
    if (!good && !atomic_load(&work->over) && atomic_fetch_add(&work->failures, 1) < 5)
        fprintf(stderr, "status %d: %.200s\n", client->status,
                client->body != NULL ? client->body : "");
}

static void note_time(soak *work, double seconds)
{
    pthread_mutex_lock(&work->lock);
    if (work->count < work->capacity)
        work->times[work->count++] = (struct poll_time){service_now() - work->start, seconds};
    pthread_mutex_unlock(&work->lock);
}

static void *poll_jobs(void *context)
{
    static const char *const parts[] = {"", "/curve?max_points=200", "/events", "/curve?after=3"};
    soak *work = context;
    load_client client;
    unsigned seed = (unsigned)(uintptr_t)&client;
    char etag[128] = "";
    load_client_open(&client, work->it);
    while (!atomic_load(&work->over)) {
        char id[37], path[128];
        if (rand_r(&seed) % 4 == 0) {
            (void)load_ask(&client, "GET", "/v1/jobs?limit=20", NULL, etag);
            snprintf(etag, sizeof etag, "%s", client.etag);
        } else if (pick(work, &seed, id)) {
            snprintf(path, sizeof path, "/v1/jobs/%s%s", id, parts[rand_r(&seed) % 4]);
            (void)load_ask(&client, "GET", path, NULL, NULL);
        } else {
            sleep_milliseconds(50);
            continue;
        }
        note(work, &client);
        note_time(work, client.seconds);
        atomic_fetch_add(&work->polls, 1);
        atomic_fetch_add(&work->unchanged, client.status == 304);
        sleep_milliseconds(100 + (long)(rand_r(&seed) % 200));
    }
    load_client_close(&client);
    return NULL;
}

/* Ten jobs and a dataset a second at most; the oldest of those kept is deleted. */
static void *submit_jobs(void *context)
{
    soak *work = context;
    load_client client;
    const char *spec = client_json(work->it, SPEC_SHAPES);
    const char *last = client_json(work->it, SPEC_LAST);
    load_client_open(&client, work->it);
    for (int64_t i = 0; !atomic_load(&work->over); i++) {
        char id[37], path[128], old[37];
        if (i % 10 == 0 &&
            load_ask(&client, "POST", "/v1/datasets", "a,b\n1,2\n2,4\n3,6\n", NULL) == 201 &&
            load_first_id(&client, id)) {
            snprintf(path, sizeof path, "/v1/datasets/%s", id);
            (void)load_ask(&client, "DELETE", path, NULL, NULL);
            note(work, &client);
        }
        if (i % TOP_UP_INTERVAL == 0) {
            (void)load_ask(&client, "POST", "/v1/jobs", last, NULL);
            note(work, &client);
        }
        (void)load_ask(&client, "POST", "/v1/jobs", spec, NULL);
        note(work, &client);
        atomic_fetch_add(&work->submits, 1);
        if (client.status == 201 && load_first_id(&client, id)) {
            pthread_mutex_lock(&work->lock);
            memcpy(old, work->ids[work->next % KEPT], 37);
            memcpy(work->ids[work->next++ % KEPT], id, 37);
            pthread_mutex_unlock(&work->lock);
            snprintf(path, sizeof path, "/v1/jobs/%s", old);
            if (old[0] != '\0')
                (void)load_ask(&client, "DELETE", path, NULL, NULL);
        }
        sleep_milliseconds(100);
    }
    load_client_close(&client);
    return NULL;
}

static void fill_queue(service *it, int64_t jobs)
{
    load_client client;
    const char *spec = client_json(it, SPEC_LAST);
    load_client_open(&client, it);
    for (int64_t i = 0; i < jobs; i++)
        cr_assert_eq(load_ask(&client, "POST", "/v1/jobs", spec, NULL), 201);
    load_client_close(&client);
}

static int64_t count_queued(service *it)
{
    load_client client;
    static const char row[] = "descentd_jobs{status=\"queued\"} ";
    load_client_open(&client, it);
    const char *at =
        load_ask(&client, "GET", "/metrics", NULL, NULL) == 200 ? strstr(client.body, row) : NULL;
    int64_t count = at != NULL ? strtoll(at + strlen(row), NULL, 10) : -1;
    load_client_close(&client);
    return count;
}

typedef struct samples {
    double *times, *kilobytes, *descriptors;
    size_t count, capacity;
} samples;

static void sample(samples *into, const service *it, double start)
{
    if (into->count == into->capacity)
        return;
    into->times[into->count] = service_now() - start;
    into->kilobytes[into->count] = (double)load_resident_kilobytes(it);
    into->descriptors[into->count++] = load_descriptors(it);
}

/* The later half against the quarter before it: by then every cache is full. */
static void judge(const samples *taken, int64_t log_growth)
{
    size_t half = taken->count / 2, quarter = taken->count / 4;
    double slope =
        load_slope(taken->times + half, taken->kilobytes + half, taken->count - half) * 3600;
    double before = load_percentile(taken->kilobytes + quarter, half - quarter, 0.5);
    double after = load_percentile(taken->kilobytes + half, taken->count - half, 0.5);
    double most = load_percentile(taken->descriptors, taken->count, 1);
    printf(
        "memory: median %.1f MB, then %.1f MB; slope of the later half %.2f MB an hour; "
        "descriptors at most %.0f; log %lld bytes\n",
        before / 1024, after / 1024, slope / 1024, most, (long long)log_growth);
    cr_expect_lt(after, before * 1.05 + 4096, "memory grew from %.0f to %.0f kB", before, after);
    cr_expect_lt(most, 64 + 2 * 16 + POLLERS + 64, "%.0f descriptors", most);
    cr_expect_eq(log_growth, 0, "the log grew by %lld bytes", (long long)log_growth);
}

/* The p99 of polls in each part of the time; the middle one of the later half against the earlier
 * half's, for other work on the machine moves single ones. */
static void judge_times(soak *work, double seconds)
{
    double p99[PARTS], *part = calloc(work->count + 1, sizeof *part);
    cr_assert_not_null(part);
    printf("p99 of polls by time:");
    for (int i = 0; i < PARTS; i++) {
        size_t count = 0;
        for (size_t j = 0; j < work->count; j++)
            if ((int)(work->times[j].at / seconds * PARTS) == i)
                part[count++] = work->times[j].seconds * 1e3;
        p99[i] = load_percentile(part, count, 0.99);
        printf(" %.1f", p99[i]);
    }
    double before = load_percentile(p99, PARTS / 2, 0.5);
    double after = load_percentile(p99 + PARTS / 2, PARTS / 2, 0.5);
    printf(" ms\n");
    free(part);
    cr_expect_lt(after, 2 * before + 5, "p99 of polls from %.1f to %.1f ms", before, after);
}

Test(load_soak, n42_nothing_grows, .timeout = 100000)
{
    int64_t seconds = load_setting("SOAK_SECONDS", 3600);
    int64_t queued = load_setting("SOAK_QUEUED", 10000);
    service *it = service_create(1);
    it->arguments[0] = "--log-level=warning";
    service_restart(it);
    soak *work = calloc(1, sizeof *work);
    samples taken = {.capacity = (size_t)seconds + 16};
    taken.times = calloc(taken.capacity, sizeof(double));
    taken.kilobytes = calloc(taken.capacity, sizeof(double));
    taken.descriptors = calloc(taken.capacity, sizeof(double));
    work->it = it;
    pthread_mutex_init(&work->lock, NULL);
    work->capacity = (size_t)seconds * POLLS_A_SECOND;
    work->times = calloc(work->capacity, sizeof *work->times);
    cr_assert_not_null(work->times);
    fill_queue(it, queued + 2);
    int64_t log_before = load_log_bytes(it), shortest = INT64_MAX;
    work->start = service_now();
    pthread_t threads[POLLERS + 1];
    for (int i = 0; i < POLLERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, poll_jobs, work), 0);
    cr_assert_eq(pthread_create(&threads[POLLERS], NULL, submit_jobs, work), 0);
    while (service_now() - work->start < (double)seconds) {
        service_sleep(1);
        sample(&taken, it, work->start);
        if (taken.count % 60 == 0) {
            int64_t waiting = count_queued(it);
            shortest = waiting < shortest ? waiting : shortest;
            printf("%4.0f s: %.1f MB, %.0f descriptors, %lld queued, %lld polls, %lld submits\n",
                   taken.times[taken.count - 1], taken.kilobytes[taken.count - 1] / 1024,
                   taken.descriptors[taken.count - 1], (long long)waiting,
                   (long long)atomic_load(&work->polls), (long long)atomic_load(&work->submits));
        }
        fflush(stdout);
    }
    atomic_store(&work->over, true);
    for (int i = 0; i <= POLLERS; i++)
        pthread_join(threads[i], NULL);
    printf("%lld polls (%lld unchanged), %lld submits, %lld failures\n",
           (long long)atomic_load(&work->polls), (long long)atomic_load(&work->unchanged),
           (long long)atomic_load(&work->submits), (long long)atomic_load(&work->failures));
    cr_expect_eq(atomic_load(&work->failures), 0);
    cr_expect_geq(shortest, queued, "%lld jobs waited", (long long)shortest);
    judge(&taken, load_log_bytes(it) - log_before);
    judge_times(work, (double)seconds);
    (void)service_stop(it);
    pthread_mutex_destroy(&work->lock);
    free(taken.times);
    free(taken.kilobytes);
    free(taken.descriptors);
    free(work->times);
    free(work);
    service_destroy(it);
}
