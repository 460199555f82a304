/*
 * test_jobs.c: the list of jobs: its empty state, what it shows and does, ten thousand rows.
 */
#include "browser/browser.h"

#include <stdio.h>
#include <string.h>

#define LIMIT  (180.0 * SERVICE_PATIENCE)
#define MARKUP "<script>alert(1)</script><img src=x onerror=alert(2)>"

#define SPEC_NAMED                                                                               \
    "{'name': '%s', 'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, " \
    "'seed': 1}}, 'optimizer': {'type': 'sgd', 'learning_rate': %g}, 'training': {'epochs': 5, " \
    "'seed': 7}}"

/* Runs until somebody stops it. */
#define SPEC_LONG                                                                                \
    "{'name': '%s', 'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, " \
    "'seed': 1}}, 'training': {'steps': 10000000000, 'batch_size': 16, 'seed': 7}}"

Test(browser_jobs, an_empty_service_offers_a_demo_job, .timeout = LIMIT)
{
    service *it = service_start(1);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_await_text(own, "Nothing has been trained here yet");
    browser_await_text(own, "curl -H 'Content-Type: application/json'");
    browser_picture(own, "empty-light");
    browser_click(own, "#demo");
    browser_await(own, "document.querySelector('h1').innerText.startsWith('demo: two moons')");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_await_text(own, "points ·");
    browser_press(own, "Jobs");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 1");
    browser_await(own,
                  "document.querySelector('.jobs .sparkline').ariaLabel.startsWith('loss from')");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_jobs, the_first_view_is_there_at_once, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_NAMED, "one", 0.01);
    browser *own = browser_start(it);
    double best = 1e9;
    browser_open(own, "%s", "");
    for (int i = 0; i < 8; i++) {
        (void)browser_run(own, "document.querySelector('main').remove(); location.reload()");
        browser_await(own, "document.querySelector('.jobs tbody .state')");
        double paint = browser_number(
            own,
            "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9");
        best = paint < best ? paint : best;
    }
    cr_log_info("first view after %.0f ms", best);
    cr_expect_lt(best, 200 * SERVICE_PATIENCE, "the first view took %g ms", best);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_jobs, filters_sorting_and_selection_stand_in_the_address, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_NAMED, "alder", 0.01);
    (void)client_run(it, 20, SPEC_NAMED, "birch", 0.001);
    const char *cancelled = client_submit(it, SPEC_NAMED, "cedar", 0.1);
    (void)client_wait(it, cancelled, 20);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 3");
    cr_expect_str_eq(browser_text(own, "return document.querySelector('.jobs .name a').innerText"),
                     "cedar");
    browser_press(own, "Name");
    browser_await(own, "document.querySelector('.jobs .name a').innerText === 'alder'");
    browser_type(own, "#search", "birc");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 1");
    browser_click(own, ".jobs tbody input");
    browser_await_text(own, "1 selected");
    const char *address = browser_text(own, "return location.hash");
    cr_expect_not_null(strstr(address, "name=birc"), "%s", address);
    cr_expect_not_null(strstr(address, "sort=name"), "%s", address);
    cr_expect_not_null(strstr(address, "selected="), "%s", address);
    browser_open(own, "%s", address);
    browser_await_text(own, "1 selected");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 1");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_jobs, jobs_are_tagged_and_deleted_with_undo, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_NAMED, "alder", 0.01);
    (void)client_run(it, 20, SPEC_NAMED, "birch", 0.001);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_click(own, ".jobs tbody tr:first-child input");
    browser_press(own, "Tag…");
    browser_type(own, "#tag-key", "team");
    browser_type(own, "#tag-value", "plants");
    browser_press(own, "Tag");
    browser_await_text(own, "team: plants");
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs?label=team:plants"), "/jobs"), 1);
    browser_press(own, "Delete");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 1");
    browser_press(own, "Undo");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 2");
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 2);
    browser_click(own, ".jobs tbody tr:first-child input");
    browser_press(own, "Delete");
    browser_press(own, "New job"); /* leaving the page does not lose what was asked */
    browser_await_text(own, "What it comes to");
    double deadline = service_now() + BROWSER_SECONDS;
    while (reply_count(client_get(it, "/v1/jobs"), "/jobs") != 1 && service_now() < deadline)
        service_sleep(0.1);
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs"), "/jobs"), 1);
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

