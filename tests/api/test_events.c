/*
 * test_events.c: what happened to a job, in order, once each.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define NO_ID "01234567-89ab-7cde-8f01-23456789abcd"

static const char *type_of(const reply *events, int index)
{
    return reply_text(events, client_text(events->owner, "/events/%d/type", index));
}

static int count_type(const reply *events, const char *type)
{
    int found = 0;
    for (int i = 0; i < reply_count(events, "/events"); i++)
        found += strcmp(type_of(events, i), type) == 0;
    return found;
}

Test(api_events, a_run_is_told_from_queued_to_succeeded, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_TINY), "/id");
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    ASSERT_STATUS(events, 200);
    int count = reply_count(events, "/events");
    cr_assert_geq(count, 3, "%s", events->body);
    for (int i = 0; i < count; i++) {
        cr_expect_eq(reply_number(events, client_text(it, "/events/%d/seq", i)), i + 1);
        cr_expect(text_is_time(reply_text(events, client_text(it, "/events/%d/at", i))));
        cr_expect_gt(strlen(reply_text(events, client_text(it, "/events/%d/message", i))), 5);
        const cJSON *data = reply_at(events, client_text(it, "/events/%d/data", i));
        cr_expect(cJSON_IsNull(data) || cJSON_IsObject(data), "%s", events->body);
    }
    cr_expect_str_eq(type_of(events, 0), "queued");
    cr_expect_str_eq(type_of(events, 1), "started");
    cr_expect_str_eq(type_of(events, count - 1), "succeeded");
    service_destroy(it);
}

Test(api_events, after_and_limit_page_through_them, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_TINY), "/id");
    const reply *all = client_get(it, "/v1/jobs/%s/events", id);
    const reply *first = client_get(it, "/v1/jobs/%s/events?limit=1", id);
    cr_expect_eq(reply_count(first, "/events"), 1);
    cr_expect_str_eq(type_of(first, 0), "queued");
    const reply *rest = client_get(it, "/v1/jobs/%s/events?after=1", id);
    cr_expect_eq(reply_count(rest, "/events"), reply_count(all, "/events") - 1);
    cr_expect_eq(reply_number(rest, "/events/0/seq"), 2);
    const reply *none = client_get(it, "/v1/jobs/%s/events?after=1000", id);
    ASSERT_STATUS(none, 200);
    cr_expect_eq(reply_count(none, "/events"), 0);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/events?after=-1", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/events?limit=0", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/events", NO_ID), 404);
    service_destroy(it);
}

Test(api_events, pauses_crashes_and_cancels_are_told_once, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, id, 1, 20);
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    (void)client_wait_status(it, id, "paused", 5);
    ASSERT_STATUS(client_act(it, id, "resume"), 202);
    (void)client_wait_status(it, id, "running", 20);
    service_kill(it);
    service_restart(it);
    const reply *job = client_wait_status(it, id, "running", 20);
    /* A pause is no failed attempt; the crash was one. */
    cr_expect_eq(reply_number(job, "/attempt"), 2);
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    (void)client_wait(it, id, 20);
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    static const char *const types[] = {"queued",    "pause_requested",  "paused",   "resumed",
                                        "recovered", "cancel_requested", "cancelled"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        cr_expect_eq(count_type(events, types[i]), 1, "%s: %s", types[i], events->body);
    cr_expect_eq(count_type(events, "started"), 3, "%s", events->body);
    service_destroy(it);
}

Test(api_events, a_refused_action_leaves_no_event, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_TINY), "/id");
    const reply *before = client_get(it, "/v1/jobs/%s/events", id);
    ASSERT_STATUS(client_act(it, id, "cancel"), 409);
    ASSERT_STATUS(client_act(it, id, "pause"), 409);
    cr_expect_str_eq(client_get(it, "/v1/jobs/%s/events", id)->body, before->body);
    service_destroy(it);
}
