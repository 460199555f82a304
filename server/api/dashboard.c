/*
 * dashboard.c: GET / and GET /assets/…: the dashboard out of the binary. The page is asked for
 * again each time and answered 304; everything else has the version in its path and is kept for
 * good. The policy lets the page load and talk to nothing but this service, and run no text as
 * code.
 */
#include "dashboard/assets.h"

#include "api/handlers.h"
#include "http/media.h"

#include <stdio.h>
#include <string.h>

static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void respond_asset(const http_request *request, http_response *response,
                          const dashboard_asset *asset, const char *caching)
{
    bool gzip = http_coding_is_accepted(http_request_header(request, "Accept-Encoding"), "gzip");
    const dashboard_bytes *form = gzip ? &asset->gzip : &asset->plain;
    http_respond_static(response, 200, asset->content_type, form->bytes, form->length);
    if (gzip)
        http_respond_header(response, "Content-Encoding", "gzip");
    http_respond_header(response, "Vary", "Accept-Encoding");
    http_respond_header(response, "Cache-Control", caching);
    http_respond_header(response, "Content-Security-Policy", POLICY);
    http_respond_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    http_respond_etag(response, form->etag);
}

void api_get_dashboard(void *context, const http_request *request, http_response *response)
{
    (void)context;
    respond_asset(request, response, &dashboard_assets[0], "no-cache");
}

void api_get_asset(void *context, const http_request *request, http_response *response)
{
    (void)context;
    const char *folder = http_request_parameter(request, "folder");
    const char *file = http_request_parameter(request, "file");
    char name[128];
    int length = snprintf(name, sizeof name, "%s%s%s", folder != NULL ? folder : "",
                          folder != NULL ? "/" : "", file);
    bool known = length > 0 && (size_t)length < sizeof name &&
                 strcmp(http_request_parameter(request, "version"), dashboard_version) == 0;
    for (size_t i = 1; known && i < dashboard_asset_count; i++) {
        if (strcmp(dashboard_assets[i].name, name) == 0) {
            respond_asset(request, response, &dashboard_assets[i],
                          "public, max-age=31536000, immutable");
            return;
        }
    }
    http_respond_problem(response, 404, "not_found", NULL,
                         "There is no such file in this version: load the page at / again.");
}
