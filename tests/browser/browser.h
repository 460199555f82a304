/*
 * browser.h: Debian's Chromium under a test's hand, by WebDriver over libcurl.
 *
 * A tab pointed at a service (support/service.h), in one browser that all tests of a run use in
 * turn: each gets a new tab, the others are closed, what was stored or cached is forgotten. The
 * browser ends with the run, however that ends. Values handed out live until browser_destroy. What
 * goes wrong here is a Criterion assertion that shows what the page says. One thread.
 */
#ifndef TESTS_BROWSER_BROWSER_H
#define TESTS_BROWSER_BROWSER_H

#include "support/client.h"

typedef struct browser browser;

#define BROWSER_SECONDS (15.0 * SERVICE_PATIENCE) /* for anything that is waited for */

/* Fails the test, naming the remedy, where there is no Chromium or no driver. */
browser *browser_start(service *it);
void browser_destroy(browser *own);

/* Loads "/" + path ("", "#/new") afresh. */
void browser_open(browser *own, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* The value of a JavaScript function body ("return document.title"). */
const cJSON *browser_run(browser *own, const char *script, ...)
    __attribute__((format(printf, 2, 3)));
const char *browser_text(browser *own, const char *script, ...)
    __attribute__((format(printf, 2, 3)));
double browser_number(browser *own, const char *script, ...) __attribute__((format(printf, 2, 3)));

/* Waits until the JavaScript expression is true. */
void browser_await(browser *own, const char *expression, ...) __attribute__((format(printf, 2, 3)));
/* Waits until the page's text has these words. */
void browser_await_text(browser *own, const char *words);

/* Clicks and keys as a person's: on the first element that fits the selector, which must be shown.
 * A text is put in place of what a field holds; a file's path goes into a file field. */
void browser_click(browser *own, const char *selector);
/* The button or link with exactly this text. */
void browser_press(browser *own, const char *words);
void browser_type(browser *own, const char *selector, const char *text);
void browser_choose(browser *own, const char *selector, const char *value);
/* Keys as WebDriver names them, to the element that has the focus. */
void browser_keys(browser *own, const char *keys);
/* The mouse from one point to another, as shares of the element's box. */
void browser_drag(browser *own, const char *selector, double from, double to);

/* Emulation: size of the window, "light" or "dark". */
void browser_size(browser *own, int width, int height);
void browser_theme(browser *own, const char *theme);
/* A command of the developer tools; its result. */
const cJSON *browser_command(browser *own, const char *command, const char *parameters);
/* The whole page as PNG under $SCREENSHOTS (build/screenshots). */
void browser_picture(browser *own, const char *name);

/* Asserts that nothing was complained about since the last call: no error in the console, no report
 * of the policy, no request to anything but the service. `refusals`: replies of 4xx and broken
 * connections are part of the test. */
void browser_expect_quiet(browser *own, bool refusals);

#endif
