/*
 * options.c: the options of training and of early stopping as rows, and their defaults.
 *
 * A COUNT whose default lies below its minimum, or a NUMBER whose default is NaN, is one that may be
 * left out: nothing then stands in its place.
 */
#include <descent/training.h>

#include "train/trainer.h"

#include <math.h>

static const char *const monitors[] = {"validation_loss", "loss", NULL};

#define MEMBER(option) .offset = offsetof(gd_training_options, option)

static const gd_field training_fields[] = {
    {.name = "epochs",
     .type = GD_FIELD_COUNT,
     MEMBER(epochs),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_EPOCHS,
     .default_value = GDI_DEFAULT_EPOCHS,
     .help = "Passes over the training examples."},
    {.name = "steps",
     .type = GD_FIELD_COUNT,
     MEMBER(steps),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_STEPS,
     .help = "Updates of the parameters, in place of epochs."},
    {.name = "batch_size",
     .type = GD_FIELD_COUNT,
     MEMBER(batch_size),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_EPOCHS,
     .automatic = "full",
     .default_value = 32,
     .help = "Examples an update: 1 is stochastic, \"full\" is batch gradient descent."},
    {.name = "shuffle",
     .type = GD_FIELD_BOOLEAN,
     MEMBER(shuffle),
     .maximum = 1,
     .default_value = 1,
     .help = "A new order of the examples every epoch."},
    {.name = "target_loss",
     .type = GD_FIELD_NUMBER,
     MEMBER(target_loss),
     .minimum = -DBL_MAX,
     .maximum = DBL_MAX,
     .default_value = NAN,
     .help = "Converged once the mean training loss of an epoch is at most this."},
    {.name = "gradient_tolerance",
     .type = GD_FIELD_NUMBER,
     MEMBER(gradient_tolerance),
     .maximum = DBL_MAX,
     .help = "Converged once the norm of a step's gradient is at most this; 0 switches it off."},
    {.name = "max_seconds",
     .type = GD_FIELD_NUMBER,
     MEMBER(max_seconds),
     .maximum = 1e9,
     .help = "Limit of the training time over all attempts; 0 is none."},
    {.name = "restarts",
     .type = GD_FIELD_COUNT,
     MEMBER(restarts),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_RESTARTS,
     .default_value = 1,
     .help =
         "Runs from different first parameters, of which the best is kept; the limits are those "
         "of each."},
    {.name = "threads",
     .type = GD_FIELD_COUNT,
     MEMBER(threads),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_THREADS,
     .automatic = "auto",
     .default_value = 1,
     .help = "Threads that share each step; \"auto\": one a processor. The result is the same for "
             "any number."},
    {.name = "record_every",
     .type = GD_FIELD_COUNT,
     MEMBER(record_every),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_STEPS,
     .automatic = "auto",
     .default_value = (double)GD_AUTOMATIC,
     .help = "Updates a point of the curves; \"auto\" gives 1,000 to 2,000 points."},
};

static const gd_field stop_fields[] = {
    {.name = "monitor",
     .type = GD_FIELD_CHOICE,
     MEMBER(stop_monitor),
     .choices = monitors,
     .default_value = GD_MONITOR_VALIDATION_LOSS,
     .help = "What must improve. Without validation data it is the epoch's mean training loss."},
    {.name = "patience",
     .type = GD_FIELD_COUNT,
     MEMBER(stop_patience),
     .minimum = 1,
     .maximum = GDI_MAXIMUM_EPOCHS,
     .default_value = 10,
     .help = "Epochs in a row without an improvement after which training stops."},
    {.name = "min_delta",
     .type = GD_FIELD_NUMBER,
     MEMBER(stop_min_delta),
     .maximum = DBL_MAX,
     .help = "Improvements not larger than this do not count."},
    {.name = "restore_best",
     .type = GD_FIELD_BOOLEAN,
     MEMBER(restore_best),
     .maximum = 1,
     .default_value = 1,
     .help = "End with the parameters of the best epoch instead of the last."},
};

static const gd_field_table training_table = {training_fields,
                                              sizeof training_fields / sizeof training_fields[0]};
static const gd_field_table stop_table = {stop_fields, sizeof stop_fields / sizeof stop_fields[0]};

const gd_field_table *gd_training_fields(void)
{
    return &training_table;
}

const gd_field_table *gd_stop_fields(void)
{
    return &stop_table;
}

gd_training_options gd_training_options_default(void)
{
    gd_training_options options = {.clip = GD_CLIP_NONE};
    gd_fields_set_defaults(&training_table, &options);
    gd_fields_set_defaults(&stop_table, &options);
    return options;
}

const char *gd_stop_reason_name(gd_stop_reason reason)
{
    static const char *const names[] = {
        [GD_STOP_NONE] = "none",
        [GD_STOP_COMPLETED] = "completed",
        [GD_STOP_CONVERGED] = "converged",
        [GD_STOP_EARLY_STOPPED] = "early_stopped",
        [GD_STOP_TIME_LIMIT] = "time_limit",
        [GD_STOP_DIVERGED] = "diverged",
    };
    return (int)reason < 0 || reason > GD_STOP_DIVERGED ? "unknown" : names[reason];
}
