/*
 * Formulas through the service: minimised without data, fitted to rows, paused and continued, predicted
 * with, refused with words.
 */
#include "api/specs.h"
#include "support/client.h"
#include "support/nist.h"
#include "support/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT (120.0 * SERVICE_PATIENCE)

#define ROSENBROCK                                                                          \
    "'model': {'type': 'formula', 'formula': '(1-x)^2+100*(y-x^2)^2', 'parameters': {'x': " \
    "-1.2, 'y': 1}}"

static const reply *get_parameters(service *it, const reply *job)
{
    const reply *got = client_get(it, "/v1/jobs/%s/parameters", reply_text(job, "/id"));
    ASSERT_STATUS(got, 200);
    return got;
}

Test(api_formula, a_function_without_data_is_minimised, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 20,
                                  "{" ROSENBROCK
                                  ", 'optimizer': {'type': 'sgd', "
                                  "'learning_rate': 1e-3, 'momentum': 0.9}, 'training': "
                                  "{'steps': 20000, 'record_every': 1}}");
    cr_expect_str_eq(reply_text(job, "/metrics/part"), "formula");
    cr_expect_lt(reply_number(job, "/metrics/loss"), 1e-28);
    cr_expect_eq(reply_number(job, "/model/parameters"), 2);
    const reply *parameters = get_parameters(it, job);
    cr_expect_str_eq(reply_text(parameters, "/parameters/0/name"), "x");
    cr_expect_str_eq(reply_text(parameters, "/parameters/0/dtype"), "float64");
    cr_expect_eq(reply_count(parameters, "/parameters/0/shape"), 0);
    cr_expect_float_eq(reply_number(parameters, "/parameters/0/values/0"), 1, 1e-13);
    cr_expect_float_eq(reply_number(parameters, "/parameters/1/values/0"), 1, 1e-13);
    cr_expect(reply_is_null(parameters, "/parameters/0/standard_error"));
    const reply *curve = client_get(
        it, "/v1/jobs/%s/curve?max_points=0&series=loss,parameters.x,parameters.y,gradient_norm.y",
        reply_text(job, "/id"));
    ASSERT_STATUS(curve, 200);
    cr_expect_eq(reply_count(curve, "/series/parameters.x"), 20000);
    cr_expect_float_eq(reply_number(curve, "/series/parameters.x/0"), -1.2 + 1e-3 * 215.6, 1e-12);
    cr_expect_eq(reply_number(curve, "/series/parameters.y/19999"),
                 reply_number(parameters, "/parameters/1/values/0"));
    cr_expect_float_eq(reply_number(curve, "/series/gradient_norm.y/0"), 88, 1e-9);
    const reply *prediction = client_post(
        it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")), "{'rows': [[1]]}");
    reply_expect_problem(prediction, "no columns");
    cr_expect_eq(prediction->status, 409);
    service_destroy(it);
}

/* A value of exactly -1, the mark of what was not measured, is a value. */
Test(api_formula, a_curve_has_every_value_of_a_parameter, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job =
        client_run(it, 20,
                   "{'model': {'type': 'formula', 'formula': '(x+1)^2', 'parameters': {'x': 1}}, "
                   "'optimizer': {'type': 'sgd', 'learning_rate': 0.5}, 'training': {'steps': 3}}");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve", reply_text(job, "/id"));
    for (int i = 0; i < 3; i++)
        cr_expect_eq(reply_number(curve, client_text(it, "/series/parameters.x/%d", i)), -1);
    const reply *unknown =
        client_get(it, "/v1/jobs/%s/curve?series=parameters.z", reply_text(job, "/id"));
    cr_expect_eq(unknown->status, 400);
    service_destroy(it);
}

#define PARABOLA \
    "{'model': {'type': 'formula', 'formula': '2*x^2', 'parameters': {'x': 3}}, 'optimizer': {'type': 'sgd', 'learning_rate': %s}, 'training': {'steps': 50000}}"

