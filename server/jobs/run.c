/*
 * run.c: the life of an attempt. Everything it needs is made before the first step; then the loop
 * advances the trainer and, between two steps, looks at the control word, serves readers and
 * checkpoints. The claim is given up in run_finish.c, in every case but a lost store.
 */
#include "jobs/run.h"

#include "jobs/run_private.h"
#include "jobs/warm_start.h"
#include "json/fixed_tree.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SLICE_SECONDS   0.001 /* of steps between two looks at what the job is told */
#define SLICE_STEPS     1024
#define PUBLISH_EVERY   256  /* steps without a point after which progress is shown all the same */
#define PUBLISH_SECONDS 0.25 /* and the time after which fewer of them are */
#define ASK_SECONDS     0.5  /* between two looks at the row while data are loaded */
#define POINTS_HELD     (64 * STORE_CHUNK_POINTS) /* of the curve, after which a checkpoint is due */

void jobs_logf(const jobs_runner *runner, jobs_log_level level, const char *job, const char *format,
               ...)
{
    char text[512];
    if (runner->log == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    runner->log(runner->log_context, level, job, text);
}

double jobs_monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

store_progress jobs_progress_of(const gd_progress *progress)
{
    return (store_progress){
        .step = progress->step,
        .steps = progress->steps,
        .epoch = progress->epoch,
        .epochs = progress->epochs,
        .samples = progress->samples,
        .seconds = progress->seconds,
        .first_loss = {progress->has_loss, progress->first_loss},
        .last_loss = {progress->has_loss, progress->last_loss},
        .best_loss = {progress->has_loss, progress->best_loss},
        .best_loss_step = progress->best_loss_step,
        .validation_loss = {progress->has_validation, progress->validation_loss},
        .best_validation_loss = {progress->has_validation, progress->best_validation_loss},
        .best_validation_step = progress->best_validation_step,
        .points = progress->points,
    };
}

static double samples_per_second(const jobs_attempt *attempt, double now)
{
    double elapsed = now - attempt->started_at;
    int64_t samples = gd_trainer_progress(attempt->trainer)->samples - attempt->samples_before;
    return elapsed > 0 ? (double)samples / elapsed : 0;
}

/* The stored spec was validated when it was taken; a fault now means a damaged or newer row. */
static bool read_spec(jobs_attempt *attempt)
{
    json_faults faults = {0};
    json_fault fault;
    const char *text = attempt->job->spec;
    cJSON *document = json_parse_fixed(text, strlen(text), &fault);
    if (document != NULL)
        attempt->spec = spec_read(document, &faults);
    bool read = attempt->spec != NULL && faults.total == 0;
    if (attempt->spec == NULL || faults.out_of_memory)
        jobs_attempt_fail(attempt, "out_of_memory",
                          "There was not enough memory to read the spec.");
    else if (!read)
        jobs_attempt_fail(attempt, "invalid_spec", faults.entries[0].detail);
    json_faults_dispose(&faults);
    return read;
}

static const char *reason_of(gd_status status)
{
    switch (status) {
    case GD_OUT_OF_MEMORY:
        return "out_of_memory";
    case GD_IO_ERROR:
    case GD_NO_SPACE:
    case GD_CORRUPT:
        return "io_error";
    default:
        return "invalid_data";
    }
}

/* A request told to nobody, as no entry was there yet: what the row has, and its revision. */
static gd_status pending_request(const jobs_attempt *attempt, jobs_control *control,
                                 int64_t *revision)
{
    static const jobs_control controls[] = {
        [STORE_REQUEST_NONE] = JOBS_CONTROL_RUN,
        [STORE_REQUEST_CANCEL] = JOBS_CONTROL_CANCEL,
        [STORE_REQUEST_PAUSE] = JOBS_CONTROL_PAUSE,
    };
    store_job row;
    gd_status status =
        store_job_get(attempt->runner->resources.store, attempt->job->id, false, &row, NULL);
    if (status != GD_OK)
        return status;
    *control = controls[row.requested];
    *revision = row.revision;
    store_job_dispose(&row);
    return GD_OK;
}

/* Whether an attempt that still loads its data is to stop, asked of the store now and then. */
typedef struct loading {
    const jobs_attempt *attempt;
    double asked_at;
    jobs_control control;
} loading;

static bool is_stopped(void *context)
{
    loading *state = context;
    const jobs_runner *runner = state->attempt->runner;
    double now = jobs_monotonic_seconds();
    int64_t revision;
    if (jobs_live_is_draining(runner->live))
        state->control = JOBS_CONTROL_DRAIN;
    else if (now - state->asked_at >= ASK_SECONDS &&
             pending_request(state->attempt, &state->control, &revision) == GD_OK)
        state->asked_at = now; /* where the row cannot be read it is asked again at once */
    return state->control != JOBS_CONTROL_RUN;
}

static bool make_plan(jobs_attempt *attempt)
{
    json_faults faults = {0};
    gd_error error = {0};
    loading state = {attempt, jobs_monotonic_seconds(), JOBS_CONTROL_RUN};
    gd_watch watch = {is_stopped, &state};
    jobs_resources resources = attempt->runner->resources;
    resources.watch = &watch;
    gd_status status = jobs_plan_create(&attempt->plan, attempt->spec, &resources, &faults, &error);
    if (status == GD_OK)
        status = jobs_plan_load(attempt->plan, &watch, &error);
    if (status == GD_OK)
        status = jobs_warm_start_load(attempt->plan, attempt->runner->resources.store,
                                      attempt->job->id, &error);
    if (status == GD_INTERRUPTED)
        jobs_attempt_leave(attempt, state.control);
    else if (status != GD_OK)
        jobs_attempt_fail(attempt, reason_of(faults.out_of_memory ? GD_OUT_OF_MEMORY : status),
                          faults.total > 0 && faults.entries != NULL ? faults.entries[0].detail
                                                                     : error.message);
    json_faults_dispose(&faults);
    return status == GD_OK;
}

static bool make_trainer(jobs_attempt *attempt)
{
    gd_error error = {0};
    gd_trainer_setup setup = jobs_plan_setup(attempt->plan);
    gd_status status = gd_trainer_create(&attempt->trainer, &setup, &error);
    if (status == GD_OK) {
        gd_buffer_init(&attempt->preparation, (size_t)attempt->runner->resources.memory_limit);
        if (jobs_plan_is_alone(attempt->plan))
            gd_buffer_append_u8(&attempt->preparation, 0);
        else
            gd_preparation_save(attempt->plan->preparation, &attempt->preparation);
        status = attempt->preparation.status;
    }
    if (status != GD_OK)
        jobs_attempt_fail(attempt, reason_of(status),
                          error.message[0] != '\0' ? error.message : gd_status_message(status));
    return status == GD_OK;
}

static bool make_entry(jobs_attempt *attempt)
{
    attempt->entry = jobs_live_add(attempt->runner->live, attempt->job->id, attempt->job->revision,
                                   &attempt->job->progress, &attempt->curve, &attempt->preparation,
                                   jobs_plan_parameter_bytes(attempt->plan));
    if (attempt->entry != NULL)
        return true;
    jobs_attempt_fail(attempt, "out_of_memory", "There was not enough memory to run the job.");
    return false;
}

/* A request that came between the claim and the entry: the row is read where anything was told
 * at all. */
static bool take_pending_request(jobs_attempt *attempt)
{
    if (jobs_live_tells(attempt->runner->live) == attempt->tells)
        return true;
    jobs_control control = JOBS_CONTROL_RUN;
    int64_t revision = 0;
    gd_status status = pending_request(attempt, &control, &revision);
    if (status != GD_OK) {
        jobs_attempt_fail(attempt, reason_of(status), gd_status_message(status));
        return false;
    }
    /* Also that there is none: a word of before that still comes then changes nothing. */
    jobs_live_begin(attempt->entry, control, revision);
    return true;
}

static gd_status publish(jobs_attempt *attempt, const gd_point *point, double now)
{
    store_progress progress = jobs_progress_of(gd_trainer_progress(attempt->trainer));
    return jobs_live_publish(attempt->entry, &progress, samples_per_second(attempt, now), point);
}

/* After the time asked for, and where many points or something to tell wait to be stored. */
static bool is_save_due(jobs_attempt *attempt, double now)
{
    double waited = now - attempt->saved_at;
    return waited >= attempt->spec->checkpoint_seconds ||
           (waited >= 1 &&
            (attempt->moments.count > 0 || jobs_live_curve(attempt->entry)->count >= POINTS_HELD));
}

/* Steps to take in one go after so many took `seconds`: one, or more that take no time together. */
static int64_t slice_after(int64_t calls, double seconds)
{
    if (seconds > SLICE_SECONDS)
        return calls > 1 ? calls / 2 : 1;
    return seconds < SLICE_SECONDS / 4 && calls < SLICE_STEPS ? calls * 2 : calls;
}

/* The time after some steps: that of the point they ended with, for which the trainer has just read the
 * same clock. `origin`: what a point's seconds lack; NAN: not known yet. */
static double time_after(const gd_point *point, double *origin)
{
    if (point != NULL && !isnan(*origin))
        return *origin + point->seconds;
    double now = jobs_monotonic_seconds();
    if (point != NULL)
        *origin = now - point->seconds;
    return now;
}

static jobs_control train(jobs_attempt *attempt, gd_error *failure)
{
    gd_trainer *trainer = attempt->trainer;
    jobs_control control = jobs_live_control(attempt->entry);
    int64_t unpublished = 0, calls = 1;
    double before = jobs_monotonic_seconds(), shown_at = before, origin = NAN;
    gd_status status = publish(attempt, NULL, before);
    while (control == JOBS_CONTROL_RUN && status == GD_OK && !gd_trainer_is_finished(trainer)) {
        status = gd_trainer_run(trainer, calls, failure);
        unpublished += calls;
        const gd_point *point = gd_trainer_point(trainer);
        double now = time_after(point, &origin);
        const gd_restart *ended = gd_trainer_restart(trainer);
        const gd_range_test *test = gd_trainer_range_test(trainer);
        if (test != NULL)
            jobs_moments_add_range_test(&attempt->moments, test);
        if (ended != NULL)
            jobs_moments_add_restart(&attempt->moments, ended, &attempt->spec->training);
        bool saves =
            status == GD_OK && !gd_trainer_is_finished(trainer) && is_save_due(attempt, now);
        /* A checkpoint is never ahead of what is shown. */
        if (point != NULL || saves || unpublished >= PUBLISH_EVERY ||
            now - shown_at >= PUBLISH_SECONDS) {
            gd_status published = publish(attempt, point, now);
            if (published != GD_OK) /* the curve could not grow */
                return gd_fail(failure, published, "", "%s", gd_status_message(published)),
                       JOBS_CONTROL_RUN;
            unpublished = 0;
            shown_at = now;
        }
        if (jobs_live_is_wanted(attempt->entry))
            jobs_live_publish_parameters(attempt->entry, jobs_attempt_parameters(attempt),
                                         gd_trainer_progress(trainer)->step);
        calls = slice_after(calls, now - before);
        before = now;
        if (saves) {
            jobs_attempt_save(attempt);
            if (attempt->lost)
                break;
        }
        control = jobs_live_control(attempt->entry);
    }
    return control;
}

static void run_attempt(jobs_attempt *attempt)
{
    if (!read_spec(attempt) || !make_plan(attempt) || !make_trainer(attempt) ||
        !jobs_attempt_restore(attempt) || !make_entry(attempt) || !take_pending_request(attempt))
        return;
    gd_error failure = {0};
    attempt->started_at = attempt->saved_at = jobs_monotonic_seconds();
    attempt->samples_before = gd_trainer_progress(attempt->trainer)->samples;
    jobs_control control = train(attempt, &failure);
    if (!attempt->lost)
        jobs_attempt_finish(attempt, control, &failure);
}

void jobs_run(const jobs_runner *runner, const jobs_claimed *claimed, jobs_claimed *next)
{
    const store_job *job = &claimed->job;
    jobs_attempt attempt = {.runner = runner,
                            .claim = &claimed->claim,
                            .job = job,
                            .tells = claimed->tells,
                            .next = next};
    *next = (jobs_claimed){.tells = 0};
    jobs_logf(runner, JOBS_LOG_INFO, job->id, "started, attempt %lld", (long long)job->attempt);
    run_attempt(&attempt);
    if (attempt.lost)
        jobs_logf(runner, JOBS_LOG_WARNING, job->id,
                  "the store no longer takes this attempt's writes; it is left to recovery");
    if (attempt.entry != NULL)
        jobs_live_remove(runner->live, attempt.entry);
    jobs_curve_dispose(&attempt.curve);
    jobs_moments_dispose(&attempt.moments);
    gd_trainer_destroy(attempt.trainer);
    gd_buffer_dispose(&attempt.preparation);
    jobs_plan_destroy(attempt.plan);
    spec_destroy(attempt.spec);
}
