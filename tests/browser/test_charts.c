/*
 * test_charts.c: one job's charts: what is ahead, strips and the lines behind them, axes of every
 * kind, points that were not measured, downloads, and how fast much of it moves.
 */
#include "api/specs.h"
#include "browser/browser.h"

#include <stdio.h>

#define LIMIT (180.0 * SERVICE_PATIENCE)
#define FIGURE(words)                                                                                    \
    "[...document.querySelectorAll('.chart')].find(own => own.querySelector('h3').innerText === '" words \
    "')"

/* %d hidden units, %d epochs, further members of the training. */
#define SPEC_LAYERS                                                                                  \
    "{'name': 'layers', 'model': {'type': 'mlp', 'hidden': [%d, 8], 'activation': 'tanh'}, "         \
    "'data': {'generator': {'type': 'moons', 'samples': 400, 'seed': 5}, 'validation': "             \
    "{'fraction': 0.2, 'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': 0.003, "          \
    "'schedule': {'type': 'cosine', 'warmup_steps': 50}}, 'training': {'epochs': %d, 'batch_size': " \
    "16, 'seed': 7%s}}"

/* Share of the picture's columns right of `from` that hold ink of the curve's colour. */
#define INK \
    "const seen = " FIGURE("Learning rate") ".querySelector('.plot canvas');"                      \
    "const canvas = document.createElement('canvas'), { width, height } = seen;"                   \
    "canvas.width = width; canvas.height = height; if (!width) return 0;"                          \
    "const context = canvas.getContext('2d', { willReadFrequently: true });"                       \
    "context.drawImage(seen, 0, 0); const from = Math.floor(width * 0.9);"                         \
    "const bytes = context.getImageData(from, 0, width - from, height - 24).data;"                 \
    "let ink = 0; for (let at = 0; at < bytes.length; at += 4)"                                    \
    " if (bytes[at + 3] > 120 && bytes[at + 1] > bytes[at] + 60) ink++; return ink"

static void open_job(browser *own, const char *id)
{
    browser_open(own, "#/jobs/%s", id);
    browser_await(own, "/[\\d,]+ of [\\d,]+ points/.test(document.body.innerText)");
}