Test(api_formula, beyond_two_over_the_curvature_it_diverges_and_says_when, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 20, PARABOLA, "0.4999");
    cr_expect_lt(reply_number(job, "/loss/last"), 1e-15);
    const char *id = client_submit(it, PARABOLA, "0.51");
    job = client_wait(it, id, 20);
    cr_expect_str_eq(reply_text(job, "/status"), "failed");
    cr_expect_str_eq(reply_text(job, "/reason"), "diverged");
    cr_expect(strstr(reply_text(job, "/message"), "step ") != NULL);
    cr_expect(isfinite(reply_number(get_parameters(it, job), "/parameters/0/values/0")));
    service_destroy(it);
}

/* The rows of a NIST set as inline data. */
static const char *rows_of(service *it, const nist_data *data)
{
    char text[8192] = "";
    size_t length = 0;
    for (int i = 0; i < data->rows; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s[%.17g, %.17g]",
                                   i > 0 ? ", " : "", data->targets[i], data->cells[i]);
    return client_text(it, "%s", text);
}

Test(api_formula, a_nist_set_is_fitted_to_its_certified_digits, .timeout = LIMIT)
{
    const nist_set *set = nist_find("Misra1a");
    nist_data data;
    if (!nist_read(set, &data))
        cr_skip_test("the NIST sets are not there");
    service *it = service_start(1);
    const reply *job = client_run(
        it, 20,
        "{'model': {'type': 'formula', 'formula': 'b1*(1-exp(-b2*x))', 'parameters': {'b1': 250, 'b2': {'start': 5e-4, 'min': 0}}}, "
        "'data': {'inline': {'columns': ['y', 'x'], 'rows': [%s]}, 'target': 'y'}, 'optimizer': 'lbfgs', "
        "'training': {'epochs': 100, 'batch_size': 'full'}}",
        rows_of(it, &data));
    const reply *got = get_parameters(it, job);
    double values[2];
    for (int i = 0; i < 2; i++) {
        const char *at = client_text(it, "/parameters/%d", i);
        values[i] = reply_number(got, client_text(it, "%s/values/0", at));
        double error = reply_number(got, client_text(it, "%s/standard_error", at));
        cr_expect_float_eq(error, data.deviations[i], 1e-7 * data.deviations[i]);
        cr_expect_float_eq(reply_number(got, client_text(it, "%s/interval/1", at)),
                           values[i] + 2.1788128296634 * error, 1e-8 * values[i]);
        cr_expect_float_eq(reply_number(got, client_text(it, "%s/interval/0", at)),
                           values[i] - 2.1788128296634 * error, 1e-8 * values[i]);
    }
    cr_expect_geq(nist_digits(set, &data, values), 8);
    cr_expect_float_eq(reply_number(job, "/metrics/loss") * data.rows, data.squares,
                       1e-8 * data.squares);
    const reply *predicted =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                    "{'columns': {'x': [77.6, 0]}}");
    ASSERT_STATUS(predicted, 200);
    cr_expect_float_eq(reply_number(predicted, "/predictions/0"),
                       values[0] * (1 - exp(-values[1] * 77.6)), 1e-13);
    cr_expect_eq(reply_number(predicted, "/predictions/1"), 0);
    predicted = client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                            "{'rows': [[1], [null]]}");
    cr_expect_eq(predicted->status, 422);
    cr_expect_not_null(reply_fault(predicted, "/rows/1/0"));
    const reply *file =
        client_get(it, "/v1/jobs/%s/parameters?format=safetensors", reply_text(job, "/id"));
    ASSERT_STATUS(file, 200);
    cr_expect(strstr(file->body + 8,
                     "\"b1\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}") != NULL);
    cr_expect_eq(memcmp(file->body + file->length - 16, values, 16), 0);
    service_destroy(it);
}

#define DECAY \
    "{'model': {'type': 'formula', 'formula': 'a*exp(-k*x)+c', 'parameters': {'a': 1, 'k': 1, 'c': {'start': 0.1, 'min': 0, 'max': 1}}}, 'data': {'dataset': '%s', 'target': 'y', 'validation': {'fraction': 0.2}%s}, 'optimizer': {'type': 'lbfgs'}, 'training': {'epochs': 100, 'batch_size': 'full'}}"