#define STATE_OF(name)                                                                                               \
    "[...document.querySelectorAll('.jobs tbody tr')].find(own => own.querySelector('.name a').innerText === '" name \
    "')?.querySelector('.state')?.innerText.trim()"

static void tick(browser *own, const char *name)
{
    browser_await(
        own, "[...document.querySelectorAll('.jobs .name a')].some(own => own.innerText === '%s')",
        name);
    (void)browser_run(
        own,
        "[...document.querySelectorAll('.jobs tbody tr')].find(own => own.querySelector('.name a').innerText === '%s').querySelector('input').click()",
        name);
}

static const char *status_of(service *it, const char *id)
{
    return reply_text(client_get(it, "/v1/jobs/%s", id), "/status");
}

/* One running, two that wait, one that has ended: each action goes to those that can take it,
 * and says to how many. */
Test(browser_jobs, many_are_paused_resumed_cancelled_and_deleted_at_once, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *ended = reply_text(client_run(it, 20, SPEC_NAMED, "alder", 0.01), "/id");
    const char *runs = client_submit(it, SPEC_LONG, "endless");
    (void)client_wait_status(it, runs, "running", 20);
    const char *first = client_submit(it, SPEC_LONG, "birch");
    const char *second = client_submit(it, SPEC_LONG, "cedar");
    const char *apart = client_submit(it, SPEC_NAMED, "elm", 0.01);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    tick(own, "alder");
    browser_await_text(own, "1 selected");
    cr_expect(
        cJSON_IsTrue(browser_run(
            own,
            "return [...document.querySelectorAll('.bulk button:disabled')].map(own => own.innerText).join() === 'Cancel,Pause,Resume'")),
        "an ended job can be deleted alone");
    tick(own, "endless");
    tick(own, "birch");
    tick(own, "cedar");
    browser_await_text(own, "4 selected");
    browser_press(own, "Pause 3");
    browser_await_text(own, "Paused: 3");
    (void)client_wait_status(it, runs, "paused", 20);
    cr_expect_str_eq(status_of(it, first), "paused");
    cr_expect_str_eq(status_of(it, second), "paused");
    cr_expect_str_eq(status_of(it, ended), "succeeded");
    (void)client_wait(it, apart, 20); /* what was not selected goes on */
    browser_press(own, "Resume 3");
    browser_await_text(own, "Resumed: 3");
    browser_await(own,
                  STATE_OF("endless") " === 'running' || " STATE_OF("endless") " === 'queued'");
    browser_press(own, "Cancel 3");
    browser_await_text(own, "Cancelled: 3");
    cr_expect_str_eq(reply_text(client_wait(it, runs, 20), "/status"), "cancelled");
    browser_await(own, STATE_OF("endless") " === 'cancelled'");
    browser_press(own, "Delete");
    browser_await_text(own, "4 jobs are deleted in 8 s");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 1");
    browser_press(own, "Undo");
    browser_await(own, "document.querySelectorAll('.jobs tbody tr').length === 5");
    browser_click(own, "[aria-label='Select all jobs on this page']");
    browser_await_text(own, "5 selected");
    tick(own, "elm");
    browser_await_text(own, "4 selected");
    browser_press(own, "Delete");
    browser_await_text(own, "4 jobs are deleted in 8 s");
    browser_click(own, "#notices .notice:last-child .quiet"); /* does not wait */
    browser_await_text(own, "Deleted: 4");
    const reply *left = client_get(it, "/v1/jobs");
    cr_expect_eq(reply_count(left, "/jobs"), 1);
    cr_expect_str_eq(reply_text(left, "/jobs/0/id"), apart);
    browser_expect_quiet(own, true); /* a curve may be asked for while its job goes */
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_jobs, columns_are_chosen_and_a_pin_keeps_on_top, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_NAMED, "alder", 0.01);
    (void)client_run(it, 20, SPEC_NAMED, "birch", 0.001);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_await(own, "document.querySelector('.jobs .name a')?.innerText === 'birch'");
    browser_await(own, "document.querySelector('.jobs tbody tr').innerText.includes('sgd')");
    browser_click(own, ".menu summary");
    browser_click(own, "#column-optimizer");
    browser_click(own, "#column-priority");
    browser_await(own, "!document.querySelector('.jobs tbody tr').innerText.includes('sgd')");
    browser_await(own, "document.querySelector('.jobs thead').innerText.includes('Priority')");
    cr_expect_not_null(strstr(browser_text(own, "return location.hash"), "columns="));
    browser_click(own, "[aria-label='Keep alder on top']");
    browser_await(own, "document.querySelector('.jobs .name a').innerText === 'alder'");
    browser_open(own, "%s", browser_text(own, "return location.hash"));
    browser_await(own, "document.querySelector('.jobs .name a')?.innerText === 'alder'");
    browser_await(own, "document.querySelector('.jobs thead').innerText.includes('Priority')");
    cr_expect_eq(reply_count(client_get(it, "/v1/jobs?label=pinned:yes"), "/jobs"), 1);
    browser_click(own, "[aria-label='Keep alder on top']");
    browser_await(own, "document.querySelector('.jobs .name a').innerText === 'birch'");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_jobs, n46_markup_in_a_name_is_text, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_NAMED, MARKUP, 0.01), "/id");
    const char *other = reply_text(client_run(it, 20, SPEC_NAMED, "other", 0.01), "/id");
    browser *own = browser_start(it);
    const char *pages[] = {"", client_text(it, "#/jobs/%s", id),
                           client_text(it, "#/compare?jobs=%s,%s", id, other),
                           client_text(it, "#/new?from=%s", id)};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        browser_open(own, "%s", pages[i]);
        browser_await(own,
                      "document.querySelector('main').innerText.includes(`%s`) || "
                      "[...document.querySelectorAll('input')].some(own => own.value === `%s`)",
                      MARKUP, MARKUP);
        cr_expect_eq(browser_number(own,
                                    "return document.querySelectorAll('main img, main "
                                    "script').length"),
                     0);
    }
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* --- Many rows ----------------------------------------------------------------------------- */

