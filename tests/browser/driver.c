/*
 * driver.c: the driver's process and its protocol: JSON over HTTP, one request at a time. The first
 * test of a run starts driver and browser, those after it find them by a file named after the run's
 * process; a watcher ends them with it.
 */
#include "browser/driver.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

const cJSON *driver_try(browser *own, const char *method, const char *path, cJSON *body,
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

const cJSON *driver_send(browser *own, const char *method, const char *path, cJSON *body)
{
    char fault[512];
    const cJSON *value = driver_try(own, method, path, body, fault);
    cr_assert_not_null(value, "the browser refused %s", fault);
    return value;
}

cJSON *driver_parse(const char *text)
{
    cJSON *made = cJSON_Parse(text);
    cr_assert_not_null(made, "not JSON: %s", text);
    return made;
}

cJSON *driver_object(const char *key, const char *value)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, key, value);
    return object;
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

/* Waits for the run's end, in whatever way it comes, and lets nothing of the browser outlive it. */
static void watch_over(pid_t run, pid_t group, const char *folder)
{
    while (kill(run, 0) == 0 || errno != ESRCH)
        service_sleep(0.2);
    kill(-group, SIGKILL);
    /* Its last processes may still write for a moment. */
    for (int i = 0; i < 30 && access(folder, F_OK) == 0; i++) {
        (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        service_sleep(0.1);
    }
    _exit(0);
}

static void close_all_but(int kept)
{
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        if (descriptor != kept)
            close(descriptor);
}

/* A child of the watcher, which is nobody's child and in a session of its own: both outlive the
 * test. */
static void start_driver(browser *own)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t run = getppid(), helper = fork();
    cr_assert_geq(helper, 0);
    if (helper == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        close_all_but(ends[1]);
        pid_t driver = fork();
        if (driver == 0) {
            setpgid(0, 0);
            int nowhere = open("/dev/null", O_RDWR); /* the lowest: standard input */
            dup2(ends[1], STDOUT_FILENO);
            dup2(nowhere, STDERR_FILENO);
            execlp("chromedriver", "chromedriver", "--port=0", (char *)NULL);
            _exit(127);
        }
        close(ends[1]);
        if (driver > 0)
            watch_over(run, driver, own->folder);
        _exit(1);
    }
    waitpid(helper, NULL, 0);
    close(ends[1]);
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
    cJSON *body = driver_parse(
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
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", own->folder);
    cJSON_AddItemToArray(arguments, cJSON_CreateString(profile));
    const cJSON *made = driver_send(own, "POST", "/session", body);
    const cJSON *id = cJSON_GetObjectItem(made, "sessionId");
    cr_assert(cJSON_IsString(id));
    snprintf(own->session, sizeof own->session, "%s", id->valuestring);
}

/* Takes over the browser of the tests before, if there is one that answers. */
static bool join_session(browser *own)
{
    char text[128] = "", fault[512];
    if (pread(own->shared, text, sizeof text - 1, 0) <= 0 ||
        sscanf(text, "%d %63s", &own->port, own->session) != 2)
        return false;
    if (driver_try(own, "GET", "/window/handles", NULL, fault) != NULL)
        return true;
    own->session[0] = '\0';
    return false;
}

static void drain(browser *own)
{
    (void)driver_send(own, "POST", "/se/log", driver_object("type", "browser"));
    (void)driver_send(own, "POST", "/se/log", driver_object("type", "performance"));
}

/* A tab of its own, all others closed, nothing kept of what was loaded before. */
static void begin_afresh(browser *own)
{
    char parameters[256];
    const cJSON *before = driver_send(own, "GET", "/window/handles", NULL), *handle;
    const cJSON *made = driver_send(own, "POST", "/window/new", driver_object("type", "tab"));
    cJSON_ArrayForEach(handle, before)
    {
        (void)driver_send(own, "POST", "/window", driver_object("handle", handle->valuestring));
        (void)driver_send(own, "DELETE", "/window", NULL);
    }
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(made, "handle"));
    (void)driver_send(own, "POST", "/window", driver_object("handle", name));
    (void)browser_command(own, "Page.bringToFront", "{}");
    (void)browser_command(own, "Emulation.setFocusEmulationEnabled", "{\"enabled\":true}");
    (void)browser_command(own, "Network.clearBrowserCache", "{}");
    (void)browser_command(own, "Network.clearBrowserCookies", "{}");
    snprintf(parameters, sizeof parameters, "{\"origin\":\"http://%s\",\"storageTypes\":\"all\"}",
             own->service->address);
    (void)browser_command(own, "Storage.clearDataForOrigin", parameters);
    drain(own);
}

browser *browser_start(service *it)
{
    char path[128];
    if (!is_installed("chromedriver"))
        cr_assert_fail(
            "chromium-driver is not installed: `make deps-browser` installs it; "
            "DESCENTD_NO_BROWSER=1 leaves these tests out of `make test`");
    browser *own = calloc(1, sizeof *own);
    cr_assert_not_null(own);
    own->service = it;
    own->values = cJSON_CreateArray();
    snprintf(own->folder, sizeof own->folder, "/tmp/descentd-browser-%d", (int)getppid());
    (void)mkdir(own->folder, 0700);
    snprintf(path, sizeof path, "%s/shared", own->folder);
    own->shared = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    cr_assert_geq(own->shared, 0, "%s cannot be made", path);
    cr_assert_eq(flock(own->shared, LOCK_EX), 0);
    if (!join_session(own)) {
        start_driver(own);
        start_session(own);
        snprintf(path, sizeof path, "%d %s\n", own->port, own->session);
        cr_assert_eq(pwrite(own->shared, path, strlen(path), 0), (ssize_t)strlen(path));
    }
    begin_afresh(own);
    browser_size(own, 1440, 900);
    browser_theme(own, "light");
    return own;
}

/* The browser stays for the next test; what is shown does not go on asking a service that ends. */
void browser_destroy(browser *own)
{
    char fault[512];
    (void)driver_try(own, "POST", "/url", driver_object("url", "about:blank"), fault);
    close(own->shared);
    cJSON_Delete(own->values);
    free(own);
}
