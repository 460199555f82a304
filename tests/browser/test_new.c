/*
 * test_new.c: from the form to a finished job without a line of JSON: data, model, faults at their
 * fields, estimate, training, prediction.
 */
#include "browser/browser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT          (180.0 * SERVICE_PATIENCE)
#define FIELD(pointer) "[data-pointer='" pointer "']"
#define FAULT(pointer) "document.querySelector(`[data-fault-of='" pointer "']`)"

Test(browser_new, a_table_is_sent_and_learnt_from, .timeout = LIMIT)
{
    char file[4096];
    cr_assert_not_null(realpath("docs/demo/iris.csv", file));
    service *it = service_start(1);
    browser *own = browser_start(it);
    browser_open(own, "#/new");
    browser_await_text(own, "What it comes to");
    browser_type(own, FIELD("/name"), "iris by hand");
    browser_press(own, "A table");
    browser_type(own, "#upload", file);
    browser_await(own, "document.querySelector(`[data-column='species']`)?.value === 'target'");
    browser_await_text(own, "3 classes: setosa, versicolor, virginica");
    browser_choose(own, FIELD("/data/scaling"), "standardize");
    browser_choose(own, FIELD("/model/type"), "softmax");
    browser_type(own, FIELD("/optimizer/learning_rate"), "-1");
    browser_await(own, FAULT("/optimizer/learning_rate") ".innerText.includes('above 0')");
    cr_expect(cJSON_IsTrue(browser_run(own, "return document.querySelector('#submit').disabled")));
    browser_picture(own, "new-faults-light");
    browser_type(own, FIELD("/optimizer/learning_rate"), "0.05");
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_await_text(own, "15"); /* parameters: 4 features and a constant for each of 3 classes */
    browser_type(own, FIELD("/training/epochs"), "40");
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_await_text(own, "Accuracy, validation part");
    browser_type(own, "#predict-0", "5.1");
    browser_type(own, "#predict-1", "3.5");
    browser_type(own, "#predict-2", "1.4");
    browser_type(own, "#predict-3", "0.2");
    browser_press(own, "Predict");
    browser_await(own, "document.querySelector('.verdict')?.innerText === 'setosa'");
    const reply *jobs = client_get(it, "/v1/jobs");
    cr_expect_str_eq(reply_text(jobs, "/jobs/0/name"), "iris by hand");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* Every choice of the catalogue can be made, and what it sends is what the service would have taken. */
Test(browser_new, the_form_follows_the_catalogue, .timeout = LIMIT)
{
    service *it = service_start(1);
    browser *own = browser_start(it);
    const cJSON *entry;
    const reply *catalog = client_get(it, "/v1/catalog");
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    cJSON_ArrayForEach(entry, reply_at(catalog, "/optimizers"))
    {
        const char *name = cJSON_GetObjectItem(entry, "name")->valuestring;
        browser_choose(own, FIELD("/optimizer/type"), name);
        const cJSON *row;
        cJSON_ArrayForEach(row, cJSON_GetObjectItem(entry, "fields"))
        {
            const char *field = cJSON_GetObjectItem(row, "name")->valuestring;
            cr_expect(
                cJSON_IsTrue(browser_run(
                    own, "return document.querySelector(`[data-pointer='/optimizer/%s']`) !== null",
                    field)),
                "%s has no field %s", name, field);
        }
    }
    browser_choose(own, FIELD("/optimizer/type"), "adam");
    browser_choose(own, FIELD("/model/type"), "sequential");
    browser_press(own, "Add a layer");
    browser_await(own, "document.querySelectorAll('.layer').length === 3");
    browser_await(
        own, FAULT("/model/layers") "?.innerText || document.querySelector('.estimate .figure')");
    browser_choose(own, FIELD("/optimizer/schedule/type"), "step");
    browser_await(own, FAULT("/optimizer/schedule/step_size") ".innerText !== ''");
    browser_type(own, FIELD("/optimizer/schedule/step_size"), "10");
    browser_await(own, FAULT("/optimizer/schedule/step_size") ".innerText === ''");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_new, a_job_is_cloned_and_a_spec_imported, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(
        client_run(it, 20,
                   "{'name': 'first', 'model': {'type': 'mlp', 'hidden': [5, 3]}, 'data': "
                   "{'generator': {'type': 'xor', 'samples': 64, 'seed': 1}}, 'training': "
                   "{'epochs': 3, 'seed': 7}}"),
        "/id");
    browser *own = browser_start(it);
    browser_open(own, "#/new?from=%s", id);
    browser_await(own, "document.querySelector(`" FIELD("/model/hidden") "`)?.value === '5, 3'");
    browser_click(own, "#submit");
    browser_await(own,
                  "location.hash.startsWith('#/jobs/') && "
                  "document.querySelector('.page-head .state-succeeded')");
    const char *copy = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", copy), "/digest"),
                     reply_text(client_get(it, "/v1/jobs/%s", id), "/digest"));
    browser_open(own, "#/new");
    browser_press(own, "Import JSON…");
    browser_type(own, "#import",
                 "{\"name\": \"imported\", \"model\": \"linear\", \"data\": "
                 "{\"inline\": {\"columns\": [\"x\", \"y\"], \"rows\": [[1, 2], "
                 "[2, 4], [3, 6]]}, \"target\": \"y\"}}");
    browser_press(own, "Import");
    browser_await(own, "document.querySelector(`" FIELD("/name") "`)?.value === 'imported'");
    browser_await_text(own, "3 rows of 2 columns came with the imported JSON");
    browser_await(own, "document.querySelector('.estimate .figure b')?.innerText === '2'");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* Parameters of another job to start from, targets in a dataset of their own, what it will take. */
Test(browser_new, a_warm_start_and_targets_of_another_dataset, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(
        client_run(
            it, 20,
            "{'name': 'first', 'model': {'type': 'mlp', 'hidden': [16], 'activation': 'tanh'}, 'data': "
            "{'generator': 'moons'}, 'training': {'epochs': 6000, 'seed': 7}}"),
        "/id");
    (void)client_upload(it, "?name=sizes&columns=a,b", "1,2\n2,3\n3,5\n4,4\n");
    const char *answers = client_upload(it, "?name=answers&columns=y", "3\n5\n8\n8\n");
    browser *own = browser_start(it);
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    browser_await_text(own, "The time is judged by “first”, which ran here.");
    browser_await(
        own,
        "document.querySelector('.estimate canvas').ariaLabel.startsWith('learning rate from 0.01')");
    browser_choose(own, FIELD("/training/from_job/job"), id);
    browser_choose(own, FIELD("/training/from_job/which"), "best");
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    const char *made = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", made), "/spec/training/from_job/job"),
                     id);
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    browser_press(own, "A table");
    browser_await(own, "document.querySelector(`" FIELD("/data/dataset") "`).options.length === 3");
    const char *sizes = browser_text(
        own,
        "return [...document.querySelector(`" FIELD(
            "/data/dataset") "`).options].find(own => own.innerText.startsWith('sizes')).value");
    browser_choose(own, FIELD("/data/dataset"), sizes);
    browser_choose(own, FIELD("/data/target"), answers);
    browser_choose(own, FIELD("/data/validation"), "none");
    browser_choose(own, FIELD("/model/type"), "linear");
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    made = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", made), "/spec/data/target/dataset"),
                     answers);
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* Two columns learnt from two others; the choice can be taken back. */
Test(browser_new, several_targets_are_chosen_and_learnt, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *set = client_upload(
        it, "?name=plane", "a,b,sum,difference\n1,2,3,-1\n2,1,3,1\n4,4,8,0\n0,3,3,-3\n5,1,6,4\n");
    browser *own = browser_start(it);
    browser_open(own, "#/new?dataset=%s", set);
    browser_await(own, "document.querySelector(`[data-column='difference']`)?.value === 'target'");
    browser_choose(own, "[data-column='sum']", "also");
    browser_await(own, "document.querySelector(`[data-column='sum']`).value === 'also'");
    browser_choose(own, "[data-column='sum']", "unused");
    browser_await(own, "document.querySelector(`[data-column='sum']`).value === 'unused'");
    browser_choose(own, "[data-column='sum']", "also");
    browser_choose(own, FIELD("/model/type"), "linear");
    browser_choose(own, FIELD("/data/validation"), "none");
    browser_choose(own, FIELD("/data/scaling"), "none");
    browser_await_text(own, "target difference, sum");
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    const char *id = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_str_eq(reply_text(job, "/spec/data/target/0"), "difference");
    cr_expect_str_eq(reply_text(job, "/spec/data/target/1"), "sum");
    browser_press(own, "Predict");
    browser_await(own,
                  "/^[−\\d.e]+, [−\\d.e]+$/.test(document.querySelector('.verdict')?.innerText)");
    browser_open(own, "#/new?from=%s", id); /* a clone keeps both */
    browser_await(own, "document.querySelector(`[data-column='sum']`)?.value === 'also'");
    browser_choose(own, "[data-column='sum']", "target"); /* alone again */
    browser_await(own, "document.querySelector(`[data-column='difference']`).value === 'feature'");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_new, sparse_rows_are_sent_and_learnt_from, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *path = client_text(it, "%s/few.libsvm", it->directory);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 20; i++)
        fprintf(file, "%s\n", i % 2 == 0 ? "1 1:0.5 30:1" : "-1 2:1 40:0.25");
    fclose(file);
    browser *own = browser_start(it);
    browser_open(own, "#/new");
    browser_await_text(own, "What it comes to");
    browser_press(own, "A table");
    browser_choose(own, FIELD("/data/scaling"),
                   "standardize"); /* what such rows cannot have goes */
    browser_type(own, "#upload", path);
    browser_await_text(own, "20 rows, 40 features, 40 numbers that are not zero (5 %)");
    browser_await_text(own, "1:0.5 30:1");
    cr_expect(cJSON_IsTrue(
        browser_run(own, "return document.querySelector(`" FIELD("/data/scaling") "`) === null")));
    browser_choose(own, FIELD("/model/type"), "logistic");
    browser_await(
        own,
        "!document.querySelector('#submit').disabled && !document.querySelector('.estimate [aria-busy]')");
    browser_picture(own, "new-sparse-light");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_type(own, "#predict-sparse", "2:1 40:0.25");
    browser_press(own, "Predict");
    browser_await(own, "document.querySelector('.verdict')?.innerText === '−1'");
    browser_type(own, "#predict-sparse", "1:x");
    browser_press(own, "Predict");
    browser_await(own, "document.querySelector('.fault')?.innerText");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* What "copy as curl" leaves on the clipboard, run by a shell, with what it prints. */