Test(browser_charts, the_schedule_ahead_is_drawn_dashed, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_LAYERS, 16, 2000000, "");
    (void)client_wait_step(it, id, 2000, 30);
    browser *own = browser_start(it);
    open_job(own, id);
    browser_await(own, FIGURE("Learning rate") ".innerText.includes('dashed: ahead')");
    browser_await(own, "(() => {" INK "})() > 20");
    browser_press(own, "the end");
    browser_await(own, "(() => {" INK "})() > 20");
    browser_picture(own, "job-ahead-light");
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    browser_await(own,
                  "document.querySelector('.page-head .state').innerText.includes('cancelled')");
    browser_await(own, "!" FIGURE("Learning rate") ".innerText.includes('dashed: ahead')");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_charts, a_layer_of_a_strip_opens_its_lines, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 60, SPEC_LAYERS, 16, 100, ""), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    /* 2,000 steps: layers are measured at some of the points only. */
    browser_await(own, FIGURE("Gradient norm by layer") ".querySelector('.plot canvas').ariaLabel?.includes("
                                                        "'3 layers, measured at ')");
    double measured = browser_number(
        own, "return Number(" FIGURE(
                 "Gradient norm by layer") ".querySelector('.plot canvas').ariaLabel.match(/measured at "
                                           "([\\d,]+)/)[1].replace(',', ''))");
    cr_expect(measured > 20 && measured < 500, "%g of a thousand", measured);
    browser_await(own, "!" FIGURE("Update size / parameter size by layer") ".hidden");
    browser_click(
        own, ".chart:nth-of-type(4) .plot canvas"); /* its middle is the second of three rows */
    browser_await(own, "document.querySelector('#layer').value === 'layers.1'");
    browser_await(own, FIGURE("Gradient norm") ".innerText.includes('layers.1: ')");
    browser_await(own, FIGURE("Update size / parameter size") ".innerText.includes('layers.1: ')");
    browser_choose(own, "#layer", "");
    browser_await(own, "!" FIGURE("Gradient norm") ".innerText.includes('layers.1')");
    cr_expect_eq(browser_number(own, "return document.querySelectorAll('.chart').length"),
                 browser_number(own,
                                "return [...document.querySelectorAll('.chart button')].filter("
                                "own => own.innerText === 'Data table').length"));
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_charts, axes_of_every_kind_by_mouse_and_keys, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id =
        reply_text(client_run(it, 60, SPEC_LAYERS, 16, 30, ", 'record_every': 1"), "/id");
    browser *own = browser_start(it);
    open_job(own, id);
    (void)browser_run(own, "document.querySelector('.plot').focus()");
    browser_keys(own, "y");
    browser_await(
        own,
        "document.querySelector('[aria-label=\"y scale\"] [aria-pressed=true]').innerText === 'log'");
    browser_keys(own, "yx");
    browser_await(own, FIGURE("Loss") ".innerText.includes('asinh: straight up to')");
    browser_keys(own, "x");
    browser_await(own, FIGURE("Loss") ".innerText.includes('asinh x: straight up to')");
    browser_keys(own, "\uE011"); /* Home: the cursor stands on the first point whatever the axis */
    browser_await(own, "document.querySelector('.plot').ariaValueText.startsWith('step 1,')");
    browser_await(
        own, "document.querySelector('[aria-live=polite].unseen').innerText.startsWith('step 1,')");
    browser_keys(own, "y");
    browser_drag(own, ".plot", 0.5, 0.8);
    browser_await(own, "/points, steps [\\d,]+ to [\\d,]+/.test(document.body.innerText)");
    browser_press(own, "Show all");
    browser_await_text(own, "600 of 600 points");
    cr_expect_eq(browser_number(own, "return document.querySelectorAll('time[title$=UTC]').length"),
                 3);
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_charts, the_curve_is_saved_with_every_bit, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id =
        reply_text(client_run(it, 60, SPEC_LAYERS, 4, 5, ", 'record_every': 1"), "/id");
    const reply *curve = client_get(it, "/v1/jobs/%s/curve?max_points=0", id);
    browser *own = browser_start(it);
    open_job(own, id);
    (void)browser_run(
        own,
        "const real = URL.createObjectURL; URL.createObjectURL = blob => { blob.arrayBuffer().then(own => window.saved = own); return real(blob); }");
    browser_press(own, "Curve, float64");
    browser_await(own, "window.saved");
    cr_expect_str_eq(
        browser_text(own, "return String.fromCharCode(...new Uint8Array(window.saved, 1, 5))"),
        "NUMPY");
    const char *head = browser_text(
        own,
        "return String.fromCharCode(...new Uint8Array(window.saved, 10, new DataView(window.saved).getUint16(8, true)))");
    cr_expect_not_null(strstr(head, "'shape': (100,)"), "%s", head);
    cr_expect_not_null(strstr(head, "('loss', '<f8')"), "%s", head);
    double loss = browser_number(
        own,
        "const view = new DataView(window.saved), start = 10 + view.getUint16(8, true);"
        "const names = [...String.fromCharCode(...new Uint8Array(window.saved, 10, start - 10)).matchAll(/\\('([^']+)'/g)].map(own => own[1]);"
        "return start %% 64 === 0 && view.getFloat64(start + (99 * names.length + names.indexOf('loss')) * 8, true)");
    cr_expect_eq(loss, reply_number(curve, "/series/loss/99"));
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_charts, parameters_are_shown_as_they_began_and_ended, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 60, SPEC_LAYERS, 16, 20, ""), "/id");
    const reply *histograms = client_get(it, "/v1/jobs/%s/histograms", id);
    browser *own = browser_start(it);
    open_job(own, id);
    (void)browser_run(own, "document.querySelector('#histograms-head').scrollIntoView()");
    browser_await(own, "document.querySelectorAll('.histograms canvas').length === 6");
    const char *words =
        browser_text(own, "return document.querySelector('.histograms canvas').ariaLabel");
    cr_expect_str_eq(
        words,
        browser_text(
            own,
            "const short = value => String(Number(value.toPrecision(3))).replace('-', '−');"
            "const told = own => `${short(own.minimum)} to ${short(own.maximum)}, mean ${short(own.mean)}, deviation ${short(own.deviation)}`;"
            "const own = %s[0]; return `${own.name}, ${own.count} numbers: first ${told(own.first)}; last ${told(own.last)}`",
            reply_raw(histograms, "tensors")));
    browser_await_text(own, "after step 400");
    /* Ink in every picture. */
    browser_await(
        own,
        "[...document.querySelectorAll('.histograms canvas')].every(own => own.getContext('2d').getImageData(0, 0, own.width, own.height).data.some(Boolean))");
    browser_press(own, "best");
    browser_await(own, "/best, after step [\\d,]+/.test(document.body.innerText)");
    (void)browser_run(
        own,
        "document.querySelector('[aria-label=\"Data table of: Parameters, first and last\"]').click()");
    browser_await_text(own, "layers.2.bias");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