Test(api_formula, rows_of_a_dataset_with_validation_and_missing_cells, .timeout = LIMIT)
{
    service *it = service_start(1);
    char csv[4096] = "x,name,y\n";
    size_t length = strlen(csv);
    for (int i = 0; i < 60; i++) {
        double x = 0.1 * i;
        int written = i == 17 ? snprintf(csv + length, sizeof csv - length, ",a,1\n")
                              : snprintf(csv + length, sizeof csv - length, "%.17g,%s,%.17g\n", x,
                                         i % 2 ? "a" : "b", 3 * exp(-0.7 * x) + 0.25);
        length += (size_t)written;
    }
    const char *id = client_upload(it, "?name=decay", csv);
    const reply *refused = client_post(
        it, "/v1/jobs",
        "{'model': {'type': 'formula', 'formula': 'a*x', 'parameters': {'a': 1}}, 'data': "
        "{'dataset': '%s', 'target': 'y'}}",
        id);
    cr_expect_eq(refused->status, 422);
    const reply *job = client_run(it, 20, DECAY, id, ", 'missing': 'drop'");
    cr_expect_str_eq(reply_text(job, "/metrics/part"), "validation");
    cr_expect_lt(reply_number(job, "/metrics/rmse"), 1e-9);
    const reply *got = get_parameters(it, job);
    cr_expect_float_eq(reply_number(got, "/parameters/0/values/0"), 3, 1e-8);
    cr_expect_float_eq(reply_number(got, "/parameters/1/values/0"), 0.7, 1e-8);
    cr_expect_float_eq(reply_number(got, "/parameters/2/values/0"), 0.25, 1e-8);
    /* From there on, and with other bounds. */
    const reply *warm = client_run(
        it, 20,
        "{'model': {'type': 'formula', 'formula': 'a*exp(-k*x)+c', 'parameters': {'a': 1, 'k': 1, 'c': {'start': 0.1, 'max': 0.2}}}, 'data': {'dataset': '%s', 'target': 'y', 'missing': 'drop'}, 'optimizer': {'type': 'sgd', 'learning_rate': 1e-9}, 'training': {'steps': 1, 'batch_size': 'full', 'from_job': {'job': '%s'}}}",
        id, reply_text(job, "/id"));
    got = get_parameters(it, warm);
    cr_expect_float_eq(reply_number(got, "/parameters/0/values/0"), 3, 1e-6);
    cr_expect_eq(reply_number(got, "/parameters/2/values/0"), 0.2);
    cr_expect(reply_is_null(got, "/parameters/2/standard_error"));
    cr_expect_gt(reply_number(got, "/parameters/0/standard_error"), 0);
    service_destroy(it);
}

Test(api_formula, names_that_are_nothing_are_refused_with_the_nearest, .timeout = LIMIT)
{
    static const struct {
        const char *formula, *data, *pointer, *code, *word;
    } cases[] = {
        {"a*speal_length", "", "/model/formula", "not_found", "did you mean \"sepal_length\""},
        {"a*species", "", "/model/formula", "wrong_kind", "wants numbers"},
        {"a*petal_length", "", "/model/formula", "conflict", "target"},
        {"a", "", "/model/formula", "missing", "names no column"},
        {"a*sepal_length", ", 'scaling': 'standardize'", "/data/scaling", "conflict",
         "as they are"},
        {"a*sepal_length", ", 'missing': 'mean'", "/data/missing", "conflict", NULL},
        {"a*sepal_length", ", 'features': ['species']", "/data/features", "conflict", NULL},
        {"a*sepal_length", ", 'window': {'length': 2}", "/data/window", "conflict", NULL},
        {"a*sepal_length", ", 'task': 'classification'", "/data/task", "conflict", NULL},
    };
    service *it = service_start(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const reply *got = client_post(
            it, "/v1/jobs",
            "{'model': {'type': 'formula', 'formula': '%s', 'parameters': {'a': 1}}, 'data': {'inline': {'columns': ['sepal_length', 'petal_length', 'species'], 'rows': [[5.1, 1.4, 'x'], [4.9, 1.5, 'y'], [6, 2, 'x']]}, 'target': 'petal_length'%s}}",
            cases[i].formula, cases[i].data);
        cr_expect_eq(got->status, 422, "%s %s", cases[i].formula, cases[i].data);
        reply_expect_fault(got, cases[i].pointer, cases[i].code);
        if (cases[i].word != NULL) {
            const char *detail = cJSON_GetStringValue(
                cJSON_GetObjectItem(reply_fault(got, cases[i].pointer), "detail"));
            cr_expect(strstr(detail, cases[i].word) != NULL, "%s", detail);
        }
    }
    service_destroy(it);
}

