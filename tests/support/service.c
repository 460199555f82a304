/*
 * service.c: fork, pipe, wait. The child asks the kernel to be killed with its parent; the helper
 * process that removes the directory holds nothing of the test's but the read end of its pipe.
 */
#include "support/service.h"

#include "support/client.h"
#include "support/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_SECONDS   (10.0 * SERVICE_PATIENCE)
#define PROGRAM_SECONDS (20.0 * SERVICE_PATIENCE)
#define READY_LINE      "listening on http"

double service_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void service_sleep(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static const char *program_path(void)
{
    const char *path = getenv("DESCENTD");
    return path != NULL && path[0] != '\0' ? path : "build/descentd";
}

/* --- Directories --------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

static bool remove_tree(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

static void close_from(int first)
{
    for (int descriptor = first; descriptor < 1024; descriptor++)
        close(descriptor);
}

/* Removes the directory once the pipe's other end is closed; files may still come for a moment. */
static void watch_over(const char *directory, int lifeline)
{
    char byte;
    dup2(lifeline, 3);
    close_from(4);
    int nowhere = open("/dev/null", O_RDWR);
    for (int descriptor = 0; descriptor < 3; descriptor++)
        dup2(nowhere, descriptor);
    while (read(3, &byte, 1) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < 20; i++) {
        if (remove_tree(directory) && access(directory, F_OK) != 0)
            break;
        service_sleep(0.1);
    }
    _exit(0);
}

static void start_helper(service *it)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t helper = fork();
    cr_assert_geq(helper, 0);
    if (helper == 0) {
        /* Twice, so that nobody has to wait for it; in a group of its own, so that it outlives. */
        setsid();
        if (fork() == 0)
            watch_over(it->directory, ends[0]);
        _exit(0);
    }
    waitpid(helper, NULL, 0);
    close(ends[0]);
    it->lifeline = ends[1];
}

service *service_create(int workers)
{
    service *it = calloc(1, sizeof *it);
    cr_assert_not_null(it);
    it->workers = workers;
    it->output = -1;
    pthread_mutex_init(&it->lock, NULL);
    folder_create(it->directory, sizeof it->directory, "descentd-test");
    cr_assert_lt(snprintf(it->data, sizeof it->data, "%s/data", it->directory),
                 (int)sizeof it->data);
    start_helper(it);
    cr_assert_eq(mkdir(it->data, 0700), 0);
    return it;
}

service *service_start(int workers)
{
    service *it = service_create(workers);
    service_restart(it);
    return it;
}

/* --- The process --------------------------------------------------------------------------- */

/* In the child: output to the pipe, errors to a file, nothing else open, dies with its parent. */
static void become_program(char *const *arguments, int output, int errors, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    int input = open("/dev/null", O_RDONLY);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    close_from(3);
    execv(arguments[0], arguments);
    _exit(127);
}

/* Starts the program; *output and *errors become read ends of pipes, or errors go to `log`. */
static pid_t spawn(const char *const *arguments, const char *log, int *output, int *errors)
{
    int out[2], err[2] = {-1, -1};
    char *list[SERVICE_ARGUMENTS_MAXIMUM + 16];
    size_t count = 0;
    list[count++] = strdup(program_path());
    for (; arguments[count - 1] != NULL; count++)
        list[count] = strdup(arguments[count - 1]);
    list[count] = NULL;
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    if (log != NULL)
        err[1] = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    else
        cr_assert_eq(pipe2(err, O_CLOEXEC), 0);
    cr_assert_geq(err[1], 0);
    pid_t parent = getpid(), process = fork();
    cr_assert_geq(process, 0);
    if (process == 0)
        become_program(list, out[1], err[1], parent);
    close(out[1]);
    close(err[1]);
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    *output = out[0];
    if (errors != NULL)
        *errors = err[0];
    return process;
}

