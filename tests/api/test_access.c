/*
 * test_access.c: tokens over HTTP: who may ask, for what, whose jobs and datasets are whose, what an
 * owner may have, and who is served when.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

/* Makes a token with further arguments; the secret. */
static const char *add_token(service *it, const char *name, const char *scopes,
                             const char *argument)
{
    program_run run = argument == NULL ? SERVICE_PROGRAM("token", "add", name, "--scopes", scopes,
                                                         "--data-dir", it->data)
                                       : SERVICE_PROGRAM("token", "add", name, "--scopes", scopes,
                                                         argument, "--data-dir", it->data);
    cr_assert_eq(run.status, 0, "%s", run.errors);
    run.output[strcspn(run.output, "\n")] = '\0';
    cr_assert_eq(strncmp(run.output, "descentd_", 9), 0, "%s", run.output);
    return client_text(it, "%s", run.output);
}

static const reply *get_as(service *it, const char *secret, const char *path)
{
    it->bearer = secret;
    return client_get(it, "%s", path);
}

/* A text of the log so far, the service's to free. */
static const char *read_log(service *it)
{
    char path[SERVICE_PATH_SIZE + 8];
    snprintf(path, sizeof path, "%s/log", it->directory);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    static char text[1 << 20];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

Test(checks, n44_without_a_token_nothing_is_told, .timeout = LIMIT)
{
    service *it = service_create(1);
    const char *good = add_token(it, "one", "read,submit", NULL);
    it->arguments[0] = "--log-level=debug";
    service_restart(it);
    static const char *const paths[] = {"/v1/jobs",
                                        "/v1/datasets",
                                        "/v1/catalog",
                                        "/v1/version",
                                        "/v1/load",
                                        "/v1/access",
                                        "/v1/jobs/01a2020f-7082-7c8c-ad55-d0f457ef1242"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const reply *got = get_as(it, NULL, paths[i]);
        ASSERT_STATUS(got, 401);
        cr_expect_str_eq(reply_header_or_empty(got, "WWW-Authenticate"), "Bearer");
        reply_expect_problem(got, paths[i]);
        const reply *wrong =
            get_as(it, "descentd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", paths[i]);
        ASSERT_STATUS(wrong, 401);
        cr_expect_eq(wrong->length, got->length, "no hint");
        ASSERT_STATUS(
            client_get_with(it, client_text(it, "Authorization: Basic %s", good), "%s", paths[i]),
            401);
    }
    it->bearer = NULL;
    ASSERT_STATUS(client_post(it, "/v1/jobs", SPEC_TINY), 401);
    ASSERT_STATUS(client_get(it, "/v1/jobs?access_token=%s", good), 401);
    ASSERT_STATUS(client_get(it, "/v1/jobs?token=%s", good), 401);
    it->bearer = good;
    ASSERT_STATUS(client_get(it, "/v1/jobs?access_token=%s", good), 401);
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 200);
    it->bearer = NULL;
    ASSERT_STATUS(client_get(it, "/healthz"), 200);
    ASSERT_STATUS(client_get(it, "/readyz"), 200);
    ASSERT_STATUS(client_get(it, "/"), 200);
    (void)service_stop(it);
    const char *log = read_log(it);
    cr_expect_null(strstr(log, good + 9), "the secret stands in the log");
    cr_expect_not_null(strstr(log, "token=one"), "%s", log);
    cr_expect_not_null(strstr(log, "status=401"), "%s", log);
    service_destroy(it);
}

Test(api_access, a_scope_says_what_a_token_may_do, .timeout = LIMIT)
{
    service *it = service_create(1);
    const char *reader = add_token(it, "reader", "read", "--owner=team");
    const char *writer = add_token(it, "writer", "submit", "--owner=team");
    const char *both = add_token(it, "both", "read,submit", "--owner=team");
    service_restart(it);
    it->bearer = both;
    const reply *job = client_run(it, LIMIT / 2, SPEC_SHAPES);
    const char *id = reply_text(job, "/id");
    cr_expect_str_eq(reply_text(job, "/owner"), "team");
    it->bearer = reader;
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", id), 200);
    const reply *refused = client_post(it, "/v1/jobs", SPEC_TINY);
    ASSERT_STATUS(refused, 403);
    cr_expect_str_eq(reply_text(refused, "/code"), "insufficient_scope");
    cr_expect_not_null(
        strstr(reply_header_or_empty(refused, "WWW-Authenticate"), "scope=\"submit\""));
    ASSERT_STATUS(client_act(it, id, "cancel"), 403);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", id), 403);
    const char *rows = "{\"rows\": [[1, 9]]}";
    const char *predict = client_text(it, "/v1/jobs/%s/predict", id);
    ASSERT_STATUS(client_post_text(it, predict, NULL, rows), 200);
    it->bearer = writer;
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", id), 403);
    ASSERT_STATUS(client_post_text(it, predict, NULL, rows), 403);
    ASSERT_STATUS(client_post(it, "/v1/jobs", SPEC_TINY), 201);
    service_destroy(it);
}

