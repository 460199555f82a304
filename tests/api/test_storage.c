/*
 * test_storage.c: where the rows of a dataset are while a job trains: prepared in memory or mapped,
 * with the same result, and shuffled in a window where they are many. One-hot columns, scaling and
 * splits are fitted on the training part and told where a row has what that part never had.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT   (90.0 * SERVICE_PATIENCE)
#define SECONDS 60

/* Rows of a class after the other, as files often come: two numbers and a colour that say which. */
static const char *upload_sorted(service *it, int rows)
{
    static const char *const colours[] = {"red", "green", "blue", "black"};
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    cr_assert_not_null(file);
    fprintf(file, "x,y,colour,kind\n");
    for (int i = 0; i < rows; i++) {
        int kind = i * 4 / rows;
        double noise = sin(i * 12.9898) * 43758.5453;
        noise -= floor(noise);
        fprintf(file, "%.6f,%.6f,%s,%c\n", cos(kind * 1.5) + 3.0 * (noise - 0.5),
                1000 * sin(kind * 1.5) + 2500 * (noise * 7 - floor(noise * 7)),
                colours[(kind + i % 7 / 2) % 4], 'a' + kind);
    }
    cr_assert_eq(fclose(file), 0);
    const char *id = client_upload(it, "?header=yes", text);
    free(text);
    return id;
}

#define SPEC_SORTED                                                                          \
    "{'model': {'type': 'mlp', 'hidden': [8]}, 'data': {'dataset': '%s', 'target': 'kind', " \
    "'scaling': 'standardize', 'validation': {'fraction': 0.2, 'seed': 2}%s}, 'optimizer': " \
    "{'type': 'adam', 'learning_rate': 0.01}, 'training': {'epochs': %d, 'batch_size': 32, " \
    "'seed': 4%s}}"

Test(api_storage, mapped_gives_the_bytes_of_memory, .timeout = LIMIT)
{
    static const char *const more[] = {"", ", 'shuffle': false", ", 'threads': 2"};
    service *it = service_start(2);
    const char *id = upload_sorted(it, 1500);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        const reply *memory = client_run(it, SECONDS, SPEC_SORTED, id, "", 3, more[i]);
        cr_expect_str_eq(reply_text(memory, "/spec/data/storage"), "memory");
        const reply *mapped =
            client_run(it, SECONDS, SPEC_SORTED, id, ", 'storage': 'mapped'", 3, more[i]);
        cr_expect_str_eq(reply_text(mapped, "/spec/data/storage"), "mapped");
        cr_expect_str_eq(reply_text(mapped, "/digest"), reply_text(memory, "/digest"), "%s",
                         more[i]);
        cr_expect_str_eq(client_exact_curve(it, reply_text(mapped, "/id")),
                         client_exact_curve(it, reply_text(memory, "/id")));
        cr_expect_eq(reply_number(mapped, "/metrics/accuracy"),
                     reply_number(memory, "/metrics/accuracy"));
    }
    service_destroy(it);
}

Test(api_storage, a_window_mixes_a_file_sorted_by_class, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *id = upload_sorted(it, 6000);
    const reply *whole = client_run(it, SECONDS, SPEC_SORTED, id, "", 4, "");
    const char *windowed = ", 'storage': 'mapped', 'shuffle_window': 512";
    const reply *mixed = client_run(it, SECONDS, SPEC_SORTED, id, windowed, 4, "");
    const reply *again = client_run(it, SECONDS, SPEC_SORTED, id, windowed, 4, ", 'threads': 2");
    const reply *sorted = client_run(it, SECONDS, SPEC_SORTED, id, "", 4, ", 'shuffle': false");
    double best = reply_number(whole, "/metrics/accuracy");
    cr_expect_eq(reply_number(mixed, "/spec/data/shuffle_window"), 512);
    cr_expect_geq(reply_number(mixed, "/metrics/accuracy"), best - 0.025, "of %g", best);
    cr_expect_lt(reply_number(sorted, "/metrics/accuracy"), best - 0.1, "of %g", best);
    cr_expect_str_eq(reply_text(again, "/digest"), reply_text(mixed, "/digest"));
    cr_expect_str_neq(reply_text(mixed, "/digest"), reply_text(whole, "/digest"));
    service_destroy(it);
}

Test(api_storage, a_windowed_job_resumes_to_the_same_bytes, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = upload_sorted(it, 3000);
    const char *windowed = ", 'storage': 'mapped', 'shuffle_window': 300";
    const reply *undisturbed = client_run(it, SECONDS, SPEC_SORTED, id, windowed, 150, "");
    const char *job = client_submit(it, SPEC_SORTED, id, windowed, 150, "");
    for (int i = 0; i < 3; i++) {
        (void)client_wait_step(it, job, 1000.0 * (i + 1), SECONDS);
        if (i == 1)
            service_stop(it);
        else
            service_kill(it);
        service_restart(it);
    }
    const reply *ended = client_wait(it, job, SECONDS);
    cr_expect_str_eq(reply_text(ended, "/digest"), reply_text(undisturbed, "/digest"));
    service_destroy(it);
}

