/*
 * test_compare.c: runs over each other, from the list of jobs by ticking, with an address that
 * shows the same again.
 */
#include "browser/browser.h"

#include <stdio.h>
#include <string.h>

#define LIMIT (180.0 * SERVICE_PATIENCE)

#define SPEC_RATE                                                                                  \
    "{'name': '%s', 'model': {'type': 'mlp', 'hidden': [16], 'activation': 'tanh'}, 'data': "      \
    "{'generator': {'type': 'moons', 'samples': 300, 'seed': 5}, 'validation': {'fraction': 0.2, " \
    "'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': %g}, 'training': {'epochs': 40, " \
    "'seed': 7}}"

/* Two rates, seeds from 1 on: %d. */
#define SPEC_SEEDS                                                                                 \
    "{'name': 'rate %g', 'labels': {'series': 'a'}, 'model': {'type': 'mlp', 'hidden': [8], "      \
    "'activation': 'tanh'}, 'data': {'generator': {'type': 'moons', 'samples': 200, 'seed': 5}}, " \
    "'optimizer': {'type': 'adam', 'learning_rate': %g}, 'training': {'epochs': 20, 'seed': %d}}"

#define SEEDS 5

Test(browser_compare, groups_baseline_sweep_and_more_than_eight, .timeout = LIMIT)
{
    service *it = service_start(1);
    char list[2 * SEEDS * 40] = "", first[40] = "";
    for (int i = 0; i < 2 * SEEDS; i++) {
        double rate = i < SEEDS ? 0.001 : 0.02;
        const char *id =
            reply_text(client_run(it, 30, SPEC_SEEDS, rate, rate, 1 + i % SEEDS), "/id");
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i > 0 ? "," : "", id);
        if (i == 0)
            snprintf(first, sizeof first, "%s", id);
    }
    browser *own = browser_start(it);
    browser_open(own, "#/compare?jobs=%s", list);
    /* Ten are too many for one picture. */
    browser_await(own, "document.querySelectorAll('.multiples .chart').length === 10");
    browser_await(
        own,
        "[...document.querySelectorAll('.multiples canvas')].every(own => own.ariaLabel.includes('best'))");
    browser_picture(own, "compare-multiples-light");
    browser_choose(own, "#group", "optimizer.learning_rate");
    browser_await_text(own, "0.001: median of 5");
    browser_await_text(own, "0.02: median of 5");
    browser_await(
        own,
        "!document.querySelector('.chart').hidden && document.querySelector('.multiples').hidden");
    browser_choose(own, "[aria-label='Show']", "best");
    browser_choose(own, "[aria-label='y scale']", "asinh");
    browser_await_text(own, "asinh: straight up to");
    (void)browser_run(own, "document.querySelector('.plot').focus()");
    browser_keys(own, "\uE010"); /* End */
    browser_await(
        own,
        "/0\\.02: median of 5 [\\d.e−]+ \\([\\d.e−]+ to [\\d.e−]+\\)/.test(document.querySelector('.readout').innerText)");
    browser_picture(own, "compare-groups-light");
    browser_click(own, "[aria-pressed=false].tag");
    browser_await_text(own, "× is the share of the baseline");
    browser_await(own, "document.querySelectorAll('.changed').length > 0");
    browser_await(own,
                  "document.querySelector('[aria-label^=\"Settings and best loss: rate 0.001\"]')");
    cr_expect(cJSON_IsTrue(browser_run(
        own,
        "return /^step [\\d,]+: .*0\\.02: median of 5 [\\d.e−]+/.test(document.querySelector('.plot').ariaValueText)")));
    browser_await(own, "location.hash.includes('baseline=%s')", first);
    const char *address = browser_text(own, "return location.hash");
    browser_open(own, "%s", address);
    browser_await_text(own, "0.02: median of 5");
    browser_await_text(own, "× is the share of the baseline");
    browser_await(own, "document.querySelector('[aria-label=Show]').value === 'best'");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