#define ROWS    10000
#define THREADS 8

typedef struct share {
    service *it;
    int first, last;
} share;

static void *submit_share(void *context)
{
    const share *own = context;
    for (int i = own->first; i < own->last; i++) {
        char name[32];
        snprintf(name, sizeof name, "run %05d", i);
        const reply *made = client_post(own->it, "/v1/jobs", SPEC_NAMED, name, 0.01);
        if (made->status == 201)
            client_drop(made);
    }
    return NULL;
}

Test(browser_jobs, ten_thousand_rows, .timeout = LIMIT)
{
    service *it = service_start(0);
    pthread_t threads[THREADS];
    share shares[THREADS];
    for (int i = 0; i < THREADS; i++) {
        shares[i] = (share){it, ROWS / THREADS * i, ROWS / THREADS * (i + 1)};
        cr_assert_eq(pthread_create(&threads[i], NULL, submit_share, &shares[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    double quickest = 1e9;
    for (int i = 0; i < 20; i++) {
        double start = service_now();
        ASSERT_STATUS(client_get(it, "/v1/jobs?limit=50"), 200);
        double took = (service_now() - start) * 1e3;
        quickest = took < quickest ? took : quickest;
    }
    cr_log_info("a poll of 10,000 jobs: %.1f ms", quickest);
    cr_expect_lt(quickest, 20 * SERVICE_PATIENCE, "a poll took %g ms", quickest);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_await_text(own, "1–50 of 10,000");
    browser_press(own, "Older");
    browser_await_text(own, "51–100 of 10,000");
    cr_expect_eq(browser_number(own, "return document.querySelectorAll('.jobs tbody tr').length"),
                 50);
    browser_press(own, "Name");
    browser_await(own,
                  "document.querySelector('.jobs .name a')?.innerText === 'run 00000' && "
                  "!document.body.innerText.includes('reading all')");
    cr_expect_lt(browser_number(own, "return document.querySelectorAll('*').length"), 4000);
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}
