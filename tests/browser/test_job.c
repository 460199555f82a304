/*
 * test_job.c: one job's page: alive while the job runs, its actions, its charts, and what becomes
 * of it when the job or the service goes away under the viewer.
 */
#include "api/specs.h"
#include "browser/browser.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (180.0 * SERVICE_PATIENCE)
#define STATE "document.querySelector('.page-head .state').innerText.trim()"
#define STEP  "Number(document.querySelector('.figure b').innerText.replaceAll(',', ''))"

/* %d epochs, learning rate %g: some thousand points and validation values. */
#define SPEC_CURVES                                                                          \
    "{'name': 'curves', 'model': {'type': 'mlp', 'hidden': [16, 8], 'activation': 'tanh'}, " \
    "'data': {'generator': {'type': 'moons', 'samples': 400, 'seed': 5}, 'validation': "     \
    "{'fraction': 0.2, 'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': %g, "     \
    "'schedule': {'type': 'cosine', 'warmup_steps': 50}}, 'training': {'epochs': %d, "       \
    "'batch_size': 16, 'seed': 7, 'record_every': 1}}"

/* Some seconds of steps with checkpoints all the time. */
#define SPEC_CRASH                                                                                \
    "{'name': 'crash', 'model': {'type': 'mlp', 'hidden': [8]}, 'data': {'generator': {'type': "  \
    "'moons', 'samples': 256, 'seed': 1}}, 'training': {'steps': 10000000000, 'batch_size': 16, " \
    "'seed': 7, 'checkpoint_seconds': 0.05}}"

static void open_job(browser *own, const char *id)
{
    browser_open(own, "#/jobs/%s", id);
    browser_await(own, "document.querySelector('.page-head .state')");
}

