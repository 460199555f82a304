/*
 * test_submit.c: a job comes to be: POST /v1/jobs, dry runs, idempotency keys, retries. What a 201
 * promises must be on disk when the reply is read.
 */
#include "api/specs.h"
#include "support/client.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

Test(api_submit, answers_201_with_location_and_the_job, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *made = client_post(it, "/v1/jobs", SPEC_TINY);
    ASSERT_STATUS(made, 201);
    const char *id = reply_text(made, "/id");
    cr_expect(text_is_id(id), "%s", id);
    const char *location = reply_header(made, "Location");
    cr_assert_not_null(location);
    cr_expect_not_null(strstr(location, client_text(it, "/v1/jobs/%s", id)), "%s", location);
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    ASSERT_STATUS(job, 200);
    cr_expect_str_eq(reply_text(job, "/id"), id);
    service_destroy(it);
}

Test(api_submit, the_job_has_every_member_of_the_contract, .timeout = LIMIT)
{
    static const char *const members[] = {"/id",
                                          "/name",
                                          "/labels",
                                          "/priority",
                                          "/status",
                                          "/reason",
                                          "/message",
                                          "/terminal",
                                          "/requested",
                                          "/attempt",
                                          "/retry_of",
                                          "/created_at",
                                          "/started_at",
                                          "/finished_at",
                                          "/updated_at",
                                          "/queue_position",
                                          "/poll_after_ms",
                                          "/progress/step",
                                          "/progress/steps",
                                          "/progress/epoch",
                                          "/progress/epochs",
                                          "/progress/fraction",
                                          "/progress/samples_per_second",
                                          "/progress/eta_seconds",
                                          "/loss/first",
                                          "/loss/last",
                                          "/loss/best",
                                          "/loss/best_step",
                                          "/validation",
                                          "/metrics",
                                          "/diagnosis",
                                          "/repairs",
                                          "/model/parameters",
                                          "/model/layers",
                                          "/digest",
                                          "/environment/version",
                                          "/environment/cpu",
                                          "/environment/kernels",
                                          "/spec",
                                          "/links"};
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHAPES);
    const reply *first = client_get(it, "/v1/jobs/%s", id);
    const reply *last = client_wait(it, id, 20);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        cr_expect_not_null(reply_at(last, members[i]), "the ended job has no %s", members[i]);
        if (strncmp(members[i], "/loss/", 6) != 0)
            cr_expect_not_null(reply_at(first, members[i]), "the new job has no %s", members[i]);
    }
    cr_expect_str_eq(reply_text(last, "/status"), "succeeded");
    cr_expect_str_eq(reply_text(last, "/reason"), "completed");
    cr_expect_eq(reply_number(last, "/attempt"), 1);
    cr_expect_eq(reply_number(last, "/progress/fraction"), 1);
    cr_expect_eq(reply_number(last, "/progress/epoch"), 200);
    cr_expect_eq(reply_number(last, "/progress/step"), 200);
    cr_expect_eq(reply_number(last, "/metrics/accuracy"), 1);
    cr_expect_lt(reply_number(last, "/loss/last"), reply_number(last, "/loss/first"));
    cr_expect_eq(reply_number(last, "/model/parameters"), 6);
    cr_expect_str_eq(reply_text(last, "/model/layers/0/name"), "layers.0");
    cr_expect_str_eq(reply_text(last, "/model/layers/0/type"), "dense");
    cr_expect_eq(reply_number(last, "/model/layers/0/output_shape/0"), 2);
    cr_expect_eq(strlen(reply_text(last, "/digest")), 64);
    cr_expect(reply_is_null(last, "/requested"));
    cr_expect(reply_is_null(last, "/retry_of"));
    service_destroy(it);
}

Test(api_submit, n29_the_row_is_durable_before_the_reply, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *ids[5];
    for (int i = 0; i < 5; i++) {
        ids[i] = client_submit(it, SPEC_TINY);
        service_kill(it);
        service_restart(it);
        for (int k = 0; k <= i; k++)
            ASSERT_STATUS(client_get(it, "/v1/jobs/%s", ids[k]), 200);
    }
    cr_expect_str_eq(reply_text(client_wait(it, ids[4], 20), "/status"), "succeeded");
    service_destroy(it);
}

