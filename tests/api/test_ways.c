/*
 * test_ways.c: ways to run a training: from the parameters of another job, several times from
 * different first parameters, by several threads, with a learning rate it finds for itself.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT   (90.0 * SERVICE_PATIENCE)
#define SECONDS 60
#define NO_ID   "01234567-89ab-7cde-8f01-23456789abcd"

/* Full batches, so that the first loss of a curve is that of the first parameters. */
#define SPEC_NET                                                                              \
    "{'model': {'type': 'mlp', 'hidden': [%d], 'activation': 'tanh'}, 'data': {'generator': " \
    "{'type': 'moons', 'samples': 200, 'seed': 5}}, 'optimizer': {'type': 'adam', "           \
    "'learning_rate': 0.01}, 'training': {'epochs': 40, 'batch_size': 'full', 'seed': 3, "    \
    "'record_every': 1 %s}}"

static const char *from_job(service *it, const char *id, const char *which)
{
    return client_text(it, ", 'from_job': {'job': '%s', 'which': '%s'}", id, which);
}

static double first_loss(service *it, const char *id)
{
    return reply_number(client_get(it, "/v1/jobs/%s/curve", id), "/series/loss/0");
}

Test(api_ways, a_warm_start_goes_on_at_the_loss_of_the_other_job, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *source = client_run(it, SECONDS, SPEC_NET, 8, "");
    const char *id = reply_text(source, "/id");
    const reply *next = client_run(it, SECONDS, SPEC_NET, 8, from_job(it, id, "final"));
    cr_expect_float_eq(first_loss(it, reply_text(next, "/id")),
                       reply_number(source, "/metrics/loss"), 1e-6);
    cr_expect_lt(reply_number(next, "/loss/last"), reply_number(source, "/loss/last"));
    cr_expect_str_eq(reply_text(next, "/spec/training/from_job/job"), id);
    cr_expect_str_eq(reply_text(next, "/spec/training/from_job/which"), "final");
    const reply *best = client_run(it, SECONDS, SPEC_NET, 8, from_job(it, id, "best"));
    cr_expect_str_eq(reply_text(best, "/status"), "succeeded");
    service_destroy(it);
}

Test(api_ways, deleting_the_other_job_changes_nothing, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, SECONDS, SPEC_NET, 8, ""), "/id");
    const reply *one = client_run(it, SECONDS, SPEC_NET, 8, from_job(it, id, "final"));
    service_stop(it);
    it->workers = 0;
    service_restart(it);
    const char *waiting = client_submit(it, SPEC_NET, 8, from_job(it, id, "final"));
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", id), 204);
    service_kill(it);
    it->workers = 1;
    service_restart(it);
    const reply *two = client_wait(it, waiting, SECONDS);
    cr_expect_str_eq(reply_text(two, "/digest"), reply_text(one, "/digest"));
    const reply *again = client_act(it, waiting, "retry");
    ASSERT_STATUS(again, 201);
    const reply *three = client_wait(it, reply_text(again, "/id"), SECONDS);
    cr_expect_str_eq(reply_text(three, "/digest"), reply_text(one, "/digest"));
    const reply *of_retry = client_act(it, reply_text(three, "/id"), "retry");
    ASSERT_STATUS(of_retry, 201);
    const reply *four = client_wait(it, reply_text(of_retry, "/id"), SECONDS);
    cr_expect_str_eq(reply_text(four, "/digest"), reply_text(one, "/digest"));
    service_destroy(it);
}

Test(api_ways, a_warm_start_that_cannot_be_is_refused, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, SECONDS, SPEC_NET, 8, ""), "/id");
    const reply *other = client_post(it, "/v1/jobs", SPEC_NET, 9, from_job(it, id, "final"));
    ASSERT_STATUS(other, 422);
    reply_expect_fault(other, "/training/from_job", "shape_mismatch");
    cr_expect_not_null(strstr(other->body, "[8, 2]"), "%s", other->body);
    cr_expect_not_null(strstr(other->body, "[9, 2]"), "%s", other->body);
    const reply *dry =
        client_post(it, "/v1/jobs?dry_run=true", SPEC_NET, 9, from_job(it, id, "final"));
    ASSERT_STATUS(dry, 422);
    const reply *nobody = client_post(it, "/v1/jobs", SPEC_NET, 8, from_job(it, NO_ID, "final"));
    ASSERT_STATUS(nobody, 422);
    reply_expect_fault(nobody, "/training/from_job/job", "not_found");
    service_stop(it);
    it->workers = 0;
    service_restart(it);
    const char *queued = client_submit(it, SPEC_NET, 8, "");
    const reply *early = client_post(it, "/v1/jobs", SPEC_NET, 8, from_job(it, queued, "final"));
    ASSERT_STATUS(early, 422);
    reply_expect_fault(early, "/training/from_job", "no_parameters");
    service_destroy(it);
}

