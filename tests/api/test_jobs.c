/*
 * test_jobs.c: reading, listing, changing and deleting jobs; what every reply carries.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define NO_ID "01234567-89ab-7cde-8f01-23456789abcd"

/* Submits `count` tiny jobs named "job 0", … and waits for the last. */
static void submit_many(service *it, const char **ids, int count)
{
    for (int i = 0; i < count; i++)
        ids[i] = client_submit(
            it,
            "{'name': 'Job %d', 'labels': {'parity': '%s', 'a': 'b:c'}, 'model': '%s', 'data': "
            "{'generator': {'type': 'xor', 'samples': 32, 'seed': 1}}, 'training': {'epochs': 1}}",
            i, i % 2 == 0 ? "even" : "odd", i % 3 == 0 ? "logistic" : "softmax");
    for (int i = 0; i < count; i++)
        (void)client_wait(it, ids[i], 20);
}

/* The list has just these jobs, in this order. */
static void expect_list(service *it, const char *query, const char *const *ids, int count)
{
    const reply *list = client_get(it, "/v1/jobs%s", query);
    ASSERT_STATUS(list, 200);
    cr_assert_eq(reply_count(list, "/jobs"), count, "%s: %.1500s", query, list->body);
    for (int i = 0; i < count; i++)
        cr_expect_str_eq(reply_text(list, client_text(it, "/jobs/%d/id", i)), ids[i], "%s, row %d",
                         query, i);
}

Test(api_jobs, the_list_is_newest_first_and_light, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *ids[5];
    const reply *empty = client_get(it, "/v1/jobs");
    ASSERT_STATUS(empty, 200);
    cr_expect_eq(reply_count(empty, "/jobs"), 0);
    cr_expect(reply_is_null(empty, "/next_cursor"));
    submit_many(it, ids, 5);
    expect_list(it, "", (const char *const[]){ids[4], ids[3], ids[2], ids[1], ids[0]}, 5);
    expect_list(it, "?limit=2", (const char *const[]){ids[4], ids[3]}, 2);
    const reply *list = client_get(it, "/v1/jobs");
    cr_expect_null(reply_at(list, "/jobs/0/spec"));
    cr_expect_null(reply_at(list, "/jobs/0/diagnosis"));
    cr_expect_str_eq(reply_text(list, "/jobs/0/name"), "Job 4");
    cr_expect_str_eq(reply_text(list, "/jobs/0/status"), "succeeded");
    cr_expect_not_null(reply_at(list, "/jobs/0/progress/step"));
    cr_expect_not_null(reply_at(list, "/jobs/0/loss"));
    cr_expect_str_eq(reply_text(list, "/jobs/0/optimizer_type"), "adam");
    service_destroy(it);
}