void service_launch(service *it)
{
    char workers[16], log[SERVICE_PATH_SIZE + 8];
    cr_assert_eq(it->process, 0, "the service is running already");
    cr_assert_eq(access(program_path(), X_OK), 0, "there is no program %s (environment DESCENTD)",
                 program_path());
    snprintf(workers, sizeof workers, "%d", it->workers);
    snprintf(log, sizeof log, "%s/log", it->directory);
    const char *arguments[SERVICE_ARGUMENTS_MAXIMUM + 8] = {
        "serve", "--listen", "127.0.0.1:0", "--data-dir", it->data, "--workers", workers, NULL};
    for (size_t i = 0; it->arguments[i] != NULL; i++)
        arguments[7 + i] = it->arguments[i];
    it->port = 0;
    it->process = spawn(arguments, log, &it->output, NULL);
}

/* Shows the end of the program's log, for the person who reads a failure. */
static void show_log(const service *it)
{
    char path[SERVICE_PATH_SIZE + 8], text[2048];
    snprintf(path, sizeof path, "%s/log", it->directory);
    FILE *log = fopen(path, "r");
    if (log == NULL)
        return;
    if (fseek(log, -(long)(sizeof text - 1), SEEK_END) != 0)
        rewind(log);
    size_t length = fread(text, 1, sizeof text - 1, log);
    text[length] = '\0';
    fclose(log);
    cr_log_warn("the program's log ends:\n%s", text);
}

void service_await_ready(service *it)
{
    char line[256];
    size_t length = 0;
    double deadline = service_now() + READY_SECONDS;
    while (length == 0 || line[length - 1] != '\n') {
        struct pollfd wait = {it->output, POLLIN, 0};
        double left = deadline - service_now();
        bool ready = left > 0 && poll(&wait, 1, (int)(left * 1000) + 1) > 0;
        ssize_t got = ready && length < sizeof line - 1 ? read(it->output, line + length, 1) : 0;
        if (got <= 0) {
            show_log(it);
            cr_assert_fail("the program did not become ready within %g s", READY_SECONDS);
        }
        length += (size_t)got;
    }
    line[length - 1] = '\0';
    cr_assert_eq(strncmp(line, READY_LINE, strlen(READY_LINE)), 0, "unexpected first line: %s",
                 line);
    const char *scheme = line + strlen(READY_LINE), *rest = strstr(scheme, "://");
    cr_assert_not_null(rest, "unexpected first line: %s", line);
    it->tls = scheme[0] == 's';
    snprintf(it->address, sizeof it->address, "%.60s", rest + 3);
    const char *colon = strrchr(it->address, ':');
    cr_assert_not_null(colon, "no port in: %s", line);
    it->port = (int)strtol(colon + 1, NULL, 10);
    cr_assert_gt(it->port, 0, "no port in: %s", line);
}

void service_restart(service *it)
{
    service_launch(it);
    service_await_ready(it);
}

/* Waits for the end; false where it did not come in time. */
static bool await_end(pid_t process, double seconds, int *status)
{
    double deadline = service_now() + seconds;
    for (;;) {
        pid_t ended = waitpid(process, status, WNOHANG);
        if (ended == process || (ended < 0 && errno != EINTR))
            return true;
        if (service_now() > deadline)
            return false;
        service_sleep(0.002);
    }
}

static void forget_process(service *it)
{
    it->process = 0;
    close(it->output);
    it->output = -1;
}

double service_stop(service *it)
{
    int status = 0;
    double start = service_now();
    cr_assert_gt(it->process, 0, "the service is not running");
    kill(it->process, SIGTERM);
    bool ended = await_end(it->process, SERVICE_STOP_SECONDS, &status);
    double seconds = service_now() - start;
    if (!ended) {
        kill(it->process, SIGKILL);
        waitpid(it->process, NULL, 0);
    }
    forget_process(it);
    if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        show_log(it);
    cr_assert(ended, "the service did not end within %g s of SIGTERM", SERVICE_STOP_SECONDS);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "the service ended with wait status %d", status);
    return seconds;
}

void service_kill(service *it)
{
    cr_assert_gt(it->process, 0, "the service is not running");
    kill(it->process, SIGKILL);
    while (waitpid(it->process, NULL, 0) < 0 && errno == EINTR)
        ;
    forget_process(it);
}

/* What UndefinedBehaviorSanitizer says goes to the program's log, and a kill may come before anybody
 * sees that the program has ended. */
