/*
 * Host parsing, the allow-list and the Origin comparison.
 */
#include "http/host.h"

#include <criterion/criterion.h>
#include <string.h>

Test(http_host, takes_hosts_apart)
{
    const struct {
        const char *value;
        const char *host; /* NULL: refused */
    } cases[] = {
        {"localhost", "localhost"},
        {"LocalHost:8080", "localhost"},
        {" 127.0.0.1:1 ", "127.0.0.1"},
        {"[::1]:8080", "[::1]"},
        {"[::FFFF:1.2.3.4]", "[::ffff:1.2.3.4]"},
        {"localhost:", "localhost"},
        {"a_b-c.example", "a_b-c.example"},
        {"", NULL},
        {":80", NULL},
        {"a:80:90", NULL},
        {"a:b", NULL},
        {"a:123456", NULL},
        {"user@host", NULL},
        {"a/b", NULL},
        {"a b", NULL},
        {"a,b", NULL},
        {"[::1", NULL},
        {"[]", NULL},
        {"[::1]x", NULL},
        {"::1", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char host[HTTP_HOST_BYTES] = "";
        const bool is_parsed = http_host_parse(cases[i].value, host);
        cr_assert_eq(is_parsed, cases[i].host != NULL, "%s", cases[i].value);
        if (is_parsed) {
            cr_assert_str_eq(host, cases[i].host);
        }
    }
    char longest[600];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    char host[HTTP_HOST_BYTES];
    cr_assert_not(http_host_parse(longest, host));
    longest[0] = '[';
    cr_assert_not(http_host_parse(longest, host));
}

static bool ends_with_internal(void *context, const char *host)
{
    (*(int *)context)++;
    return strcmp(host, "service.internal") == 0;
}

Test(http_host, allows_listed_hosts_only)
{
    static const char *const names[] = {"Dashboard.Example", "fe80::1", NULL};
    int asked = 0;
    http_server_options options = http_server_options_default();
    options.address = "10.1.2.3";
    options.allowed_hosts = names;
    options.host_check = &ends_with_internal;
    options.host_context = &asked;
    http_host_rules *rules = http_host_rules_create(&options);
    cr_assert_not_null(rules);
    cr_assert(http_host_is_allowed(rules, "localhost"));
    cr_assert(http_host_is_allowed(rules, "127.0.0.1"));
    cr_assert(http_host_is_allowed(rules, "[::1]"));
    cr_assert(http_host_is_allowed(rules, "10.1.2.3"));
    cr_assert(http_host_is_allowed(rules, "dashboard.example"));
    cr_assert(http_host_is_allowed(rules, "[fe80::1]"));
    cr_assert_eq(asked, 0);
    cr_assert(http_host_is_allowed(rules, "service.internal"));
    cr_assert_not(http_host_is_allowed(rules, "evil.example"));
    cr_assert_eq(asked, 2);
    http_host_rules_destroy(rules);
}

Test(http_host, an_asterisk_allows_all)
{
    static const char *const names[] = {"*", NULL};
    http_server_options options = http_server_options_default();
    options.allowed_hosts = names;
    http_host_rules *rules = http_host_rules_create(&options);
    cr_assert(http_host_is_allowed(rules, "anything.example"));
    http_host_rules_destroy(rules);
}

Test(http_host, compares_origins)
{
    cr_assert(http_origin_is_host("http://localhost:8080", "localhost:8080"));
    cr_assert(http_origin_is_host("https://Example", "example"));
    cr_assert_not(http_origin_is_host("http://localhost:8081", "localhost:8080"));
    cr_assert_not(http_origin_is_host("http://evil.example", "localhost"));
    cr_assert_not(http_origin_is_host("null", "null"));
    cr_assert_not(http_origin_is_host("http://", ""));
    cr_assert_not(http_origin_is_host("http://a", NULL));
}