/* A number at a member whose name begins so: the contract gives the word, not the unit. */
static double number_named(const reply *it, const char *word)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, it->json)
    {
        if (strncmp(member->string, word, strlen(word)) == 0 && cJSON_IsNumber(member))
            return member->valuedouble;
    }
    cr_assert_fail("no number named %s…: %.1500s", word, it->body);
    return 0;
}

static double rate_at(const reply *got, int index)
{
    return reply_number(got, client_text(got->owner, "/series/learning_rate/%d", index));
}

Test(api_submit, the_schedule_ahead_is_what_training_does, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(
        client_run(it, 20,
                   "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 100, "
                   "'seed': 1}}, 'optimizer': {'type': 'sgd', 'learning_rate': 0.01, 'schedule': "
                   "{'type': 'step', 'step_size': 2, 'gamma': 0.5, 'unit': 'epoch', "
                   "'warmup_steps': 3}}, 'training': {'steps': 50, 'batch_size': 16, 'seed': 7, "
                   "'record_every': 1}}"),
        "/id");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", id);
    const reply *ahead = client_get(it, "/v1/jobs/%s/schedule?points=10000", id);
    ASSERT_STATUS(ahead, 200);
    cr_expect_str_eq(reply_text(ahead, "/type"), "step");
    cr_expect_not(reply_truth(ahead, "/relative"));
    cr_assert_eq(reply_count(ahead, "/series/step"), 50);
    for (int i = 0; i < 50; i++)
        cr_expect_eq(rate_at(ahead, i), rate_at(curve, i), "step %d", i + 1);
    ahead = client_get(it, "/v1/jobs/%s/schedule?points=7", id);
    cr_expect_eq(reply_count(ahead, "/series/step"), 7);
    cr_expect_eq(reply_number(ahead, "/series/step/6"), 50);
    const char *follows = client_submit(
        it,
        "{'model': 'linear', 'data': {'generator': 'linear'}, 'optimizer': {'type': 'sgd', "
        "'learning_rate': 'auto', 'schedule': 'plateau'}}");
    ahead = client_get(it, "/v1/jobs/%s/schedule", follows);
    cr_expect(reply_is_null(ahead, "/series"), "it follows the loss");
    cr_expect(reply_truth(ahead, "/relative"));
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/schedule?points=1", id), 400);
    service_destroy(it);
}

Test(api_submit, a_dry_run_computes_and_stores_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *report = client_post(
        it, "/v1/jobs?dry_run=true",
        "{'model': {'type': 'mlp', 'hidden': [16, 4]}, 'data': {'generator': 'moons'}}");
    ASSERT_STATUS(report, 200);
    cr_expect_null(reply_header(report, "Location"));
    cr_expect_eq(reply_number(report, "/model/parameters"), 2 * 16 + 16 + 16 * 4 + 4 + 4 * 2 + 2);
    cr_expect_eq(reply_number(report, "/model/layers/0/output_shape/0"), 16);
    cr_expect_eq(reply_number(report, "/model/layers/1/output_shape/0"), 4);
    cr_expect_eq(reply_number(report, "/model/layers/2/output_shape/0"), 2);
    cr_expect_str_eq(reply_text(report, "/spec/optimizer/type"), "adam");
    cr_expect_gt(number_named(report, "memory"), 0);
    cr_expect_gt(number_named(report, "flops"), 0);
    cr_expect_geq(reply_count(report, "/warnings"), 1); /* moons without validation */
    const reply *list = client_get(it, "/v1/jobs");
    cr_expect_eq(reply_count(list, "/jobs"), 0);
    const reply *refused = client_post(it, "/v1/jobs?dry_run=true", "{'model': 'linear'}");
    ASSERT_STATUS(refused, 422);
    reply_expect_fault(refused, "/data", "missing");
    service_destroy(it);
}

