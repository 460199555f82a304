/*
 * The checks of admission.h, one function each, in their order.
 */
#include "http/admission.h"

#include "http/media.h"
#include "http/text.h"

#include <stdio.h>
#include <string.h>

static void refuse(http_response *response, http_refusal refusal)
{
    http_respond_problem(response, refusal.status, refusal.code, NULL, refusal.detail);
}

static bool host_is_served(const http_admission_input *input, const char *authority)
{
    char host[HTTP_HOST_BYTES];
    return http_host_parse(authority, host) &&
           (http_host_is_allowed(input->hosts, host) ||
            http_host_is_local_address(input->descriptor, host));
}

static bool check_host(const http_admission_input *input, const http_request *request,
                       http_response *response)
{
    const char *host = http_request_header(request, "Host");
    const char *authority = request->target.authority;
    if ((host == NULL || host_is_served(input, host)) &&
        (authority == NULL || host_is_served(input, authority))) {
        return true;
    }
    http_respond_problem(response, 400, "host_not_allowed", NULL,
                         "This host name is not served here.");
    return false;
}

/* What a page that is let in may send (Fetch standard, section 3.2). It sends its token itself: no
   credentials of the browser's are ever asked for. */
static void answer_preflight(const http_request *request, const char *allow,
                             http_response *response)
{
    if (request->cors_origin == NULL ||
        http_request_header(request, "Access-Control-Request-Method") == NULL) {
        return;
    }
    (void)http_respond_header(response, "Access-Control-Allow-Methods", allow);
    (void)http_respond_header(response, "Access-Control-Allow-Headers",
                              "Accept, Authorization, Content-Encoding, Content-Type, "
                              "Idempotency-Key, If-Match, If-None-Match, If-Range, Range, "
                              "X-Request-Id");
    (void)http_respond_header(response, "Access-Control-Max-Age", "600");
}

static bool check_route(const http_admission_input *input, http_request *request,
                        http_response *response)
{
    char allow[96];
    const http_target *target = &request->target;
    if (target->asterisk) {
        if (request->method == HTTP_METHOD_OPTIONS) {
            http_respond_empty(response, 204);
        } else {
            http_respond_problem(response, 400, "bad_target", NULL, "Only OPTIONS takes *.");
        }
        return false;
    }
    request->match =
        http_router_find(input->router, request->method, target->segments, target->segment_count);
    if (request->match.route != NULL) {
        return true;
    }
    if (request->match.allowed == 0) {
        http_respond_problem(response, 404, "not_found", NULL, "There is nothing at this path.");
        return false;
    }
    http_allow_text(request->match.allowed, allow, sizeof(allow));
    if (request->method == HTTP_METHOD_OPTIONS) {
        http_respond_empty(response, 204);
        answer_preflight(request, allow, response);
    } else {
        char detail[128];
        snprintf(detail, sizeof(detail), "This path takes %s.", allow);
        http_respond_problem(response, 405, "method_not_allowed", NULL, detail);
    }
    (void)http_respond_header(response, "Allow", allow);
    return false;
}

/* A page of another origin may not write, with or without a body. */
static bool check_origin(const http_admission_input *input, const http_request *request,
                         http_response *response)
{
    if (!input->options->check_origin || request->cors_origin != NULL ||
        request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD) {
        return true;
    }
    const char *origin = http_request_header(request, "Origin");
    const char *site = http_request_header(request, "Sec-Fetch-Site");
    if ((origin == NULL || http_origin_is_host(origin, http_request_header(request, "Host"))) &&
        (site == NULL || !http_text_equal(site, "cross-site"))) {
        return true;
    }
    http_respond_problem(response, 403, "origin_not_allowed", NULL,
                         "Pages of another origin may not change anything here.");
    return false;
}

static bool check_filter(const http_admission_input *input, http_request *request,
                         http_response *response)
{
    http_filter *before = http_router_before(input->router);
    return before == NULL || before(http_router_context(input->router), request, response);
}

static bool check_length(const http_request *request, const http_framing *framing,
                         http_response *response)
{
    const uint64_t maximum = request->match.route->maximum_body;
    if (framing->content_length <= maximum && (!framing->is_chunked || maximum > 0)) {
        return true;
    }
    http_body_refuse_length(response, maximum);
    return false;
}

static bool check_coding(const http_request *request, const http_framing *framing,
                         bool *is_compressed, http_response *response)
{
    const char *coding = http_request_header(request, "Content-Encoding");
    *is_compressed = false;
    if (!framing->has_body || coding == NULL || http_text_equal(coding, "identity")) {
        return true;
    }
    const bool takes_gzip = (request->match.route->flags & HTTP_ROUTE_GZIP) != 0;
    if (takes_gzip && (http_text_equal(coding, "gzip") || http_text_equal(coding, "x-gzip"))) {
        *is_compressed = true;
        return true;
    }
    http_respond_problem(response, 415, "unsupported_content_coding", NULL,
                         takes_gzip ? "The only Content-Encoding taken here is gzip."
                                    : "No Content-Encoding is taken here.");
    (void)http_respond_header(response, "Accept-Encoding", takes_gzip ? "gzip" : "identity");
    return false;
}

static bool check_type(const http_request *request, const http_framing *framing,
                       http_response *response)
{
    const http_route *route = request->match.route;
    const char *type = http_request_header(request, "Content-Type");
    if (route->content_types == NULL) {
        return true;
    }
    const bool is_optional = (route->flags & HTTP_ROUTE_BODY_OPTIONAL) != 0;
    if (type == NULL && is_optional && !framing->has_body) {
        return true;
    }
    char detail[256] = "The Content-Type has to be one of:";
    size_t used = strlen(detail);
    for (size_t i = 0; route->content_types[i] != NULL; i++) {
        if (http_media_is(type, route->content_types[i])) {
            return true;
        }
        const size_t room = used < sizeof(detail) ? sizeof(detail) - used : 0;
        const int written = snprintf(room > 0 ? detail + used : NULL, room, "%s %s",
                                     i == 0 ? "" : ",", route->content_types[i]);
        used += written > 0 ? (size_t)written : 0;
    }
    http_respond_problem(response, 415, "unsupported_media_type", NULL, detail);
    return false;
}

http_admission http_admit(const http_admission_input *input, http_request *request,
                          http_framing *framing, bool *is_compressed, http_response *response)
{
    http_refusal refusal = http_guard_check(input->lines, input->version,
                                            input->options->maximum_header_bytes, framing);
    if (!http_headers_build(&request->headers, input->lines) && refusal.status == 0) {
        refusal = (http_refusal){503, "out_of_memory", NULL};
    }
    http_request_choose_id(request, http_request_header(request, "X-Request-Id"));
    if (refusal.status == 0) {
        refusal = input->target_refusal;
    }
    if (refusal.status != 0) {
        refuse(response, refusal);
        return HTTP_ADMISSION_BROKEN;
    }
    if (!check_host(input, request, response)) {
        return HTTP_ADMISSION_BROKEN;
    }
    request->varies_by_origin = http_cors_is_on(input->hosts);
    request->cors_origin = http_cors_origin(input->hosts, http_request_header(request, "Origin"));
    const bool may_run =
        check_route(input, request, response) && check_origin(input, request, response) &&
        check_filter(input, request, response) && check_length(request, framing, response) &&
        check_coding(request, framing, is_compressed, response) &&
        check_type(request, framing, response);
    return may_run ? HTTP_ADMISSION_RUN : HTTP_ADMISSION_ANSWERED;
}
