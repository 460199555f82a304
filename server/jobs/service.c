/*
 * service.c: start, recovery, drain, and the actions on jobs. What one job does is run.c's; what may
 * become of it is state.c's.
 */
#include "jobs/service.h"

#include "jobs/checkpoint.h"
#include "jobs/digest.h"
#include "jobs/identity.h"
#include "jobs/ingest.h"
#include "jobs/retention.h"
#include "jobs/warm_start.h"
#include "jobs/workers.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_ATTEMPTS   3 /* crashes of the process without progress of the job */
#define SPEC_TEXT_MAXIMUM  ((size_t)256 << 20)
#define SMALL_TEXT_MAXIMUM ((size_t)1 << 20)

struct jobs_service {
    jobs_service_options options;
    jobs_runner runner;
    jobs_workers *workers;
    char boot[STORE_ID_SIZE];
    char *environment;
    int64_t started_at;
    int64_t recovered;         /* jobs, at the start */
    jobs_retention *retention; /* NULL: nothing expires */
};

jobs_service_options jobs_service_options_default(void)
{
    return (jobs_service_options){
        .workers = 2, .memory_limit = (int64_t)4 << 30, .maximum_queued = 100000};
}

store *jobs_service_store(const jobs_service *service)
{
    return service->options.store;
}

jobs_live *jobs_service_live(const jobs_service *service)
{
    return service->runner.live;
}

const jobs_resources *jobs_service_resources(const jobs_service *service)
{
    return &service->runner.resources;
}

int64_t jobs_service_workers(const jobs_service *service)
{
    return service->options.workers;
}

int64_t jobs_service_started_at(const jobs_service *service)
{
    return service->started_at;
}

int64_t jobs_service_recovered(const jobs_service *service)
{
    return service->recovered;
}

const char *jobs_service_environment(const jobs_service *service)
{
    return service->environment;
}

