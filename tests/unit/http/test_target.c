/*
 * Request targets: decoding, and all that is refused because it could be read in two ways.
 */
#include "http/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int status_of(const char *text)
{
    http_target target;
    const http_refusal refusal = http_target_parse(&target, text, 4096);
    cr_assert_not_null(target.path);
    http_target_release(&target);
    return refusal.status;
}

Test(http_target, decodes_segments_and_query)
{
    http_target target;
    cr_assert_eq(
        http_target_parse(&target, "/v1/a%20b/%C3%A9?x=1&name=a+b%2Bc&flag&y=", 4096).status, 0);
    cr_assert_eq(target.segment_count, 3);
    cr_assert_str_eq(target.segments[0], "v1");
    cr_assert_str_eq(target.segments[1], "a b");
    cr_assert_str_eq(target.segments[2], "\xC3\xA9");
    cr_assert_eq(target.query_count, 4);
    cr_assert_str_eq(target.query[0].value, "1");
    cr_assert_str_eq(target.query[1].name, "name");
    cr_assert_str_eq(target.query[1].value, "a b+c");
    cr_assert_str_eq(target.query[2].name, "flag");
    cr_assert_str_eq(target.query[2].value, "");
    cr_assert_str_eq(target.query[3].value, "");
    cr_assert_str_eq(target.path, "/v1/a%20b/%C3%A9");
    http_target_release(&target);
}

Test(http_target, keeps_empty_segments)
{
    http_target target;
    cr_assert_eq(http_target_parse(&target, "/a//b/", 4096).status, 0);
    cr_assert_eq(target.segment_count, 4);
    cr_assert_str_eq(target.segments[1], "");
    cr_assert_str_eq(target.segments[3], "");
    http_target_release(&target);
    cr_assert_eq(http_target_parse(&target, "/", 4096).status, 0);
    cr_assert_eq(target.segment_count, 0);
    http_target_release(&target);
}

Test(http_target, refuses_what_two_readers_could_read_differently)
{
    const char *const bad[] = {
        "/a%00b",       "/a%2fb",      "/..%2f..%2fetc", "/a%2Fb",     "/a%5cb",  "/a\\b",
        "/../etc",      "/a/%2e%2e/b", "/./a",           "/a%0ab",     "/a%7f",   "/a%",
        "/a%4",         "/a%zz",       "/a b",           "/a\tb",      "/a\x01",  "/a\x7f",
        "/caf\xC3\xA9", "/%C3",        "/%C0%AF",        "/%ED%A0%80", "a",       "",
        "/a#b",         "/a?x=%00",    "/a?x=%C3",       "/a?x=%",     "/a?=1",   "/a?x=1&x=2",
        "/a?x=1&%78=2", "/a?x=\x02",   "ftp://h/a",      "http://h?a", "host:80",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_assert_eq(status_of(bad[i]), 400, "%s", bad[i]);
    }
    cr_assert_eq(status_of(NULL), 400);
}

Test(http_target, takes_the_absolute_and_the_asterisk_form)
{
    http_target target;
    cr_assert_eq(http_target_parse(&target, "http://Host:80/a/b?c=d", 4096).status, 0);
    cr_assert_str_eq(target.authority, "Host:80");
    cr_assert_eq(target.segment_count, 2);
    cr_assert_eq(target.query_count, 1);
    http_target_release(&target);
    cr_assert_eq(http_target_parse(&target, "http://host", 4096).status, 0);
    cr_assert_eq(target.segment_count, 0);
    http_target_release(&target);
    cr_assert_eq(http_target_parse(&target, "*", 4096).status, 0);
    cr_assert(target.asterisk);
    http_target_release(&target);
}

Test(http_target, holds_its_limits)
{
    char text[2048];
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[sizeof(text) - 1] = '\0';
    http_target target;
    cr_assert_eq(http_target_parse(&target, text, 1024).status, 414);
    cr_assert_eq(strlen(target.path), 1024);
    http_target_release(&target);
    cr_assert_eq(http_target_parse(&target, text, 2048).status, 0);
    http_target_release(&target);

    /* More segments than any pattern has: accepted here, matched by nothing. */
    cr_assert_eq(http_target_parse(&target, "/1/2/3/4/5/6/7/8/9/10/11/12", 4096).status, 0);
    cr_assert_eq(target.segment_count, HTTP_TARGET_SEGMENTS_MAXIMUM);
    http_target_release(&target);
    cr_assert_eq(status_of("/1/2/3/4/5/6/7/8/9/10/11/%00"), 400);

    size_t used = 2;
    memcpy(text, "/?", used);
    for (int i = 0; i <= HTTP_TARGET_QUERY_MAXIMUM; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "p%d=1&", i);
    }
    cr_assert_eq(status_of(text), 400);
}

Test(http_target, parts_fit_their_storage_exactly)
{
    /* Runs under the address sanitizer: one byte too few would be seen. */
    const char *const tight[] = {"/a",   "/a/b/c/d",      "/?a", "/?a=b&c=d",
                                 "/a?b", "/?a&b&c&d&e&f", "//"};
    for (size_t i = 0; i < sizeof(tight) / sizeof(tight[0]); i++) {
        char *exact = strdup(tight[i]);
        cr_assert_eq(status_of(exact), 0);
        free(exact);
    }
}

Test(http_target, the_logged_path_is_printable)
{
    http_target target;
    cr_assert_eq(http_target_parse(&target, "/a\x1b[31m\nb?secret=1", 4096).status, 400);
    cr_assert_str_eq(target.path, "/a?[31m?b");
    http_target_release(&target);
}