#define RUNS 10

/* From the key to the picture, in ms; the best of some rounds, as others use the machine too. */
typedef struct zoom_times {
    double first, closer; /* from the points held; from those read for the window */
} zoom_times;

static zoom_times measure_zoom(browser *own)
{
    zoom_times best = {1e9, 1e9};
    (void)browser_run(
        own,
        "const words = () => [...document.querySelectorAll('.chart figcaption span')].map(own => own.innerText).join(); let before = words(), start = 0;"
        "const plots = () => document.querySelectorAll('.chart:not([hidden]) .plot');"
        "new MutationObserver(() => { const now = words(); if (!start || now === before) return; before = now;"
        " if (!window.first) window.first = performance.now() - start; if (!/reading closer/.test(now)) { window.took = performance.now() - start; start = 0; } })"
        ".observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true });"
        "window.zoom = (key, place) => { before = words(); window.took = window.first = 0; start = performance.now();"
        " const plot = plots()[0]; plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home' }));"
        " for (let step = 0; step < place; step++) plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageUp' }));"
        " start = performance.now(); plot.dispatchEvent(new KeyboardEvent('keydown', { key })); };");
    for (int i = 0; i < 12; i++) {
        /* Each time another place, or it would be known already. */
        (void)browser_run(own, "window.zoom('%s', %d)", i % 2 == 0 ? "+" : "0", 3 * i);
        browser_await(own, "window.took > 0");
        double first = browser_number(own, "return window.first"),
               closer = browser_number(own, "return window.took");
        if (i % 2 == 0 && first < best.first)
            best.first = first;
        if (i % 2 == 0 && closer < best.closer)
            best.closer = closer;
        service_sleep(0.2);
    }
    return best;
}

/* Runs of 100,000 points each, over each other and side by side. */
Test(browser_charts, zooming_into_a_million_points_is_quick, .timeout = LIMIT)
{
    service *it = service_start(2);
    char list[RUNS * 40] = "";
    const char *ids[RUNS];
    for (int i = 0; i < RUNS; i++)
        ids[i] = client_submit(
            it,
            "{'name': 'long', 'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 100, 'seed': 1, 'noise': 0.5}}, "
            "'optimizer': {'type': 'sgd', 'learning_rate': 1e-4}, 'training': {'steps': 100000, 'batch_size': 1, "
            "'record_every': 1, 'seed': %d}}",
            i);
    for (int i = 0; i < RUNS; i++)
        cr_assert_str_eq(reply_text(client_wait(it, ids[i], 60), "/status"), "succeeded");
    browser *own = browser_start(it);
    for (int round = 0; round < 2; round++) {
        int count = round == 0 ? 8 : RUNS;
        list[0] = '\0';
        for (int i = 0; i < count; i++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i > 0 ? "," : "",
                     ids[i]);
        browser_open(own, "#/compare?jobs=%s&ys=log", list);
        if (round == 0)
            browser_await_text(own, "of 800,000 points");
        else
            browser_await(
                own,
                "[...document.querySelectorAll('.multiples .chart figcaption span')].filter(own => own.innerText.includes('best')).length === 10");
        service_sleep(0.5);
        zoom_times took = measure_zoom(own);
        cr_log_info(
            "zoomed into %d runs of 100,000 points: %.0f ms to the first picture, %.0f ms to the closer one",
            count, took.first, took.closer);
        /* The goal for the first picture is 50 ms; other work on the machine must not fail the
         * suite. */
        cr_expect_lt(took.first, 500 * SERVICE_PATIENCE, "%d runs: %g ms", count, took.first);
        cr_expect_lt(took.closer, 1500 * SERVICE_PATIENCE, "%d runs: %g ms", count, took.closer);
    }
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}