static const char *run_copied(service *it, browser *own, const char *words)
{
    browser_press(own, words);
    browser_await_text(own, "Copied");
    const char *line = browser_text(own, "return window.copied");
    FILE *shell = popen(
        client_text(it, "%s --silent --show-error --fail-with-body --noproxy '*' 2>&1", line), "r");
    cr_assert_not_null(shell);
    static char out[65536];
    out[fread(out, 1, sizeof out - 1, shell)] = '\0';
    cr_assert_eq(pclose(shell), 0, "%s\n%s", line, out);
    return out;
}

/* A name that a shell would take apart, a spec with a list; from the form, from the empty list,
 * and with a token. */
Test(browser_new, what_is_copied_as_curl_submits_the_job, .timeout = LIMIT)
{
    static const char name[] = "it's \"quoted\" $HOME `date` \\ \u00e9 <b>";
    service *it = service_create(1);
    program_run made =
        SERVICE_PROGRAM("token", "add", "page", "--scopes", "read,submit", "--data-dir", it->data);
    cr_assert_eq(made.status, 0, "%s", made.errors);
    made.output[strcspn(made.output, "\n")] = '\0';
    it->bearer = client_text(it, "%s", made.output);
    service_restart(it);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_type(own, "#token", made.output);
    browser_press(own, "Use it");
    browser_await_text(own, "Nothing has been trained here yet");
    (void)browser_run(own,
                      "navigator.clipboard.writeText = async text => { window.copied = text; }");
    cr_assert_eq(setenv("DESCENTD_TOKEN", made.output, 1), 0);
    cr_expect_null(strstr(browser_text(own, "return document.body.innerText"), made.output),
                   "the token is shown");
    cJSON *job = cJSON_Parse(run_copied(it, own, "Copy"));
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(job, "name")), "demo: two moons");
    cJSON_Delete(job);
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    (void)browser_run(own,
                      "navigator.clipboard.writeText = async text => { window.copied = text; }");
    browser_type(own, FIELD("/name"), name);
    browser_type(own, FIELD("/model/hidden"), "7, 5");
    browser_type(own, FIELD("/training/epochs"), "3");
    browser_type(own, FIELD("/training/seed"), "7");
    job = cJSON_Parse(run_copied(it, own, "Copy as curl"));
    const char *id = client_text(it, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(job, "id")));
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(job, "name")), name);
    cJSON_Delete(job);
    const reply *copied = client_wait(it, id, 30);
    cr_expect_str_eq(reply_text(copied, "/status"), "succeeded");
    cr_expect_eq(reply_number(copied, "/spec/model/hidden/1"), 5);
    /* The form's own button makes the same job. */
    browser_await(own, "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    const char *other = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    cr_expect_str_neq(other, id);
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", other), "/digest"),
                     reply_text(copied, "/digest"));
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* The harder way through the form: a text, layers one by one, and a model that writes on. */
Test(browser_new, a_text_is_sent_and_written_on, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *path = client_text(it, "%s/letters.txt", it->directory);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 150; i++)
        fputs("abcdefgh", file);
    fclose(file);
    browser *own = browser_start(it);
    browser_open(own, "#/new");
    browser_await_text(own, "What it comes to");
    browser_press(own, "A table");
    browser_type(own, "#upload", path);
    browser_await_text(own, "1,200 rows");
    browser_type(own, FIELD("/data/window/length"), "16");
    browser_choose(own, FIELD("/model/type"), "sequential");
    browser_choose(own, FIELD("/model/layers/0/type"), "embedding");
    browser_type(own, FIELD("/model/layers/0/dimensions"), "8");
    browser_choose(own, FIELD("/model/layers/1/type"), "gru");
    browser_type(own, FIELD("/model/layers/1/units"), "16");
    browser_press(own, "Add a layer");
    browser_type(own, FIELD("/model/layers/2/units"), "auto");
    browser_type(own, FIELD("/optimizer/learning_rate"), "0.02");
    browser_choose(own, FIELD("/data/validation"), "none");
    browser_await(own,
                  "document.querySelector('.estimate .figure') && "
                  "!document.querySelector('#submit').disabled");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_type(own, "#predict-prompt", "abcdefghabcdefgh");
    browser_type(own, "#predict-length", "8");
    browser_type(own, "#predict-temperature", "0");
    browser_press(own, "Write on");
    browser_await_text(own, "abcdefghabcdefghabcdefgh");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}
