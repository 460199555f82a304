/*
 * driver.h: what the parts of the browser's hand share: the state of a session and the driver's
 * protocol, WebDriver over HTTP, one request at a time. Values belong to the browser. Tests use
 * browser.h.
 */
#ifndef TESTS_BROWSER_DRIVER_H
#define TESTS_BROWSER_DRIVER_H

#include "browser/browser.h"

struct browser {
    service *service;
    int port;
    int shared; /* the file, locked while a test has the browser: "port session" */
    char session[64];
    char folder[64]; /* of this run: that file, and the browser's profile */
    cJSON *values;   /* an array: everything handed out */
};

/* Sends a command and gives its "value"; NULL, with `fault` filled, where it failed. Takes
 * `body` over. */
const cJSON *driver_try(browser *own, const char *method, const char *path, cJSON *body,
                        char fault[512]);
/* The same, asserted. */
const cJSON *driver_send(browser *own, const char *method, const char *path, cJSON *body);

/* Bodies. */
cJSON *driver_object(const char *key, const char *value);
cJSON *driver_parse(const char *text);

#endif