Test(api_jobs, cursors_lead_through_all_rows_while_rows_are_added, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *ids[10], *more[3];
    submit_many(it, ids, 10);
    const char *path = "/v1/jobs?limit=3&label=parity%3Aeven";
    int seen = 0;
    for (int page = 0; page < 2; page++) {
        const reply *list = client_get(it, "%s", path);
        ASSERT_STATUS(list, 200);
        for (int i = 0; i < reply_count(list, "/jobs"); i++, seen++)
            cr_expect_str_eq(reply_text(list, client_text(it, "/jobs/%d/id", i)),
                             ids[8 - 2 * seen]);
        if (page == 1) {
            cr_expect(reply_is_null(list, "/next_cursor"), "%.300s", list->body);
            cr_expect_null(reply_header(list, "Link"));
            break;
        }
        const char *cursor = reply_text(list, "/next_cursor");
        const char *link = reply_header_or_empty(list, "Link");
        cr_expect_not_null(strstr(link, "rel=\"next\""), "%s", link);
        cr_expect_not_null(strstr(link, cursor), "%s", link);
        cr_assert_eq(link[0], '<');
        path = client_text(it, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
        submit_many(it, more, 3);
    }
    cr_expect_eq(seen, 5);
    service_destroy(it);
}

Test(api_jobs, the_last_full_page_says_that_it_is_the_last, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *ids[4];
    submit_many(it, ids, 4);
    const reply *list = client_get(it, "/v1/jobs?limit=4");
    cr_expect_eq(reply_count(list, "/jobs"), 4);
    cr_expect(reply_is_null(list, "/next_cursor"));
    service_destroy(it);
}

Test(api_jobs, filters_choose_by_status_label_model_name_and_time, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *ids[4];
    submit_many(it, ids, 4);
    expect_list(it, "?label=parity:odd", (const char *const[]){ids[3], ids[1]}, 2);
    expect_list(it, "?label=a:b:c&limit=1", (const char *const[]){ids[3]}, 1);
    expect_list(it, "?label=parity:none", NULL, 0);
    expect_list(it, "?model=logistic", (const char *const[]){ids[3], ids[0]}, 2);
    expect_list(it, "?name=jOB%201", (const char *const[]){ids[1]}, 1);
    expect_list(it, "?name=%25", NULL, 0); /* a percent sign is no wildcard */
    expect_list(it, "?model=softmax&label=parity:odd", (const char *const[]){ids[1]}, 1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *waiting = client_submit(it, SPEC_TINY);
    expect_list(it, "?status=running", (const char *const[]){busy}, 1);
    expect_list(it, "?status=running,queued", (const char *const[]){waiting, busy}, 2);
    expect_list(it, "?status=cancelled", NULL, 0);
    const reply *job = client_get(it, "/v1/jobs/%s", waiting);
    const char *created = reply_text(job, "/created_at");
    expect_list(it, client_text(it, "?created_after=%s", created), NULL, 0);
    expect_list(it, client_text(it, "?created_before=%s&limit=1", created),
                (const char *const[]){busy}, 1);
    created = reply_text(client_get(it, "/v1/jobs/%s", busy), "/created_at");
    expect_list(it, client_text(it, "?created_after=%s", created), (const char *const[]){waiting},
                1);
    expect_list(it, "?created_after=2999-01-01T00:00:00Z", NULL, 0);
    expect_list(it, "?created_before=2000-01-01T00:00:00%2B02:00", NULL, 0);
    service_destroy(it);
}

Test(api_jobs, bad_list_parameters_are_400, .timeout = LIMIT)
{
    static const char *const queries[] = {
        "limit=0",           "limit=501",        "limit=-1",
        "limit=ten",         "cursor=nonsense",  "cursor=",
        "status=asleep",     "label=nocolon",    "created_after=yesterday",
        "created_before=12", "stauts=succeeded", "limit=1&limit=2",
    };
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const reply *got = client_get(it, "/v1/jobs?%s", queries[i]);
        cr_expect_eq(got->status, 400, "%s: %d %.300s", queries[i], got->status, got->body);
        if (got->status == 400)
            cr_expect(cJSON_IsString(reply_at(got, "/code")), "%s", got->body);
    }
    service_destroy(it);
}

Test(api_jobs, ids_are_uuid_7_in_order_and_times_are_utc_milliseconds, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *ids[6];
    submit_many(it, ids, 6);
    for (int i = 0; i < 6; i++) {
        cr_expect(text_is_id(ids[i]), "%s", ids[i]);
        if (i > 0)
            cr_expect_lt(strcmp(ids[i - 1], ids[i]), 0, "ids do not ascend");
        const reply *job = client_get(it, "/v1/jobs/%s", ids[i]);
        const char *created = reply_text(job, "/created_at");
        const char *started = reply_text(job, "/started_at");
        const char *finished = reply_text(job, "/finished_at");
        cr_expect(text_is_time(created), "%s", created);
        cr_expect(text_is_time(started), "%s", started);
        cr_expect(text_is_time(finished), "%s", finished);
        cr_expect(text_is_time(reply_text(job, "/updated_at")));
        cr_expect_leq(strcmp(created, started), 0);
        cr_expect_leq(strcmp(started, finished), 0);
    }
    service_destroy(it);
}

Test(api_jobs, a_queued_job_tells_its_place_and_when_to_ask_again, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *first = client_submit(it, SPEC_TINY), *second = client_submit(it, SPEC_TINY);
    const reply *one = client_get(it, "/v1/jobs/%s", first);
    const reply *two = client_get(it, "/v1/jobs/%s", second);
    cr_expect_eq(reply_number(two, "/queue_position") - reply_number(one, "/queue_position"), 1);
    cr_expect_gt(reply_number(one, "/poll_after_ms"), 0);
    const char *urgent =
        client_submit(it, "{'model': 'linear', 'data': {'generator': 'linear'}, 'priority': 5}");
    cr_expect_lt(reply_number(client_get(it, "/v1/jobs/%s", urgent), "/queue_position"),
                 reply_number(client_get(it, "/v1/jobs/%s", first), "/queue_position"));
    cr_expect(reply_is_null(client_get(it, "/v1/jobs/%s", busy), "/queue_position"));
    (void)client_act(it, busy, "cancel");
    const reply *last = client_wait(it, second, 20), *before = client_wait(it, urgent, 20);
    cr_expect_leq(strcmp(reply_text(before, "/started_at"), reply_text(last, "/started_at")), 0);
    service_destroy(it);
}

/* --- PATCH and DELETE ---------------------------------------------------------------------- */

Test(api_jobs, patch_merges_name_labels_and_priority, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id =
        client_submit(it,
                      "{'name': 'old', 'labels': {'a': '1', 'b': '2'}, 'model': 'linear', "
                      "'data': {'generator': 'linear'}, 'training': {'epochs': 1}}");
    (void)client_wait(it, id, 20);
    const char *path = client_text(it, "/v1/jobs/%s", id);
    const reply *job =
        client_patch(it, path, "{'name': 'new', 'labels': {'a': null, 'c': '3'}, 'priority': -4}");
    ASSERT_STATUS(job, 200);
    job = client_get(it, "%s", path);
    cr_expect_str_eq(reply_text(job, "/name"), "new");
    cr_expect_null(reply_at(job, "/labels/a"));
    cr_expect_str_eq(reply_text(job, "/labels/b"), "2");
    cr_expect_str_eq(reply_text(job, "/labels/c"), "3");
    cr_expect_eq(reply_number(job, "/priority"), -4);
    expect_list(it, "?label=c:3", (const char *const[]){id}, 1);
    expect_list(it, "?label=a:1", NULL, 0);
    ASSERT_STATUS(client_patch(it, path, "{'name': null}"), 200);
    job = client_get(it, "%s", path);
    cr_expect(reply_is_null(job, "/name"));
    cr_expect_str_eq(reply_text(job, "/labels/b"), "2");
    ASSERT_STATUS(client_patch(it, path, "{}"), 200);
    service_destroy(it);
}

/* Rows that were asked for stay in memory: each change must show in the next answer all the same. */
Test(api_jobs, every_answer_shows_the_change_before_it, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_TINY), *other = client_submit(it, SPEC_TINY);
    (void)client_wait(it, id, 20);
    (void)client_wait(it, other, 20);
    const char *path = client_text(it, "/v1/jobs/%s", id);
    const char *etag = client_text(it, "%s", reply_header(client_get(it, "%s", path), "ETag"));
    for (int i = 0; i < 20; i++) {
        const char *name = client_text(it, "name %d", i);
        ASSERT_STATUS(client_patch(it, path, "{'name': '%s'}", name), 200);
        for (int again = 0; again < 3; again++) {
            const reply *job = client_get(it, "%s", path);
            cr_expect_str_eq(reply_text(job, "/name"), name);
            cr_expect_str_eq(reply_text(job, "/id"), id);
            cr_expect(again > 0 || strcmp(reply_header(job, "ETag"), etag) != 0);
            etag = client_text(it, "%s", reply_header(job, "ETag"));
        }
        const reply *unmoved = client_get(it, "/v1/jobs/%s", other);
        cr_expect(reply_is_null(unmoved, "/name"));
    }
    ASSERT_STATUS(client_delete(it, "%s", path), 204);
    ASSERT_STATUS(client_get(it, "%s", path), 404);
    service_destroy(it);
}

