/*
 * histograms.c: GET /v1/jobs/{id}/histograms: how the parameters of each tensor lie before the
 * first step and now. Both are counted over the same bins, so that they can be laid over each
 * other; millions of values become some numbers.
 */
#include "api/handlers.h"
#include "api/reply.h"
#include "jobs/predictor.h"

#include <math.h>
#include <stdlib.h>

#define BINS_DEFAULT 40
#define BINS_MAXIMUM 500

/* Of one tensor at one time; numbers that are not finite are counted apart. */
typedef struct spread {
    int64_t finite, nonfinite;
    double minimum, maximum, mean, deviation;
} spread;

/* Elements of a tensor: gd_real, or the doubles of a formula. */
typedef struct elements {
    const jobs_predictor *of;
    size_t first, count;
} elements;

static double element_at(const elements *values, size_t index)
{
    size_t at = values->first + index;
    return jobs_predictor_is_formula(values->of) ? jobs_predictor_values(values->of)[at]
                                                 : (double)values->of->parameters[at];
}

static spread measure(const elements *values)
{
    size_t count = values->count;
    spread own = {.minimum = INFINITY, .maximum = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double value = element_at(values, i);
        if (!isfinite(value)) {
            own.nonfinite++;
            continue;
        }
        own.finite++;
        own.minimum = value < own.minimum ? value : own.minimum;
        own.maximum = value > own.maximum ? value : own.maximum;
        sum += value;
    }
    own.mean = own.finite > 0 ? sum / (double)own.finite : 0;
    for (size_t i = 0; i < count; i++) {
        double distance = element_at(values, i) - own.mean;
        if (isfinite(distance))
            squares += distance * distance;
    }
    own.deviation = own.finite > 0 ? sqrt(squares / (double)own.finite) : 0;
    return own;
}

static void write_number(json_writer *writer, const char *key, double value)
{
    json_writer_key(writer, key);
    json_writer_double(writer, value);
}

static void write_spread(json_writer *writer, const char *key, const spread *own,
                         const elements *values, double from, double to, int64_t *counts,
                         int64_t bins)
{
    double width = (to - from) / (double)bins;
    for (int64_t i = 0; i < bins; i++)
        counts[i] = 0;
    for (size_t i = 0; i < values->count; i++) {
        double value = element_at(values, i);
        if (!isfinite(value))
            continue;
        double place = width > 0 ? (value - from) / width : 0;
        counts[place < (double)bins ? (int64_t)place : bins - 1]++;
    }
    json_writer_key(writer, key);
    json_writer_begin_object(writer);
    write_number(writer, "minimum", own->minimum); /* null where nothing is finite */
    write_number(writer, "maximum", own->maximum);
    write_number(writer, "mean", own->mean);
    write_number(writer, "deviation", own->deviation);
    json_writer_key(writer, "nonfinite");
    json_writer_int64(writer, own->nonfinite);
    json_writer_key(writer, "counts");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < bins; i++)
        json_writer_int64(writer, counts[i]);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

static void write_tensor(json_writer *writer, const gd_parameter *tensor,
                         const jobs_predictor *first, const jobs_predictor *last, int64_t *counts,
                         int64_t bins)
{
    const elements values[2] = {{first, tensor->offset, tensor->count},
                                {last, tensor->offset, tensor->count}};
    spread own[2] = {measure(&values[0]), measure(&values[1])};
    double from = fmin(own[0].minimum, own[1].minimum), to = fmax(own[0].maximum, own[1].maximum);
    json_writer_begin_object(writer);
    api_write_text(writer, "name", tensor->name);
    json_writer_key(writer, "shape");
    json_writer_int64s(writer, tensor->shape.dimensions, (size_t)tensor->shape.rank);
    json_writer_key(writer, "count");
    json_writer_int64(writer, (int64_t)tensor->count);
    write_number(writer, "from", from);
    write_number(writer, "to", to);
    write_spread(writer, "first", &own[0], &values[0], from, to, counts, bins);
    write_spread(writer, "last", &own[1], &values[1], from, to, counts, bins);
    json_writer_end_object(writer);
}

static void respond_histograms(http_response *response, const char *id, const jobs_predictor *first,
                               const jobs_predictor *last, const char *which, int64_t bins)
{
    int64_t *counts = calloc((size_t)bins, sizeof *counts);
    json_writer *writer = counts != NULL ? json_writer_create(API_REPLY_MAXIMUM) : NULL;
    json_writer_begin_object(writer);
    api_write_text(writer, "job", id);
    api_write_text(writer, "which", which);
    json_writer_key(writer, "step");
    json_writer_int64(writer, last->step);
    json_writer_key(writer, "bins");
    json_writer_int64(writer, bins);
    json_writer_key(writer, "tensors");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_model_tensor_count(last->model); i++)
        write_tensor(writer, gd_model_tensor(last->model, i), first, last, counts, bins);
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    api_respond_tagged_json(response, writer);
    free(counts);
}

void api_get_histograms(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"which", "bins", NULL};
    static const char *const names[] = {"final", "best", NULL};
    const api_context *own = context;
    const char *id;
    size_t which = 0;
    int64_t bins = BINS_DEFAULT;
    jobs_predictor *first = NULL, *last = NULL;
    gd_error error = {0};
    if (!api_check_query(request, response, known) || !api_read_id(request, response, &id) ||
        !api_query_choice(request, response, "which", names, &which) ||
        !api_query_count(request, response, "bins", 2, BINS_MAXIMUM, &bins))
        return;
    gd_status status = jobs_predictor_open(&last, own->jobs, id, names[which], &error);
    if (status == GD_OK)
        status = jobs_predictor_open(&first, own->jobs, id, "initial", &error);
    if (status == GD_OK)
        respond_histograms(response, id, first, last, names[which], bins);
    else
        api_respond_status(response, status, &error);
    jobs_predictor_destroy(first);
    jobs_predictor_destroy(last);
}
