/*
 * schedule.c: GET /v1/jobs/{id}/schedule: the learning rate of every part of a job, also of the
 * part that is still ahead, by the function that training itself calls. A dry run shows the same of
 * a job that is not there yet.
 */
#include "api/handlers.h"
#include "api/job_view.h"
#include "json/reader.h"

#include <stdlib.h>
#include <string.h>

#define POINTS_DEFAULT 400
#define POINTS_MAXIMUM 10000

/* Updates in one restart and in one epoch, as the trainer resolves them. */
typedef struct lengths {
    int64_t steps, epoch, restarts;
} lengths;

static lengths measure(const jobs_plan *plan)
{
    const gd_training_options *training = &plan->spec->training;
    int64_t examples = plan->examples.count, batch = training->batch_size;
    if (batch < 1 || batch > examples)
        batch = examples > 0 ? examples : 1;
    int64_t epoch = examples / batch + (examples % batch != 0);
    if (epoch < 1)
        epoch = 1;
    int64_t steps = training->steps > 0 ? training->steps : training->epochs * epoch;
    return (lengths){steps, epoch, training->restarts > 1 ? training->restarts : 1};
}

/* Update `index` of `count` that are spread evenly from the first to the last. */
static int64_t step_at(int64_t index, int64_t count, int64_t last)
{
    return count < 2 ? 1 : 1 + (int64_t)((double)(last - 1) * (double)index / (double)(count - 1));
}

void api_write_schedule(json_writer *writer, const jobs_plan *plan, int64_t points)
{
    const spec_job *spec = plan->spec;
    const gd_schedule_options *schedule = &spec->schedule;
    bool automatic = spec->optimizer.learning_rate == GD_AUTOMATIC_NUMBER;
    double rate = automatic ? 1 : spec->optimizer.learning_rate;
    lengths length = measure(plan);
    int64_t last = length.steps * length.restarts, count = points < last ? points : last;
    json_writer_begin_object(writer);
    api_write_text(writer, "type", gd_schedule_descriptor_at(schedule->type)->name);
    json_writer_key(writer, "relative");
    json_writer_boolean(writer, automatic);
    json_writer_key(writer, "series");
    if (gd_schedule_descriptor_at(schedule->type)->has_state) {
        json_writer_null(writer);
        json_writer_end_object(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_key(writer, "step");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < count; i++)
        json_writer_int64(writer, step_at(i, count, last));
    json_writer_end_array(writer);
    json_writer_key(writer, "learning_rate");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < count; i++)
        json_writer_double(writer, gd_schedule_rate(schedule, rate,
                                                    (step_at(i, count, last) - 1) % length.steps,
                                                    length.steps, length.epoch));
    json_writer_end_array(writer);
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

static void respond_schedule(const api_context *context, http_response *response,
                             const store_job *job, int64_t points)
{
    json_faults faults = {0};
    gd_error error = {0};
    jobs_plan *plan = NULL;
    spec_job *spec = NULL;
    cJSON *document = json_parse(job->spec, strlen(job->spec), NULL);
    if (document != NULL)
        spec = spec_read(document, &faults);
    gd_status status = spec == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    if (status == GD_OK)
        status =
            jobs_plan_create(&plan, spec, jobs_service_resources(context->jobs), &faults, &error);
    if (status == GD_OK) {
        json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
        api_write_schedule(writer, plan, points);
        api_respond_tagged_json(response, writer);
    } else if (faults.total > 0) {
        http_respond_problem(response, 409, "data_changed", NULL,
                             "The data of the job is no longer as it was.");
    } else {
        api_respond_status(response, status, &error);
    }
    jobs_plan_destroy(plan);
    spec_destroy(spec);
    json_faults_dispose(&faults);
}

void api_get_schedule(void *context, const http_request *request, http_response *response)
{
    static const char *const known[] = {"points", NULL};
    const api_context *own = context;
    const char *id;
    int64_t points = POINTS_DEFAULT;
    store_job job;
    gd_error error = {0};
    if (!api_check_query(request, response, known) || !api_read_id(request, response, &id) ||
        !api_query_count(request, response, "points", 2, POINTS_MAXIMUM, &points))
        return;
    gd_status status = store_job_get(jobs_service_store(own->jobs), id, true, &job, &error);
    if (status != GD_OK) {
        api_respond_status(response, status, &error);
        return;
    }
    respond_schedule(own, response, &job, points);
    store_job_dispose(&job);
}
