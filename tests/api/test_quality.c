/*
 * test_quality.c: what people come for: models that learn. Real data from ../shared/data beside the
 * repository (skipped, saying so, where it is missing) and generated data with known answers; always
 * over HTTP, the mean of three seeds.
 */
#include "support/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT   (90.0 * SERVICE_PATIENCE)
#define TABULAR "../shared/data/tabular/"
#define SECONDS 60

/* Ends the test as skipped where the file is missing. */
static void need_file(const char *path)
{
    if (access(path, R_OK) != 0)
        cr_skip_test("the data file %s is not there", path);
}

/* Mean validation accuracy over seeds 1, 2, 3, of split and training alike. */
static double mean_accuracy(service *it, const char *model, const char *data, const char *training)
{
    const char *ids[3];
    double sum = 0;
    for (int seed = 1; seed <= 3; seed++)
        ids[seed - 1] = client_submit(
            it,
            "{'model': %s, 'data': {%s, 'validation': {'fraction': 0.2, 'seed': %d}}, 'optimizer': "
            "{'type': 'adam', 'learning_rate': 0.02}, 'training': {%s, 'seed': %d}}",
            model, data, seed, training, seed);
    for (int i = 0; i < 3; i++) {
        const reply *job = client_wait(it, ids[i], SECONDS);
        cr_assert_str_eq(reply_text(job, "/status"), "succeeded", "%.1500s", job->body);
        sum += reply_number(job, "/metrics/accuracy");
    }
    return sum / 3;
}

static const char *dataset(service *it, const char *name, const char *query, const char *target)
{
    const char *id = client_upload_file(it, query, client_text(it, "%s%s", TABULAR, name));
    return client_text(it, "'dataset': '%s', 'target': '%s', 'scaling': 'standardize'", id, target);
}

#define IRIS_QUERY \
    "?name=iris&header=no&columns=sepal_length,sepal_width,petal_length,petal_width,species"

Test(api_quality, iris_by_softmax_and_by_a_net_of_16_units, .timeout = LIMIT)
{
    need_file(TABULAR "iris.csv");
    service *it = service_start(2);
    const char *data = dataset(it, "iris.csv", IRIS_QUERY, "species");
    double softmax = mean_accuracy(it, "'softmax'", data, "'epochs': 150, 'batch_size': 16");
    cr_expect_geq(softmax, 0.93, "softmax: %g", softmax);
    double net = mean_accuracy(it, "{'type': 'mlp', 'hidden': [16], 'activation': 'tanh'}", data,
                               "'epochs': 100, 'batch_size': 16");
    cr_expect_geq(net, 0.93, "16 units: %g", net);
    service_destroy(it);
}

Test(api_quality, banknotes_by_logistic_regression, .timeout = LIMIT)
{
    need_file(TABULAR "banknote_authentication.csv");
    service *it = service_start(2);
    const char *data =
        dataset(it, "banknote_authentication.csv",
                "?header=no&columns=variance,skewness,curtosis,entropy,forged", "forged");
    double accuracy = mean_accuracy(it, "'logistic'", data, "'epochs': 60, 'batch_size': 32");
    cr_expect_geq(accuracy, 0.97, "%g", accuracy);
    service_destroy(it);
}

Test(api_quality, diabetes_by_logistic_regression, .timeout = LIMIT)
{
    need_file(TABULAR "pima-indians-diabetes.csv");
    service *it = service_start(2);
    const char *data = dataset(it, "pima-indians-diabetes.csv", "?header=no", "column_9");
    double accuracy = mean_accuracy(it, "'logistic'", data, "'epochs': 60, 'batch_size': 32");
    cr_expect_geq(accuracy, 0.74, "%g", accuracy);
    service_destroy(it);
}

Test(api_quality, xor_and_moons_by_a_small_net, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *net = "{'type': 'mlp', 'hidden': [16, 16], 'activation': 'tanh'}";
    static const char *const names[] = {"xor", "moons"};
    for (size_t i = 0; i < 2; i++) {
        const char *data =
            client_text(it, "'generator': {'type': '%s', 'samples': 1000, 'seed': 4}", names[i]);
        double accuracy = mean_accuracy(it, net, data, "'epochs': 100, 'batch_size': 32");
        cr_expect_geq(accuracy, 0.95, "%s: %g", names[i], accuracy);
    }
    service_destroy(it);
}

Test(api_quality, a_linear_job_recovers_its_coefficients, .timeout = LIMIT)
{
    static const double weights[] = {1, -2, 0.5, 4};
    service *it = service_start(2);
    const reply *job = client_run(
        it, SECONDS,
        "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 500, 'noise': 0, "
        "'seed': 3}}, 'optimizer': {'type': 'sgd', 'learning_rate': 0.05, 'momentum': 0.9}, "
        "'training': {'epochs': 200, 'seed': 7}}");
    const reply *got = client_get(it, "/v1/jobs/%s/parameters", reply_text(job, "/id"));
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(reply_number(got, client_text(it, "/parameters/0/values/%d", i)),
                           weights[i], 1e-3, "%s", got->body);
    cr_expect_float_eq(reply_number(got, "/parameters/1/values/0"), 3, 1e-3, "%s", got->body);
    cr_expect_gt(reply_number(job, "/metrics/r2"), 0.9999);
    service_destroy(it);
}

Test(api_quality, census_with_texts_and_missing_cells, .timeout = LIMIT)
{
    need_file(TABULAR "adult-test.csv");
    service *it = service_start(2);
    const char *id = client_upload_file(it, "?header=no", TABULAR "adult-test.csv");
    const reply *described = client_get(it, "/v1/datasets/%s", id);
    cr_expect_eq(reply_number(described, "/rows"), 16281);
    cr_expect_str_eq(reply_text(described, "/columns/1/kind"), "categorical");
    cr_expect_eq(reply_number(described, "/columns/1/missing"), 963);
    const reply *refused = client_post(it, "/v1/jobs",
                                       "{'model': 'softmax', 'data': {'dataset': '%s', 'target': "
                                       "'column_15'}}",
                                       id);
    ASSERT_STATUS(refused, 422);
    const reply *job = client_run(
        it, SECONDS,
        "{'model': 'softmax', 'data': {'dataset': '%s', 'target': 'column_15', 'missing': 'mean', "
        "'scaling': 'standardize', 'validation': {'fraction': 0.2, 'seed': 1}}, 'optimizer': "
        "{'type': 'adam', 'learning_rate': 0.01}, 'training': {'epochs': 5, 'batch_size': 64, "
        "'seed': 7}}",
        id);
    cr_expect_geq(reply_number(job, "/metrics/accuracy"), 0.83, "%s", job->body);
    service_destroy(it);
}

Test(api_quality, census_by_logistic_regression_straight_from_the_file, .timeout = LIMIT)
{
    need_file(TABULAR "adult-test.csv");
    service *it = service_start(2);
    const char *id = client_upload_file(it, "?header=no", TABULAR "adult-test.csv");
    static const char *const missing[] = {"mean", "drop"};
    for (size_t i = 0; i < 2; i++) {
        double accuracy =
            mean_accuracy(it, "'logistic'",
                          client_text(it,
                                      "'dataset': '%s', 'target': 'column_15', 'missing': '%s', "
                                      "'scaling': 'standardize', 'storage': '%s'",
                                      id, missing[i], i == 0 ? "memory" : "mapped"),
                          "'epochs': 10, 'batch_size': 64");
        cr_expect_geq(accuracy, 0.84, "%s: %g", missing[i], accuracy);
    }
    service_destroy(it);
}
