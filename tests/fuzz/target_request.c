/*
 * target_request.c: any bytes as a whole request to the routes: "METHOD target", header lines, an empty
 * line, the body. {dataset}, {ended} and {waiting} stand for the ids that the service of service.h has.
 * Host and length are added where the input has none.
 *
 * Whatever it says, it is answered, and not by 500; a reply in JSON is JSON, and no header holds a
 * control character. What would change the store is not asked: of writes that are not a dry run, all
 * but the handler runs, and an upload is abandoned.
 */
#include "fuzz/service.h"

#include "http/admission.h"
#include "http/body.h"
#include "http/reply.h"
#include "http/text.h"
#include "json/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request taken apart; the texts lie in `head`. */
typedef struct input {
    char *head, *method, *target;
    char *body;
    size_t body_length;
    http_header_lines lines;
    char length_text[32];
} input;

/* A copy with ids in place of their names, and a NUL behind it (free). */
static char *fill_names(const fuzz_service *service, const uint8_t *bytes, size_t length,
                        size_t *filled)
{
    const struct {
        const char *name, *id;
    } names[] = {{"{dataset}", service->dataset},
                 {"{ended}", service->ended},
                 {"{waiting}", service->waiting}};
    char *text = NULL;
    FILE *out = open_memstream(&text, filled);
    FUZZ_REQUIRE(out != NULL);
    for (size_t i = 0; i < length;) {
        size_t taken = 1;
        for (size_t j = 0; j < sizeof names / sizeof names[0] && taken == 1; j++) {
            size_t span = strlen(names[j].name);
            if (span <= length - i && memcmp(bytes + i, names[j].name, span) == 0) {
                fputs(names[j].id, out);
                taken = span;
            }
        }
        if (taken == 1)
            putc(bytes[i], out);
        i += taken;
    }
    FUZZ_REQUIRE(fclose(out) == 0);
    return text;
}

static void add_line(http_header_lines *lines, const char *name, const char *value)
{
    http_header_lines_add(lines, (http_header_line){name, strlen(name), value, strlen(value)});
}

/* True where the line is one the request's framing or addressing depends on. */
static bool is_given(const http_header_lines *lines, const char *name)
{
    size_t position = 0;
    return http_header_lines_next(lines, name, &position) != NULL;
}

static void take_apart(input *request, const fuzz_service *service, const uint8_t *bytes,
                       size_t length)
{
    const uint8_t *blank = memmem(bytes, length, "\n\n", 2);
    size_t head_length = blank != NULL ? (size_t)(blank - bytes) : length;
    size_t body_start = blank != NULL ? head_length + 2 : length, filled = 0;
    request->head = fill_names(service, bytes, head_length, &filled);
    request->body =
        fill_names(service, bytes + body_start, length - body_start, &request->body_length);
    char *rest = request->head, *line = strsep(&rest, "\n");
    request->method = strsep(&line, " ");
    request->target = line != NULL ? line : request->method + strlen(request->method);
    while ((line = strsep(&rest, "\n")) != NULL) {
        const char *name = strsep(&line, ":");
        add_line(&request->lines, name,
                 line != NULL ? line + strspn(line, " ") : name + strlen(name));
    }
    if (!is_given(&request->lines, "Host"))
        add_line(&request->lines, "Host", "localhost");
    if (request->body_length > 0 && !is_given(&request->lines, "Content-Length") &&
        !is_given(&request->lines, "Transfer-Encoding")) {
        (void)snprintf(request->length_text, sizeof request->length_text, "%zu",
                       request->body_length);
        add_line(&request->lines, "Content-Length", request->length_text);
    }
}

/* True where the handler leaves everything as it is. */
static bool may_run(const http_request *request)
{
    const http_route *route = request->match.route;
    const char *dry_run = http_request_query(request, "dry_run");
    return route->method == HTTP_METHOD_GET || strstr(route->pattern, "/predict") != NULL ||
           (strcmp(route->pattern, "/v1/jobs") == 0 && dry_run != NULL &&
            strcmp(dry_run, "true") == 0);
}

/* The body in two pieces, then the handler. */
static void run(const fuzz_service *service, const input *from, http_request *request,
                bool is_compressed, http_response *response)
{
    http_body body;
    void *context = http_router_context(service->router);
    size_t half = from->body_length / 2;
    bool taken =
        http_body_begin(&body, request->match.route, is_compressed, context, request, response);
    request->body_state = body.state;
    for (size_t i = 0; taken && i < 2; i++) {
        size_t length = i == 0 ? half : from->body_length - half;
        taken = length == 0 || http_body_take(&body, from->body + i * half, length, response);
        request->body_bytes = body.decoded;
    }
    if (taken && body.stream == NULL && http_body_finish(&body, response)) {
        request->body = body.gathered;
        request->body_length = body.length;
        if (may_run(request))
            request->match.route->handler(context, request, response);
        else
            http_respond_empty(response, 204);
    } else if (taken && http_response_status(response) == 0) {
        http_respond_empty(response, 204);
    }
    http_body_release(&body);
}

static void expect_answer(const http_response *response)
{
    const char *type = http_response_get(response, "Content-Type");
    FUZZ_REQUIRE(response->status >= 200 && response->status < 500);
    for (size_t i = 0; i < response->header_count; i++)
        FUZZ_REQUIRE(
            http_text_is_printable(response->headers[i].value, strlen(response->headers[i].value)));
    if (type == NULL || strstr(type, "json") == NULL || response->status == 206 ||
        response->status == 304 || response->body == HTTP_RESPONSE_FILE)
        return;
    cJSON *document = json_parse(response->bytes, (size_t)response->length, NULL);
    FUZZ_REQUIRE(document != NULL);
    cJSON_Delete(document);
}

void fuzz_request(const uint8_t *bytes, size_t length)
{
    const fuzz_service *service = fuzz_service_get();
    input *from = calloc(1, sizeof *from);
    http_request *request = calloc(1, sizeof *request);
    http_response *response = calloc(1, sizeof *response);
    http_framing framing = {.has_body = false};
    bool is_compressed = false;
    FUZZ_REQUIRE(from != NULL && request != NULL && response != NULL);
    take_apart(from, service, bytes, length);
    request->method = http_method_from_name(from->method);
    http_refusal refusal =
        http_target_parse(&request->target, from->target, service->options.maximum_uri_bytes);
    http_response_begin(response, request->id);
    const http_admission_input admission = {.options = &service->options,
                                            .router = service->router,
                                            .hosts = service->hosts,
                                            .lines = &from->lines,
                                            .version = "HTTP/1.1",
                                            .target_refusal = refusal,
                                            .descriptor = -1};
    if (http_admit(&admission, request, &framing, &is_compressed, response) == HTTP_ADMISSION_RUN)
        run(service, from, request, is_compressed, response);
    /* 501 and 505 are the guard's own words for what it does not know. */
    if (http_response_status(response) != 501 && http_response_status(response) != 505) {
        http_reply_settle(request, response);
        expect_answer(response);
    }
    http_response_release(response);
    http_headers_release(&request->headers);
    http_target_release(&request->target);
    free(from->head);
    free(from->body);
    free(response);
    free(request);
    free(from);
}