Test(api_submit, the_stored_spec_has_every_default_and_a_fixed_seed, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id =
        client_submit(it,
                      "{'model': 'linear', 'data': {'generator': 'linear'}, 'name': 'Zwölf ☃', "
                      "'labels': {'team': 'plants'}, 'priority': 3}");
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(reply_text(job, "/name"), "Zwölf ☃");
    cr_expect_str_eq(reply_text(job, "/labels/team"), "plants");
    cr_expect_eq(reply_number(job, "/priority"), 3);
    cr_expect_str_eq(reply_text(job, "/spec/model/type"), "linear");
    cr_expect_eq(reply_number(job, "/spec/model/layers/0/units"), 1);
    cr_expect_str_eq(reply_text(job, "/spec/data/generator/type"), "linear");
    cr_expect_str_eq(reply_text(job, "/spec/data/target"), "y");
    cr_expect_str_eq(reply_text(job, "/spec/data/task"), "regression");
    cr_expect_str_eq(reply_text(job, "/spec/data/scaling"), "none");
    cr_expect_str_eq(reply_text(job, "/spec/data/missing"), "error");
    cr_expect_str_eq(reply_text(job, "/spec/loss"), "mse");
    cr_expect_str_eq(reply_text(job, "/spec/optimizer/type"), "adam");
    cr_expect_eq(reply_number(job, "/spec/optimizer/learning_rate"), 1e-3);
    cr_expect_str_eq(reply_text(job, "/spec/optimizer/schedule/type"), "constant");
    cr_expect_eq(reply_number(job, "/spec/training/batch_size"), 32);
    cr_expect_eq(reply_number(job, "/spec/training/epochs"), 100);
    cr_expect_not_null(reply_at(job, "/spec/training/seed"));
    cr_expect_not_null(reply_at(job, "/spec/data/generator/seed"));
    service_destroy(it);
}

Test(api_submit, a_seed_beyond_2_to_the_53_is_a_string_both_ways, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it,
                                   "{'model': 'linear', 'data': {'generator': 'linear'}, "
                                   "'training': {'epochs': 1, 'seed': '18446744073709551615'}}");
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(reply_text(job, "/spec/training/seed"), "18446744073709551615");
    service_destroy(it);
}

Test(api_submit, a_resolved_spec_submitted_again_gives_the_same_digest, .timeout = LIMIT)
{
    static const char *const specs[] = {
        SPEC_TINY,
        SPEC_SHAPES,
        ("{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 7, 'init': "
         "'he_normal'}, {'type': 'activation', 'function': 'gelu'}, {'type': 'dropout', 'rate': "
         "0.3}, {'type': 'dense', 'units': 'auto', 'bias': false}]}, 'data': {'generator': {'type': "
         "'spiral', 'samples': 90, 'noise': 0.1}, 'validation': {'fraction': 0.3}, 'scaling': "
         "'minmax'}, 'optimizer': {'type': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9, "
         "'nesterov': true, 'schedule': {'type': 'exponential', 'gamma': 0.97}, 'clip': {'norm': "
         "1}}, 'training': {'epochs': 7, 'batch_size': 10, 'stop': {'patience': 3}}}"),
        ("{'model': {'type': 'autoencoder', 'hidden': [2]}, 'data': {'generator': {'type': 'blobs', "
         "'samples': 60}, 'features': ['x1', 'x2']}, 'training': {'steps': 50, 'shuffle': false}}"),
    };
    service *it = service_start(2);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        const reply *first = client_wait(it, client_submit(it, "%s", specs[i]), 20);
        const char *resolved = reply_raw(first, "spec");
        const reply *made = client_post_text(it, "/v1/jobs", NULL, resolved);
        ASSERT_STATUS(made, 201);
        const reply *second = client_wait(it, reply_text(made, "/id"), 20);
        cr_expect_str_eq(reply_text(second, "/digest"), reply_text(first, "/digest"), "%s",
                         resolved);
        cr_expect_str_eq(reply_raw(second, "spec"), resolved);
    }
    service_destroy(it);
}

/* --- Idempotency-Key ----------------------------------------------------------------------- */

#define KEY "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"

Test(api_submit, the_same_key_and_body_give_the_first_reply_again, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *spec = client_json(it, SPEC_TINY);
    const reply *first = client_post_text(it, "/v1/jobs", KEY, spec);
    ASSERT_STATUS(first, 201);
    (void)client_wait(it, reply_text(first, "/id"), 20);
    const reply *second = client_post_text(it, "/v1/jobs", KEY, spec);
    ASSERT_STATUS(second, 201);
    cr_expect_str_eq(second->body, first->body);
    cr_expect_str_eq(reply_header_or_empty(second, "Location"),
                     reply_header_or_empty(first, "Location"));
    service_kill(it);
    service_restart(it);
    const reply *third = client_post_text(it, "/v1/jobs", KEY, spec);
    ASSERT_STATUS(third, 201);
    cr_expect_str_eq(third->body, first->body);
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 1);
    service_destroy(it);
}

