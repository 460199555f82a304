/*
 * client_jobs.c: jobs submitted, waited for and read, over the requests of client.c.
 */
#include "support/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_SECONDS 0.005

/* Frees `text`. */
static const char *submit(service *it, char *text)
{
    const reply *got = client_post(it, "/v1/jobs", "%s", text);
    free(text);
    ASSERT_STATUS(got, 201);
    return reply_text(got, "/id");
}

const char *client_submit(service *it, const char *json, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, json);
    cr_assert_geq(vasprintf(&text, json, arguments), 0);
    va_end(arguments);
    return submit(it, text);
}

/* --- Waiting ------------------------------------------------------------------------------- */

typedef bool (*wait_condition)(const reply *job, const void *wanted);

static const reply *wait_for(service *it, const char *id, double seconds, wait_condition holds,
                             const void *wanted, const char *what)
{
    double deadline = service_now() + seconds * SERVICE_PATIENCE;
    for (;;) {
        const reply *job = client_get(it, "/v1/jobs/%s", id);
        ASSERT_STATUS(job, 200);
        if (holds(job, wanted))
            return job;
        cr_assert(!reply_truth(job, "/terminal"), "the job ended before %s: %.1500s", what,
                  job->body);
        cr_assert_lt(service_now(), deadline, "not %s within %g s: %.1500s", what, seconds,
                     job->body);
        client_drop(job);
        service_sleep(POLL_SECONDS);
    }
}

static bool has_ended(const reply *job, const void *wanted)
{
    (void)wanted;
    return reply_truth(job, "/terminal");
}

static bool has_status(const reply *job, const void *wanted)
{
    return strcmp(reply_text(job, "/status"), wanted) == 0;
}

static bool has_step(const reply *job, const void *wanted)
{
    return reply_truth(job, "/terminal") ||
           reply_number(job, "/progress/step") >= *(const double *)wanted;
}

const reply *client_wait(service *it, const char *id, double seconds)
{
    return wait_for(it, id, seconds, has_ended, NULL, "ended");
}

const reply *client_wait_status(service *it, const char *id, const char *status, double seconds)
{
    return wait_for(it, id, seconds, has_status, status, status);
}

const reply *client_wait_step(service *it, const char *id, double step, double seconds)
{
    return wait_for(it, id, seconds, has_step, &step, "at that step");
}

const reply *client_run(service *it, double seconds, const char *json, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, json);
    cr_assert_geq(vasprintf(&text, json, arguments), 0);
    va_end(arguments);
    const reply *job = client_wait(it, submit(it, text), seconds);
    cr_assert_str_eq(reply_text(job, "/status"), "succeeded", "%.1500s", job->body);
    return job;
}

/* --- Curves -------------------------------------------------------------------------------- */

const char *client_exact_curve(service *it, const char *id)
{
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", id);
    ASSERT_STATUS(curve, 200);
    const char *series = reply_raw(curve, "series");
    const char *seconds = strstr(series, "\"seconds\":[");
    cr_assert_not_null(seconds, "no seconds in: %.300s", series);
    const char *end = strchr(seconds, ']');
    cr_assert_not_null(end);
    return client_text(it, "%.*s%s", (int)(seconds - series), series, end + 1);
}

int client_count_events(const reply *events, const char *type)
{
    int found = 0;
    for (int i = 0; i < reply_count(events, "/events"); i++)
        found +=
            strcmp(reply_text(events, client_text(events->owner, "/events/%d/type", i)), type) == 0;
    return found;
}
