/*
 * Lines of the log: their form in both formats, what cannot be forged, and what is left out.
 */
#include "log.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ends[2];
static event_log_options options;

static void start(void)
{
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_neq(fcntl(ends[0], F_SETFL, O_NONBLOCK), -1);
    options = event_log_options_default();
    options.descriptor = ends[1];
}

static void end(void)
{
    close(ends[0]);
    close(ends[1]);
}

TestSuite(event_log, .init = start, .fini = end);

/* All that was written, up to what fits. */
static const char *written(void)
{
    static char text[1 << 17];
    ssize_t got = read(ends[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

static int lines_of(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

Test(event_log, a_text_line_names_part_and_ids)
{
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_JOBS, .job = "j1", .request = "r1", .client = "ci"};
    event_log_write(log, LOG_LEVEL_WARNING, &subject, "no checkpoint: %d", 7);
    const char *text = written();
    cr_expect_eq(lines_of(text), 1);
    cr_expect_not_null(strstr(text, "Z warning jobs request=r1 job=j1 token=ci no checkpoint: 7\n"),
                       "%s", text);
    event_log_destroy(log);
}

Test(event_log, a_json_line_is_one_object)
{
    options.json = true;
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_HTTP,
                           .request = "r1",
                           .method = "GET",
                           .path = "/v1/jobs",
                           .status = 503,
                           .milliseconds = 1.25,
                           .bytes = 42};
    event_log_write(log, LOG_LEVEL_ERROR, &subject, "a \"quoted\"\nline \\ \xff \xc3\xa9");
    const char *text = written();
    cr_expect_eq(lines_of(text), 1, "%s", text);
    cJSON *line = cJSON_Parse(text);
    cr_assert_not_null(line, "%s", text);
    cr_expect_str_eq(cJSON_GetObjectItem(line, "level")->valuestring, "error");
    cr_expect_str_eq(cJSON_GetObjectItem(line, "part")->valuestring, "http");
    cr_expect_eq(cJSON_GetObjectItem(line, "status")->valuedouble, 503);
    cr_expect_eq(cJSON_GetObjectItem(line, "milliseconds")->valuedouble, 1.25);
    cr_expect_eq(cJSON_GetObjectItem(line, "bytes")->valuedouble, 42);
    cr_expect_str_eq(cJSON_GetObjectItem(line, "message")->valuestring,
                     "a \"quoted\"\nline \\ ? \xc3\xa9");
    cr_expect_null(cJSON_GetObjectItem(line, "job"));
    cJSON_Delete(line);
    event_log_destroy(log);
}

Test(event_log, a_line_cannot_be_forged)
{
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_JOBS, .job = "x\n2026 error service all is lost"};
    event_log_write(log, LOG_LEVEL_INFO, &subject, "name\r\n2026 error \x1b[31m \x7f");
    const char *text = written();
    cr_expect_eq(lines_of(text), 1, "%s", text);
    cr_expect_eq(strcspn(text, "\r\x1b\x7f"), strlen(text), "%s", text);
    event_log_destroy(log);
}

Test(event_log, a_line_has_a_longest_length)
{
    static char longest[100000];
    memset(longest, '"', sizeof longest - 1);
    for (int json = 0; json < 2; json++) {
        options.json = json != 0;
        event_log *log = event_log_create(&options);
        log_subject subject = {.part = LOG_PART_HTTP, .method = "GET", .path = longest};
        event_log_write(log, LOG_LEVEL_ERROR, &subject, "%s", longest);
        const char *text = written();
        cr_expect_eq(lines_of(text), 1);
        cr_expect_leq(strlen(text), (size_t)LOG_LINE_MAXIMUM);
        cr_expect_gt(strlen(text), 1000u);
        if (json != 0) {
            cJSON *line = cJSON_Parse(text);
            cr_expect_not_null(line, "%s", text);
            cJSON_Delete(line);
        }
        event_log_destroy(log);
    }
}

Test(event_log, lower_levels_are_not_written)
{
    options.least = LOG_LEVEL_WARNING;
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_JOBS};
    event_log_write(log, LOG_LEVEL_INFO, &subject, "no");
    cr_expect_str_eq(written(), "");
    cr_expect(event_log_wants(log, LOG_LEVEL_ERROR));
    cr_expect_not(event_log_wants(log, LOG_LEVEL_DEBUG));
    event_log_destroy(log);
    cr_expect_not(event_log_wants(NULL, LOG_LEVEL_ERROR));
}

Test(event_log, repeated_lines_are_counted_in_place_of_written)
{
    options.window_lines[LOG_LEVEL_ERROR] = 5;
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_HTTP};
    for (int i = 0; i < 1000; i++)
        event_log_write(log, LOG_LEVEL_ERROR, &subject, "again");
    cr_expect_eq(lines_of(written()), 5);
    subject.part = LOG_PART_JOBS;
    event_log_write(log, LOG_LEVEL_ERROR, &subject, "of another part");
    cr_expect_eq(lines_of(written()), 1);
    event_log_destroy(log);
    const char *text = written();
    cr_expect_not_null(strstr(text, "995 lines of this part and level were left out"), "%s", text);
}

Test(event_log, a_window_that_is_over_tells_what_was_left_out)
{
    options.window_lines[LOG_LEVEL_INFO] = 1;
    options.window_milliseconds = 50;
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_JOBS};
    event_log_write(log, LOG_LEVEL_INFO, &subject, "one");
    event_log_write(log, LOG_LEVEL_INFO, &subject, "two");
    usleep(60000);
    event_log_write(log, LOG_LEVEL_INFO, &subject, "three");
    const char *text = written();
    cr_expect_not_null(strstr(text, "three"), "%s", text);
    /* A slow machine may have had the window end between the first two. */
    cr_expect(strstr(text, "two") != NULL || strstr(text, "1 lines of this part") != NULL, "%s",
              text);
    event_log_destroy(log);
}

Test(event_log, a_reader_who_does_not_read_stops_nobody)
{
    options.window_lines[LOG_LEVEL_INFO] = 100000;
    event_log *log = event_log_create(&options);
    log_subject subject = {.part = LOG_PART_JOBS};
    for (int i = 0; i < 5000; i++)
        event_log_write(log, LOG_LEVEL_INFO, &subject, "a line that fills the pipe in the end");
    cr_expect_lt(lines_of(written()), 5000);
    event_log_write(log, LOG_LEVEL_INFO, &subject, "read again");
    const char *text = written();
    cr_expect_not_null(strstr(text, "lines were lost: nobody read the log"), "%s", text);
    cr_expect_not_null(strstr(text, "read again"), "%s", text);
    event_log_destroy(log);
}