#define SPEC_RESTARTS                                                                              \
    "{'model': {'type': 'mlp', 'hidden': [3], 'activation': 'tanh'}, 'data': {'generator': "       \
    "{'type': 'moons', 'samples': 200, 'seed': 5}, 'validation': {'fraction': 0.25, 'seed': 1}}, " \
    "'optimizer': {'type': 'adam', 'learning_rate': 0.02}, 'training': {'epochs': 10, "            \
    "'batch_size': 10, 'seed': 3, 'record_every': 1, 'restarts': %d, 'checkpoint_seconds': %g}}"

/* Events of one type of a job, each as it came. */
static int find_events(service *it, const char *id, const char *type, const cJSON **found, int most)
{
    int count = 0;
    const reply *events = client_get(it, "/v1/jobs/%s/events?limit=500", id);
    const cJSON *event;
    ASSERT_STATUS(events, 200);
    cJSON_ArrayForEach(event, reply_at(events, "/events"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(event, "type");
        if (strcmp(name->valuestring, type) == 0 && count < most)
            found[count++] = event;
    }
    return count;
}

static double number_of(const cJSON *event, const char *member)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(event, "data");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(data, member);
    cr_assert(cJSON_IsNumber(value), "no %s", member);
    return value->valuedouble;
}

Test(api_ways, restarts_keep_the_best_and_tell_of_each, .timeout = LIMIT)
{
    service *it = service_start(2);
    const reply *job = client_run(it, SECONDS, SPEC_RESTARTS, 5, 10.0);
    const char *id = reply_text(job, "/id");
    cr_expect_eq(reply_number(job, "/progress/steps"), 5 * 150);
    cr_expect_eq(reply_number(job, "/progress/step"), 5 * 150);
    cr_expect_eq(reply_number(job, "/progress/epochs"), 50);
    const cJSON *events[8];
    cr_assert_eq(find_events(it, id, "restart_ended", events, 8), 5);
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(number_of(events[i], "restart"), i + 1);
        cr_expect_eq(number_of(events[i], "step"), 150 * (i + 1));
        best = fmin(best, number_of(events[i], "best"));
    }
    cr_expect_lt(best, number_of(events[0], "best"), "the first is not the best by luck");
    cr_expect_eq(reply_number(job, "/validation/best_loss"), best);
    cr_expect_float_eq(reply_number(job, "/metrics/loss"), best, 1e-6);
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", id);
    cr_expect_eq(reply_count(curve, "/series/loss"), 5 * 150);
    const reply *once = client_run(it, SECONDS, SPEC_RESTARTS, 1, 10.0);
    cr_expect_eq(find_events(it, reply_text(once, "/id"), "restart_ended", events, 8), 0);
    service_destroy(it);
}

Test(api_ways, restarts_survive_a_kill_byte_for_byte, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *calm = client_run(it, SECONDS, SPEC_RESTARTS, 900, 10.0);
    const char *id = client_submit(it, SPEC_RESTARTS, 900, 0.05);
    client_drop(client_wait_step(it, id, 40000, SECONDS));
    service_kill(it);
    service_restart(it);
    const reply *job = client_wait(it, id, SECONDS);
    cr_expect_str_eq(reply_text(job, "/status"), "succeeded", "%.600s", job->body);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(calm, "/digest"));
    cr_expect(strcmp(client_exact_curve(it, id), client_exact_curve(it, reply_text(calm, "/id"))) ==
              0);
    const reply *first = client_get(it, "/v1/jobs/%s/events?limit=500", id);
    int64_t after = 0, number = 0;
    for (; reply_count(first, "/events") > 0;
         first = client_get(it, "/v1/jobs/%s/events?limit=500&after=%lld", id, (long long)after)) {
        const cJSON *event;
        cJSON_ArrayForEach(event, reply_at(first, "/events"))
        {
            after = (int64_t)cJSON_GetObjectItemCaseSensitive(event, "seq")->valuedouble;
            const cJSON *type = cJSON_GetObjectItemCaseSensitive(event, "type");
            if (strcmp(type->valuestring, "restart_ended") == 0)
                cr_assert_eq((int64_t)number_of(event, "restart"), ++number, "each is told once");
        }
    }
    cr_expect_eq(number, 900);
    service_destroy(it);
}

#define SPEC_FORTY                                                                              \
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, 'seed': 1}}, " \
    "'training': {'steps': 40, 'seed': 7 %s}}"