Test(browser_compare, ticked_runs_are_compared_and_the_link_lasts, .timeout = LIMIT)
{
    service *it = service_start(1);
    (void)client_run(it, 30, SPEC_RATE, "slow", 0.001);
    (void)client_run(it, 30, SPEC_RATE, "quick", 0.02);
    browser *own = browser_start(it);
    browser_open(own, "%s", "");
    browser_click(own, ".jobs tbody tr:nth-child(1) input");
    browser_click(own, ".jobs tbody tr:nth-child(2) input");
    browser_click(own, ".bulk a");
    browser_await(own, "location.hash.startsWith('#/compare?jobs=')");
    browser_await_text(own, "optimizer.learning_rate");
    cr_expect(
        cJSON_IsFalse(browser_run(own, "return document.body.innerText.includes('training.seed')")),
        "settings that are equal are shown");
    browser_type(own, "#threshold", "0.3\uE004");
    browser_await(own, "/step [\\d,]+, \\d+/.test(document.body.innerText)");
    browser_choose(own, "[aria-label='y scale']", "log");
    browser_await(own,
                  "location.hash.includes('ys=log') && location.hash.includes('threshold=0.3')");
    const char *address = browser_text(own, "return location.hash");
    browser_open(own, "%s", address);
    browser_await_text(own, "optimizer.learning_rate");
    browser_await(own, "/step [\\d,]+, \\d+/.test(document.body.innerText)");
    browser_await(own, "document.querySelector(`[aria-label='y scale']`).value === 'log'");
    browser_press(own, "Remove");
    browser_await_text(own, "One run alone has nothing to differ from.");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* An axis of gradient evaluations has those runs alone for which it is known. */
Test(browser_compare, a_run_that_searches_along_lines_has_no_axis_of_evaluations, .timeout = LIMIT)
{
    static const char spec[] =
        "{'name': '%s', 'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, 'seed': 1, 'noise': 1}}, "
        "'optimizer': {'type': 'lbfgs', 'line_search': '%s'}, 'training': {'steps': 20, 'batch_size': 'full', 'seed': 7}}";
    service *it = service_start(1);
    const char *one = reply_text(client_run(it, 30, spec, "plain", "none"), "/id");
    const char *many = reply_text(client_run(it, 30, spec, "wolfe", "strong_wolfe"), "/id");
    browser *own = browser_start(it);
    browser_open(own, "#/compare?jobs=%s,%s", one, many);
    browser_await_text(own, "2 runs, ");
    browser_choose(own, "[aria-label='over']", "evaluations");
    browser_await_text(own,
                       "Without wolfe: several gradients a step, and how many is not recorded.");
    browser_await(
        own, "/^20 of 20 points/.test(document.querySelector('.chart figcaption span').innerText)");
    browser_choose(own, "[aria-label='over']", "step");
    browser_await_text(own, "2 runs, ");
    browser_await(own, "!document.body.innerText.includes('Without wolfe')");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}

/* Pointing at a curve lights its run among the settings: both pictures change, and go back. */
Test(browser_compare, a_curve_that_is_pointed_at_is_lit_among_the_settings, .timeout = LIMIT)
{
    service *it = service_start(1);
    char list[3 * 40] = "";
    for (int i = 0; i < 3; i++)
        snprintf(
            list + strlen(list), sizeof list - strlen(list), "%s%s", i > 0 ? "," : "",
            reply_text(client_run(it, 30, SPEC_RATE, "rate", i == 0 ? 0.0001 : 0.01 * i), "/id"));
    browser *own = browser_start(it);
    browser_open(own, "#/compare?jobs=%s", list);
    browser_await_text(own, "3 runs, ");
    browser_await(own, "document.querySelector('[aria-label^=\"Settings and best loss\"]')");
    (void)browser_run(
        own,
        "window.seen = () => document.querySelector('[aria-label^=\"Settings and best loss\"]').toDataURL(); window.calm = seen();"
        "const plot = document.querySelector('.plot'), canvas = plot.querySelector('canvas'), box = plot.getBoundingClientRect();"
        "const point = (x, y) => plot.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + x, clientY: box.top + y, bubbles: true }));"
        "window.sweep = () => { for (let y = 10; y < box.height - 30; y += 4) { point(box.width * 0.7, y); if (seen() !== calm) return true; } return false; };"
        "window.leave = () => plot.dispatchEvent(new PointerEvent('pointerleave'))");
    browser_await(own, "window.sweep()");
    (void)browser_run(own, "window.leave()");
    browser_await(own, "window.seen() === window.calm");
    browser_expect_quiet(own, false);
    browser_destroy(own);
    service_destroy(it);
}