#define CSV "a,b\n1,2\n2,4\n3,6\n4,8\n"

/* Everything under a job's or dataset's id is not there for the one who asks. */
static void expect_hidden(service *it, const char *job, const char *dataset)
{
    static const char *const parts[] = {"", "/curve", "/events", "/parameters"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const reply *got = client_get(it, "/v1/jobs/%s%s", job, parts[i]);
        ASSERT_STATUS(got, 404);
        cr_expect_null(strstr(got->body, "owner"), "%s", got->body);
        ASSERT_STATUS(client_head(it, "/v1/jobs/%s%s", job, parts[i]), 404);
    }
    static const char *const actions[] = {"cancel", "pause", "resume", "retry"};
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        ASSERT_STATUS(client_act(it, job, actions[i]), 404);
    ASSERT_STATUS(client_post(it, client_text(it, "/v1/jobs/%s/predict", job), "{'rows': [[1]]}"),
                  404);
    ASSERT_STATUS(client_patch(it, client_text(it, "/v1/jobs/%s", job), "{'name': 'x'}"), 404);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", job), 404);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s", dataset), 404);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s/rows", dataset), 404);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", dataset), 404);
    const reply *theirs = client_get(it, "/v1/jobs/%s", job);
    const reply *nobodys = client_get(it, "/v1/jobs/01a2020f-7082-7c8c-ad55-d0f457ef1242");
    cr_expect_eq(theirs->length, nobodys->length, "%s %s", theirs->body, nobodys->body);
}

static void expect_unusable(service *it, const char *job, const char *dataset)
{
    reply_expect_fault(client_post(it, "/v1/jobs",
                                   "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'b'}}",
                                   dataset),
                       "/data/dataset", "not_found");
    const reply *got =
        client_post(it, "/v1/jobs",
                    "{'model': 'linear', 'data': {'inline': {'columns': ['a', 'b'], 'rows': "
                    "[[1, 2], [2, 3]]}, 'target': 'b', 'validation': {'dataset': '%s'}}}",
                    dataset);
    reply_expect_fault(got, "/data/validation/dataset", "not_found");
    got = client_post(it, "/v1/jobs",
                      "{'model': 'linear', 'data': {'inline': {'columns': ['a'], 'rows': "
                      "[[1], [2], [3], [4]]}, 'target': {'dataset': '%s'}}}",
                      dataset);
    ASSERT_STATUS(got, 422);
    cr_expect_not_null(strstr(got->body, "not_found"), "%s", got->body);
    got = client_post(it, "/v1/jobs",
                      "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, "
                      "'seed': 1}}, 'training': {'from_job': {'job': '%s'}}}",
                      job);
    reply_expect_fault(got, "/training/from_job/job", "not_found");
}

Test(api_access, what_is_anothers_is_not_there, .timeout = LIMIT)
{
    service *it = service_create(1);
    const char *alice = add_token(it, "alice", "read,submit", NULL);
    const char *bob = add_token(it, "bob", "read,submit", NULL);
    const char *admin = add_token(it, "root", "admin", NULL);
    service_restart(it);
    it->bearer = alice;
    const char *dataset = client_upload(it, "?name=hers", CSV);
    const char *job = reply_text(client_run(it, LIMIT / 2, SPEC_TINY), "/id");
    it->bearer = bob;
    expect_hidden(it, job, dataset);
    expect_unusable(it, job, dataset);
    const char *own = client_submit(it, SPEC_TINY);
    const reply *list = client_get(it, "/v1/jobs");
    cr_expect_eq(reply_count(list, "/jobs"), 1);
    cr_expect_str_eq(reply_text(list, "/jobs/0/id"), own);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 0);
    (void)client_wait(it, own, LIMIT / 2);
    list = client_get(it, "/v1/jobs");
    cr_expect_eq(reply_number(list, "/counts/succeeded"), 1);
    cr_expect_eq(reply_number(client_get(it, "/v1/load"), "/jobs/succeeded"), 1);

    it->bearer = admin;
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 2);
    cr_expect_eq(reply_count(client_get(it, "/v1/datasets"), "/datasets"), 1);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s/rows", dataset), 200);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/curve", job), 200);
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", own), 204);
    it->bearer = alice;
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", job), 200);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", dataset), 204);
    service_destroy(it);
}

