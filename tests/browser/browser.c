/*
 * browser.c: a person's eyes and hands in the browser: pages, texts, clicks, keys, pictures, and
 * what was complained about.
 */
#include "browser/driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_SIZE   8192
#define ELEMENT_KEY "element-6066-11e4-a52e-4f735466cecf"

/* --- Pages --------------------------------------------------------------------------------- */

#define FORMATTED(text, last)                                                    \
    char text[TEXT_SIZE];                                                        \
    {                                                                            \
        va_list arguments_;                                                      \
        va_start(arguments_, last);                                              \
        cr_assert_lt(vsnprintf(text, sizeof text, last, arguments_), TEXT_SIZE); \
        va_end(arguments_);                                                      \
    }

void browser_open(browser *own, const char *path, ...)
{
    FORMATTED(fragment, path)
    char url[TEXT_SIZE + 128];
    /* A new fragment alone would not load anything. */
    (void)driver_send(own, "POST", "/url", driver_object("url", "about:blank"));
    snprintf(url, sizeof url, "http://%s/%s", own->service->address, fragment);
    (void)driver_send(own, "POST", "/url", driver_object("url", url));
}

static const cJSON *run(browser *own, const char *script)
{
    cJSON *body = driver_object("script", script);
    cJSON_AddArrayToObject(body, "args");
    return driver_send(own, "POST", "/execute/sync", body);
}

const cJSON *browser_run(browser *own, const char *script, ...)
{
    FORMATTED(text, script)
    return run(own, text);
}

const char *browser_text(browser *own, const char *script, ...)
{
    FORMATTED(text, script)
    const cJSON *value = run(own, text);
    cr_assert(cJSON_IsString(value), "no text: %s", text);
    return value->valuestring;
}

double browser_number(browser *own, const char *script, ...)
{
    FORMATTED(text, script)
    const cJSON *value = run(own, text);
    cr_assert(cJSON_IsNumber(value), "no number: %s", text);
    return value->valuedouble;
}

static void await(browser *own, const char *expression)
{
    char script[TEXT_SIZE + 96];
    double deadline = service_now() + BROWSER_SECONDS;
    snprintf(script, sizeof script, "try { return Boolean(%s) } catch { return false }",
             expression);
    while (!cJSON_IsTrue(run(own, script))) {
        if (service_now() > deadline) {
            browser_picture(own, "failure");
            cr_assert_fail("not within %g s: %s\nThe page says: %.1500s", BROWSER_SECONDS,
                           expression, browser_text(own, "return document.body.innerText"));
        }
        service_sleep(0.05);
    }
}

void browser_await(browser *own, const char *expression, ...)
{
    FORMATTED(text, expression)
    await(own, text);
}

void browser_await_text(browser *own, const char *words)
{
    char expression[TEXT_SIZE];
    cJSON *text = cJSON_CreateString(words);
    char *quoted = cJSON_PrintUnformatted(text);
    snprintf(expression, sizeof expression, "document.body.innerText.includes(%s)", quoted);
    free(quoted);
    cJSON_Delete(text);
    await(own, expression);
}

/* --- A person's hands ---------------------------------------------------------------------- */

static const char *find(browser *own, const char *strategy, const char *selector)
{
    double deadline = service_now() + BROWSER_SECONDS;
    char fault[512];
    for (;;) {
        cJSON *body = driver_object("using", strategy);
        cJSON_AddStringToObject(body, "value", selector);
        const cJSON *value = driver_try(own, "POST", "/element", body, fault);
        const cJSON *id = cJSON_GetObjectItem(value, ELEMENT_KEY);
        if (cJSON_IsString(id))
            return id->valuestring;
        if (service_now() > deadline) {
            browser_picture(own, "failure");
            cr_assert_fail("there is no %s: %s\nThe page says: %.1500s", selector, fault,
                           browser_text(own, "return document.body.innerText"));
        }
        service_sleep(0.05);
    }
}

/* A list that is drawn anew under the hand makes an element stale; then it is looked for again. */
static void click(browser *own, const char *strategy, const char *selector)
{
    char path[256], fault[512];
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "/element/%s/click", find(own, strategy, selector));
        if (driver_try(own, "POST", path, cJSON_CreateObject(), fault) != NULL)
            return;
        service_sleep(0.1);
    }
    browser_picture(own, "failure");
    cr_assert_fail("%s cannot be clicked: %s", selector, fault);
}

void browser_click(browser *own, const char *selector)
{
    click(own, "css selector", selector);
}

void browser_press(browser *own, const char *words)
{
    char path[512];
    snprintf(path, sizeof path, "//*[(self::button or self::a) and normalize-space(.)=\"%s\"]",
             words);
    click(own, "xpath", path);
}

void browser_type(browser *own, const char *selector, const char *text)
{
    char path[256];
    const char *id = find(own, "css selector", selector);
    const cJSON *type = browser_run(own, "return document.querySelector(`%s`).type", selector);
    if (!cJSON_IsString(type) || strcmp(type->valuestring, "file") != 0) {
        browser_await(
            own,
            "(own => { own.focus(); own.select(); return document.activeElement === own; })(document.querySelector(`%s`))",
            selector);
        if (text[0] == '\0')
            text = "\uE003";
    }
    snprintf(path, sizeof path, "/element/%s/value", id);
    (void)driver_send(own, "POST", path, driver_object("text", text));
}

void browser_choose(browser *own, const char *selector, const char *value)
{
    (void)find(own, "css selector", selector);
    const cJSON *done = browser_run(
        own,
        "const own = document.querySelector(`%s`); own.value = `%s`; if (own.value !== `%s`) return false;"
        "own.dispatchEvent(new Event('input', {bubbles: true}));"
        "own.dispatchEvent(new Event('change', {bubbles: true})); return true",
        selector, value, value);
    cr_assert(cJSON_IsTrue(done), "%s has no choice %s", selector, value);
}

