/*
 * browser.c: the driver's process and its protocol: JSON over HTTP, one request at a time.
 */
#include "browser/browser.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_SIZE   8192
#define ELEMENT_KEY "element-6066-11e4-a52e-4f735466cecf"

struct browser {
    service *service;
    pid_t driver;
    int port;
    int lifeline; /* its closing ends what is left of the browser */
    char session[64];
    char profile[64];
    cJSON *values; /* an array: everything handed out */
};

/* --- Protocol ------------------------------------------------------------------------------ */

typedef struct gathered {
    char *bytes;
    size_t length;
} gathered;

static size_t gather(char *bytes, size_t size, size_t count, void *context)
{
    gathered *into = context;
    char *grown = realloc(into->bytes, into->length + size * count + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + into->length, bytes, size * count);
    into->bytes = grown;
    into->length += size * count;
    grown[into->length] = '\0';
    return size * count;
}

/* Sends a command and gives its "value"; NULL, with `fault` filled, where it failed. Takes `body` over. */
static const cJSON *try_command(browser *own, const char *method, const char *path, cJSON *body,
                                char fault[512])
{
    char url[512];
    gathered answer = {NULL, 0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s%s%s", own->port,
             own->session[0] != '\0' ? "/session/" : "", own->session, path);
    char *text = body != NULL ? cJSON_PrintUnformatted(body) : NULL;
    cJSON_Delete(body);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)(60 * SERVICE_PATIENCE));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    if (text != NULL)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    cJSON *document = answer.bytes != NULL ? cJSON_Parse(answer.bytes) : NULL;
    snprintf(fault, 512, "%s %s: %s %ld %.300s", method, path, curl_easy_strerror(code), status,
             answer.bytes != NULL ? answer.bytes : "");
    free(answer.bytes);
    free(text);
    if (document == NULL || status != 200) {
        cJSON_Delete(document);
        return NULL;
    }
    cJSON_AddItemToArray(own->values, document);
    return cJSON_GetObjectItemCaseSensitive(document, "value");
}

static const cJSON *command(browser *own, const char *method, const char *path, cJSON *body)
{
    char fault[512];
    const cJSON *value = try_command(own, method, path, body, fault);
    cr_assert_not_null(value, "the browser refused %s", fault);
    return value;
}

static cJSON *parse(const char *text)
{
    cJSON *made = cJSON_Parse(text);
    cr_assert_not_null(made, "not JSON: %s", text);
    return made;
}

/* --- The process --------------------------------------------------------------------------- */

static bool is_installed(const char *program)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin");
    char *rest = path;
    for (char *folder = strsep(&rest, ":"); folder != NULL; folder = strsep(&rest, ":")) {
        char candidate[4200];
        snprintf(candidate, sizeof candidate, "%s/%s", folder, program);
        if (access(candidate, X_OK) == 0)
            return true;
    }
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

/* The driver says on which port it listens: "… started successfully on port 12345." */
static int read_port(int output)
{
    char text[4096] = "";
    size_t length = 0;
    double deadline = service_now() + BROWSER_SECONDS;
    while (service_now() < deadline && length < sizeof text - 1) {
        struct pollfd wait = {output, POLLIN, 0};
        if (poll(&wait, 1, 100) <= 0)
            continue;
        ssize_t got = read(output, text + length, sizeof text - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        text[length] = '\0';
        const char *port = strstr(text, "successfully on port ");
        if (port != NULL && strchr(port, '.') != NULL)
            return (int)strtol(port + strlen("successfully on port "), NULL, 10);
    }
    cr_assert_fail("the driver did not say its port: %s", text);
    return 0;
}

/* Waits for the test's end, in whatever way it comes, and lets nothing of the browser outlive it. */
static void watch_over(pid_t group, const char *profile, int lifeline)
{
    char byte;
    while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
        ;
    kill(-group, SIGKILL);
    /* Its last processes may still write for a moment. */
    for (int i = 0; i < 30 && access(profile, F_OK) == 0; i++) {
        (void)nftw(profile, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        service_sleep(0.1);
    }
    _exit(0);
}

static void start_watcher(browser *own)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t helper = fork();
    cr_assert_geq(helper, 0);
    if (helper == 0) {
        /* Twice, so that nobody has to wait for it; in a session of its own, so that it outlives. */
        setsid();
        if (fork() == 0) {
            for (int descriptor = 0; descriptor < 1024; descriptor++)
                if (descriptor != ends[0])
                    close(descriptor);
            watch_over(own->driver, own->profile, ends[0]);
        }
        _exit(0);
    }
    waitpid(helper, NULL, 0);
    close(ends[0]);
    own->lifeline = ends[1];
}

static void start_driver(browser *own)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t parent = getpid();
    own->driver = fork();
    cr_assert_geq(own->driver, 0);
    if (own->driver == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(126);
        dup2(ends[1], STDOUT_FILENO);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        execlp("chromedriver", "chromedriver", "--port=0", (char *)NULL);
        _exit(127);
    }
    setpgid(own->driver, own->driver);
    close(ends[1]);
    start_watcher(own);
    own->port = read_port(ends[0]);
    close(ends[0]);
}

