/*
 * test_service.c: the page about the service and that of its interface, and how every page keeps in
 * touch: tokens, answers of 503, 304 where nothing is new, slower while nobody looks.
 */
#include "api/specs.h"
#include "browser/browser.h"

#include <math.h>
#include <string.h>

#define LIMIT (180.0 * SERVICE_PATIENCE)

Test(browser_service, it_says_what_it_does_and_runs_on, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    (void)client_submit(it, SPEC_TINY);
    const reply *version = client_get(it, "/v1/version");
    browser *own = browser_start(it);
    browser_open(own, "#/service");
    browser_await_text(own, "1 of 1");
    browser_await_text(own, "endless");
    browser_await_text(own, reply_text(version, "/version"));
    browser_await_text(own, reply_text(version, "/kernels"));
    browser_await(own, "/Half of all answers\\s+≤ [\\d.]+ m?s/.test(document.body.innerText)");
    browser_await(own, "/A commit\\s+[\\d.]+ ms/.test(document.body.innerText)");
    browser_await(own,
                  "document.querySelector('.page-head .state-succeeded')?.innerText === 'ready'");
    cr_expect_eq(browser_number(own, "return document.querySelectorAll('tbody tr').length"), 1,
                 "the queue");
    ASSERT_STATUS(client_act(it, busy, "cancel"), 202);
    browser_await_text(own, "Nothing waits.");
    browser_press(own, "all operations");
    browser_await(own, "document.querySelectorAll('.operation').length > 20");
    browser_click(own, ".operation summary");
    browser_type(own, "#listJobs-limit", "1");
    browser_press(own, "Send GET");
    browser_await(
        own, "document.querySelector('.operation .state-succeeded')?.innerText.includes('200')");
    browser_await(
        own, "JSON.parse(document.querySelector('.operation pre').innerText).jobs.length === 1");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* A real service that wants tokens: 401 asks, a wrong one asks again, the right one is kept for
 * this tab alone. */
Test(browser_service, a_token_is_asked_for_and_kept_for_the_tab, .timeout = LIMIT)
{
    service *it = service_create(1);
    program_run made =
        SERVICE_PROGRAM("token", "add", "page", "--scopes", "read,submit", "--data-dir", it->data);
    cr_assert_eq(made.status, 0, "%s", made.errors);
    made.output[strcspn(made.output, "\n")] = '\0';
    it->bearer = client_text(it, "%s", made.output);
    service_restart(it);
    (void)client_run(it, 20, SPEC_TINY);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_type(own, "#token", "wrong");
    browser_press(own, "Use it");
    browser_await(own, "document.querySelector('#token')?.value === ''");
    browser_type(own, "#token", made.output);
    browser_press(own, "Use it");
    browser_await(own, "document.querySelectorAll('.jobs tbody .name a').length === 1");
    cr_expect_str_eq(browser_text(own, "return sessionStorage.getItem('descentd.token')"),
                     made.output);
    cr_expect(cJSON_IsTrue(browser_run(
        own, "return Object.values(localStorage).every(own => !own.startsWith('descentd_'))")));
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_open(own, "#/service");
    browser_await_text(own, "Workers busy");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* Every answer of the page's fetch through window.answer, where there is one. */
static void stand_between(browser *own)
{
    (void)browser_run(
        own,
        "const real = window.fetch; window.asked = 0; window.fetch = async (...all) => { window.asked++;"
        " return window.answer?.(...all) ?? real(...all); }");
}

Test(browser_service, an_answer_of_503_is_said_and_waited_out, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    browser *own = browser_start(it);
    browser_open(own, "#/jobs/%s", id);
    browser_await(own, "document.querySelector('#connection').innerText === 'up to date'");
    stand_between(own);
    (void)browser_run(
        own,
        "window.answer = () => new Response('{\"detail\": \"busy\"}', { status: 503, headers: { 'Retry-After': '3' } })");
    browser_await(
        own,
        "/answer 503 · data is .* old · again in [23] s/.test(document.querySelector('#connection').innerText)");
    double asked = browser_number(own, "return window.asked");
    service_sleep(1.5);
    cr_expect_eq(browser_number(own, "return window.asked"), asked,
                 "it waits as long as it was told");
    (void)browser_run(own, "window.answer = null");
    browser_await(own, "document.querySelector('#connection').innerText === 'up to date'");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_service, polls_are_cheap_and_rare_while_nobody_looks, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 20, SPEC_TINY);
    const char *id = client_submit(it, SPEC_ENDLESS);
    browser *own = browser_start(it);
    browser_open(own, "#/service");
    browser_await(
        own,
        "performance.getEntriesByType('resource').some(own => own.name.endsWith('/v1/version') && own.responseStatus === 304)");
    browser_open(own, "#/jobs/%s", id);
    browser_await(
        own,
        "performance.getEntriesByType('resource').some(own => /curve\\?after=\\d/.test(own.name))");
    stand_between(own);
    browser_await(own, "window.asked >= 3");
    (void)browser_run(
        own,
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))");
    service_sleep(1.5); /* what was under way */
    double asked = browser_number(own, "return window.asked");
    service_sleep(4);
    cr_expect_leq(browser_number(own, "return window.asked"), asked + 2);
    (void)browser_run(
        own,
        "Object.defineProperty(document, 'hidden', { value: false, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))");
    browser_await(own, "window.asked >= %g", asked + 4);
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* What the page holds while it rests: the least of some counts, as what a collection leaves for the
 * next one is chance. */
static void measure(browser *own, double *nodes, double *bytes, double *listeners)
{
    *nodes = *bytes = *listeners = INFINITY;
    (void)browser_run(own, "window.resting = []");
    browser_await(own, "window.resting.length > 0");
    for (int i = 0; i < 6; i++) {
        (void)browser_command(own, "HeapProfiler.collectGarbage", "{}");
        const cJSON *heap = browser_command(own, "Runtime.getHeapUsage", "{}");
        *bytes = fmin(*bytes, cJSON_GetObjectItem(heap, "usedSize")->valuedouble);
        const cJSON *counters = browser_command(own, "Memory.getDOMCounters", "{}");
        *nodes = fmin(*nodes, cJSON_GetObjectItem(counters, "nodes")->valuedouble);
        *listeners =
            fmin(*listeners, cJSON_GetObjectItem(counters, "jsEventListeners")->valuedouble);
        service_sleep(0.2);
    }
    (void)browser_run(
        own, "const acts = window.resting; window.resting = null; acts.forEach(act => act())");
}

/* Eight hours of a page on a running job without the waiting: 28,800 polls, or as many as a slow
 * machine manages, a new point now and then as a long run has them, answered inside the page. Between
 * the first hour and the last lie the points it holds then, at most 2,000, and nothing of each poll. */
Test(browser_service, eight_hours_leave_nothing_behind, .timeout = 3 * LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    browser *own = browser_start(it);
    browser_open(own, "#/jobs/%s", id);
    browser_await(own, "/of [\\d,]+ points/.test(document.body.innerText)");
    (void)browser_run(
        own,
        "const real = window.fetch, later = window.setTimeout; window.polls = 0; let job = null, curve = null, seq = 0;"
        "const reply = (value, tag) => new Response(JSON.stringify(value), { headers: tag ? { ETag: tag } : {} });"
        "const channel = new MessageChannel(), due = []; channel.port1.onmessage = () => due.shift()?.();"
        "window.setTimeout = (act, pause, ...rest) => { if (!(pause >= 400 && pause <= 1500)) return later(act, pause, ...rest);"
        " if (window.resting) { window.resting.push(act); return 0; } due.push(act); channel.port2.postMessage(0); return 0; };"
        "window.fetch = async (path, options) => {"
        " const own = String(path);"
        " if (own.includes('/events')) return reply({ events: [] });"
        " if (own.includes('/curve')) {"
        "  if (!curve) { curve = await (await real(own.replace(/after=\\d+&?/, ''), options)).json(); seq = curve.last_seq; return reply(curve); }"
        "  const fresh = window.polls %% 32 === 0, whole = !own.includes('after=');"
        "  const series = Object.fromEntries(Object.entries(curve.series).map(([name, values]) => [name, whole ? values : fresh ?"
        "   [name === 'seq' ? ++seq : name === 'step' ? seq * 10000 : name === 'loss' ? Math.random() : values.at(-1)] : []]));"
        "  return reply({ ...curve, last_seq: seq, series, sampling: { ...curve.sampling, points: series.step.length, of: whole ? seq : series.step.length } });"
        " }"
        " if (/\\/v1\\/jobs\\/[^/]+$/.test(own)) {"
        "  window.polls++; job = job ?? await (await real(own, { ...options, headers: {} })).json();"
        "  job.progress.step += 1000; return reply(job, `\"${window.polls}\"`);"
        " }"
        " return real(path, options); };");
    double nodes[2], bytes[2], listeners[2], polls[2];
    double deadline = service_now() + 200 * SERVICE_PATIENCE;
    for (int round = 0; round < 2; round++) {
        double wanted = round == 0 ? 3600 : 28800;
        while ((polls[round] = browser_number(own, "return window.polls")) < wanted &&
               service_now() < deadline)
            service_sleep(0.5);
        measure(own, &nodes[round], &bytes[round], &listeners[round]);
    }
    cr_log_info("%.0f polls; heap %.1f to %.1f MB, nodes %.0f to %.0f, listeners %.0f to %.0f",
                polls[1], bytes[0] / 1e6, bytes[1] / 1e6, nodes[0], nodes[1], listeners[0],
                listeners[1]);
    cr_expect_geq(polls[1], 2 * 3600, "only %g polls", polls[1]);
    cr_expect_lt(bytes[1], bytes[0] + 1e6 + 200 * (polls[1] - polls[0]),
                 "the heap grew from %g to %g", bytes[0], bytes[1]);
    cr_expect_lt(nodes[1], nodes[0] + 500, "nodes grew from %g to %g", nodes[0], nodes[1]);
    cr_expect_lt(listeners[1], listeners[0] + 20, "listeners grew from %g to %g", listeners[0],
                 listeners[1]);
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}
