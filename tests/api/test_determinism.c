/*
 * test_determinism.c: the same spec and seed give the same bytes, of parameters and of every point of
 * the curves but their seconds, however many workers there are and whatever else they do.
 */
#include "support/client.h"

#include <stdio.h>
#include <string.h>

#define LIMIT   (90.0 * SERVICE_PATIENCE)
#define JOBS    6
#define SECONDS 60

static const char *const specs[JOBS] = {
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 200, 'seed': 1}}, "
    "'training': {'epochs': 30, 'seed': 1}}",
    "{'model': 'softmax', 'data': {'generator': {'type': 'blobs', 'samples': 300, 'seed': 2}, "
    "'validation': {'fraction': 0.3, 'seed': 2}, 'scaling': 'standardize'}, 'optimizer': 'sgd', "
    "'training': {'epochs': 30, 'batch_size': 'full', 'seed': 2}}",
    "{'model': {'type': 'mlp', 'hidden': [33, 17], 'activation': 'gelu', 'dropout': 0.2}, 'data': "
    "{'generator': {'type': 'spiral', 'samples': 400, 'seed': 3}, 'validation': {'fraction': 0.2, "
    "'seed': 3}}, 'optimizer': {'type': 'adamw', 'learning_rate': 0.01, 'clip': {'norm': 0.5}}, "
    "'training': {'epochs': 20, 'batch_size': 24, 'seed': 3}}",
    "{'model': {'type': 'mlp', 'hidden': [64]}, 'data': {'generator': {'type': 'moons', 'samples': "
    "500, 'seed': 4}}, 'optimizer': {'type': 'rmsprop', 'momentum': 0.5, 'schedule': {'type': "
    "'step', 'step_size': 5}}, 'training': {'epochs': 20, 'batch_size': 1, 'seed': 4}}",
    "{'model': {'type': 'autoencoder', 'hidden': [1]}, 'data': {'generator': {'type': 'circles', "
    "'samples': 300, 'seed': 5}, 'features': ['x1', 'x2'], 'scaling': 'minmax'}, 'optimizer': "
    "'adagrad', 'training': {'steps': 500, 'seed': 5}}",
    "{'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'generator': {'type': 'xor', 'samples': "
    "300, 'seed': 6}, 'validation': {'last': 60}}, 'optimizer': {'type': 'adam', 'amsgrad': true}, "
    "'training': {'epochs': 200, 'seed': 6, 'stop': {'patience': 4}}}",
};

/* Digests and curves of all specs, in the order of `specs`, run all at once. */
typedef struct results {
    service *it;
    const char *digests[JOBS], *curves[JOBS];
} results;

static results run_all(int workers)
{
    results got = {.it = service_start(workers)};
    const char *ids[JOBS];
    for (int i = 0; i < JOBS; i++)
        ids[i] = client_submit(got.it, "%s", specs[i]);
    for (int i = 0; i < JOBS; i++) {
        const reply *job = client_wait(got.it, ids[i], SECONDS);
        cr_assert_str_eq(reply_text(job, "/status"), "succeeded", "%.1200s", job->body);
        got.digests[i] = reply_text(job, "/digest");
        got.curves[i] = client_exact_curve(got.it, ids[i]);
    }
    return got;
}

Test(api_determinism, n26_one_two_and_eight_workers_give_the_same_bytes, .timeout = LIMIT)
{
    static const int workers[] = {2, 8};
    results one = run_all(1);
    for (size_t k = 0; k < 2; k++) {
        results other = run_all(workers[k]);
        for (int i = 0; i < JOBS; i++) {
            cr_expect_str_eq(other.digests[i], one.digests[i], "job %d, %d workers", i, workers[k]);
            cr_expect(strcmp(other.curves[i], one.curves[i]) == 0,
                      "the curves of job %d differ with %d workers", i, workers[k]);
        }
        service_destroy(other.it);
    }
    service_destroy(one.it);
}

Test(api_determinism, watching_a_job_does_not_change_it, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *spec =
        "{'model': {'type': 'mlp', 'hidden': [16], 'dropout': 0.2}, 'data': {'generator': {'type': "
        "'moons', 'seed': 4}, 'validation': {'fraction': 0.2, 'seed': 1}}, 'training': {'steps': "
        "40000, 'seed': 4}}";
    const char *calm = reply_text(client_run(it, SECONDS, "%s", spec), "/id");
    const char *id = client_submit(it, "%s", spec);
    for (const reply *job = client_get(it, "/v1/jobs/%s", id); !reply_truth(job, "/terminal");
         job = client_get(it, "/v1/jobs/%s", id)) {
        (void)client_get(it, "/v1/jobs/%s/curve", id);
        (void)client_get(it, "/v1/jobs/%s/parameters", id);
        (void)client_post(it, client_text(it, "/v1/jobs/%s/predict", id), "{'rows': [[0, 0]]}");
    }
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", id), "/digest"),
                     reply_text(client_get(it, "/v1/jobs/%s", calm), "/digest"));
    cr_expect(strcmp(client_exact_curve(it, id), client_exact_curve(it, calm)) == 0);
    service_destroy(it);
}

#define SPEC_SEEDED                                                              \
    "{'model': 'softmax', 'data': {'generator': {'type': 'moons', 'seed': 1}}, " \
    "'training': {'epochs': 2, 'seed': %d}}"

Test(api_determinism, another_seed_gives_other_bytes, .timeout = LIMIT)
{
    service *it = service_start(2);
    const reply *one = client_run(it, SECONDS, SPEC_SEEDED, 1);
    const reply *two = client_run(it, SECONDS, SPEC_SEEDED, 2);
    cr_expect_str_neq(reply_text(one, "/digest"), reply_text(two, "/digest"));
    service_destroy(it);
}
