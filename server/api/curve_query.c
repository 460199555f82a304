/*
 * curve_query.c: see curve_query.h. The names of the layers' series come from the job's summary.
 */
#include "api/curve_query.h"

#include <stdio.h>
#include <string.h>

#define MAX_POINTS_DEFAULT 1000
#define MAX_POINTS_MAXIMUM 1000000

bool api_curve_query_read(const http_request *request, http_response *response,
                          api_curve_query *query)
{
    static const char *const known[] = {"after",   "max_points", "series", "from_step",
                                        "to_step", "format",     NULL};
    static const char *const formats[] = {"json", "csv", NULL};
    static const char *const types[] = {"application/json", "text/csv", NULL};
    *query = (api_curve_query){.max_points = MAX_POINTS_DEFAULT, .to_step = INT64_MAX};
    size_t format = 0;
    if (!api_check_query(request, response, known) ||
        !api_query_count(request, response, "after", 0, INT64_MAX / 2, &query->after) ||
        !api_query_count(request, response, "max_points", 0, MAX_POINTS_MAXIMUM,
                         &query->max_points) ||
        !api_query_count(request, response, "from_step", 0, INT64_MAX / 2, &query->from_step) ||
        !api_query_count(request, response, "to_step", 0, INT64_MAX / 2, &query->to_step) ||
        !api_query_choice(request, response, "format", formats, &format))
        return false;
    if (http_request_query(request, "format") == NULL) {
        int offer = http_request_negotiate(request, types);
        if (offer < 0) {
            http_respond_problem(response, 406, "not_acceptable", NULL,
                                 "Curves are given as application/json or text/csv.");
            return false;
        }
        format = (size_t)offer;
        http_respond_header(response, "Vary", "Accept");
    }
    query->csv = format == 1;
    query->series = http_request_query(request, "series");
    return true;
}

static void add_column(api_curve_columns *columns, const char *name, int64_t series)
{
    api_curve_column *column = &columns->columns[columns->count++];
    snprintf(column->name, sizeof column->name, "%s", name);
    column->series = series;
    column->is_value = false;
}

/* Columns "<prefix>.<layer>" for the layers of the summary that have parameters, from series
 * `first` on; how many there are. */
static int64_t add_layers(api_curve_columns *columns, const cJSON *summary, const char *prefix,
                          int64_t first)
{
    const cJSON *layer;
    int64_t count = 0;
    cJSON_ArrayForEach(layer, cJSON_GetObjectItemCaseSensitive(summary, "layers"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(layer, "name");
        const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(layer, "parameters");
        if (!cJSON_IsString(name) || !cJSON_IsNumber(parameters) || parameters->valuedouble < 1 ||
            count == GD_MODEL_MAXIMUM_LAYERS)
            continue;
        char series[64];
        snprintf(series, sizeof series, "%s.%.40s", prefix, name->valuestring);
        add_column(columns, series, first + count++);
    }
    return count;
}

/* Of a formula: the gradient's elements, then the values, of every parameter if there are few. */
static void add_parameters(api_curve_columns *columns, const cJSON *names)
{
    int64_t count = cJSON_GetArraySize(names);
    for (int64_t i = 0; count <= GD_FORMULA_SERIES && i < 2 * count; i++) {
        const cJSON *name = cJSON_GetArrayItem(names, (int)(i % count));
        char series[64];
        snprintf(series, sizeof series, "%s.%.40s", i < count ? "gradient_norm" : "parameters",
                 cJSON_IsString(name) ? name->valuestring : "");
        add_column(columns, series, JOBS_SERIES_FIXED + i);
        columns->columns[columns->count - 1].is_value = i >= count;
    }
}

/* seq, the fixed series, then columns for the layers. */
static void add_all(api_curve_columns *columns, const store_job *job)
{
    add_column(columns, "seq", -1);
    for (int64_t i = 0; i < JOBS_SERIES_FIXED; i++)
        add_column(columns, jobs_series_name(i), i);
    cJSON *summary =
        job->summary != NULL ? json_parse(job->summary, strlen(job->summary), NULL) : NULL;
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(summary, "names");
    if (cJSON_IsArray(names)) {
        add_parameters(columns, names);
        cJSON_Delete(summary);
        return;
    }
    int64_t layers = add_layers(columns, summary, "gradient_norm", JOBS_SERIES_FIXED);
    (void)add_layers(columns, summary, "update_ratio", JOBS_SERIES_FIXED + layers);
    cJSON_Delete(summary);
}

static bool is_asked(const char *series, const char *name)
{
    size_t length = strlen(name);
    while (series != NULL && *series != '\0') {
        size_t span = strcspn(series, ",");
        if (span == length && strncmp(series, name, length) == 0)
            return true;
        series += span + (series[span] == ',');
    }
    return false;
}

/* The first name of the list that is no column; false where all are. */
static bool find_unknown(const api_curve_columns *columns, const char *series, char name[64])
{
    while (series != NULL && *series != '\0') {
        size_t span = strcspn(series, ",");
        bool found = false;
        for (int64_t i = 0; i < columns->count && !found; i++)
            found = strlen(columns->columns[i].name) == span &&
                    strncmp(columns->columns[i].name, series, span) == 0;
        if (!found) {
            snprintf(name, 64, "%.*s", (int)(span < 63 ? span : 63), series);
            return true;
        }
        series += span + (series[span] == ',');
    }
    return false;
}

gd_status api_curve_columns_choose(api_curve_columns *columns, const api_curve_query *query,
                                   const store_job *job, http_response *response)
{
    char unknown[64], detail[400];
    columns->count = 0;
    add_all(columns, job);
    if (query->series == NULL)
        return GD_OK;
    if (find_unknown(columns, query->series, unknown)) {
        snprintf(
            detail, sizeof detail,
            "the job has no series \"%s\"; it has loss, validation_loss, learning_rate, "
            "gradient_norm, update_ratio, epoch, seconds, gradient_norm.layers.<n> and "
            "update_ratio.layers.<n>; of a formula gradient_norm.<name> and parameters.<name>.",
            unknown);
        api_refuse_query(response, "series", detail);
        return GD_INVALID_ARGUMENT;
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < columns->count; i++)
        if (i < 2 || is_asked(query->series, columns->columns[i].name))
            columns->columns[kept++] = columns->columns[i];
    columns->count = kept;
    return GD_OK;
}