Test(browser_job, a_running_job_is_followed_paused_resumed_and_cancelled, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await(own, STEP " > 0");
    double step = browser_number(own, "return " STEP);
    browser_await(own, STEP " > %g", step);
    browser_await(own, "/[\\d,]+ of [\\d,]+ points/.test(document.body.innerText)");
    browser_picture(own, "job-running-light");
    browser_click(own, "#pause");
    browser_await(own, STATE " === 'paused'");
    browser_click(own, "#resume");
    browser_await(own, STATE " === 'running'");
    browser_click(own, "#cancel");
    browser_await(own, STATE " === 'cancelled'");
    browser_await_text(own, "Parameters, safetensors");
    cr_expect_str_eq(reply_text(client_get(it, "/v1/jobs/%s", id), "/status"), "cancelled");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, retry_with_a_change, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVES, 0.003, 20), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_click(own, "#retry");
    browser_type(own, "#retry-optimizer-learning_rate", "-1");
    browser_press(own, "Retry with this change");
    browser_await(own,
                  "document.querySelector('dialog .fault').innerText.includes('learning_rate')");
    browser_type(own, "#retry-optimizer-learning_rate", "0.01");
    browser_press(own, "Retry with this change");
    browser_await(own, "!location.hash.includes('%s') && !document.querySelector('dialog')", id);
    browser_await(own, STATE " === 'succeeded'");
    browser_await_text(own, "Retry of");
    const char *made = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    const reply *job = client_get(it, "/v1/jobs/%s", made);
    cr_expect_str_eq(reply_text(job, "/retry_of"), id);
    cr_expect_eq(reply_number(job, "/spec/optimizer/learning_rate"), 0.01);
    cr_expect_eq(reply_number(job, "/spec/training/epochs"), 20);
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, dragging_over_a_chart_reads_the_window_again, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 60, SPEC_CURVES, 0.003, 200), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await_text(own, "of 4,000 points");
    browser_drag(own, ".plot", 0.5, 0.6);
    browser_await(own, "/points, steps [\\d,]+ to [\\d,]+/.test(document.body.innerText)");
    double of = browser_number(own,
                               "return Number(document.body.innerText.match(/of ([\\d,]+) points, "
                               "steps/)[1].replace(',', ''))");
    cr_expect(of > 200 && of < 600, "a tenth of 4,000 steps, not %g", of);
    browser_press(own, "Show all");
    browser_await_text(own, "of 4,000 points");
    /* The same with the keyboard, and the cursor said in words. */
    (void)browser_run(own, "document.querySelector('.plot').focus()");
    browser_keys(own, "\uE011\uE014\uE014");
    browser_await(own, "document.querySelector('.plot').ariaValueText.includes('loss')");
    browser_await_text(own, "at the cursor:");
    browser_keys(own, "+");
    browser_await(own, "/points, steps/.test(document.body.innerText)");
    browser_keys(own, "0");
    browser_await_text(own, "of 4,000 points");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, axes_smoothing_layers_and_the_table_behind_a_chart, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 60, SPEC_CURVES, 0.003, 60), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await_text(own, "of 1,200 points");
    cr_expect(
        cJSON_IsFalse(browser_run(own, "return document.body.innerText.includes('smoothed')")));
    for (const char *const *axis = (const char *const[]){"epoch", "seconds", "step", NULL};
         *axis != NULL; axis++) {
        browser_press(own, *axis);
        browser_await(own,
                      "[...document.querySelectorAll('.choice button')].find(own => own.innerText "
                      "=== '%s').ariaPressed === 'true'",
                      *axis);
    }
    (void)browser_run(own,
                      "document.querySelectorAll('.choice button').forEach(own => own.innerText "
                      "=== 'log' && own.click())");
    browser_choose(own, "[aria-label=Smoothing]", "0.03");
    browser_await_text(own, "smoothed: exponential mean, half-width");
    browser_await_text(own, "training\n");
    browser_choose(own, "#layer", "layers.1");
    browser_picture(own, "job-log-light");
    browser_click(own, ".chart figcaption button");
    browser_await(own, "document.querySelectorAll('.chart .data tbody tr').length === 100");
    browser_await(own,
                  "document.querySelector('.chart .data thead').innerText.includes("
                  "'validation_loss')");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, what_is_not_finite_is_marked, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(
        it,
        "{'name': 'too fast', 'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'generator': "
        "{'type': 'linear', 'samples': 200, 'seed': 2}}, 'optimizer': {'type': 'sgd', "
        "'learning_rate': 100}, 'training': {'epochs': 50, 'seed': 1}}");
    cr_assert_str_eq(reply_text(client_wait(it, id, 20), "/status"), "failed");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await(
        own, "/not finite: loss is (NaN|Infinity) at step \\d+/.test(document.body.innerText)");
    browser_await(own, STATE " === 'failed'");
    browser_picture(own, "job-failed-light");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, the_service_is_restarted_under_the_viewer, .timeout = LIMIT)
{
    service *it = service_create(1);
    it->arguments[0] = NULL;
    service_restart(it);
    const char *id = client_submit(it, SPEC_ENDLESS);
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await(own, STEP " > 0");
    /* All of the page is read: until then it does not say how old its data is. */
    browser_await(own, "document.querySelector('#connection').innerText === 'up to date'");
    char listen[64];
    snprintf(listen, sizeof listen, "%s", it->address);
    (void)service_stop(it);
    browser_await(own, "document.querySelector('#connection').innerText.includes('no answer')");
    browser_await(own, "document.querySelector('#connection').innerText.includes('old')");
    it->arguments[0] = "--listen";
    it->arguments[1] = listen;
    it->arguments[2] = NULL;
    service_restart(it);
    browser_await(own, "document.querySelector('#connection').innerText === 'up to date'");
    double step = browser_number(own, "return " STEP);
    browser_await(own, STEP " > %g", step);
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* A page on a job that waits behind another. */
static browser *open_waiting_job(service *it, const char **id)
{
    (void)client_submit(it, SPEC_ENDLESS);
    *id = client_submit(it, SPEC_TINY);
    browser *own = browser_start(it);
    open_job(own, *id);
    browser_await(own, STATE " === 'queued'");
    return own;
}

/* The page must say so; then all ends. */
static void delete_under_viewer(service *it, browser *own, const char *id)
{
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", id), 204);
    browser_await_text(own, "There is no such job");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, a_job_is_deleted_under_the_viewer, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id;
    browser *own = open_waiting_job(it, &id);
    delete_under_viewer(it, own, id);
}

/* The job goes between two reads of one turn: the page has it still, its curve is not there. */
Test(browser_job, a_job_that_goes_between_two_reads_is_gone, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id;
    browser *own = open_waiting_job(it, &id);
    (void)browser_run(
        own,
        "const real = window.fetch; return real('/v1/jobs/%s').then(reply => reply.text()).then(text => { window.fetch = (path, ...rest) =>"
        " path.endsWith('/%s') ? Promise.resolve(new Response(text)) : real(path, ...rest); })",
        id, id);
    delete_under_viewer(it, own, id);
}

Test(browser_job, a_crash_is_told_with_the_step_it_went_on_from, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_CRASH);
    (void)client_wait_step(it, id, 1000, 30);
    service_sleep(0.5); /* a checkpoint lies behind it */
    service_kill(it);
    service_restart(it);
    (void)client_wait_status(it, id, "running", 20);
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await(
        own,
        "/checkpoint at step [\\d,]+: a crash would go on from there/.test(document.querySelector('.events').innerText)");
    browser_await(own, "/resumed after a crash at step [\\d,]+/.test(document.body.innerText)");
    browser_await_text(own, "recovered");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, a_replay_is_laid_over_and_equal_to_the_last_bit, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVES, 0.003, 20), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_click(own, "#replay");
    browser_await(own, "location.hash.startsWith('#/compare?jobs=%s,')", id);
    browser_await_text(own, "Their parameters are equal to the last bit.");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_job, deleting_can_be_undone, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 30, SPEC_CURVES, 0.003, 5), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    browser_press(own, "Delete");
    browser_await_text(own, "“curves” is deleted in");
    browser_press(own, "Undo");
    browser_await(own, "document.querySelector('.jobs .name a')?.innerText === 'curves'");
    browser_press(own, "curves");
    browser_await(own, STATE " === 'succeeded'");
    browser_press(own, "Delete");
    browser_await_text(own, "“curves” is deleted in");
    browser_press(own, "Close"); /* does not wait */
    browser_await_text(own, "Nothing has been trained here yet");
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s", id), 404);
    browser_expect_quiet(own, true); /* what was asked of it meanwhile is not there */
    browser_destroy(own);
    service_destroy(it);
}