Test(api_ways, what_was_not_measured_is_null, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, SECONDS, SPEC_FORTY, ""), "/id");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve", id);
    for (int i = 0; i < 40; i++) {
        bool measured = i == 0 || (i + 1) % 16 == 0 || i == 39;
        cr_expect_eq(reply_is_null(curve, client_text(it, "/series/update_ratio/%d", i)), !measured,
                     "point %d", i);
        cr_expect_not(reply_is_null(curve, client_text(it, "/series/gradient_norm/%d", i)));
    }
    const reply *csv = client_get(it, "/v1/jobs/%s/curve?format=csv&series=step,update_ratio", id);
    cr_expect_not_null(strstr(csv->body, "\r\n2,2,\r\n"), "%.200s", csv->body);
    cr_expect_eq(reply_count(curve, "/nonfinite"), 0);
    id = reply_text(client_run(it, SECONDS, SPEC_FORTY, ", 'record_every': 1"), "/id");
    curve = client_get(it, "/v1/jobs/%s/curve", id);
    cr_expect_gt(reply_number(curve, "/series/update_ratio/1"), 0);
    service_destroy(it);
}

/* Wide enough that products, loops and updates are shared. */
#define SPEC_WIDE                                                                              \
    "{'model': {'type': 'mlp', 'hidden': [256, 300], 'dropout': 0.1}, 'data': {'generator': "  \
    "{'type': 'spiral', 'samples': 600, 'seed': 5}, 'validation': {'fraction': 0.25, 'seed': " \
    "1}}, 'optimizer': {'type': 'nadam', 'clip': {'norm': 1}}, 'training': {'steps': 200, "    \
    "'batch_size': 128, 'seed': 3, 'record_every': 1, 'checkpoint_seconds': 0.02, 'threads': %s}}"

Test(api_ways, any_number_of_threads_gives_the_same_bytes, .timeout = LIMIT)
{
    static const char *const others[] = {"2", "3", "8", "'auto'"};
    service *it = service_start(2);
    const reply *alone = client_run(it, SECONDS, SPEC_WIDE, "1");
    const char *curve = client_exact_curve(it, reply_text(alone, "/id"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const reply *job = client_run(it, SECONDS, SPEC_WIDE, others[i]);
        cr_expect_str_eq(reply_text(job, "/digest"), reply_text(alone, "/digest"), "threads %s",
                         others[i]);
        cr_expect(strcmp(client_exact_curve(it, reply_text(job, "/id")), curve) == 0,
                  "threads %s: another curve", others[i]);
    }
    service_destroy(it);
}

#define SPEC_AUTOMATIC                                                                          \
    "{'model': {'type': 'mlp', 'hidden': [8], 'dropout': 0.1}, 'data': {'generator': {'type': " \
    "'moons', 'samples': 400, 'seed': 5}}, 'optimizer': {'type': '%s', 'learning_rate': %s}, "  \
    "'training': {'epochs': 15, 'seed': 3, 'record_every': 1}}"

Test(api_ways, a_learning_rate_is_found_and_shown, .timeout = LIMIT)
{
    static const char *const optimizers[] = {"sgd", "adam"};
    service *it = service_start(2);
    for (int i = 0; i < 2; i++) {
        const reply *job = client_run(it, SECONDS, SPEC_AUTOMATIC, optimizers[i], "'auto'");
        const char *id = reply_text(job, "/id");
        cr_expect_str_eq(reply_text(job, "/spec/optimizer/learning_rate"), "auto");
        const cJSON *events[4];
        cr_assert_eq(find_events(it, id, "learning_rate_chosen", events, 4), 1);
        double rate = number_of(events[0], "learning_rate");
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(events[0], "data");
        int rates = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(data, "rates"));
        cr_expect_gt(rates, 10);
        cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(data, "losses")), rates);
        const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", id);
        cr_expect_eq(reply_number(curve, "/series/learning_rate/0"), rate);
        cr_expect_lt(reply_number(job, "/loss/last"), 0.6 * reply_number(job, "/loss/first"));
        const reply *again = client_run(it, SECONDS, SPEC_AUTOMATIC, optimizers[i], "'auto'");
        cr_expect_str_eq(reply_text(again, "/digest"), reply_text(job, "/digest"));
        const reply *given =
            client_run(it, SECONDS, SPEC_AUTOMATIC, optimizers[i], client_text(it, "%.17g", rate));
        cr_expect_str_eq(reply_text(given, "/digest"), reply_text(job, "/digest"));
    }
    const reply *refused = client_post(it, "/v1/jobs", SPEC_AUTOMATIC, "lbfgs", "'auto'");
    ASSERT_STATUS(refused, 422);
    reply_expect_fault(refused, "/optimizer/learning_rate", "conflict");
    service_destroy(it);
}
