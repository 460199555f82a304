/*
 * moments.c: the list of events that wait for the next checkpoint, and their wording.
 */
#include "jobs/moments.h"

#include "jobs/identity.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_MAXIMUM ((size_t)1 << 16)

static bool grow(jobs_moments *moments)
{
    int64_t capacity = moments->capacity == 0 ? 8 : 2 * moments->capacity;
    store_event *events = realloc(moments->events, (size_t)capacity * sizeof *events);
    if (events == NULL)
        return false;
    moments->events = events;
    moments->capacity = capacity;
    return true;
}

static void free_texts(const store_event *event)
{
    free((char *)(uintptr_t)event->type);
    free((char *)(uintptr_t)event->message);
    free((char *)(uintptr_t)event->data);
}

bool jobs_moments_add(jobs_moments *moments, const char *type, const char *message,
                      const char *data)
{
    if (moments->count == moments->capacity && !grow(moments))
        return false;
    store_event event = {
        .at = jobs_now(),
        .type = strdup(type),
        .message = strdup(message),
        .data = data != NULL ? strdup(data) : NULL,
    };
    if (event.type == NULL || event.message == NULL || (data != NULL && event.data == NULL)) {
        free_texts(&event);
        return false;
    }
    moments->events[moments->count++] = event;
    return true;
}

static void write_doubles(json_writer *writer, const char *key, const double *values, int64_t count)
{
    json_writer_key(writer, key);
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < count; i++)
        json_writer_double(writer, values[i]);
    json_writer_end_array(writer);
}

bool jobs_moments_add_range_test(jobs_moments *moments, const gd_range_test *test)
{
    static const char *const ends[] = {
        [GD_RANGE_TEST_RUNNING] = "running",
        [GD_RANGE_TEST_WHOLE] = "all_rates_tried",
        [GD_RANGE_TEST_GREW] = "loss_grew",
        [GD_RANGE_TEST_NON_FINITE] = "non_finite",
    };
    char message[256];
    snprintf(message, sizeof message,
             "The range test chose the learning rate %.6g after %lld rates.", test->learning_rate,
             (long long)test->count);
    json_writer *writer = json_writer_create(DATA_MAXIMUM);
    json_writer_begin_object(writer);
    json_writer_key(writer, "learning_rate");
    json_writer_double(writer, test->learning_rate);
    json_writer_key(writer, "ended");
    json_writer_string(writer, ends[test->end]);
    write_doubles(writer, "rates", test->rates, test->count);
    write_doubles(writer, "losses", test->losses, test->count);
    json_writer_end_object(writer);
    char *data = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    bool added = data != NULL && jobs_moments_add(moments, "learning_rate_chosen", message, data);
    free(data);
    return added;
}

static void write_restart(json_writer *writer, const gd_restart *restart,
                          const gd_training_options *training, const char *monitor)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "restart");
    json_writer_int64(writer, restart->number);
    json_writer_key(writer, "restarts");
    json_writer_int64(writer, training->restarts);
    json_writer_key(writer, "step");
    json_writer_int64(writer, restart->step);
    json_writer_key(writer, "reason");
    json_writer_string(writer, gd_stop_reason_name(restart->reason));
    if (restart->has_value) {
        json_writer_key(writer, "monitor");
        json_writer_string(writer, monitor);
        json_writer_key(writer, "best");
        json_writer_double(writer, restart->value);
        json_writer_key(writer, "best_step");
        json_writer_int64(writer, restart->value_step);
    }
    json_writer_end_object(writer);
}

bool jobs_moments_add_restart(jobs_moments *moments, const gd_restart *restart,
                              const gd_training_options *training)
{
    const char *monitor = training->stop_monitor == GD_MONITOR_LOSS ? "loss" : "validation_loss";
    char message[512], value[96] = "it had ended no epoch";
    if (restart->has_value)
        snprintf(value, sizeof value, "best %s %.6g at step %lld", monitor, restart->value,
                 (long long)restart->value_step);
    snprintf(message, sizeof message, "Restart %lld of %lld ended at step %lld (%s%s%.200s): %s.",
             (long long)restart->number, (long long)training->restarts, (long long)restart->step,
             gd_stop_reason_name(restart->reason), restart->failure.message[0] != '\0' ? "; " : "",
             restart->failure.message, value);
    json_writer *writer = json_writer_create(DATA_MAXIMUM);
    write_restart(writer, restart, training, monitor);
    char *data = json_writer_finish(writer, NULL);
    json_writer_destroy(writer);
    bool added = data != NULL && jobs_moments_add(moments, "restart_ended", message, data);
    free(data);
    return added;
}

void jobs_moments_clear(jobs_moments *moments)
{
    for (int64_t i = 0; i < moments->count; i++)
        free_texts(&moments->events[i]);
    moments->count = 0;
}

void jobs_moments_dispose(jobs_moments *moments)
{
    jobs_moments_clear(moments);
    free(moments->events);
    *moments = (jobs_moments){.count = 0};
}