Test(api_storage, four_times_the_memory_of_a_job_trains_from_the_mapped_file, .timeout = LIMIT)
{
    service *it = service_create(1);
    it->arguments[0] = "--job-memory";
    it->arguments[1] = "8000000";
    service_restart(it);
    const char *id = upload_sorted(it, 1000000); /* 32 MB in the file */
    const reply *tried = client_post(it, "/v1/jobs?dry_run=true", SPEC_SORTED, id, "", 2, "");
    ASSERT_STATUS(tried, 200);
    cr_expect_str_eq(reply_text(tried, "/spec/data/storage"), "mapped");
    cr_expect_leq(reply_number(tried, "/memory_bytes"), 8000000);
    cr_expect_gt(reply_number(tried, "/spec/data/shuffle_window"), 1000);
    cr_expect_eq(reply_number(tried, "/rows/training"), 800000);
    const reply *forced =
        client_post(it, "/v1/jobs", SPEC_SORTED, id, ", 'storage': 'memory'", 2, "");
    ASSERT_STATUS(forced, 422);
    reply_expect_fault(forced, "/model", "too_large");
    cr_expect_not_null(strstr(forced->body, "mapped"));
    const reply *job = client_run(it, SECONDS, SPEC_SORTED, id, "", 2, "");
    cr_expect_geq(reply_number(job, "/metrics/accuracy"), 0.55);
    /* The same again as it was resolved. */
    const reply *retried = client_act(it, reply_text(job, "/id"), "retry");
    ASSERT_STATUS(retried, 201);
    const reply *again = client_wait(it, reply_text(retried, "/id"), SECONDS);
    cr_expect_str_eq(reply_text(again, "/digest"), reply_text(job, "/digest"));
    service_destroy(it);
}

Test(api_storage, members_that_contradict_each_other_are_told, .timeout = LIMIT)
{
    service *it = service_start(0);
    const char *id = upload_sorted(it, 100);
    const reply *window =
        client_post(it, "/v1/jobs", SPEC_SORTED, id, ", 'shuffle_window': 10", 2, "");
    ASSERT_STATUS(window, 422);
    reply_expect_fault(window, "/data/shuffle_window", "conflict");
    const reply *generated =
        client_post(it, "/v1/jobs",
                    "{'model': 'linear', 'data': {'generator': 'linear', 'storage': 'mapped'}}");
    ASSERT_STATUS(generated, 422);
    reply_expect_fault(generated, "/data/storage", "conflict");
    const reply *word = client_post(it, "/v1/jobs", SPEC_SORTED, id, ", 'storage': 'disk'", 2, "");
    ASSERT_STATUS(word, 422);
    reply_expect_fault(word, "/data/storage", "unknown_value");
    service_destroy(it);
}

/* --- Prepared by the training part alone ------------------------------------------------------ */

/* Twelve rows; the last three are held out. Green is in none of the others. */
#define MIXED                                                                                    \
    "x,colour,y\n0,red,1\n2,blue,3\n4,red,5\n6,blue,7\n8,red,9\n10,blue,11\n0,red,1\n2,blue,3\n" \
    "4,red,5\n100,%s,101\n200,red,201\n300,blue,301\n"

static const char *predicted(service *it, const reply *job, const char *rows)
{
    return client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                       "{'rows': [%s]}", rows)
        ->body;
}

Test(api_storage, scaling_is_that_of_the_training_part, .timeout = LIMIT)
{
    static const char *const scalings[] = {"standardize", "minmax"};
    service *it = service_start(1);
    const char *id = client_upload(it, "", client_text(it, MIXED, "blue"));
    for (int mapped = 0; mapped < 2; mapped++) {
        for (int i = 0; i < 2; i++) {
            /* No step to speak of: predictions are the target's own mean, or minimum, of training. */
            const reply *job = client_run(
                it, SECONDS,
                "{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 'auto', "
                "'init': 'zeros'}]}, 'data': {'dataset': '%s', 'target': 'y', 'scaling': '%s', "
                "'validation': {'last': 3}%s}, 'optimizer': {'type': 'sgd', 'learning_rate': "
                "1e-12}, 'training': {'epochs': 1, 'seed': 1}}",
                id, scalings[i], mapped != 0 ? ", 'storage': 'mapped'" : "");
            const reply *got =
                client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                            "{'rows': [[7, 'red'], [300, 'blue']]}");
            ASSERT_STATUS(got, 200);
            double expected = i == 0 ? 5.0 : 1.0;
            cr_expect_float_eq(reply_number(got, "/predictions/0"), expected, 1e-5);
            cr_expect_float_eq(reply_number(got, "/predictions/1"), expected, 1e-5);
        }
    }
    service_destroy(it);
}