Test(api_access, idempotency_keys_are_each_owners_own, .timeout = LIMIT)
{
    service *it = service_create(0);
    const char *alice = add_token(it, "alice", "read,submit", NULL);
    const char *bob = add_token(it, "bob", "read,submit", NULL);
    service_restart(it);
    const char *key = "Idempotency-Key: the-same", *spec = client_json(it, SPEC_TINY);
    it->bearer = alice;
    const reply *hers = client_post_text(it, "/v1/jobs", key, spec);
    ASSERT_STATUS(hers, 201);
    it->bearer = bob;
    const reply *his = client_post_text(it, "/v1/jobs", key, client_json(it, SPEC_SHAPES));
    ASSERT_STATUS(his, 201);
    cr_expect_str_neq(reply_text(hers, "/id"), reply_text(his, "/id"));
    it->bearer = alice;
    const reply *again = client_post_text(it, "/v1/jobs", key, spec);
    ASSERT_STATUS(again, 201);
    cr_expect_str_eq(again->body, hers->body);
    service_destroy(it);
}

Test(api_access, tokens_come_and_go_while_the_service_runs, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *before = client_submit(it, SPEC_TINY);
    const char *one = add_token(it, "one", "read,submit", NULL);
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 401);
    it->bearer = one;
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 200);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", before), 404);
    const char *admin = add_token(it, "root", "admin", NULL);
    it->bearer = admin;
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", before), 200);
    program_run twice = SERVICE_PROGRAM("token", "add", "one", "--data-dir", it->data);
    cr_expect_eq(twice.status, 1);
    program_run list = SERVICE_PROGRAM("token", "list", "--data-dir", it->data);
    cr_expect_not_null(strstr(list.output, "one"), "%s", list.output);
    cr_expect_null(strstr(list.output, one + 9));
    cr_expect_eq(SERVICE_PROGRAM("token", "revoke", "one", "--data-dir", it->data).status, 0);
    it->bearer = one;
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 401);
    const char *short_lived = add_token(it, "brief", "read", "--expires=1s");
    it->bearer = short_lived;
    service_sleep(1.1);
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 401);
    cr_expect_eq(SERVICE_PROGRAM("token", "revoke", "brief", "--data-dir", it->data).status, 0);
    cr_expect_eq(SERVICE_PROGRAM("token", "revoke", "root", "--data-dir", it->data).status, 0);
    it->bearer = NULL;
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 401);
    service_destroy(it);
}

Test(api_access, the_queue_of_one_owner_has_a_limit, .timeout = LIMIT)
{
    service *it = service_create(0);
    const char *alice = add_token(it, "alice", "read,submit", "--quota-queued=2");
    const char *bob = add_token(it, "bob", "read,submit", NULL);
    it->arguments[0] = "--max-queued=5";
    service_restart(it);
    it->bearer = alice;
    (void)client_submit(it, SPEC_TINY);
    const char *second = client_submit(it, SPEC_TINY);
    const reply *refused = client_post(it, "/v1/jobs", SPEC_TINY);
    ASSERT_STATUS(refused, 429);
    cr_expect_str_eq(reply_text(refused, "/code"), "queue_quota_exceeded");
    cr_expect_str_eq(reply_header_or_empty(refused, "Retry-After"), "5");
    it->bearer = bob;
    for (int i = 0; i < 3; i++)
        (void)client_submit(it, SPEC_TINY);
    refused = client_post(it, "/v1/jobs", SPEC_TINY);
    ASSERT_STATUS(refused, 429);
    cr_expect_str_eq(reply_text(refused, "/code"), "queue_full");
    it->bearer = alice;
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", second), 204);
    (void)client_submit(it, SPEC_TINY);
    const reply *access = client_get(it, "/v1/access");
    cr_expect_eq(reply_number(access, "/queued"), 2);
    cr_expect_eq(reply_number(access, "/limits/queued"), 2);
    cr_expect_str_eq(reply_text(access, "/owner"), "alice");
    service_destroy(it);
}