void browser_keys(browser *own, const char *keys)
{
    const cJSON *active = driver_send(own, "GET", "/element/active", NULL);
    char path[256];
    snprintf(path, sizeof path, "/element/%s/value",
             cJSON_GetObjectItem(active, ELEMENT_KEY)->valuestring);
    (void)driver_send(own, "POST", path, driver_object("text", keys));
}

void browser_drag(browser *own, const char *selector, double from, double to)
{
    const cJSON *box = browser_run(
        own,
        "const own = document.querySelector(`%s`); own.scrollIntoView({block: 'center'});"
        "const box = own.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]",
        selector);
    double left = cJSON_GetArrayItem(box, 0)->valuedouble,
           top = cJSON_GetArrayItem(box, 1)->valuedouble,
           width = cJSON_GetArrayItem(box, 2)->valuedouble,
           height = cJSON_GetArrayItem(box, 3)->valuedouble;
    char body[1024];
    int y = (int)(top + height / 2), start = (int)(left + width * from),
        end = (int)(left + width * to);
    snprintf(body, sizeof body,
             "{\"actions\":[{\"type\":\"pointer\",\"id\":\"mouse\",\"actions\":["
             "{\"type\":\"pointerMove\",\"x\":%d,\"y\":%d,\"duration\":0},"
             "{\"type\":\"pointerDown\",\"button\":0},"
             "{\"type\":\"pointerMove\",\"x\":%d,\"y\":%d,\"duration\":100},"
             "{\"type\":\"pointerMove\",\"x\":%d,\"y\":%d,\"duration\":100},"
             "{\"type\":\"pointerUp\",\"button\":0}]}]}",
             start, y, (start + end) / 2, y, end, y);
    (void)driver_send(own, "POST", "/actions", driver_parse(body));
}

/* --- Emulation ----------------------------------------------------------------------------- */

const cJSON *browser_command(browser *own, const char *name, const char *parameters)
{
    cJSON *body = driver_object("cmd", name);
    cJSON_AddItemToObject(body, "params", driver_parse(parameters));
    return driver_send(own, "POST", "/goog/cdp/execute", body);
}

void browser_size(browser *own, int width, int height)
{
    char parameters[128];
    snprintf(parameters, sizeof parameters,
             "{\"width\":%d,\"height\":%d,\"deviceScaleFactor\":1,\"mobile\":false}", width,
             height);
    (void)browser_command(own, "Emulation.setDeviceMetricsOverride", parameters);
}

void browser_theme(browser *own, const char *theme)
{
    char parameters[256];
    snprintf(parameters, sizeof parameters,
             "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"%s\"},"
             "{\"name\":\"prefers-reduced-motion\",\"value\":\"reduce\"}]}",
             theme);
    (void)browser_command(own, "Emulation.setEmulatedMedia", parameters);
}

static int value_of(char letter)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

static void write_base64(FILE *file, const char *text)
{
    unsigned bits = 0;
    int count = 0;
    for (; value_of(*text) >= 0; text++) {
        bits = (bits << 6 | (unsigned)value_of(*text)) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            fputc((int)(bits >> count & 0xff), file);
        }
    }
}

void browser_picture(browser *own, const char *name)
{
    const char *folder =
        getenv("SCREENSHOTS") != NULL ? getenv("SCREENSHOTS") : "build/screenshots";
    char path[512];
    (void)mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    const cJSON *shot = driver_send(own, "GET", "/screenshot", NULL);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s cannot be written", path);
    write_base64(file, shot->valuestring);
    fclose(file);
}

/* --- Complaints ---------------------------------------------------------------------------- */

static void expect_own_request(const browser *own, const cJSON *entry)
{
    char origin[128];
    cJSON *message = driver_parse(cJSON_GetObjectItem(entry, "message")->valuestring);
    const cJSON *event = cJSON_GetObjectItem(message, "message");
    const cJSON *method = cJSON_GetObjectItem(event, "method");
    const cJSON *sent = cJSON_GetObjectItem(event, "params");
    const cJSON *page = cJSON_GetObjectItem(sent, "documentURL");
    snprintf(origin, sizeof origin, "http://%s/", own->service->address);
    /* What the browser's own empty page asks for is not ours. */
    if (cJSON_IsString(method) && strcmp(method->valuestring, "Network.requestWillBeSent") == 0 &&
        cJSON_IsString(page) && strncmp(page->valuestring, origin, strlen(origin)) == 0) {
        const cJSON *request = cJSON_GetObjectItem(sent, "request");
        const char *url = cJSON_GetObjectItem(request, "url")->valuestring;
        cr_expect(strncmp(url, origin, strlen(origin)) == 0 || strncmp(url, "data:", 5) == 0 ||
                      strncmp(url, "blob:", 5) == 0,
                  "a request to the outside: %s", url);
    }
    cJSON_Delete(message);
}

void browser_expect_quiet(browser *own, bool refusals)
{
    const cJSON *entry;
    const cJSON *console = driver_send(own, "POST", "/se/log", driver_object("type", "browser"));
    cJSON_ArrayForEach(entry, console)
    {
        const cJSON *source = cJSON_GetObjectItem(entry, "source");
        bool network = cJSON_IsString(source) && strcmp(source->valuestring, "network") == 0;
        if (!network || !refusals)
            cr_expect_fail("the console says: %s",
                           cJSON_GetObjectItem(entry, "message")->valuestring);
    }
    const cJSON *events = driver_send(own, "POST", "/se/log", driver_object("type", "performance"));
    cJSON_ArrayForEach(entry, events)
    {
        expect_own_request(own, entry);
    }
}
