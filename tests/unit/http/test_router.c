/*
 * The route table: what fits, what wins, what is refused at start.
 */
#include "http/router.h"

#include <criterion/criterion.h>
#include <string.h>

static void answer(void *context, const http_request *request, http_response *response)
{
    (void)context;
    (void)request;
    http_respond_empty(response, 204);
}

static const http_route ROUTES[] = {
    {.method = HTTP_METHOD_GET, .pattern = "/", .handler = answer},
    {.method = HTTP_METHOD_GET, .pattern = "/v1/things", .handler = answer},
    {.method = HTTP_METHOD_POST, .pattern = "/v1/things", .handler = answer},
    {.method = HTTP_METHOD_GET, .pattern = "/v1/things/{id}", .handler = answer},
    {.method = HTTP_METHOD_DELETE, .pattern = "/v1/things/{id}", .handler = answer},
    {.method = HTTP_METHOD_GET, .pattern = "/v1/things/latest", .handler = answer},
    {.method = HTTP_METHOD_GET, .pattern = "/v1/things/{id}/parts/{part}", .handler = answer},
};
enum {
    ROUTE_COUNT = sizeof(ROUTES) / sizeof(ROUTES[0])
};

static http_router *create(const http_route *routes, size_t count, char *message)
{
    const http_router_options options = {.routes = routes, .route_count = count};
    return http_router_create(&options, message, 160);
}

static http_match find(const char *const *segments, size_t count, http_method method)
{
    char message[160] = "";
    http_router *router = create(ROUTES, ROUTE_COUNT, message);
    cr_assert_not_null(router, "%s", message);
    http_match match = http_router_find(router, method, segments, count);
    /* The match points into the router: keep only whether there was one, and which line. */
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (match.route != NULL && match.route->method == ROUTES[i].method &&
            match.route->pattern == ROUTES[i].pattern) {
            match.route = &ROUTES[i];
        }
    }
    http_router_destroy(router);
    return match;
}

Test(http_router, matches_literals_and_parameters)
{
    cr_assert_eq(find(NULL, 0, HTTP_METHOD_GET).route, &ROUTES[0]);
    const char *list[] = {"v1", "things"};
    cr_assert_eq(find(list, 2, HTTP_METHOD_GET).route, &ROUTES[1]);
    cr_assert_eq(find(list, 2, HTTP_METHOD_POST).route, &ROUTES[2]);
    const char *part[] = {"v1", "things", "7", "parts", "a b"};
    const http_match match = find(part, 5, HTTP_METHOD_GET);
    cr_assert_eq(match.route, &ROUTES[6]);
    cr_assert_eq(match.parameter_count, 2);
    cr_assert_eq(match.parameter_segments[0], 2);
    cr_assert_eq(match.parameter_segments[1], 4);
}

Test(http_router, a_literal_wins_over_a_parameter)
{
    const char *latest[] = {"v1", "things", "latest"};
    cr_assert_eq(find(latest, 3, HTTP_METHOD_GET).route, &ROUTES[5]);
    const http_match match = find(latest, 3, HTTP_METHOD_DELETE);
    cr_assert_null(match.route);
    char allow[96];
    http_allow_text(match.allowed, allow, sizeof(allow));
    cr_assert_str_eq(allow, "GET, HEAD, OPTIONS");
}

Test(http_router, a_parameter_is_not_empty)
{
    const char *empty[] = {"v1", "things", ""};
    cr_assert_eq(find(empty, 3, HTTP_METHOD_GET).allowed, 0);
}

Test(http_router, unknown_paths_allow_nothing)
{
    const char *unknown[] = {"v1", "other"};
    cr_assert_eq(find(unknown, 2, HTTP_METHOD_GET).allowed, 0);
    const char *longer[] = {"v1", "things", "7", "parts"};
    cr_assert_eq(find(longer, 4, HTTP_METHOD_GET).allowed, 0);
    const char *prefix[] = {"v1", "thing"};
    cr_assert_eq(find(prefix, 2, HTTP_METHOD_GET).allowed, 0);
}

Test(http_router, head_is_served_by_get_and_other_methods_are_listed)
{
    const char *list[] = {"v1", "things"};
    cr_assert_eq(find(list, 2, HTTP_METHOD_HEAD).route, &ROUTES[1]);
    const http_match match = find(list, 2, HTTP_METHOD_PUT);
    cr_assert_null(match.route);
    char allow[96];
    http_allow_text(match.allowed, allow, sizeof(allow));
    cr_assert_str_eq(allow, "GET, HEAD, POST, OPTIONS");
    cr_assert_null(find(list, 2, HTTP_METHOD_OTHER).route);
}

Test(http_router, allow_text_is_cut_at_the_buffer)
{
    char allow[6];
    http_allow_text(1u << HTTP_METHOD_GET | 1u << HTTP_METHOD_POST, allow, sizeof(allow));
    cr_assert_eq(strlen(allow), 5);
}

Test(http_router, finds_parameters_by_name)
{
    cr_assert_eq(http_route_parameter_index(&ROUTES[6], "id"), 0);
    cr_assert_eq(http_route_parameter_index(&ROUTES[6], "part"), 1);
    cr_assert_eq(http_route_parameter_index(&ROUTES[6], "par"), -1);
    cr_assert_eq(http_route_parameter_index(&ROUTES[6], "things"), -1);
}

Test(http_router, refuses_tables_that_make_no_sense)
{
    static const http_body_stream INCOMPLETE = {NULL, NULL, NULL};
    const http_route bad[] = {
        {.method = HTTP_METHOD_GET, .pattern = "v1", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1/", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1//a", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1/{id", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1/{}", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/{a}/{b}/{c}/{d}/{e}", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/1/2/3/4/5/6/7/8/9", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = NULL, .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1", .handler = NULL},
        {.method = HTTP_METHOD_HEAD, .pattern = "/v1", .handler = answer},
        {.method = HTTP_METHOD_OTHER, .pattern = "/v1", .handler = answer},
        {.method = HTTP_METHOD_POST, .pattern = "/v1", .handler = answer, .stream = &INCOMPLETE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char message[160] = "";
        cr_assert_null(create(&bad[i], 1, message), "line %zu", i);
        cr_assert_not_null(strstr(message, "route 0"), "%s", message);
    }
    const http_route twice[] = {
        {.method = HTTP_METHOD_GET, .pattern = "/v1/{id}", .handler = answer},
        {.method = HTTP_METHOD_GET, .pattern = "/v1/{name}", .handler = answer},
    };
    char message[160] = "";
    cr_assert_null(create(twice, 2, message));
    cr_assert_not_null(strstr(message, "twice"));
}

Test(http_router, method_names_are_case_sensitive)
{
    cr_assert_eq(http_method_from_name("PATCH"), HTTP_METHOD_PATCH);
    cr_assert_eq(http_method_from_name("patch"), HTTP_METHOD_OTHER);
    cr_assert_eq(http_method_from_name("OTHER"), HTTP_METHOD_OTHER);
    cr_assert_str_eq(http_method_name(HTTP_METHOD_DELETE), "DELETE");
}
