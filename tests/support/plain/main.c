/*
 * main.c: runs the tests of a program that was built with the criterion.h beside it: each in a child
 * process, some at a time, with a limit of time; failures and what took long as they come, a line of
 * counts at the end. --filter SUITE/NAME takes a pattern as the shell does, each --except SUITE/NAME
 * leaves some out, saying so, --jobs N sets how many run at once, --slow SECONDS what counts as long;
 * other arguments are let pass.
 */
#include <criterion/criterion.h>

#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED           77
#define LIMIT_SECONDS     1800.0
#define LIMIT_FACTOR      30.0 /* sanitizers and valgrind are slow, the machine is shared */
#define SLOW_SECONDS      60.0
#define CHILDREN_MAXIMUM  64
#define EXCEPT_MAXIMUM    16
#define PAUSE_NANOSECONDS 2000000

typedef struct child {
    pid_t process; /* 0: free */
    const plain_test *test;
    double started, deadline;
    bool late;
} child;

typedef struct choice {
    const char *filter; /* NULL: all */
    const char *except[EXCEPT_MAXIMUM];
    int except_count, jobs;
    double slow_seconds;
} choice;

typedef struct counts {
    int passed, failed, skipped;
} counts;

static plain_test *tests, *suites;
static const plain_test *running; /* in a child: what it runs */
static atomic_int failures;       /* in a child */

void plain_register(plain_test *test)
{
    plain_test **list = test->function != NULL ? &tests : &suites;
    test->next = *list;
    *list = test;
}

static void say(const char *format, va_list arguments)
{
    char line[4096];
    int used = snprintf(line, sizeof line, "%s/%s:", running != NULL ? running->suite : "",
                        running != NULL ? running->name : "");
    size_t length = used > 0 ? (size_t)used : 0;
    vsnprintf(line + length, sizeof line - 1 - length, format, arguments);
    length = strlen(line);
    line[length++] = '\n';
    if (write(STDERR_FILENO, line, length) < 0)
        return;
}

void plain_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void plain_failed(bool fatal, const char *file, int line, const char *text, const char *format, ...)
{
    va_list arguments;
    atomic_fetch_add(&failures, 1);
    plain_say(" %s:%d: failed: %s", file, line, text);
    if (format[1] != '\0') {
        va_start(arguments, format);
        say(format, arguments);
        va_end(arguments);
    }
    if (fatal)
        _exit(EXIT_FAILURE);
}

void plain_skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    _exit(SKIPPED);
}

static const plain_options *suite_options(const plain_test *test)
{
    static const plain_options none = {.timeout = 0};
    for (const plain_test *suite = suites; suite != NULL; suite = suite->next)
        if (strcmp(suite->suite, test->suite) == 0)
            return &suite->options;
    return &none;
}

