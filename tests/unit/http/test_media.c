/*
 * Content-Type and Accept as pure functions.
 */
#include "http/media.h"

#include <criterion/criterion.h>

Test(http_media, content_type_and_its_parameters)
{
    cr_assert(http_media_is("application/json", "application/json"));
    cr_assert(http_media_is("Application/JSON", "application/json"));
    cr_assert(http_media_is("application/json; charset=utf-8", "application/json"));
    cr_assert(http_media_is("application/json;charset=\"UTF-8\"", "application/json"));
    cr_assert(http_media_is("application/json ; a=b;", "application/json"));
    cr_assert(http_media_is("text/csv; header=present", "text/csv"));
    cr_assert_not(http_media_is("application/json; charset=latin1", "application/json"));
    cr_assert_not(http_media_is("application/json; charset", "application/json"));
    cr_assert_not(http_media_is("application/json, text/plain", "application/json"));
    cr_assert_not(http_media_is("application/jsonx", "application/json"));
    cr_assert_not(http_media_is("application/x-www-form-urlencoded", "application/json"));
    cr_assert_not(http_media_is("", "application/json"));
    cr_assert_not(http_media_is(NULL, "application/json"));
}

static const char *const OFFERS[] = {"application/json", "text/csv", "text/html; charset=utf-8",
                                     NULL};

Test(http_media, negotiation)
{
    const struct {
        const char *accept;
        int choice;
    } cases[] = {
        {NULL, 0},
        {"", 0},
        {"*/*", 0},
        {"text/csv", 1},
        {"text/*", 1},
        {"text/html", 2},
        {"TEXT/CSV", 1},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 2},
        {"text/csv;q=0.5, application/json;q=0.4", 1},
        {"text/*;q=0.5, application/json;q=0.4, text/csv;q=0", 2},
        {"application/json;q=0, */*", 1},
        {"*/*;q=0.1, text/csv;q=0.1", 0},
        {"image/png", -1},
        {"application/json;q=0", -1},
        {"*/*;q=0", -1},
        {"application/*;q=0.001", 0},
        {"text/csv; q=1.000", 1},
        {"text/csv;header=present;q=0.7,application/json;q=0.6", 1},
        {"text/csv;x=\",\";q=0.7", 1},
        {"garbage", 0},
        {"garbage, text/csv", 1},
        {"text/csv;q=2, image/png", -1},
        {"text/csv;q=0.1234, text/html;q=0.2", 2},
        {",,text/csv,,", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(http_media_negotiate(cases[i].accept, OFFERS), cases[i].choice, "%s gave %d",
                     cases[i].accept == NULL ? "none" : cases[i].accept,
                     http_media_negotiate(cases[i].accept, OFFERS));
    }
}

Test(http_media, content_codings)
{
    cr_assert(http_coding_is_accepted("gzip", "gzip"));
    cr_assert(http_coding_is_accepted("br, GZIP;q=0.5", "gzip"));
    cr_assert(http_coding_is_accepted("*", "gzip"));
    cr_assert(http_coding_is_accepted("*;q=0, gzip", "gzip"));
    cr_assert_not(http_coding_is_accepted(NULL, "gzip"));
    cr_assert_not(http_coding_is_accepted("", "gzip"));
    cr_assert_not(http_coding_is_accepted("br", "gzip"));
    cr_assert_not(http_coding_is_accepted("gzip;q=0, *", "gzip"));
    cr_assert_not(http_coding_is_accepted("gzip;q=0.000", "gzip"));
    cr_assert_not(http_coding_is_accepted("gzip;q=x", "gzip"));
}
