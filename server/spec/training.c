/*
 * training.c: the "training" member: limits, batches, seed, stopping. Plain members are rows of the
 * library's table; only the seed, "stop", "from_job" and "checkpoint_seconds" are read by hand.
 */
#include "spec/parts.h"

#include <math.h>
#include <string.h>

const char *const spec_which_names[] = {"final", "best", NULL};

#define CHECKPOINT_SECONDS_DEFAULT 10.0
#define STEPS_WITHOUT_DATA         1000
#define CHECKPOINT_SECONDS_MAXIMUM 86400.0

static void read_stop(const json_reader *training, gd_training_options *options)
{
    json_reader stop;
    if (json_read_object(training, "stop", JSON_OPTIONAL, &stop) != JSON_READ)
        return;
    spec_names allowed = {{NULL}, 0};
    spec_names_add_fields(&allowed, gd_stop_fields());
    spec_refuse_members(&stop, &allowed, NULL);
    options->stop_early = true;
    spec_read_fields(&stop, gd_stop_fields(), options);
}

/* What is there under that id is the business of whoever prepares the job (jobs/warm_start.h). */
static void read_from_job(const json_reader *training, spec_warm_start *from_job)
{
    json_reader value;
    const char *job;
    size_t which = 0;
    if (json_read_object(training, "from_job", JSON_OPTIONAL, &value) != JSON_READ)
        return;
    spec_names allowed = {{"job", "which"}, 2};
    spec_refuse_members(&value, &allowed, NULL);
    json_read_choice(&value, "which", JSON_OPTIONAL, spec_which_names,
                     spec_count_names(spec_which_names), &which);
    from_job->which = (int)which;
    if (json_read_string(&value, "job", JSON_REQUIRED, SPEC_ID_SIZE - 1, SPEC_ID_SIZE - 1, &job) !=
        JSON_READ)
        return;
    if (strlen(job) < SPEC_ID_SIZE) {
        memcpy(from_job->job, job, strlen(job) + 1);
    } else {
        json_path path = json_path_member(&value.path, "job");
        json_faults_add(value.faults, &path, JSON_CODE_TOO_LONG, NULL,
                        "This is no job's id: ids are UUIDs, as POST /v1/jobs gives them.");
    }
}

/* A formula alone has no examples: a step is an epoch, and there are no batches and no order. */
static void read_without_data(const json_reader *training, gd_training_options *options)
{
    static const char *const members[] = {"batch_size", "shuffle", NULL};
    for (size_t i = 0; training != NULL && members[i] != NULL; i++) {
        bool full = i == 0 && options->batch_size == GD_AUTOMATIC;
        if (full || !json_has(training, members[i]))
            continue;
        json_path path = json_path_member(&training->path, members[i]);
        json_faults_add(training->faults, &path, "conflict", NULL,
                        "A formula without data has no examples to batch or shuffle: leave \"%s\" "
                        "out.",
                        members[i]);
    }
    bool by_epochs = training != NULL && json_has(training, "epochs");
    options->epochs = by_epochs ? options->epochs : 0;
    options->batch_size = GD_AUTOMATIC;
    options->shuffle = false;
    if (!by_epochs && options->steps == 0)
        options->steps = STEPS_WITHOUT_DATA;
}

/* Neither given: the default of epochs. Steps alone: no limit in epochs. */
static void read_limits(const json_reader *training, gd_training_options *options)
{
    bool epochs = json_has(training, "epochs"), steps = json_has(training, "steps");
    if (epochs && steps) {
        json_path path = json_path_member(&training->path, "steps");
        json_faults_add(training->faults, &path, "conflict", NULL,
                        "Give \"epochs\" or \"steps\", not both.");
    } else if (steps) {
        options->epochs = 0;
    }
}

void spec_read_training(const json_reader *document, spec_job *spec)
{
    static const char *const later[] = {"on_problem", "max_repairs", NULL};
    gd_training_options *options = &spec->training;
    json_reader training;
    spec->checkpoint_seconds = CHECKPOINT_SECONDS_DEFAULT;
    bool alone = spec->data.source == SPEC_SOURCE_NONE;
    if (json_read_object(document, "training", JSON_OPTIONAL, &training) != JSON_READ) {
        if (alone)
            read_without_data(NULL, options);
        return;
    }
    spec_names allowed = {{"seed", "stop", "checkpoint_seconds", "from_job"}, 4};
    spec_names_add_fields(&allowed, gd_training_fields());
    spec_refuse_members(&training, &allowed, later);
    spec_read_fields(&training, gd_training_fields(), options);
    options->has_target_loss = json_has(&training, "target_loss");
    read_limits(&training, options);
    if (alone)
        read_without_data(&training, options);
    spec->has_seed =
        json_read_uint64(&training, "seed", JSON_OPTIONAL, &options->seed) == JSON_READ;
    read_stop(&training, options);
    read_from_job(&training, &spec->from_job);
    json_bounds bounds = {0, CHECKPOINT_SECONDS_MAXIMUM, false, false};
    json_read_number(&training, "checkpoint_seconds", JSON_OPTIONAL, bounds,
                     &spec->checkpoint_seconds);
}

/* The rows that say nothing where they were not asked for. */
static bool is_unset(const spec_job *spec, const char *name)
{
    const gd_training_options *options = &spec->training;
    bool alone = spec->data.source == SPEC_SOURCE_NONE;
    return (alone && (strcmp(name, "batch_size") == 0 || strcmp(name, "shuffle") == 0)) ||
           (strcmp(name, "epochs") == 0 && options->epochs == 0) ||
           (strcmp(name, "steps") == 0 && options->steps == 0) ||
           (strcmp(name, "target_loss") == 0 && !options->has_target_loss);
}

void spec_write_training(json_writer *writer, const spec_job *spec)
{
    const gd_training_options *options = &spec->training;
    const gd_field_table *table = gd_training_fields();
    json_writer_begin_object(writer);
    for (size_t i = 0; i < table->count; i++) {
        gd_field_table row = {&table->fields[i], 1};
        if (!is_unset(spec, table->fields[i].name))
            spec_write_fields(writer, &row, options);
    }
    json_writer_key(writer, "seed");
    json_writer_uint64(writer, options->seed);
    if (options->stop_early) {
        json_writer_key(writer, "stop");
        json_writer_begin_object(writer);
        spec_write_fields(writer, gd_stop_fields(), options);
        json_writer_end_object(writer);
    }
    if (spec->from_job.job[0] != '\0') {
        json_writer_key(writer, "from_job");
        json_writer_begin_object(writer);
        json_writer_key(writer, "job");
        json_writer_string(writer, spec->from_job.job);
        json_writer_key(writer, "which");
        json_writer_string(writer, spec_which_names[spec->from_job.which]);
        json_writer_end_object(writer);
    }
    json_writer_key(writer, "checkpoint_seconds");
    json_writer_double(writer, spec->checkpoint_seconds);
    json_writer_end_object(writer);
}