_Noreturn static void run(const plain_test *test)
{
    const plain_options *shared = suite_options(test);
    void (*init)(void) = test->options.init != NULL ? test->options.init : shared->init;
    void (*fini)(void) = test->options.fini != NULL ? test->options.fini : shared->fini;
    running = test;
    if (init != NULL)
        init();
    test->function();
    if (fini != NULL)
        fini();
    exit(atomic_load(&failures) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void start(child *free_child, const plain_test *test)
{
    double limit = test->options.timeout > 0 ? test->options.timeout : suite_options(test)->timeout;
    fflush(NULL);
    pid_t process = fork();
    if (process == 0)
        run(test);
    if (process < 0) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    double started = now();
    limit = limit > 0 ? limit * LIMIT_FACTOR : LIMIT_SECONDS;
    *free_child = (child){process, test, started, started + limit, false};
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void judge(const child *ended, int status, const struct rusage *usage, double slow_seconds,
                  counts *total)
{
    const plain_options *wanted = &ended->test->options;
    bool exited = WIFEXITED(status);
    double seconds = now() - ended->started;
    if (seconds > slow_seconds)
        fprintf(stderr, "%s/%s took %.1f s, %.1f s of a processor\n", ended->test->suite,
                ended->test->name, seconds,
                seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime));
    if (exited && WEXITSTATUS(status) == SKIPPED) {
        total->skipped++;
        return;
    }
    bool right = wanted->signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == wanted->signal
                                     : exited && WEXITSTATUS(status) == wanted->exit_code;
    if (right && !ended->late) {
        total->passed++;
        return;
    }
    total->failed++;
    fprintf(stderr, "FAILED %s/%s: %s %d\n", ended->test->suite, ended->test->name,
            ended->late ? "too late, ended by signal"
            : exited    ? "status"
                        : "signal",
            exited ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* Takes in children that have ended; those past their limit are ended. Returns how many still run. */
static int collect(child *children, const choice *chosen, counts *total)
{
    int busy = 0;
    for (int i = 0; i < chosen->jobs; i++) {
        int status;
        struct rusage usage;
        if (children[i].process == 0)
            continue;
        if (wait4(children[i].process, &status, WNOHANG, &usage) == children[i].process) {
            judge(&children[i], status, &usage, chosen->slow_seconds, total);
            children[i].process = 0;
            continue;
        }
        busy++;
        if (!children[i].late && now() > children[i].deadline) {
            children[i].late = true;
            kill(children[i].process, SIGKILL);
        }
    }
    return busy;
}

static child *find_free(child *children, int count)
{
    for (int i = 0; i < count; i++)
        if (children[i].process == 0)
            return &children[i];
    return NULL;
}

/* Tells of a test that is left out; called once for each. */
static bool is_chosen(const plain_test *test, const choice *chosen)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    if (test->options.disabled || (chosen->filter != NULL && fnmatch(chosen->filter, name, 0) != 0))
        return false;
    for (int i = 0; i < chosen->except_count; i++) {
        if (fnmatch(chosen->except[i], name, 0) == 0) {
            printf("%s is left out\n", name);
            return false;
        }
    }
    return true;
}

static void read_arguments(int count, char **arguments, choice *chosen)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--filter") == 0 && i + 1 < count)
            chosen->filter = arguments[++i];
        else if (strncmp(arguments[i], "--filter=", 9) == 0)
            chosen->filter = arguments[i] + 9;
        else if (strcmp(arguments[i], "--slow") == 0 && i + 1 < count)
            chosen->slow_seconds = strtod(arguments[++i], NULL);
        else if (strcmp(arguments[i], "--except") == 0 && i + 1 < count &&
                 chosen->except_count < EXCEPT_MAXIMUM)
            chosen->except[chosen->except_count++] = arguments[++i];
        else if (strcmp(arguments[i], "--jobs") == 0 && i + 1 < count)
            chosen->jobs = (int)strtol(arguments[++i], NULL, 10);
        else if (strncmp(arguments[i], "-j", 2) == 0)
            chosen->jobs = (int)strtol(arguments[i] + 2, NULL, 10);
    }
    if (chosen->jobs < 1 || chosen->jobs > CHILDREN_MAXIMUM)
        chosen->jobs = 1;
}

/* The next test that is chosen, from `test` on. */
static const plain_test *next_chosen(const plain_test *test, const choice *chosen)
{
    while (test != NULL && !is_chosen(test, chosen))
        test = test->next;
    return test;
}

int main(int argument_count, char **arguments)
{
    static child children[CHILDREN_MAXIMUM];
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    choice chosen = {.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), .slow_seconds = SLOW_SECONDS};
    counts total = {0};
    read_arguments(argument_count, arguments, &chosen);
    const plain_test *next = next_chosen(tests, &chosen);
    for (;;) {
        int busy = collect(children, &chosen, &total);
        child *free_child = next != NULL ? find_free(children, chosen.jobs) : NULL;
        if (free_child != NULL) {
            start(free_child, next);
            next = next_chosen(next->next, &chosen);
            continue;
        }
        if (next == NULL && busy == 0)
            break;
        nanosleep(&pause, NULL);
    }
    printf("%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped);
    return total.failed == 0 && total.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
