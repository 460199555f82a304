/*
 * test_curve.c: curves are exact when asked for, honest when thinned, cheap to poll, and tell
 * non-finite values as such.
 */
#include "api/specs.h"
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define STEPS 5000

/* A job with a point each step and a validation loss at the end of each epoch of 20 steps. */
#define SPEC_CURVE                                                                          \
    "{'model': {'type': 'mlp', 'hidden': [8]}, 'data': {'generator': {'type': 'moons', "    \
    "'samples': 400, 'seed': 5}, 'validation': {'fraction': 0.2, 'seed': 3}}, 'training': " \
    "{'steps': 5000, 'batch_size': 16, 'seed': 7, 'record_every': 1}}"

static double at(const reply *curve, const char *series, int index)
{
    return reply_number(curve, client_text(curve->owner, "/series/%s/%d", series, index));
}

static int points_of(const reply *curve)
{
    return reply_count(curve, "/series/step");
}

/* All series have one length and `seq` ascends. */
static void expect_sound(const reply *curve)
{
    ASSERT_STATUS(curve, 200);
    int count = points_of(curve);
    const cJSON *series;
    cJSON_ArrayForEach(series, reply_at(curve, "/series"))
        cr_expect_eq(cJSON_GetArraySize(series), count, "series %s", series->string);
    cr_assert_eq(reply_count(curve, "/series/seq"), count);
    const cJSON *sequence;
    double last = 0;
    cJSON_ArrayForEach(sequence, reply_at(curve, "/series/seq"))
    {
        cr_expect_gt(sequence->valuedouble, last);
        last = sequence->valuedouble;
    }
    cr_expect_eq(reply_number(curve, "/sampling/points"), count);
}

static const reply *get_curve(service *it, const char *id, const char *query)
{
    return client_get(it, "/v1/jobs/%s/curve%s", id, query);
}

Test(api_curve, max_points_0_is_exact_and_complete, .timeout = LIMIT)
{
    static const char *const names[] = {"seq",           "step",          "epoch",
                                        "seconds",       "loss",          "validation_loss",
                                        "learning_rate", "gradient_norm", "update_ratio"};
    service *it = service_start(1);
    const reply *job = client_run(it, 30, SPEC_CURVE);
    const char *id = reply_text(job, "/id");
    const reply *curve = get_curve(it, id, "?max_points=0");
    expect_sound(curve);
    cr_assert_eq(points_of(curve), STEPS);
    cr_expect_str_eq(reply_text(curve, "/job"), id);
    cr_expect_eq(reply_number(curve, "/last_seq"), STEPS);
    cr_expect(reply_truth(curve, "/complete"));
    cr_expect_str_eq(reply_text(curve, "/sampling/method"), "none");
    cr_expect_eq(reply_number(curve, "/sampling/of"), STEPS);
    cr_expect_eq(reply_count(curve, "/nonfinite"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_not_null(reply_at(curve, client_text(it, "/series/%s", names[i])), "no %s",
                           names[i]);
    cr_expect_not_null(reply_at(curve, "/series/gradient_norm.layers.0"), "no layer's norm");
    cr_expect_eq(at(curve, "seq", 0), 1);
    cr_expect_eq(at(curve, "step", 0), 1);
    cr_expect_eq(at(curve, "step", STEPS - 1), STEPS);
    cr_expect_eq(at(curve, "loss", 0), reply_number(job, "/loss/first"));
    cr_expect_eq(at(curve, "loss", STEPS - 1), reply_number(job, "/loss/last"));
    cr_expect_eq(at(curve, "epoch", STEPS - 1), 250);
    cr_expect_eq(at(curve, "validation_loss", 19), at(curve, "validation_loss", 19));
    cr_expect(cJSON_IsNull(reply_at(curve, "/series/validation_loss/18")));
    cr_expect_eq(at(curve, "validation_loss", STEPS - 1), reply_number(job, "/validation/loss"));
    service_destroy(it);
}

Test(api_curve, a_thinned_curve_keeps_first_last_best_and_says_so, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 30, SPEC_CURVE);
    const char *id = reply_text(job, "/id");
    const reply *exact = get_curve(it, id, "?max_points=0");
    static const int limits[] = {1000, 100, 10, 4};
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        const reply *curve =
            get_curve(it, id, k == 0 ? "" : client_text(it, "?max_points=%d", limits[k]));
        expect_sound(curve);
        int count = points_of(curve);
        cr_expect_leq(count, limits[k]);
        cr_expect_geq(count, limits[k] / 2);
        cr_expect_str_eq(reply_text(curve, "/sampling/method"), "min_max");
        cr_expect_eq(reply_number(curve, "/sampling/of"), STEPS);
        cr_expect_eq(reply_number(curve, "/last_seq"), STEPS);
        cr_expect_eq(at(curve, "step", 0), 1);
        cr_expect_eq(at(curve, "step", count - 1), STEPS);
        bool best = false, best_validation = false;
        for (int i = 0; i < count; i++) {
            int step = (int)at(curve, "step", i);
            best = best || step == (int)reply_number(job, "/loss/best_step");
            best_validation =
                best_validation || step == (int)reply_number(job, "/validation/best_step");
            cr_expect_eq(at(curve, "loss", i), at(exact, "loss", step - 1));
        }
        cr_expect(best, "the best loss is not among %d points", limits[k]);
        cr_expect(best_validation, "the best validation loss is not among %d points", limits[k]);
    }
    service_destroy(it);
}