/* Paused, another process, and on: the bytes of an undisturbed run. */
#define LONG_RUN   \
    "{" ROSENBROCK \
    ", 'optimizer': {'type': 'adam', 'learning_rate': 1e-4}, 'training': {'steps': %d, 'seed': 5, 'restarts': 2, 'record_every': 1000, 'stop': {'monitor': 'loss', 'patience': 10000000, 'restore_best': true}}}"

Test(api_formula, a_paused_run_goes_on_to_the_same_bytes, .timeout = LIMIT)
{
    service *it = service_start(1);
    const int steps = 600000;
    const reply *whole = client_run(it, 100, LONG_RUN, steps);
    const char *id = client_submit(it, LONG_RUN, steps);
    (void)client_wait_step(it, id, 1000, 20);
    cr_expect_lt(client_act(it, id, "pause")->status, 300);
    (void)client_wait_status(it, id, "paused", 20);
    const reply *parameters = client_get(it, "/v1/jobs/%s/parameters", id);
    ASSERT_STATUS(parameters, 200);
    (void)service_stop(it);
    service_restart(it);
    cr_expect_lt(client_act(it, id, "resume")->status, 300);
    const reply *job = client_wait(it, id, 100);
    cr_expect_str_eq(reply_text(job, "/digest"), reply_text(whole, "/digest"));
    cr_expect_str_eq(client_exact_curve(it, id), client_exact_curve(it, reply_text(whole, "/id")));
    service_destroy(it);
}

Test(api_formula, a_retry_may_change_the_formula, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(
        it, 20,
        "{'model': {'type': 'formula', 'formula': 'a*x', 'parameters': {'a': 1}}, 'data': {'inline': {'columns': ['x', 'z', 'y'], 'rows': [[1, 1, 5], [2, 1, 7], [3, 1, 9]]}, 'target': 'y'}, 'optimizer': 'lbfgs', 'training': {'epochs': 20}}");
    const reply *again =
        client_post(it, client_text(it, "/v1/jobs/%s/retry", reply_text(job, "/id")),
                    "{'model': {'formula': 'a*x+b*z', 'parameters': {'b': 1}}}");
    ASSERT_STATUS(again, 201);
    job = client_wait(it, reply_text(again, "/id"), 20);
    const reply *got = get_parameters(it, job);
    cr_expect_float_eq(reply_number(got, "/parameters/0/values/0"), 2, 1e-12);
    cr_expect_float_eq(reply_number(got, "/parameters/1/values/0"), 3, 1e-12);
    service_destroy(it);
}

Test(api_formula, the_catalogue_tells_of_formulas, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *catalog = client_get(it, "/v1/catalog");
    cr_expect_str_eq(reply_text(catalog, "/models/6/name"), "formula");
    cr_expect_str_eq(reply_text(catalog, "/models/6/fields/0/name"), "formula");
    cr_expect_str_eq(reply_text(catalog, "/models/6/fields/1/name"), "parameters");
    cr_expect_str_eq(reply_text(catalog, "/functions/0/name"), "exp");
    cr_expect_eq(reply_number(catalog, "/functions/0/arguments"), 1);
    cr_expect_eq(reply_count(catalog, "/functions"), 15);
    service_destroy(it);
}
