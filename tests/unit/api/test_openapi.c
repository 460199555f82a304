/*
 * The published interface against the table of routes: neither has what the other has not, and every
 * schema that is referred to is there.
 */
#include "api/api.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "http/request_state.h"
#include "http/response_state.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <descent/version.h>
#include <stdio.h>
#include <string.h>

static const struct {
    http_method method;
    const char *word;
} methods[] = {{HTTP_METHOD_GET, "get"},
               {HTTP_METHOD_POST, "post"},
               {HTTP_METHOD_PATCH, "patch"},
               {HTTP_METHOD_DELETE, "delete"}};

#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static const char *word_of(http_method method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i].method == method)
            return methods[i].word;
    return "?";
}

/* The dashboard is for people; its parts are no interface. */
static bool is_published(const http_route *route)
{
    return strcmp(route->pattern, "/") != 0 && strncmp(route->pattern, "/assets/", 8) != 0;
}

static const http_route *route_of(const char *pattern, const char *word)
{
    for (size_t i = 0; i < api_route_count; i++)
        if (strcmp(api_routes[i].pattern, pattern) == 0 &&
            strcmp(word_of(api_routes[i].method), word) == 0)
            return &api_routes[i];
    return NULL;
}

Test(api_openapi, each_route_has_its_operation)
{
    cJSON *document = cJSON_Parse(api_openapi_text);
    const cJSON *paths = cJSON_GetObjectItemCaseSensitive(document, "paths");
    cr_assert(cJSON_IsObject(paths));
    for (size_t i = 0; i < api_route_count; i++) {
        const http_route *route = &api_routes[i];
        const cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, route->pattern);
        const cJSON *operation = cJSON_GetObjectItemCaseSensitive(path, word_of(route->method));
        if (is_published(route))
            cr_expect_not_null(operation, "%s %s", word_of(route->method), route->pattern);
    }
    cJSON_Delete(document);
}

static void expect_body_types(const http_route *route, const cJSON *operation)
{
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(operation, "requestBody");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(body, "content"), *type;
    cJSON_ArrayForEach(type, content)
    {
        bool taken = false;
        for (size_t i = 0; route->content_types != NULL && route->content_types[i] != NULL; i++)
            taken = taken || strcmp(route->content_types[i], type->string) == 0;
        cr_expect(taken, "%s takes no %s", route->pattern, type->string);
    }
}

Test(api_openapi, each_operation_has_its_route_and_a_name_of_its_own)
{
    cJSON *document = cJSON_Parse(api_openapi_text), *names = cJSON_CreateObject();
    const cJSON *path;
    cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(document, "paths"))
    {
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            const cJSON *operation = cJSON_GetObjectItemCaseSensitive(path, methods[i].word);
            if (operation == NULL)
                continue;
            const http_route *route = route_of(path->string, methods[i].word);
            cr_assert_not_null(route, "%s %s", methods[i].word, path->string);
            expect_body_types(route, operation);
            const cJSON *name = cJSON_GetObjectItemCaseSensitive(operation, "operationId");
            cr_assert(cJSON_IsString(name), "%s", path->string);
            cr_expect(!cJSON_HasObjectItem(names, name->valuestring), "%s", name->valuestring);
            cJSON_AddTrueToObject(names, name->valuestring);
        }
    }
    cJSON_Delete(names);
    cJSON_Delete(document);
}

static const cJSON *resolve(const cJSON *document, const char *reference)
{
    const cJSON *at = document;
    cr_assert(strncmp(reference, "#/", 2) == 0, "%s", reference);
    char path[256];
    cr_assert_lt(strlen(reference), sizeof path);
    snprintf(path, sizeof path, "%s", reference + 2);
    char *rest = path, *part;
    while ((part = strsep(&rest, "/")) != NULL)
        at = cJSON_GetObjectItemCaseSensitive(at, part);
    return at;
}

static int expect_references(const cJSON *document, const cJSON *value)
{
    int count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (item->string != NULL && strcmp(item->string, "$ref") == 0) {
            cr_expect_not_null(resolve(document, item->valuestring), "%s", item->valuestring);
            count++;
        }
        count += expect_references(document, item);
    }
    return count;
}

Test(api_openapi, what_is_served_is_complete)
{
    http_request request;
    http_response response;
    memset(&request, 0, sizeof request);
    cr_assert_eq(http_target_parse(&request.target, "/v1/openapi.json", 8192).status, 0);
    http_response_begin(&response, "an-id");
    api_get_openapi(NULL, &request, &response);
    cr_assert_eq(response.status, 200);
    cJSON *document = cJSON_ParseWithLength((const char *)response.bytes, response.length);
    cr_assert_not_null(document);
    cr_expect_gt(expect_references(document, document), 100);
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(document, "info");
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "version")),
                     GD_VERSION);
    cJSON_Delete(document);
    http_target_release(&request.target);
    http_response_release(&response);
}
