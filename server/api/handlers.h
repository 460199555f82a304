/*
 * handlers.h: the handlers that the table of routes names; `context` is an api_context.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "http/router.h"

/* Jobs. */
http_handler api_submit_job, api_retry_job; /* jobs_submit.c */
http_handler api_list_jobs;                 /* jobs_list.c */
http_handler api_get_job, api_patch_job, api_delete_job, api_cancel_job, api_pause_job,
    api_resume_job;              /* jobs_item.c */
http_handler api_get_curve;      /* curve.c */
http_handler api_get_schedule;   /* schedule.c */
http_handler api_get_events;     /* events.c */
http_handler api_get_parameters; /* parameters.c */
http_handler api_get_histograms; /* histograms.c */
http_handler api_predict;        /* predict.c */

/* Datasets. */
http_handler api_create_dataset; /* upload.c */
extern const http_body_stream api_dataset_stream;
http_handler api_list_datasets, api_get_dataset, api_get_rows, api_delete_dataset; /* datasets.c */

/* The service itself (about.c, openapi.c, metrics.c, admit.c). */
http_handler api_get_access;
http_handler api_get_catalog, api_get_openapi, api_get_version, api_get_load, api_get_health,
    api_get_readiness, api_get_metrics;

/* The dashboard (dashboard.c). */
http_handler api_get_dashboard, api_get_asset;

#endif