Test(api_submit, the_same_key_with_another_body_is_422, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *first = client_post_text(it, "/v1/jobs", KEY, client_json(it, SPEC_TINY));
    ASSERT_STATUS(first, 201);
    const reply *second = client_post_text(it, "/v1/jobs", KEY, client_json(it, SPEC_SHAPES));
    ASSERT_STATUS(second, 422);
    cr_expect_not_null(strstr(reply_text(second, "/code"), "idempotency"), "%s", second->body);
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 1);
    service_destroy(it);
}

Test(api_submit, a_refused_spec_does_not_use_up_its_key, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *refused = client_post_text(it, "/v1/jobs", KEY, "{}");
    ASSERT_STATUS(refused, 422);
    const reply *made = client_post_text(it, "/v1/jobs", KEY, client_json(it, SPEC_TINY));
    ASSERT_STATUS(made, 201);
    service_destroy(it);
}

typedef struct submitter {
    service *it;
    const char *spec;
    const reply *got;
    pthread_t thread;
} submitter;

static void *submit_once(void *context)
{
    submitter *one = context;
    one->got = client_post_text(one->it, "/v1/jobs", KEY, one->spec);
    return NULL;
}

Test(api_submit, n36_a_hundred_threads_with_one_key_make_one_job, .timeout = LIMIT)
{
    static submitter crowd[100];
    service *it = service_start(2);
    const char *spec = client_json(it, SPEC_TINY);
    for (size_t i = 0; i < 100; i++) {
        crowd[i] = (submitter){.it = it, .spec = spec};
        cr_assert_eq(pthread_create(&crowd[i].thread, NULL, submit_once, &crowd[i]), 0);
    }
    for (size_t i = 0; i < 100; i++)
        pthread_join(crowd[i].thread, NULL);
    for (size_t i = 0; i < 100; i++) {
        ASSERT_STATUS(crowd[i].got, 201);
        cr_expect_str_eq(crowd[i].got->body, crowd[0].got->body);
    }
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 1);
    service_destroy(it);
}

/* --- Retry --------------------------------------------------------------------------------- */

Test(api_submit, retry_makes_a_new_job_of_the_same_spec, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHAPES);
    const reply *first = client_wait(it, id, 20);
    const reply *made = client_act(it, id, "retry");
    ASSERT_STATUS(made, 201);
    cr_expect_str_neq(reply_text(made, "/id"), id);
    cr_expect_str_eq(reply_text(made, "/retry_of"), id);
    cr_expect_not_null(strstr(reply_header_or_empty(made, "Location"), reply_text(made, "/id")));
    const reply *second = client_wait(it, reply_text(made, "/id"), 20);
    cr_expect_str_eq(reply_text(second, "/digest"), reply_text(first, "/digest"));
    cr_expect_eq(reply_number(second, "/attempt"), 1);
    service_destroy(it);
}

Test(api_submit, retry_with_a_merge_patch_changes_the_spec, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_SHAPES);
    const char *path = client_text(it, "/v1/jobs/%s/retry", id);
    (void)client_wait(it, id, 20);
    const reply *made =
        client_post(it, path, "{'name': 'slower', 'optimizer': {'learning_rate': 0.01}}");
    ASSERT_STATUS(made, 201);
    const reply *second = client_wait(it, reply_text(made, "/id"), 20);
    cr_expect_str_eq(reply_text(second, "/name"), "slower");
    cr_expect_eq(reply_number(second, "/spec/optimizer/learning_rate"), 0.01);
    cr_expect_eq(reply_number(second, "/spec/training/epochs"), 200);
    const reply *refused = client_post(it, path, "{'optimizer': {'learning_rate': 0}}");
    ASSERT_STATUS(refused, 422);
    reply_expect_fault(refused, "/optimizer/learning_rate", "out_of_range");
    ASSERT_STATUS(client_act(it, "01234567-89ab-7cde-8f01-23456789abcd", "retry"), 404);
    service_destroy(it);
}

Test(api_submit, retry_may_change_the_type_of_a_shorthand, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *made = client_post(it, client_text(it, "/v1/jobs/%s/retry", id),
                                    "{'model': {'type': 'mlp', 'hidden': [4], 'layers': null}}");
    ASSERT_STATUS(made, 201);
    const reply *job = client_wait(it, reply_text(made, "/id"), 20);
    cr_expect_eq(reply_number(job, "/model/parameters"), 4 * 4 + 4 + 4 + 1);
    service_destroy(it);
}