/* The processor's name as the system tells it, "unknown" where it does not. */
static void read_processor_name(char *name, size_t size)
{
    char line[256];
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            snprintf(name, size, "%s", value + 2);
            name[strcspn(name, "\n")] = '\0';
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

static char *describe_environment(void)
{
    char processor[200];
    read_processor_name(processor, sizeof processor);
    json_writer *writer = json_writer_create(SMALL_TEXT_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "version");
    json_writer_string(writer, GD_VERSION);
    json_writer_key(writer, "cpu");
    json_writer_string(writer, processor);
    json_writer_key(writer, "kernels");
    json_writer_string(writer, gd_kernels_name());
    json_writer_end_object(writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

static gd_status recover(jobs_service *service, gd_error *error)
{
    int64_t requeued, failed, removed, missing;
    gd_status status = store_recover(service->options.store, service->boot, jobs_now(),
                                     MAXIMUM_ATTEMPTS, &requeued, &failed, error);
    if (status != GD_OK)
        return status;
    service->recovered = requeued;
    if (requeued + failed > 0)
        jobs_logf(&service->runner, JOBS_LOG_WARNING, NULL,
                  "recovered after an unclean stop: %lld jobs queued again, %lld failed for good",
                  (long long)requeued, (long long)failed);
    status = jobs_sweep_files(service->options.data_directory, service->options.store, &removed,
                              &missing, error);
    if (status == GD_OK && removed > 0)
        jobs_logf(&service->runner, JOBS_LOG_INFO, NULL, "removed %lld stray files",
                  (long long)removed);
    if (status == GD_OK && missing > 0)
        jobs_logf(&service->runner, JOBS_LOG_WARNING, NULL,
                  "%lld files that the database names are not there", (long long)missing);
    return status == GD_OK ? store_sweep(service->options.store, jobs_now(), error) : status;
}

static void tell_retention(void *context, int64_t jobs, int64_t datasets, gd_status status,
                           const gd_error *error)
{
    const jobs_service *service = context;
    if (jobs + datasets > 0)
        jobs_logf(&service->runner, JOBS_LOG_INFO, NULL,
                  "deleted what was kept long enough: %lld jobs, %lld datasets", (long long)jobs,
                  (long long)datasets);
    if (status != GD_OK)
        jobs_logf(&service->runner, JOBS_LOG_WARNING, NULL, "deleting old jobs and datasets: %s",
                  error->message);
}

static gd_status start_retention(jobs_service *service, gd_error *error)
{
    const jobs_service_options *options = &service->options;
    jobs_retention_options retained = {
        .store = options->store,
        .data_directory = options->data_directory,
        .jobs_milliseconds = options->retain_jobs,
        .datasets_milliseconds = options->retain_datasets,
        .log = tell_retention,
        .log_context = service,
    };
    gd_status status;
    service->retention = jobs_retention_start(&retained, &status);
    return status == GD_OK ? GD_OK : gd_fail(error, status, "", "no thread to delete old jobs");
}

static gd_status start(jobs_service *service, gd_error *error)
{
    service->runner.live = jobs_live_create();
    service->environment = describe_environment();
    if (service->runner.live == NULL || service->environment == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to start the workers");
    if (!jobs_new_id(service->boot))
        return gd_fail(error, GD_UNAVAILABLE, "", "the system gives no random bytes");
    gd_status status = recover(service, error);
    if (status == GD_OK)
        status = jobs_workers_start(&service->workers, &service->runner, service->boot,
                                    service->options.workers, error);
    if (status == GD_OK)
        status = start_retention(service, error);
    return status;
}

gd_status jobs_service_create(jobs_service **service, const jobs_service_options *options,
                              gd_error *error)
{
    jobs_service *made = calloc(1, sizeof *made);
    if (made == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to start the workers");
    made->options = *options;
    made->started_at = jobs_now();
    made->runner = (jobs_runner){
        .resources = {options->store, options->data_directory, options->memory_limit, NULL, NULL},
        .log = options->log,
        .log_context = options->log_context,
    };
    gd_status status = start(made, error);
    if (status != GD_OK) {
        jobs_service_destroy(made);
        return status;
    }
    *service = made;
    return GD_OK;
}

bool jobs_service_drain(jobs_service *service, double seconds)
{
    jobs_retention_stop(service->retention);
    service->retention = NULL;
    bool stopped = jobs_workers_stop(service->workers, seconds);
    if (stopped)
        service->workers = NULL;
    return stopped;
}

void jobs_service_destroy(jobs_service *service)
{
    if (service == NULL)
        return;
    jobs_live_destroy(service->runner.live);
    free(service->environment);
    free(service);
}

static char *write_spec(const spec_job *spec)
{
    json_writer *writer = json_writer_create(SPEC_TEXT_MAXIMUM);
    spec_write(spec, writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

static char *write_summary(const jobs_plan *plan)
{
    json_writer *writer = json_writer_create(SMALL_TEXT_MAXIMUM);
    jobs_plan_write_summary(plan, writer);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

static char *write_labels(const spec_job *spec)
{
    if (spec->labels == NULL)
        return strdup("{}");
    json_writer *writer = json_writer_create(SMALL_TEXT_MAXIMUM);
    json_writer_tree(writer, spec->labels);
    char *text = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    return text;
}

static gd_status fill_submission(jobs_submission *submission, const jobs_requester *requester,
                                 const spec_job *spec, const jobs_plan *plan, const char *retry_of,
                                 gd_error *error)
{
    memset(submission, 0, sizeof *submission);
    if (!jobs_new_id(submission->id))
        return gd_fail(error, GD_UNAVAILABLE, "", "the system gives no random bytes");
    if (retry_of != NULL)
        snprintf(submission->retry_of, sizeof submission->retry_of, "%s", retry_of);
    if (requester != NULL) {
        snprintf(submission->owner, sizeof submission->owner, "%s", requester->owner);
        submission->quota = requester->quota;
    }
    submission->name = spec->name != NULL ? strdup(spec->name) : NULL;
    submission->labels = write_labels(spec);
    submission->model = strdup(spec_model_names[spec->model.type]);
    submission->optimizer = strdup(gd_optimizer_descriptor_at(spec->optimizer.type)->name);
    submission->spec = write_spec(spec);
    submission->summary = write_summary(plan);
    submission->priority = spec->priority;
    submission->created_at = jobs_now();
    const char *const datasets[] = {spec->data.dataset, spec->data.target_source.dataset,
                                    spec->data.validation.dataset,
                                    spec->data.validation.target.dataset};
    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0]; i++)
        if (datasets[i][0] != '\0')
            memcpy(submission->datasets[submission->dataset_count++], datasets[i], STORE_ID_SIZE);
    if ((spec->name != NULL && submission->name == NULL) || submission->labels == NULL ||
        submission->model == NULL || submission->optimizer == NULL || submission->spec == NULL ||
        submission->summary == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to write the resolved spec");
    return GD_OK;
}

gd_status jobs_prepare(jobs_service *service, const jobs_requester *requester, spec_job *spec,
                       const char *retry_of, jobs_submission *submission, jobs_plan **plan,
                       json_faults *faults, gd_error *error)
{
    uint64_t seed;
    jobs_plan *made = NULL;
    if (!jobs_random_seed(&seed))
        return gd_fail(error, GD_UNAVAILABLE, "", "the system gives no random bytes");
    spec_fix_seeds(spec, seed);
    jobs_resources resources = service->runner.resources;
    resources.seen_by = requester != NULL && !requester->sees_all ? requester->owner : NULL;
    gd_status status = jobs_plan_create(&made, spec, &resources, faults, error);
    if (status == GD_OK) {
        status = fill_submission(submission, requester, spec, made, retry_of, error);
        if (status == GD_OK)
            status = jobs_warm_start(service, resources.seen_by, made, retry_of,
                                     &submission->initial, faults, error);
        if (status != GD_OK)
            jobs_submission_dispose(submission);
    }
    if (status == GD_OK && plan != NULL)
        *plan = made;
    else
        jobs_plan_destroy(made);
    return status;
}

void jobs_submission_dispose(jobs_submission *submission)
{
    free(submission->name);
    free(submission->labels);
    free(submission->model);
    free(submission->optimizer);
    free(submission->spec);
    free(submission->summary);
    gd_buffer_dispose(&submission->initial);
    memset(submission, 0, sizeof *submission);
}

gd_status jobs_submit(jobs_service *service, const jobs_submission *submission,
                      const store_idempotency *idempotency, char **existing_reply, gd_error *error)
{
    const char *datasets[4];
    for (int64_t i = 0; i < submission->dataset_count; i++)
        datasets[i] = submission->datasets[i];
    char digest[JOBS_DIGEST_SIZE];
    store_parameters initial = {.which = JOBS_INITIAL,
                                .bytes = submission->initial.bytes,
                                .length = submission->initial.length,
                                .digest = digest};
    if (initial.length > 0)
        jobs_digest_of(initial.bytes, initial.length, digest);
    store_job_insert insert = {
        .id = submission->id,
        .owner = submission->owner,
        .quota = submission->quota,
        .name = submission->name,
        .labels = submission->labels,
        .model = submission->model,
        .optimizer = submission->optimizer,
        .spec = submission->spec,
        .summary = submission->summary,
        .environment = service->environment,
        .priority = submission->priority,
        .retry_of = submission->retry_of[0] != '\0' ? submission->retry_of : NULL,
        .created_at = submission->created_at,
        .datasets = datasets,
        .dataset_count = submission->dataset_count,
        .initial = initial.length > 0 ? &initial : NULL,
        .maximum_queued = service->options.maximum_queued,
    };
    return store_job_create(service->options.store, &insert, idempotency, existing_reply, error);
}

/* What the store asks inside its transaction; the outcome is kept for the reply. */
typedef struct action_request {
    jobs_action action;
    int64_t now;
    jobs_transition transition;
    store_event event;
    char checkpoint[JOBS_CHECKPOINT_NAME_SIZE]; /* of the row before, empty: none */
} action_request;

static gd_status decide(void *context, const store_job *job, store_job_change *change,
                        gd_error *error)
{
    action_request *request = context;
    request->transition = jobs_decide(request->action, job->status, job->requested);
    const jobs_transition *transition = &request->transition;
    if (transition->outcome == JOBS_OUTCOME_IMPOSSIBLE)
        return gd_fail(error, GD_CONFLICT, "", "%s", transition->message);
    if (transition->event == NULL)
        return GD_OK;
    request->event = (store_event){
        .at = request->now, .type = transition->event, .message = transition->message};
    bool ends = store_job_status_is_terminal(transition->status);
    snprintf(request->checkpoint, sizeof request->checkpoint, "%s",
             job->checkpoint != NULL ? job->checkpoint : "");
    *change = (store_job_change){
        .write = true,
        .status = transition->status,
        .requested = transition->requested,
        .reason = ends ? "cancelled" : NULL,
        .message = ends ? transition->message : NULL,
        .finished_at = ends ? request->now : 0,
        .event = &request->event,
    };
    return GD_OK;
}

gd_status jobs_act(jobs_service *service, const char *id, jobs_action action, store_job *job,
                   jobs_outcome *outcome, gd_error *error)
{
    action_request request = {.action = action, .now = jobs_now()};
    static const jobs_control controls[] = {
        [STORE_REQUEST_NONE] = JOBS_CONTROL_RUN,
        [STORE_REQUEST_CANCEL] = JOBS_CONTROL_CANCEL,
        [STORE_REQUEST_PAUSE] = JOBS_CONTROL_PAUSE,
    };
    gd_status status =
        store_job_change_status(service->options.store, id, decide, &request, job, error);
    if (status != GD_OK)
        return status;
    if (job->status == STORE_JOB_RUNNING)
        jobs_live_tell(service->runner.live, id, controls[job->requested], job->revision);
    *outcome = request.transition.outcome;
    if (job->status == STORE_JOB_CANCELLED && request.checkpoint[0] != '\0')
        jobs_checkpoint_remove(service->options.data_directory, request.checkpoint);
    return GD_OK;
}
