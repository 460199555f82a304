/*
 * test_dashboard.c: the dashboard's files as a browser gets them: types, caching, compression,
 * policy, size.
 */
#include "dashboard/assets.h"
#include "support/client.h"

#include <string.h>
#include <zlib.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

static const reply *get_gzip(service *it, const char *path)
{
    return client_get_with(it, "Accept-Encoding: br, gzip;q=0.8", "%s", path);
}

Test(api_dashboard, the_page_is_asked_for_again_and_answered_304, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *got = client_get(it, "/");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_header_or_empty(got, "Content-Type"), "text/html; charset=utf-8");
    cr_expect_str_eq(reply_header_or_empty(got, "Cache-Control"), "no-cache");
    cr_expect_str_eq(reply_header_or_empty(got, "Vary"), "Accept-Encoding");
    cr_expect_null(reply_header(got, "Content-Encoding"));
    const char *etag = reply_header(got, "ETag");
    cr_assert_not_null(etag);
    cr_expect_eq(etag[0], '"', "a strong tag, not %s", etag);
    ASSERT_STATUS(client_get_with(it, client_text(it, "If-None-Match: %s", etag), "/"), 304);
    cr_expect_str_neq(reply_header_or_empty(get_gzip(it, "/"), "ETag"), etag);
    ASSERT_STATUS(client_head(it, "/"), 200);
    ASSERT_STATUS(client_post(it, "/", "{}"), 405);
    service_destroy(it);
}

Test(api_dashboard, the_policy_lets_nothing_else_in, .timeout = LIMIT)
{
    static const char *const rules[] = {
        "default-src 'none'", "script-src 'self'",  "style-src 'self'",      "connect-src 'self'",
        "base-uri 'none'",    "form-action 'none'", "frame-ancestors 'none'"};
    service *it = service_start(1);
    const char *policy = reply_header_or_empty(client_get(it, "/"), "Content-Security-Policy");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        cr_expect_not_null(strstr(policy, rules[i]), "no %s in %s", rules[i], policy);
    cr_expect_null(strstr(policy, "unsafe"), "%s", policy);
    service_destroy(it);
}

Test(api_dashboard, every_file_is_kept_for_good_and_the_same_in_both_forms, .timeout = LIMIT)
{
    service *it = service_start(1);
    for (size_t i = 1; i < dashboard_asset_count; i++) {
        const char *path =
            client_text(it, "/assets/%s/%s", dashboard_version, dashboard_assets[i].name);
        const reply *plain = client_get(it, "%s", path), *gzip = get_gzip(it, path);
        ASSERT_STATUS(plain, 200);
        ASSERT_STATUS(gzip, 200);
        cr_expect_str_eq(reply_header_or_empty(plain, "Cache-Control"),
                         "public, max-age=31536000, immutable");
        cr_expect_str_eq(reply_header_or_empty(plain, "X-Content-Type-Options"), "nosniff");
        cr_expect_str_eq(reply_header_or_empty(gzip, "Content-Encoding"), "gzip", "%s", path);
        static unsigned char inflated[1 << 20];
        z_stream stream = {.next_in = (unsigned char *)gzip->body,
                           .avail_in = (unsigned)gzip->length,
                           .next_out = inflated,
                           .avail_out = sizeof inflated};
        cr_assert_eq(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
        cr_expect_eq(inflate(&stream, Z_FINISH), Z_STREAM_END, "%s", path);
        cr_expect(stream.total_out == plain->length &&
                      memcmp(inflated, plain->body, plain->length) == 0,
                  "%s differs between its forms", path);
        inflateEnd(&stream);
    }
    service_destroy(it);
}

Test(api_dashboard, all_of_it_weighs_less_than_120_kilobytes, .timeout = LIMIT)
{
    size_t bytes = 0;
    for (size_t i = 0; i < dashboard_asset_count; i++)
        bytes += dashboard_assets[i].gzip.length;
    cr_log_info("%zu bytes gzipped in %zu files", bytes, dashboard_asset_count);
    cr_expect_leq(bytes, 120000);
}

Test(api_dashboard, other_paths_are_unknown, .timeout = LIMIT)
{
    service *it = service_start(1);
    static const char *const paths[] = {"/assets", "/assets/0000/style.css", "/index.html",
                                        "/favicon.ico"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ASSERT_STATUS(client_get(it, "%s", paths[i]), 404);
    ASSERT_STATUS(client_get(it, "/assets/%s/index.html", dashboard_version), 404);
    ASSERT_STATUS(client_get(it, "/assets/%s/%%2e%%2e/main.c", dashboard_version), 400);
    service_destroy(it);
}

Test(api_dashboard, lists_and_load_tell_the_counts, .timeout = LIMIT)
{
    service *it = service_start(0);
    for (int i = 0; i < 3; i++)
        (void)client_submit(it, "{'model': 'linear', 'data': {'generator': 'linear'}}");
    const reply *list = client_get(it, "/v1/jobs?limit=1&status=failed");
    ASSERT_STATUS(list, 200);
    cr_expect_eq(reply_number(list, "/counts/queued"), 3);
    cr_expect_eq(reply_number(list, "/counts/failed"), 0);
    const reply *load = client_get(it, "/v1/load");
    cr_expect_eq(reply_number(load, "/jobs/queued"), 3);
    cr_expect_eq(reply_number(load, "/workers"), 0);
    cr_expect_eq(reply_number(load, "/workers_busy"), 0);
    cr_expect_gt(reply_number(load, "/database_bytes"), 4096);
    cr_expect_leq(reply_number(load, "/log_bytes"), reply_number(load, "/database_bytes"));
    cr_expect_eq(reply_number(load, "/recovered"), 0);
    cr_expect_gt(reply_number(load, "/free_bytes"), 0);
    cr_expect(text_is_time(reply_text(load, "/started_at")));
    service_destroy(it);
}