Test(api_curve, thinning_keeps_the_extremes_and_is_deterministic, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVE), "/id");
    const reply *exact = get_curve(it, id, "?max_points=0");
    const reply *one = get_curve(it, id, "?max_points=60"),
                *two = get_curve(it, id, "?max_points=60");
    cr_expect_str_eq(one->body, two->body);
    double greatest = 0, kept = 0;
    for (int i = 0; i < STEPS; i++)
        greatest = fmax(greatest, at(exact, "loss", i));
    for (int i = 0; i < points_of(one); i++)
        kept = fmax(kept, at(one, "loss", i));
    cr_expect_eq(kept, greatest);
    service_kill(it);
    service_restart(it);
    cr_expect_str_eq(get_curve(it, id, "?max_points=60")->body, one->body);
    service_destroy(it);
}

Test(api_curve, after_gives_only_what_is_newer, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVE), "/id");
    const reply *rest = get_curve(it, id, "?after=4990");
    expect_sound(rest);
    cr_expect_eq(points_of(rest), 10);
    cr_expect_eq(at(rest, "seq", 0), 4991);
    cr_expect_eq(reply_number(rest, "/last_seq"), STEPS);
    const reply *none = get_curve(it, id, "?after=5000");
    expect_sound(none);
    cr_expect_eq(points_of(none), 0);
    cr_expect_eq(reply_number(none, "/last_seq"), STEPS);
    cr_expect(reply_truth(none, "/complete"));
    service_destroy(it);
}

Test(api_curve, series_and_steps_are_chosen, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVE), "/id");
    const reply *curve =
        get_curve(it, id, "?series=loss,gradient_norm.layers.0&from_step=100&to_step=199");
    expect_sound(curve);
    cr_expect_eq(points_of(curve), 100);
    cr_expect_eq(at(curve, "step", 0), 100);
    cr_expect_eq(at(curve, "step", 99), 199);
    cr_expect_not_null(reply_at(curve, "/series/loss"));
    cr_expect_not_null(reply_at(curve, "/series/gradient_norm.layers.0"));
    cr_expect_null(reply_at(curve, "/series/learning_rate"));
    cr_expect_null(reply_at(curve, "/series/validation_loss"));
    static const char *const bad[] = {"series=los",  "series=loss,los", "max_points=-1",
                                      "after=x",     "format=xml",      "from_step=1.5",
                                      "to_step=abc", "max_points=1e3",  "aftr=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const reply *got = get_curve(it, id, client_text(it, "?%s", bad[i]));
        cr_expect_eq(got->status, 400, "%s: %d", bad[i], got->status);
    }
    service_destroy(it);
}

