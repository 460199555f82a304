/*
 * curve_query.h: what a reader of curves may ask for, and the columns that answer it.
 */
#ifndef API_CURVE_QUERY_H
#define API_CURVE_QUERY_H

#include "api/reply.h"
#include "jobs/curve.h"

typedef struct api_curve_query {
    int64_t after;      /* sequence number; only newer points */
    int64_t max_points; /* 0: all */
    int64_t from_step, to_step;
    const char *series; /* comma list, NULL: all */
    bool csv;
} api_curve_query;

/* False: 400 or 406 was answered. */
bool api_curve_query_read(const http_request *request, http_response *response,
                          api_curve_query *query);

typedef struct api_curve_column {
    char name[64];
    int64_t series; /* column of a jobs_curve; -1: the sequence number */
    bool is_value;  /* has one at every point, whatever it is: a formula's parameter */
} api_curve_column;

typedef struct api_curve_columns {
    int64_t count;
    api_curve_column columns[1 + JOBS_SERIES_FIXED + 2 * GD_MODEL_MAXIMUM_LAYERS];
} api_curve_columns;

/*
 * The columns asked for; seq and step always lead. A layer's gradient norm is called
 * "gradient_norm.<layer>", its update ratio "update_ratio.<layer>"; of a formula there are
 * "gradient_norm.<parameter>" and "parameters.<parameter>". GD_INVALID_ARGUMENT for a series
 * the job does not have: 400 was answered.
 */
gd_status api_curve_columns_choose(api_curve_columns *columns, const api_curve_query *query,
                                   const store_job *job, http_response *response);

#endif