#define TEN       "0123456789"
#define LONG_TEXT TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "x"

Test(api_jobs, patch_refuses_everything_else, .timeout = LIMIT)
{
    static const struct {
        const char *text, *pointer, *code;
    } cases[] = {
        {"{'status': 'succeeded'}", "/status", "unknown_member"},
        {"{'spec': {}}", "/spec", "unknown_member"},
        {"{'priority': 1e9}", "/priority", "out_of_range"},
        {"{'priority': 'high'}", "/priority", "wrong_type"},
        {"{'labels': {'a': 1}}", "/labels/a", "wrong_type"},
        {"{'labels': {'a:b': 'c'}}", "/labels/a:b", "out_of_range"},
        {"{'labels': {'a': '" LONG_TEXT "'}}", "/labels/a", "too_long"},
        {"{'name': 5}", "/name", "wrong_type"},
        {"[]", "", "wrong_type"},
    };
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_TINY);
    const char *path = client_text(it, "/v1/jobs/%s", id);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = client_patch(it, path, "%s", cases[i].text);
        ASSERT_STATUS(got, 422);
        reply_expect_fault(got, cases[i].pointer, cases[i].code);
    }
    ASSERT_STATUS(client_patch(it, path, "{'name'"), 400);
    ASSERT_STATUS(client_patch(it, "/v1/jobs/" NO_ID, "{'name': 'x'}"), 404);
    service_destroy(it);
}