static void start_session(browser *own)
{
    static const char *const flags[] = {"--headless=new",
                                        "--no-sandbox",
                                        "--disable-gpu",
                                        "--disable-quic",
                                        "--no-first-run",
                                        "--disable-sync",
                                        "--hide-scrollbars",
                                        "--disable-background-networking",
                                        "--window-size=1440,900",
                                        "--disable-dev-shm-usage",
                                        "--remote-debugging-pipe", /* needs no name service */
                                        "--disable-component-update"};
    cJSON *body = parse(
        "{\"capabilities\":{\"alwaysMatch\":{\"unhandledPromptBehavior\":\"ignore\","
        "\"goog:loggingPrefs\":{\"browser\":\"ALL\",\"performance\":\"ALL\"},"
        "\"goog:chromeOptions\":{\"args\":[]}}}}");
    cJSON *arguments = cJSON_GetObjectItem(
        cJSON_GetObjectItem(
            cJSON_GetObjectItem(cJSON_GetObjectItem(body, "capabilities"), "alwaysMatch"),
            "goog:chromeOptions"),
        "args");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        cJSON_AddItemToArray(arguments, cJSON_CreateString(flags[i]));
    char profile[128];
    snprintf(profile, sizeof profile, "--user-data-dir=%s", own->profile);
    cJSON_AddItemToArray(arguments, cJSON_CreateString(profile));
    const cJSON *made = command(own, "POST", "/session", body);
    const cJSON *id = cJSON_GetObjectItem(made, "sessionId");
    cr_assert(cJSON_IsString(id));
    snprintf(own->session, sizeof own->session, "%s", id->valuestring);
}

browser *browser_start(service *it)
{
    if (!is_installed("chromedriver"))
        cr_assert_fail(
            "chromium-driver is not installed: `make deps-browser` installs it; "
            "DESCENTD_NO_BROWSER=1 leaves these tests out of `make test`");
    browser *own = calloc(1, sizeof *own);
    cr_assert_not_null(own);
    own->service = it;
    own->values = cJSON_CreateArray();
    snprintf(own->profile, sizeof own->profile, "/tmp/descentd-browser-XXXXXX");
    cr_assert_not_null(mkdtemp(own->profile));
    start_driver(own);
    start_session(own);
    browser_size(own, 1440, 900);
    browser_theme(own, "light");
    return own;
}

void browser_destroy(browser *own)
{
    char fault[512];
    (void)try_command(own, "DELETE", "", NULL, fault);
    kill(own->driver, SIGTERM);
    waitpid(own->driver, NULL, 0);
    close(own->lifeline);
    cJSON_Delete(own->values);
    free(own);
}

/* --- Pages --------------------------------------------------------------------------------- */

#define FORMATTED(text, last)                                                    \
    char text[TEXT_SIZE];                                                        \
    {                                                                            \
        va_list arguments_;                                                      \
        va_start(arguments_, last);                                              \
        cr_assert_lt(vsnprintf(text, sizeof text, last, arguments_), TEXT_SIZE); \
        va_end(arguments_);                                                      \
    }

static cJSON *object_of(const char *key, const char *value)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, key, value);
    return object;
}

void browser_open(browser *own, const char *path, ...)
{
    FORMATTED(fragment, path)
    char url[TEXT_SIZE + 128];
    /* A new fragment alone would not load anything. */
    (void)command(own, "POST", "/url", object_of("url", "about:blank"));
    snprintf(url, sizeof url, "http://%s/%s", own->service->address, fragment);
    (void)command(own, "POST", "/url", object_of("url", url));
}

static const cJSON *run(browser *own, const char *script)
{
    cJSON *body = object_of("script", script);
    cJSON_AddArrayToObject(body, "args");
    return command(own, "POST", "/execute/sync", body);
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
        cJSON *body = object_of("using", strategy);
        cJSON_AddStringToObject(body, "value", selector);
        const cJSON *value = try_command(own, "POST", "/element", body, fault);
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
        if (try_command(own, "POST", path, cJSON_CreateObject(), fault) != NULL)
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
        (void)browser_run(
            own, "const own = document.querySelector(`%s`); own.focus(); own.select()", selector);
        if (text[0] == '\0')
            text = "\uE003";
    }
    snprintf(path, sizeof path, "/element/%s/value", id);
    (void)command(own, "POST", path, object_of("text", text));
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
    const cJSON *active = command(own, "GET", "/element/active", NULL);
    char path[256];
    snprintf(path, sizeof path, "/element/%s/value",
             cJSON_GetObjectItem(active, ELEMENT_KEY)->valuestring);
    (void)command(own, "POST", path, object_of("text", keys));
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
    (void)command(own, "POST", "/actions", parse(body));
}

/* --- Emulation ----------------------------------------------------------------------------- */

const cJSON *browser_command(browser *own, const char *name, const char *parameters)
{
    cJSON *body = object_of("cmd", name);
    cJSON_AddItemToObject(body, "params", parse(parameters));
    return command(own, "POST", "/goog/cdp/execute", body);
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
    const cJSON *shot = command(own, "GET", "/screenshot", NULL);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s cannot be written", path);
    write_base64(file, shot->valuestring);
    fclose(file);
}

/* --- Complaints ---------------------------------------------------------------------------- */

static void expect_own_request(const browser *own, const cJSON *entry)
{
    char origin[128];
    cJSON *message = parse(cJSON_GetObjectItem(entry, "message")->valuestring);
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
    const cJSON *console = command(own, "POST", "/se/log", object_of("type", "browser"));
    cJSON_ArrayForEach(entry, console)
    {
        const cJSON *source = cJSON_GetObjectItem(entry, "source");
        bool network = cJSON_IsString(source) && strcmp(source->valuestring, "network") == 0;
        if (!network || !refusals)
            cr_expect_fail("the console says: %s",
                           cJSON_GetObjectItem(entry, "message")->valuestring);
    }
    const cJSON *events = command(own, "POST", "/se/log", object_of("type", "performance"));
    cJSON_ArrayForEach(entry, events)
    {
        expect_own_request(own, entry);
    }
}
