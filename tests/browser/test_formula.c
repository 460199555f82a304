/*
 * test_formula.c: formulas in the browser: minimised by themselves and fitted to a table, from the
 * form to the numbers found.
 */
#include "browser/browser.h"

#define LIMIT          (180.0 * SERVICE_PATIENCE)
#define FIELD(pointer) "[data-pointer='" pointer "']"
#define FAULT(pointer) "document.querySelector(`[data-fault-of='" pointer "']`)"

/* Three functions to start from, without data; the parameters are rows of the form, and the job
 * shows where they went. */
Test(browser_formula, a_formula_is_minimised, .timeout = LIMIT)
{
    static const char *const starts[] = {"Quadratic", "Rosenbrock"};
    service *it = service_start(1);
    browser *own = browser_start(it);
    browser_open(own, "#/new");
    browser_await(own, "document.querySelector('.estimate .figure')");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        browser_press(own, starts[i]);
        browser_await_text(own, "No data: the formula itself is minimised.");
        browser_await(
            own,
            "!document.querySelector('#submit').disabled && !document.querySelector('.estimate [aria-busy]')");
    }
    browser_press(own, "Himmelblau");
    browser_await(own, "document.querySelector(`" FIELD(
                           "/model/formula") "`).value === '(x^2 + y - 11)^2 + (x + y^2 - 7)^2'");
    browser_type(own, FIELD("/model/formula"), "(x^2 + y - 11)^2 + (x + y^2 - 7)^2 + z^2");
    browser_await(own, FAULT("/model/formula") ".innerText.includes('z')");
    browser_press(own, "Add a parameter");
    browser_type(own, ".parameter:nth-child(3) input", "z\uE004");
    browser_await(own, "document.querySelector(`" FIELD("/model/parameters/z") "`)");
    browser_type(own, FIELD("/model/parameters/z"), "x");
    browser_await(own, FAULT("/model/parameters/z") ".innerText !== ''");
    browser_type(own, FIELD("/model/parameters/z"), "1");
    browser_type(own, FIELD("/model/parameters/z/min"), "0.5");
    browser_await(
        own,
        "!document.querySelector('#submit').disabled && !document.querySelector('.estimate [aria-busy]')");
    browser_picture(own, "new-formula-light");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    const char *id = browser_text(own, "return location.hash.slice('#/jobs/'.length)");
    const reply *job = client_get(it, "/v1/jobs/%s", id);
    cr_expect_eq(reply_number(job, "/spec/model/parameters/z/min"), 0.5);
    cr_expect_null(reply_at(job, "/spec/data"));
    browser_await(own, "document.querySelectorAll('#formula-parameters tbody tr').length === 3");
    cr_expect_str_eq(
        browser_text(
            own,
            "return [...document.querySelectorAll('#formula-parameters tbody tr:last-child > *')].slice(0, 3).map(own => own.innerText).join()"),
        "z,1,0.5");
    browser_await(
        own,
        "[...document.querySelectorAll('.chart')].find(own => own.querySelector('h3').innerText === 'Parameters').innerText.includes('x: ')");
    browser_await_text(own, "Gradient size by parameter");
    cr_expect(cJSON_IsTrue(browser_run(
        own,
        "return document.querySelector('.histograms').checkVisibility() === false && !document.querySelector('#predict-0')")));
    browser_picture(own, "job-formula-light");
    /* Another model wants data again. */
    browser_open(own, "#/new?from=%s", id);
    browser_await(own, "document.querySelectorAll('.parameter').length === 3");
    browser_choose(own, FIELD("/model/type"), "mlp");
    browser_await(own,
                  "document.querySelector(`" FIELD("/data/generator/type") "`)?.value === 'moons'");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}

/* A formula fitted to a table: what it names besides its parameters are columns. */
Test(browser_formula, a_formula_is_fitted, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *set =
        client_upload(it, "?name=decay", "t,y\n0,2\n1,1.22\n2,0.73\n3,0.45\n4,0.27\n5,0.165\n");
    browser *own = browser_start(it);
    browser_open(own, "#/new?dataset=%s", set);
    browser_await(own, "document.querySelector(`[data-column='y']`)?.value === 'target'");
    browser_choose(own, FIELD("/model/type"), "formula");
    browser_press(own, "A table");
    browser_choose(own, FIELD("/data/dataset"), set);
    browser_await(own, "document.querySelector(`[data-column='y']`)?.value === 'target'");
    browser_type(own, FIELD("/model/formula"), "a*exp(-k*t)");
    browser_type(own, ".parameter:nth-child(1) input", "a\uE004");
    browser_type(own, ".parameter:nth-child(2) input", "k\uE004");
    browser_type(own, FIELD("/model/parameters/a"), "1");
    browser_type(own, FIELD("/model/parameters/k"), "0.1");
    browser_choose(own, FIELD("/optimizer/type"), "lbfgs");
    browser_type(own, FIELD("/training/batch_size"), "full");
    browser_await(
        own,
        "!document.querySelector('#submit').disabled && !document.querySelector('.estimate [aria-busy]')");
    browser_click(own, "#submit");
    browser_await(own, "document.querySelector('.page-head .state-succeeded')");
    browser_await(
        own,
        "/^a\\t1\\t[12][.\\d]*\\t[\\d.e−]+\\t[\\d.]+ to [\\d.]+$/.test(document.querySelector('#formula-parameters tbody tr').innerText)");
    browser_expect_quiet(own, true);
    browser_destroy(own);
    service_destroy(it);
}