Test(api_curve, csv_has_the_same_numbers_under_a_header, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVE), "/id");
    const reply *curve = get_curve(it, id, "?series=loss,validation_loss&max_points=0");
    const reply *csv = get_curve(it, id, "?series=loss,validation_loss&max_points=0&format=csv");
    ASSERT_STATUS(csv, 200);
    cr_expect_eq(strncmp(reply_header_or_empty(csv, "Content-Type"), "text/csv", 8), 0);
    char *rest = NULL, *line = strtok_r(csv->body, "\r\n", &rest);
    const char *columns[16];
    int count = 0, row = 0, loss = -1, validation = -1;
    char *inner = NULL;
    for (char *name = strtok_r(line, ",", &inner); name != NULL && count < 16;
         name = strtok_r(NULL, ",", &inner)) {
        loss = strcmp(name, "loss") == 0 ? count : loss;
        validation = strcmp(name, "validation_loss") == 0 ? count : validation;
        columns[count++] = name;
    }
    cr_assert_geq(count, 4, "%s", columns[0]);
    cr_assert_geq(loss, 0);
    cr_assert_geq(validation, 0);
    for (line = strtok_r(NULL, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest), row++) {
        const char *cell = line;
        for (int i = 0; i < count; i++) {
            if (i == loss)
                cr_expect_eq(strtod(cell, NULL), at(curve, "loss", row), "row %d", row);
            if (i == validation)
                cr_expect_eq(*cell == ',' || *cell == '\0',
                             (bool)cJSON_IsNull(reply_at(
                                 curve, client_text(it, "/series/validation_loss/%d", row))),
                             "row %d: %s", row, line);
            cell += strcspn(cell, ",");
            cell += *cell == ',' ? 1 : 0;
        }
        cr_expect_eq(*cell, '\0', "row %d has more cells than there are columns: %s", row, line);
    }
    cr_expect_eq(row, STEPS);
    service_destroy(it);
}

/* One address, two forms: a tag of the one says nothing of the other (RFC 9110, section 8.8.3). */
Test(api_curve, the_csv_that_accept_asks_for_has_a_tag_of_its_own, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *path =
        client_text(it, "/v1/jobs/%s/curve", reply_text(client_run(it, 30, SPEC_TINY), "/id"));
    const reply *json = client_get(it, "%s", path);
    const reply *csv = client_get_with(it, "Accept: text/csv", "%s", path);
    ASSERT_STATUS(csv, 200);
    cr_expect_eq(strncmp(reply_header_or_empty(csv, "Content-Type"), "text/csv", 8), 0);
    cr_expect_not_null(strstr(reply_header_or_empty(csv, "Vary"), "Accept"));
    cr_expect_str_neq(reply_header_or_empty(csv, "ETag"), reply_header_or_empty(json, "ETag"));
    ASSERT_STATUS(client_get_with(it, "Accept: image/png", "%s", path), 406);
    service_destroy(it);
}

Test(api_curve, a_running_job_is_polled_with_after_and_304, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(
        it,
        "{'model': {'type': 'mlp', 'hidden': [8]}, 'data': {'generator': {'type': 'moons', "
        "'seed': 1}}, 'training': {'steps': 10000000000, 'record_every': 1000, 'seed': 7}}");
    (void)client_wait_step(it, id, 5000, 20);
    const reply *first = get_curve(it, id, "?max_points=0");
    expect_sound(first);
    cr_expect(!reply_truth(first, "/complete"));
    cr_expect_not_null(strstr(reply_header_or_empty(first, "Cache-Control"), "no-cache"));
    double last = reply_number(first, "/last_seq");
    cr_expect_geq(last, 5);
    (void)client_wait_step(it, id, 1000 * (last + 3), 20);
    const reply *next = get_curve(it, id, client_text(it, "?max_points=0&after=%.0f", last));
    expect_sound(next);
    cr_expect_geq(points_of(next), 3);
    cr_expect_eq(at(next, "seq", 0), last + 1);
    cr_expect_eq(at(next, "step", 0), 1000 * (last + 1));
    ASSERT_STATUS(client_act(it, id, "pause"), 202);
    (void)client_wait_status(it, id, "paused", 5);
    const reply *paused = get_curve(it, id, "?max_points=0");
    cr_expect(!reply_truth(paused, "/complete"));
    const char *condition =
        client_text(it, "If-None-Match: %s", reply_header_or_empty(paused, "ETag"));
    ASSERT_STATUS(client_get_with(it, condition, "/v1/jobs/%s/curve?max_points=0", id), 304);
    ASSERT_STATUS(client_act(it, id, "cancel"), 200);
    const reply *ended = get_curve(it, id, "?max_points=0");
    cr_expect(reply_truth(ended, "/complete"));
    cr_expect_eq(reply_header_or_empty(ended, "ETag")[0], '"');
    cr_expect_null(strstr(reply_header_or_empty(ended, "Cache-Control"), "no-store"));
    service_destroy(it);
}