#define SPEC_MIXED_DATA                                                                          \
    "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y'%s}, 'training': {'epochs': 2, " \
    "'seed': 1}}"

Test(api_storage, a_value_no_training_row_has_is_told, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_upload(it, "", client_text(it, MIXED, "green"));
    /* Held out: the job cannot be measured on it, and says where. */
    const char *job = client_submit(it, SPEC_MIXED_DATA, id, ", 'validation': {'last': 3}");
    const reply *failed = client_wait(it, job, SECONDS);
    cr_expect_str_eq(reply_text(failed, "/status"), "failed");
    cr_expect_str_eq(reply_text(failed, "/reason"), "invalid_data");
    cr_expect_not_null(strstr(reply_text(failed, "/message"), "row 9"), "%s", failed->body);
    cr_expect_not_null(strstr(reply_text(failed, "/message"), "green"), "%s", failed->body);
    /* Its column is there all the same: the schema has the class. */
    cr_expect_eq(reply_number(failed, "/model/parameters"), 1 + 3 + 1);
    /* Not held out but missing from training, and asked for in a prediction. */
    const char *other = client_upload(it, "", client_text(it, MIXED, ""));
    const reply *good = client_run(it, SECONDS, SPEC_MIXED_DATA, other,
                                   ", 'missing': 'drop', 'validation': {'last': 3}");
    const reply *unknown =
        client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(good, "/id")),
                    "{'rows': [[1, 'green'], [1, 'red']]}");
    ASSERT_STATUS(unknown, 422);
    const cJSON *fault = reply_fault(unknown, "/rows/0/1");
    cr_assert_not_null(fault, "%s", unknown->body);
    cr_expect_not_null(strstr(unknown->body, "green"));
    cr_expect_not_null(strstr(unknown->body, "colour"));
    service_destroy(it);
}

Test(api_storage, a_class_of_the_schema_that_training_lacks_is_refused_in_predictions,
     .timeout = LIMIT)
{
    service *it = service_start(1);
    /* Dropped for its missing x, the green row never trains. */
    const char *id =
        client_upload(it, "", "x,colour,y\n1,red,1\n2,blue,2\n3,red,3\n4,blue,4\n,green,5\n");
    for (int mapped = 0; mapped < 2; mapped++) {
        const reply *job = client_run(it, SECONDS, SPEC_MIXED_DATA, id,
                                      mapped != 0 ? ", 'missing': 'drop', 'storage': 'mapped'"
                                                  : ", 'missing': 'drop'");
        cr_expect_eq(reply_number(job, "/model/parameters"), 1 + 3 + 1);
        const reply *got =
            client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                        "{'columns': {'x': [1, 1], 'colour': ['red', 'green']}}");
        ASSERT_STATUS(got, 422);
        reply_expect_fault(got, "/columns/colour/1", "unknown_class");
        cr_expect_not_null(strstr(got->body, "green"));
        cr_expect_not_null(strstr(predicted(it, job, "[1, 'red']"), "predictions"));
    }
    service_destroy(it);
}

Test(api_storage, missing_cells_by_mean_and_by_drop, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_upload(
        it, "", "x,colour,y\n1,red,1\n?,blue,2\n3,,3\n5,blue,4\n7,red,5\n9,blue,NA\n");
    for (int mapped = 0; mapped < 2; mapped++) {
        const char *where = mapped != 0 ? ", 'storage': 'mapped'" : "";
        const reply *refused = client_post(it, "/v1/jobs", SPEC_MIXED_DATA, id, where);
        ASSERT_STATUS(refused, 422);
        cr_expect_not_null(strstr(refused->body, "column 'x'"), "%s", refused->body);
        const reply *target = client_post(it, "/v1/jobs", SPEC_MIXED_DATA, id,
                                          client_text(it, ", 'missing': 'mean'%s", where));
        ASSERT_STATUS(target, 422);
        cr_expect_not_null(strstr(target->body, "column 'y'"), "%s", target->body);
        const reply *dropped = client_run(it, SECONDS, SPEC_MIXED_DATA, id,
                                          client_text(it, ", 'missing': 'drop'%s", where));
        cr_expect_eq(reply_number(dropped, "/progress/steps"), 2);
    }
    /* 1, 3, 5, 7 and 9 without a y are 4 on the mean. */
    const char *full = client_upload(it, "", "x,y\n1,1\n?,4\n3,3\n5,5\n7,7\n");
    for (int mapped = 0; mapped < 2; mapped++) {
        const reply *job =
            client_run(it, SECONDS,
                       "{'model': 'linear', 'data': {'dataset': '%s', 'target': 'y', 'missing': "
                       "'mean'%s}, 'optimizer': {'type': 'adam', 'learning_rate': 0.05}, "
                       "'training': {'epochs': 600, 'batch_size': 'full', 'seed': 1}}",
                       full, mapped != 0 ? ", 'storage': 'mapped'" : "");
        const reply *got =
            client_post(it, client_text(it, "/v1/jobs/%s/predict", reply_text(job, "/id")),
                        "{'rows': [[null], [4]]}");
        ASSERT_STATUS(got, 200);
        cr_expect_float_eq(reply_number(got, "/predictions/0"), 4, 0.1, "%s", got->body);
        cr_expect_eq(reply_number(got, "/predictions/0"), reply_number(got, "/predictions/1"));
    }
    service_destroy(it);
}