Test(api_access, stored_bytes_of_one_owner_have_a_limit, .timeout = LIMIT)
{
    service *it = service_create(1);
    const char *alice = add_token(it, "alice", "read,submit", "--quota-bytes=100");
    service_restart(it);
    it->bearer = alice;
    const char *small = client_upload(it, "", CSV);
    char rows[512] = "a,b\n";
    for (int i = 0; i < 40; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%d,%d\n", i, i);
    const char *const headers[] = {"Content-Type: text/csv", NULL};
    client_request what = {.method = "POST",
                           .path = "/v1/datasets",
                           .headers = headers,
                           .body = rows,
                           .length = strlen(rows)};
    for (int i = 0; i < 2; i++) {
        what.chunked = i == 1;
        const reply *refused = client_send(it, &what);
        ASSERT_STATUS(refused, 507);
        cr_expect_str_eq(reply_text(refused, "/code"), "storage_quota_exceeded");
    }
    cr_expect_eq(service_count_files(it, "uploads"), 0);
    cr_expect_eq(service_count_files(it, "datasets"), 1);
    /* Parameters count too: here 131 floats of a job. */
    const char *job = reply_text(client_run(it, LIMIT / 2, SPEC_SHAPES), "/id");
    cr_expect_gt(reply_number(client_get(it, "/v1/access"), "/stored_bytes"), (double)strlen(CSV));
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", job), 204);
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", small), 204);
    cr_expect_eq(reply_number(client_get(it, "/v1/access"), "/stored_bytes"), 0);
    service_destroy(it);
}

Test(api_access, an_owner_who_floods_the_queue_does_not_hold_up_another, .timeout = LIMIT)
{
    service *it = service_create(0);
    const char *flood = add_token(it, "flood", "read,submit", NULL);
    const char *other = add_token(it, "other", "read,submit", NULL);
    service_restart(it);
    it->bearer = flood;
    for (int i = 0; i < 40; i++)
        (void)client_submit(it, SPEC_TINY);
    it->bearer = other;
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = client_submit(it, SPEC_TINY);
    (void)service_stop(it);
    it->workers = 1;
    service_restart(it);
    const char *last = reply_text(client_wait(it, ids[2], LIMIT / 2), "/started_at");
    it->bearer = flood;
    int before = 0;
    for (const char *cursor = ""; cursor != NULL; cursor = NULL) {
        const reply *list = client_get(it, "/v1/jobs?limit=500");
        for (int i = 0; i < reply_count(list, "/jobs"); i++) {
            const cJSON *at = reply_at(list, client_text(it, "/jobs/%d/started_at", i));
            before += cJSON_IsString(at) && strcmp(at->valuestring, last) < 0;
        }
    }
    cr_expect_leq(before, 4, "%d jobs of the flood ran before three of the other", before);
    service_destroy(it);
}

Test(api_access, beyond_this_machine_a_token_is_needed, .timeout = LIMIT)
{
    service *it = service_create(0);
    program_run run =
        SERVICE_PROGRAM("serve", "--listen", "0.0.0.0:0", "--data-dir", it->data, "--workers=0");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.errors, "token add"), "%s", run.errors);
    it->bearer = add_token(it, "one", "read", NULL);
    it->arguments[0] = "--listen=0.0.0.0:0";
    service_restart(it);
    snprintf(it->address, sizeof it->address, "127.0.0.1:%d", it->port);
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 200);
    it->bearer = NULL;
    ASSERT_STATUS(client_get(it, "/v1/jobs"), 401);
    service_destroy(it);
}

Test(api_access, a_damaged_file_of_tokens_is_refused_at_the_start, .timeout = LIMIT)
{
    service *it = service_create(0);
    char path[SERVICE_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/tokens", it->data);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("nonsense\n", file);
    fclose(file);
    program_run run =
        SERVICE_PROGRAM("serve", "--listen=127.0.0.1:0", "--data-dir", it->data, "--workers=0");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.errors, "line 1"), "%s", run.errors);
    service_destroy(it);
}
