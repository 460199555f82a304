/*
 * test_compare.c: runs over each other, from the list of jobs by ticking, with an address that shows the same again.
 */
#include "browser/browser.h"

#define LIMIT (180.0 * SERVICE_PATIENCE)

#define SPEC_RATE                                                                                  \
    "{'name': '%s', 'model': {'type': 'mlp', 'hidden': [16], 'activation': 'tanh'}, 'data': "      \
    "{'generator': {'type': 'moons', 'samples': 300, 'seed': 5}, 'validation': {'fraction': 0.2, " \
    "'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': %g}, 'training': {'epochs': 40, " \
    "'seed': 7}}"

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