/* --- Real files, mapped ----------------------------------------------------------------------- */

#define DATA "../shared/data/"

static const char *upload_real(service *it, const char *name, const char *query, const char *type)
{
    const char *path = client_text(it, DATA "%s", name);
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        service_destroy(it);
        cr_skip_test("%s%s is missing", DATA, name);
    }
    size_t room = (size_t)4 << 20;
    char *bytes = malloc(room);
    cr_assert_not_null(bytes);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    const char *const headers[] = {client_text(it, "Content-Type: %s", type),
                                   strstr(name, ".gz") != NULL ? "Content-Encoding: gzip" : NULL,
                                   NULL};
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = headers,
                           .body = bytes,
                           .length = length};
    const reply *made = client_send(it, &what);
    free(bytes);
    ASSERT_STATUS(made, 201);
    return reply_text(made, "/id");
}

/* The job in memory and mapped, `spec` with %s where the storage stands. */
static const reply *expect_same(service *it, const char *spec)
{
    const char *at = strstr(spec, "STORAGE");
    cr_assert_not_null(at);
    const reply *jobs[2];
    for (int mapped = 0; mapped < 2; mapped++)
        jobs[mapped] = client_run(it, SECONDS, "%.*s%s%s", (int)(at - spec), spec,
                                  mapped != 0 ? "mapped" : "memory", at + strlen("STORAGE"));
    cr_expect_str_eq(reply_text(jobs[1], "/spec/data/storage"), "mapped");
    cr_expect_str_eq(reply_text(jobs[1], "/digest"), reply_text(jobs[0], "/digest"), "%s", spec);
    cr_expect_eq(reply_number(jobs[1], "/metrics/loss"), reply_number(jobs[0], "/metrics/loss"));
    return jobs[1];
}

Test(api_storage, digits_stay_bytes_until_the_batch, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *type = "application/octet-stream";
    const char *images = upload_real(it, "images/t10k-images-idx3-ubyte.gz", "?format=idx", type);
    const char *labels = upload_real(it, "images/t10k-labels-idx1-ubyte.gz", "?format=idx", type);
    const char *spec =
        client_text(it,
                    "{'model': 'softmax', 'data': {'dataset': '%s', 'target': {'dataset': '%s'}, "
                    "'scaling': 'minmax', 'task': 'classification', 'storage': 'STORAGE', "
                    "'validation': {'fraction': 0.2, 'seed': 1}}, 'optimizer': {'type': 'adam', "
                    "'learning_rate': 0.001}, 'training': {'epochs': 2, 'batch_size': 64, 'seed': "
                    "1}}",
                    images, labels);
    cr_expect_geq(reply_number(expect_same(it, spec), "/metrics/accuracy"), 0.86);
    service_destroy(it);
}

Test(api_storage, windows_over_a_mapped_series_and_a_mapped_text, .timeout = LIMIT)
{
    service *it = service_start(2);
    const char *series = upload_real(it, "series/airline-passengers.csv", "", "text/csv");
    (void)expect_same(
        it, client_text(it,
                        "{'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'dataset': '%s', "
                        "'target': 'Passengers', 'window': {'length': 12}, 'validation': "
                        "{'fraction': 0.25}, 'scaling': 'standardize', 'storage': 'STORAGE'}, "
                        "'training': {'epochs': 20, 'seed': 1}}",
                        series));
    const char *text = upload_real(it, "text/tinyshakespeare.txt", "", "text/plain");
    (void)expect_same(
        it, client_text(it,
                        "{'model': {'type': 'sequential', 'layers': [{'type': 'embedding', "
                        "'dimensions': 8}, {'type': 'gru', 'units': 16, 'return_sequences': true}, "
                        "{'type': 'dense', 'units': 'auto'}]}, 'data': {'dataset': '%s', "
                        "'validation': {'fraction': 0.01}, 'storage': 'STORAGE'}, 'loss': "
                        "'cross_entropy', 'training': {'steps': 100, 'batch_size': 16, 'seed': 1}}",
                        text));
    service_destroy(it);
}