static void expect_no_report(const service *it)
{
    char path[SERVICE_PATH_SIZE + 8], line[1024];
    snprintf(path, sizeof path, "%s/log", it->directory);
    FILE *log = SERVICE_PATIENCE > 1 ? fopen(path, "r") : NULL;
    while (log != NULL && fgets(line, sizeof line, log) != NULL)
        cr_expect_null(strstr(line, "runtime error: "), "%s", line);
    if (log != NULL)
        fclose(log);
}

void service_destroy(service *it)
{
    if (it == NULL)
        return;
    /* A sanitizer tells what leaked at an orderly end only, by the exit status. */
    if (it->process > 0 && SERVICE_PATIENCE > 1)
        (void)service_stop(it);
    if (it->process > 0)
        service_kill(it);
    expect_no_report(it);
    client_release(it);
    pthread_mutex_destroy(&it->lock);
    (void)remove_tree(it->directory);
    close(it->lifeline);
    free(it);
}

/* --- Looking at files ---------------------------------------------------------------------- */

void service_database_path(const service *it, char path[SERVICE_PATH_SIZE])
{
    DIR *directory = opendir(it->data);
    cr_assert_not_null(directory);
    path[0] = '\0';
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char candidate[SERVICE_PATH_SIZE + 260], head[16] = "";
        snprintf(candidate, sizeof candidate, "%s/%s", it->data, entry->d_name);
        FILE *file = entry->d_type == DT_REG ? fopen(candidate, "rb") : NULL;
        if (file == NULL)
            continue;
        size_t length = fread(head, 1, sizeof head, file);
        fclose(file);
        if (length == sizeof head && memcmp(head, "SQLite format 3", 16) == 0 &&
            strlen(candidate) < SERVICE_PATH_SIZE)
            memcpy(path, candidate, strlen(candidate) + 1);
    }
    closedir(directory);
    cr_assert_neq(path[0], '\0', "no database in %s", it->data);
}

static int count_files(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char inner[SERVICE_PATH_SIZE * 2];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%.250s/%.250s", path, entry->d_name);
        count += entry->d_type == DT_DIR ? count_files(inner) : 1;
    }
    closedir(directory);
    return count;
}

int service_count_files(const service *it, const char *folder)
{
    char path[SERVICE_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%.60s", it->data, folder);
    return count_files(path);
}

/* --- Programs that end --------------------------------------------------------------------- */

/* Reads what there is; false at the end of the pipe. */
static bool drain(int descriptor, char *text, size_t capacity)
{
    char piece[4096];
    ssize_t got = read(descriptor, piece, sizeof piece);
    if (got <= 0)
        return got < 0 && errno == EINTR;
    size_t used = strlen(text), room = capacity - 1 - used;
    size_t taken = (size_t)got < room ? (size_t)got : room;
    memcpy(text + used, piece, taken);
    text[used + taken] = '\0';
    return true;
}

program_run service_program(const char *const *arguments)
{
    program_run run = {0};
    int ends[2], status = 0;
    bool open_ends[2] = {true, true};
    double deadline = service_now() + PROGRAM_SECONDS;
    pid_t process = spawn(arguments, NULL, &ends[0], &ends[1]);
    while ((open_ends[0] || open_ends[1]) && service_now() < deadline) {
        struct pollfd waits[2] = {{open_ends[0] ? ends[0] : -1, POLLIN, 0},
                                  {open_ends[1] ? ends[1] : -1, POLLIN, 0}};
        (void)poll(waits, 2, 100);
        if (waits[0].revents != 0)
            open_ends[0] = drain(ends[0], run.output, sizeof run.output);
        if (waits[1].revents != 0)
            open_ends[1] = drain(ends[1], run.errors, sizeof run.errors);
    }
    close(ends[0]);
    close(ends[1]);
    double left = deadline - service_now();
    if (!await_end(process, left > 0.1 ? left : 0.1, &status)) {
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
        cr_assert_fail("%s did not end within %g s", arguments[0], PROGRAM_SECONDS);
    }
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return run;
}

double service_peak_memory(const service *it)
{
    char path[64], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)it->process);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtod(line + 6, NULL);
    fclose(file);
    return kilobytes * 1024;
}
