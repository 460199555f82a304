/*
 * test_ends.c: every way a run may end, with its reason and a sentence for a person; and what the
 * schedule, the clipping and the batch size of a spec do to the curve.
 */
#include "api/specs.h"
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT   (60.0 * SERVICE_PATIENCE)
#define SECONDS 30

#define PLANE "'data': {'generator': {'type': 'linear', 'samples': 96, 'noise': 0, 'seed': 1}}"

static const reply *run(service *it, const char *rest)
{
    const reply *job = client_run(it, SECONDS, "{'model': 'linear', " PLANE ", %s}", rest);
    cr_expect_gt(strlen(reply_text(job, "/message")), 10);
    cr_expect(reply_truth(job, "/terminal"));
    return job;
}

Test(api_ends, epochs_and_steps_are_counted_exactly, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = run(it, "'training': {'epochs': 7, 'batch_size': 36, 'seed': 1}");
    cr_expect_str_eq(reply_text(job, "/reason"), "completed");
    cr_expect_eq(reply_number(job, "/progress/step"), 21);
    cr_expect_eq(reply_number(job, "/progress/steps"), 21);
    cr_expect_eq(reply_number(job, "/progress/epochs"), 7);
    job = run(it, "'training': {'steps': 10, 'batch_size': 36, 'seed': 1}");
    cr_expect_eq(reply_number(job, "/progress/step"), 10);
    job = run(it, "'training': {'epochs': 5, 'batch_size': 'full', 'seed': 1}");
    cr_expect_eq(reply_number(job, "/progress/step"), 5);
    job = run(it, "'training': {'epochs': 5, 'batch_size': 1, 'seed': 1}");
    cr_expect_eq(reply_number(job, "/progress/step"), 5 * 96);
    service_destroy(it);
}

Test(api_ends, a_target_loss_or_a_small_gradient_is_converged, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = run(it,
                           "'optimizer': {'type': 'adam', 'learning_rate': 0.05}, 'training': "
                           "{'epochs': 100000, 'target_loss': 0.01, 'seed': 1}");
    cr_expect_str_eq(reply_text(job, "/reason"), "converged");
    cr_expect_lt(reply_number(job, "/progress/epoch"), 100000);
    job = run(it,
              "'optimizer': {'type': 'sgd', 'learning_rate': 0.1}, 'training': {'epochs': "
              "100000, 'batch_size': 'full', 'gradient_tolerance': 0.01, 'seed': 1}");
    cr_expect_str_eq(reply_text(job, "/reason"), "converged");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", reply_text(job, "/id"));
    int last = reply_count(curve, "/series/step") - 1;
    cr_expect_leq(reply_number(curve, client_text(it, "/series/gradient_norm/%d", last)), 0.01);
    service_destroy(it);
}

Test(api_ends, a_time_limit_with_parameters_is_succeeded, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = run(it, "'training': {'steps': 10000000000, 'max_seconds': 0.2, 'seed': 1}");
    cr_expect_str_eq(reply_text(job, "/reason"), "time_limit");
    cr_expect_gt(reply_number(job, "/progress/step"), 1);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/parameters", reply_text(job, "/id")), 200);
    service_destroy(it);
}

Test(api_ends, stopping_early_can_watch_the_training_loss, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job =
        run(it,
            "'optimizer': {'type': 'sgd', 'learning_rate': 0.1}, 'training': {'epochs': 10000, "
            "'batch_size': 'full', 'seed': 1, 'stop': {'monitor': 'loss', 'patience': 3, "
            "'min_delta': 0.001}}");
    cr_expect_str_eq(reply_text(job, "/reason"), "early_stopped");
    cr_expect_lt(reply_number(job, "/progress/epoch"), 1000);
    service_destroy(it);
}

static double rate_at(service *it, const reply *curve, int step)
{
    return reply_number(curve, client_text(it, "/series/learning_rate/%d", step - 1));
}

static const reply *rates(service *it, const char *schedule)
{
    const reply *job =
        run(it, client_text(it,
                            "'optimizer': {'type': 'sgd', 'learning_rate': 0.1, 'schedule': %s}, "
                            "'training': {'epochs': 10, 'batch_size': 48, 'record_every': 1, "
                            "'seed': 1}",
                            schedule));
    return client_get(it, "/v1/jobs/%s/curve?max_points=0", reply_text(job, "/id"));
}

Test(api_ends, schedules_with_warm_up_shape_the_learning_rate, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *curve = rates(it, "{'type': 'constant', 'warmup_steps': 4}");
    cr_expect_float_eq(rate_at(it, curve, 1), 0.025, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 4), 0.1, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 20), 0.1, 1e-12);
    curve = rates(it, "{'type': 'step', 'step_size': 3, 'gamma': 0.1}");
    cr_expect_float_eq(rate_at(it, curve, 6), 0.1, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 7), 0.01, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 20), 1e-4, 1e-12);
    curve = rates(it, "{'type': 'exponential', 'gamma': 0.5}");
    cr_expect_float_eq(rate_at(it, curve, 2), 0.1, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 3), 0.05, 1e-12);
    cr_expect_float_eq(rate_at(it, curve, 20), 0.1 * pow(0.5, 9), 1e-12);
    curve = rates(it, "{'type': 'cosine'}");
    cr_expect_float_eq(rate_at(it, curve, 1), 0.1, 1e-12);
    for (int step = 2; step <= 20; step++)
        cr_expect_leq(rate_at(it, curve, step), rate_at(it, curve, step - 1));
    cr_expect_lt(rate_at(it, curve, 20), 0.01);
    service_destroy(it);
}

Test(api_ends, the_curve_tells_the_gradient_before_clipping, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = run(it,
                           "'optimizer': {'type': 'sgd', 'learning_rate': 0.1, 'clip': "
                           "{'norm': 0.001}}, 'training': {'steps': 5, 'batch_size': 'full', "
                           "'record_every': 1, 'seed': 1}");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", reply_text(job, "/id"));
    cr_expect_gt(reply_number(curve, "/series/gradient_norm/4"), 1);
    cr_expect_lt(reply_number(curve, "/series/loss/0") - reply_number(curve, "/series/loss/4"),
                 0.1);
    service_destroy(it);
}

Test(api_ends, a_model_beyond_the_memory_of_a_job_is_refused, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *got = client_post(it, "/v1/jobs",
                                   "{'model': {'type': 'mlp', 'hidden': [100000, 100000]}, 'data': "
                                   "{'generator': 'moons'}}");
    ASSERT_STATUS(got, 422);
    reply_expect_fault(got, "/model", "too_large");
    service_destroy(it);
}