Test(api_jobs, patch_with_an_old_entity_tag_is_412, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *job = client_wait(it, id, 20);
    const char *body = "{\"name\": \"x\"}";
    const char *path = client_text(it, "/v1/jobs/%s", id);
    client_request what = {
        .method = "PATCH",
        .path = path,
        .headers = CLIENT_HEADERS("Content-Type: application/json",
                                  client_text(it, "If-Match: %s", reply_header(job, "ETag"))),
        .body = body,
        .length = strlen(body)};
    ASSERT_STATUS(client_send(it, &what), 200);
    ASSERT_STATUS(client_send(it, &what), 412);
    service_destroy(it);
}

Test(api_jobs, delete_is_204_and_409_while_running_or_paused, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *queued = client_submit(it, SPEC_TINY), *paused = client_submit(it, SPEC_TINY);
    ASSERT_STATUS(client_act(it, paused, "pause"), 200);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", busy), 409);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", paused), 409);
    const reply *gone = client_delete(it, "/v1/jobs/%s", queued);
    ASSERT_STATUS(gone, 204);
    cr_expect_eq(gone->length, 0);
    ASSERT_STATUS(client_act(it, busy, "cancel"), 202);
    (void)client_wait(it, busy, 20);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", busy), 204);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", busy), 404);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/curve", busy), 404);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", busy), 404);
    expect_list(it, "", (const char *const[]){paused}, 1);
    service_destroy(it);
}

/* --- What every reply carries -------------------------------------------------------------- */

