/*
 * criterion.h: the part of Criterion's interface that the tests use, for builds with sanitizers:
 * Criterion's sandbox maps memory where the thread sanitizer allows none, and it calls a test passed
 * whose process then tells of a leak.
 *
 * The Makefile puts this folder first in the include path where SANITIZE is set; the tests are the
 * same. Every test runs in a forked child. A failed cr_assert ends it, a failed cr_expect is
 * counted; both may be called by any thread of the test.
 */
#ifndef TESTS_SUPPORT_PLAIN_CRITERION_H
#define TESTS_SUPPORT_PLAIN_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct plain_options {
    void (*init)(void);
    void (*fini)(void);
    double timeout; /* seconds; 0: the runner's own limit */
    int signal;     /* that must end the test; 0: none */
    int exit_code;  /* with which it must end */
    bool disabled;
} plain_options;

typedef struct plain_test {
    const char *suite, *name;
    void (*function)(void); /* NULL: options of the whole suite */
    plain_options options;
    struct plain_test *next;
} plain_test;

void plain_register(plain_test *test);

/* Tells the failure; does not return where `fatal`. */
void plain_failed(bool fatal, const char *file, int line, const char *text, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void plain_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void plain_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define PLAIN_REGISTER(identifier, suite_name, test_name, test_function, ...)                   \
    static plain_test identifier = {suite_name, test_name, test_function, {__VA_ARGS__}, NULL}; \
    __attribute__((constructor)) static void identifier##_register(void)                        \
    {                                                                                           \
        plain_register(&identifier);                                                            \
    }

#define Test(suite, name, ...)                                                                \
    static void suite##_##name##_test(void);                                                  \
    PLAIN_REGISTER(suite##_##name##_entry, #suite, #name, suite##_##name##_test, __VA_ARGS__) \
    static void suite##_##name##_test(void)

#define TestSuite(suite, ...) PLAIN_REGISTER(suite##_suite_entry, #suite, "", NULL, __VA_ARGS__)

/* The blank keeps a message that is not there from being an empty format. */
#define PLAIN_CHECK(fatal, holds, text, ...)                                   \
    do {                                                                       \
        if (!(holds)) {                                                        \
            plain_failed(fatal, __FILE__, __LINE__, text, " " __VA_ARGS__);    \
            if (fatal) /* it has ended the process; the compiler shall know */ \
                __builtin_unreachable();                                       \
        }                                                                      \
    } while (0)

#define PLAIN_NEAR(a, b, tolerance) ((a) - (b) <= (tolerance) && (b) - (a) <= (tolerance))

#define cr_assert_fail(...)           PLAIN_CHECK(true, false, "failed", __VA_ARGS__)
#define cr_assert(condition, ...)     PLAIN_CHECK(true, condition, #condition, ##__VA_ARGS__)
#define cr_expect(condition, ...)     PLAIN_CHECK(false, condition, #condition, ##__VA_ARGS__)
#define cr_assert_not(condition, ...) PLAIN_CHECK(true, !(condition), "!" #condition, ##__VA_ARGS__)
#define cr_expect_not(condition, ...) \
    PLAIN_CHECK(false, !(condition), "!" #condition, ##__VA_ARGS__)

#define cr_assert_null(value, ...) \
    PLAIN_CHECK(true, (value) == NULL, #value " is null", ##__VA_ARGS__)
#define cr_expect_null(value, ...) \
    PLAIN_CHECK(false, (value) == NULL, #value " is null", ##__VA_ARGS__)
#define cr_assert_not_null(value, ...) \
    PLAIN_CHECK(true, (value) != NULL, #value " is not null", ##__VA_ARGS__)
#define cr_expect_not_null(value, ...) \
    PLAIN_CHECK(false, (value) != NULL, #value " is not null", ##__VA_ARGS__)

#define PLAIN_COMPARE(fatal, a, sign, b, ...) \
    PLAIN_CHECK(fatal, (a)sign(b), #a " " #sign " " #b, ##__VA_ARGS__)
#define cr_assert_eq(a, b, ...)  PLAIN_COMPARE(true, a, ==, b, ##__VA_ARGS__)
#define cr_expect_eq(a, b, ...)  PLAIN_COMPARE(false, a, ==, b, ##__VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN_COMPARE(true, a, !=, b, ##__VA_ARGS__)
#define cr_expect_neq(a, b, ...) PLAIN_COMPARE(false, a, !=, b, ##__VA_ARGS__)
#define cr_assert_lt(a, b, ...)  PLAIN_COMPARE(true, a, <, b, ##__VA_ARGS__)
#define cr_expect_lt(a, b, ...)  PLAIN_COMPARE(false, a, <, b, ##__VA_ARGS__)
#define cr_assert_leq(a, b, ...) PLAIN_COMPARE(true, a, <=, b, ##__VA_ARGS__)
#define cr_expect_leq(a, b, ...) PLAIN_COMPARE(false, a, <=, b, ##__VA_ARGS__)
#define cr_assert_gt(a, b, ...)  PLAIN_COMPARE(true, a, >, b, ##__VA_ARGS__)
#define cr_expect_gt(a, b, ...)  PLAIN_COMPARE(false, a, >, b, ##__VA_ARGS__)
#define cr_assert_geq(a, b, ...) PLAIN_COMPARE(true, a, >=, b, ##__VA_ARGS__)
#define cr_expect_geq(a, b, ...) PLAIN_COMPARE(false, a, >=, b, ##__VA_ARGS__)

#define cr_assert_float_eq(a, b, tolerance, ...) \
    PLAIN_CHECK(true, PLAIN_NEAR(a, b, tolerance), #a " is about " #b, ##__VA_ARGS__)
#define cr_expect_float_eq(a, b, tolerance, ...) \
    PLAIN_CHECK(false, PLAIN_NEAR(a, b, tolerance), #a " is about " #b, ##__VA_ARGS__)

#define cr_assert_str_eq(a, b, ...) \
    PLAIN_CHECK(true, strcmp(a, b) == 0, #a " is " #b, ##__VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) \
    PLAIN_CHECK(false, strcmp(a, b) == 0, #a " is " #b, ##__VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) \
    PLAIN_CHECK(true, strcmp(a, b) != 0, #a " is not " #b, ##__VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) \
    PLAIN_CHECK(false, strcmp(a, b) != 0, #a " is not " #b, ##__VA_ARGS__)
#define cr_expect_str_empty(a, ...) \
    PLAIN_CHECK(false, (a)[0] == '\0', #a " is empty", ##__VA_ARGS__)

#define cr_assert_arr_eq(a, b, size, ...) \
    PLAIN_CHECK(true, memcmp(a, b, size) == 0, #a " is " #b, ##__VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) \
    PLAIN_CHECK(false, memcmp(a, b, size) == 0, #a " is " #b, ##__VA_ARGS__)

#define cr_skip_test(...) plain_skip(" " __VA_ARGS__)
#define cr_log_info(...)  plain_say(" " __VA_ARGS__)
#define cr_log_warn(...)  plain_say(" " __VA_ARGS__)

#endif