Test(api_curve, a_job_that_has_not_run_has_an_empty_curve, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *curve = get_curve(it, id, "");
    expect_sound(curve);
    cr_expect_eq(points_of(curve), 0);
    cr_expect_eq(reply_number(curve, "/last_seq"), 0);
    cr_expect(!reply_truth(curve, "/complete"));
    service_destroy(it);
}

Test(api_curve, by_default_a_run_keeps_a_thousand_points_or_more, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 30, SPEC_SHORT, 50000, 7, 10.0);
    const reply *curve = get_curve(it, reply_text(job, "/id"), "?max_points=0");
    expect_sound(curve);
    cr_expect_geq(points_of(curve), 1000);
    cr_expect_leq(points_of(curve), 100000);
    cr_expect_eq(at(curve, "step", points_of(curve) - 1), 50000);
    service_destroy(it);
}

/* --- Divergence ---------------------------------------------------------------------------- */

#define SPEC_DIVERGING                                                                           \
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 100, 'seed': 1}}, " \
    "'optimizer': {'type': 'sgd', 'learning_rate': 100}, 'training': {'epochs': 1000, "          \
    "'batch_size': 10, 'seed': 7, 'record_every': 1}}"

Test(api_curve, n25_a_diverging_job_fails_names_step_and_tensor_and_keeps_finite_parameters,
     .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_DIVERGING);
    const reply *job = client_wait(it, id, 20);
    cr_expect_str_eq(reply_text(job, "/status"), "failed");
    cr_expect_str_eq(reply_text(job, "/reason"), "diverged");
    const char *message = reply_text(job, "/message");
    cr_expect_not_null(strstr(message, "step "), "%s", message);
    cr_expect(strstr(message, "layers.0") != NULL || strstr(message, "loss") != NULL, "%s",
              message);
    const reply *curve = get_curve(it, id, "?max_points=5");
    expect_sound(curve);
    cr_expect(reply_truth(curve, "/complete"));
    int count = reply_count(curve, "/nonfinite");
    cr_assert_geq(count, 1, "%.600s", curve->body);
    for (int i = 0; i < count; i++) {
        const char *value = reply_text(curve, client_text(it, "/nonfinite/%d/value", i));
        cr_expect(strcmp(value, "NaN") == 0 || strcmp(value, "Infinity") == 0 ||
                      strcmp(value, "-Infinity") == 0,
                  "%s", value);
        cr_expect(cJSON_IsString(reply_at(curve, client_text(it, "/nonfinite/%d/series", i))));
        cr_expect_gt(reply_number(curve, client_text(it, "/nonfinite/%d/step", i)), 0);
    }
    const reply *parameters = client_get(it, "/v1/jobs/%s/parameters", id);
    ASSERT_STATUS(parameters, 200);
    const cJSON *value;
    cJSON_ArrayForEach(value, reply_at(parameters, "/parameters/0/values")) cr_expect(
        cJSON_IsNumber(value) && isfinite(value->valuedouble), "%.300s", parameters->body);
    const reply *prediction =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", id), "{'rows': [[0, 0, 0, 0]]}");
    ASSERT_STATUS(prediction, 200);
    const reply *events = client_get(it, "/v1/jobs/%s/events", id);
    cr_expect_not_null(strstr(events->body, "\"failed\""), "%s", events->body);
    service_destroy(it);
}