Test(api_jobs, everything_readable_has_an_etag_that_answers_304, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHAPES);
    (void)client_wait(it, id, 20);
    const char *dataset = client_upload(it, "", "x,y\n1,2\n3,4\n");
    const char *const paths[] = {
        "/v1/jobs",
        "/v1/jobs?limit=1&status=succeeded",
        client_text(it, "/v1/jobs/%s", id),
        client_text(it, "/v1/jobs/%s/curve", id),
        client_text(it, "/v1/jobs/%s/curve?format=csv", id),
        client_text(it, "/v1/jobs/%s/events", id),
        client_text(it, "/v1/jobs/%s/parameters", id),
        client_text(it, "/v1/jobs/%s/parameters?format=safetensors", id),
        "/v1/datasets",
        client_text(it, "/v1/datasets/%s", dataset),
        client_text(it, "/v1/datasets/%s/rows", dataset),
        "/v1/catalog",
        "/v1/version",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const reply *first = client_get(it, "%s", paths[i]);
        cr_expect_eq(first->status, 200, "%s: %d", paths[i], first->status);
        const char *etag = reply_header(first, "ETag");
        cr_expect_not_null(etag, "%s has no ETag", paths[i]);
        if (etag == NULL)
            continue;
        const reply *second =
            client_get_with(it, client_text(it, "If-None-Match: %s", etag), "%s", paths[i]);
        cr_expect_eq(second->status, 304, "%s: %d", paths[i], second->status);
        cr_expect_eq(second->length, 0);
        cr_expect_str_eq(reply_header_or_empty(second, "ETag"), etag);
        const reply *third = client_get_with(it, "If-None-Match: \"other\"", "%s", paths[i]);
        cr_expect_eq(third->status, 200, "%s: %d", paths[i], third->status);
        const reply *head = client_head(it, "%s", paths[i]);
        cr_expect_eq(head->status, 200, "HEAD %s: %d", paths[i], head->status);
        cr_expect_eq(head->length, 0);
        cr_expect_str_eq(reply_header_or_empty(head, "ETag"), etag, "%s", paths[i]);
        cr_expect_str_eq(reply_header_or_empty(head, "Content-Length"),
                         client_text(it, "%zu", first->length), "%s", paths[i]);
        cr_expect_str_eq(reply_header_or_empty(head, "Content-Type"),
                         reply_header_or_empty(first, "Content-Type"));
    }
    service_destroy(it);
}

Test(api_jobs, the_etag_of_a_job_changes_with_it, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    const reply *running = client_wait_step(it, id, 10, 20);
    const char *tag = reply_header_or_empty(running, "ETag");
    cr_expect_eq(strncmp(tag, "W/\"", 3), 0, "a live job's tag is weak: %s", tag);
    cr_expect_not_null(strstr(reply_header_or_empty(running, "Cache-Control"), "no-cache"));
    (void)client_wait_step(it, id, reply_number(running, "/progress/step") + 100000, 20);
    const char *condition = client_text(it, "If-None-Match: %s", tag);
    ASSERT_STATUS(client_get_with(it, condition, "/v1/jobs/%s", id), 200);
    (void)client_act(it, id, "cancel");
    const reply *ended = client_wait(it, id, 20);
    const char *strong = reply_header_or_empty(ended, "ETag");
    cr_expect_eq(strong[0], '"', "an ended job's tag is strong: %s", strong);
    cr_expect_null(strstr(reply_header_or_empty(ended, "Cache-Control"), "no-store"));
    ASSERT_STATUS(client_patch(it, client_text(it, "/v1/jobs/%s", id), "{'name': 'x'}"), 200);
    condition = client_text(it, "If-None-Match: %s", strong);
    ASSERT_STATUS(client_get_with(it, condition, "/v1/jobs/%s", id), 200);
    service_destroy(it);
}

Test(api_jobs, request_ids_are_echoed_when_sane, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *sent = client_get_with(it, "X-Request-Id: trace-42.a_b", "/v1/jobs");
    cr_expect_str_eq(reply_header_or_empty(sent, "X-Request-Id"), "trace-42.a_b");
    const reply *insane = client_get_with(it, "X-Request-Id: a b<script>", "/v1/jobs");
    const char *made = reply_header_or_empty(insane, "X-Request-Id");
    cr_expect_null(strstr(made, "script"));
    cr_expect_gt(strlen(made), 15);
    const reply *other = client_get(it, "/v1/jobs");
    cr_expect_str_neq(reply_header_or_empty(other, "X-Request-Id"), made);
    const reply *problem = client_get_with(it, "X-Request-Id: abc", "/v1/jobs/%s", NO_ID);
    ASSERT_STATUS(problem, 404);
    cr_expect_str_eq(reply_text(problem, "/request_id"), "abc");
    cr_expect_str_eq(reply_text(problem, "/code"), "not_found");
    cr_expect_str_eq(reply_header_or_empty(problem, "Content-Type"), "application/problem+json");
    service_destroy(it);
}
