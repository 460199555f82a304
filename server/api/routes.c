/*
 * routes.c: the table of routes.
 */
#include "api/admit.h"
#include "api/handlers.h"
#include "api/reply.h"

#define MIB             ((uint64_t)1 << 20)
#define SPEC_MAXIMUM    (64 * MIB)
#define PATCH_MAXIMUM   (1 * MIB)
#define PREDICT_MAXIMUM (64 * MIB)

static const api_rule open_to_all = {.open = true};
static const api_rule needs_read = {.scope = ACCESS_READ};

static const char *const json_types[] = {"application/json", NULL};
static const char *const patch_types[] = {"application/json", "application/merge-patch+json", NULL};
static const char *const dataset_types[] = {"text/csv", "text/plain", "application/octet-stream",
                                            NULL};

#define GET_ROUTE(pattern, handler)                               \
    {                                                             \
        HTTP_METHOD_GET, pattern, handler, 0, NULL, 0, NULL, NULL \
    }
#define OPEN_ROUTE(pattern, handler)                                      \
    {                                                                     \
        HTTP_METHOD_GET, pattern, handler, 0, NULL, 0, NULL, &open_to_all \
    }
#define DELETE_ROUTE(pattern, handler)                               \
    {                                                                \
        HTTP_METHOD_DELETE, pattern, handler, 0, NULL, 0, NULL, NULL \
    }
/* An action takes no document; an empty one is let pass. */
#define ACTION_ROUTE(pattern, handler)                                                           \
    {                                                                                            \
        HTTP_METHOD_POST, pattern, handler, PATCH_MAXIMUM, json_types, HTTP_ROUTE_BODY_OPTIONAL, \
            NULL, NULL                                                                           \
    }

/* Rows without a rule need a token: with `read` to look, with `submit` to change (admit.h). */
const http_route api_routes[] = {
    {HTTP_METHOD_POST, "/v1/jobs", api_submit_job, SPEC_MAXIMUM, json_types, HTTP_ROUTE_GZIP, NULL,
     NULL},
    GET_ROUTE("/v1/jobs", api_list_jobs),
    GET_ROUTE("/v1/jobs/{id}", api_get_job),
    {HTTP_METHOD_PATCH, "/v1/jobs/{id}", api_patch_job, PATCH_MAXIMUM, patch_types, 0, NULL, NULL},
    DELETE_ROUTE("/v1/jobs/{id}", api_delete_job),
    ACTION_ROUTE("/v1/jobs/{id}/cancel", api_cancel_job),
    ACTION_ROUTE("/v1/jobs/{id}/pause", api_pause_job),
    ACTION_ROUTE("/v1/jobs/{id}/resume", api_resume_job),
    {HTTP_METHOD_POST, "/v1/jobs/{id}/retry", api_retry_job, SPEC_MAXIMUM, patch_types,
     HTTP_ROUTE_BODY_OPTIONAL, NULL, NULL},
    GET_ROUTE("/v1/jobs/{id}/curve", api_get_curve),
    GET_ROUTE("/v1/jobs/{id}/schedule", api_get_schedule),
    GET_ROUTE("/v1/jobs/{id}/events", api_get_events),
    GET_ROUTE("/v1/jobs/{id}/parameters", api_get_parameters),
    GET_ROUTE("/v1/jobs/{id}/histograms", api_get_histograms),
    {HTTP_METHOD_POST, "/v1/jobs/{id}/predict", api_predict, PREDICT_MAXIMUM, json_types,
     HTTP_ROUTE_GZIP, NULL, &needs_read},
    {HTTP_METHOD_POST, "/v1/datasets", api_create_dataset, 0, dataset_types, HTTP_ROUTE_GZIP,
     &api_dataset_stream, NULL},
    GET_ROUTE("/v1/datasets", api_list_datasets),
    GET_ROUTE("/v1/datasets/{id}", api_get_dataset),
    DELETE_ROUTE("/v1/datasets/{id}", api_delete_dataset),
    GET_ROUTE("/v1/datasets/{id}/rows", api_get_rows),
    GET_ROUTE("/v1/catalog", api_get_catalog),
    GET_ROUTE("/v1/openapi.json", api_get_openapi),
    GET_ROUTE("/v1/version", api_get_version),
    GET_ROUTE("/v1/load", api_get_load),
    GET_ROUTE("/v1/access", api_get_access),
    OPEN_ROUTE("/", api_get_dashboard),
    OPEN_ROUTE("/assets/{version}/{file}", api_get_asset),
    OPEN_ROUTE("/assets/{version}/{folder}/{file}", api_get_asset),
    OPEN_ROUTE("/healthz", api_get_health),
    OPEN_ROUTE("/readyz", api_get_readiness),
    GET_ROUTE("/metrics", api_get_metrics),
};

const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];
