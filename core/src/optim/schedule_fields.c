/*
 * schedule_fields.c: the options of each schedule as rows. Names and defaults are PyTorch's; lengths
 * that PyTorch wants told may be "auto" here, which is to the end of the job.
 */
#include "optim/schedule_fields.h"

#define LONGEST 1e11 /* updates of a job at most */

static const char *const units[] = {"epoch", "step", NULL};
static const char *const anneals[] = {"cos", "linear", NULL};
static const char *const threshold_modes[] = {"rel", "abs", NULL};

#define MEMBER(option) .offset = offsetof(gd_schedule_options, option)

#define WARMUP                                                                                    \
    {                                                                                             \
        .name = "warmup_steps", .type = GD_FIELD_COUNT, MEMBER(warmup_steps), .maximum = LONGEST, \
        .help = "Updates over which the rate first rises in a straight line to learning_rate."    \
    }

#define UNIT(value)                                                                             \
    {                                                                                           \
        .name = "unit", .type = GD_FIELD_CHOICE, MEMBER(unit), .choices = units,                \
        .default_value = (value), .help = "What t counts after the warm-up: epochs or updates." \
    }

#define NUMBER(option, low, high, value, text)                                      \
    {                                                                               \
        .name = #option, .type = GD_FIELD_NUMBER, MEMBER(option), .minimum = (low), \
        .maximum = (high), .default_value = (value), .help = (text)                 \
    }

#define COUNT(option, low, value, text)                                            \
    {                                                                              \
        .name = #option, .type = GD_FIELD_COUNT, MEMBER(option), .minimum = (low), \
        .maximum = LONGEST, .default_value = (value), .help = (text)               \
    }

#define NEEDED_COUNT(option, text)                                                                 \
    {                                                                                              \
        .name = #option, .type = GD_FIELD_COUNT, MEMBER(option), .minimum = 1, .maximum = LONGEST, \
        .required = true, .help = (text)                                                           \
    }

/* To the end of the job unless told. */
#define LENGTH(option, text)                                                                       \
    {                                                                                              \
        .name = #option, .type = GD_FIELD_COUNT, MEMBER(option), .minimum = 1, .maximum = LONGEST, \
        .automatic = "auto", .default_value = (double)GD_AUTOMATIC, .help = (text)                 \
    }

const gd_field gdi_schedule_fields_constant[1] = {WARMUP};

const gd_field gdi_schedule_fields_step[4] = {
    NEEDED_COUNT(step_size, "Epochs (or updates, by unit) between two reductions."),
    NUMBER(gamma, 0, 1e3, 0.1, "What the rate is multiplied by each time."),
    UNIT(GD_SCHEDULE_EPOCH),
    WARMUP,
};

const gd_field gdi_schedule_fields_exponential[3] = {
    {.name = "gamma",
     .type = GD_FIELD_NUMBER,
     MEMBER(gamma),
     .minimum_excluded = true,
     .maximum = 1e3,
     .required = true,
     .help = "What the rate is multiplied by every epoch (or update, by unit)."},
    UNIT(GD_SCHEDULE_EPOCH),
    WARMUP,
};

const gd_field gdi_schedule_fields_cosine[4] = {
    LENGTH(t_max, "Updates (or epochs, by unit) from learning_rate down to eta_min."),
    NUMBER(eta_min, 0, 1e6, 0, "The smallest rate."),
    UNIT(GD_SCHEDULE_STEPS),
    WARMUP,
};

const gd_field gdi_schedule_fields_multi_step[4] = {
    {.name = "milestones",
     .type = GD_FIELD_COUNTS,
     MEMBER(milestones),
     .minimum = 1,
     .maximum = LONGEST,
     .required = true,
     .minimum_length = 1,
     .maximum_length = GD_FIELD_LIST_CAPACITY,
     .help = "Epochs (or updates, by unit) at which the rate is reduced, growing."},
    NUMBER(gamma, 0, 1e3, 0.1, "What the rate is multiplied by each time."),
    UNIT(GD_SCHEDULE_EPOCH),
    WARMUP,
};

const gd_field gdi_schedule_fields_polynomial[4] = {
    LENGTH(total_iters, "Updates (or epochs, by unit) until the rate is 0."),
    NUMBER(power, 0, 100, 1, "Power of the remaining share; 1 is a straight line."),
    UNIT(GD_SCHEDULE_STEPS),
    WARMUP,
};

const gd_field gdi_schedule_fields_inverse_time[3] = {
    {.name = "decay",
     .type = GD_FIELD_NUMBER,
     MEMBER(decay),
     .minimum_excluded = true,
     .maximum = 1e6,
     .required = true,
     .help = "The rate is halved after 1 / decay updates (or epochs, by unit)."},
    UNIT(GD_SCHEDULE_STEPS),
    WARMUP,
};

const gd_field gdi_schedule_fields_cosine_restarts[5] = {
    NEEDED_COUNT(t_0, "Updates (or epochs, by unit) of the first cycle."),
    {.name = "t_mult",
     .type = GD_FIELD_COUNT,
     MEMBER(t_mult),
     .minimum = 1,
     .maximum = 1e6,
     .default_value = 1,
     .help = "Each cycle is as many times longer than the one before."},
    NUMBER(eta_min, 0, 1e6, 0, "The smallest rate."),
    UNIT(GD_SCHEDULE_STEPS),
    WARMUP,
};

const gd_field gdi_schedule_fields_one_cycle[8] = {
    LENGTH(total_steps, "Updates (or epochs, by unit) of the cycle."),
    NUMBER(pct_start, 0, 1, 0.3, "Share of the cycle in which the rate rises."),
    {.name = "div_factor",
     .type = GD_FIELD_NUMBER,
     MEMBER(div_factor),
     .minimum_excluded = true,
     .maximum = 1e9,
     .default_value = 25,
     .help = "The cycle begins at learning_rate / div_factor."},
    {.name = "final_div_factor",
     .type = GD_FIELD_NUMBER,
     MEMBER(final_div_factor),
     .minimum_excluded = true,
     .maximum = 1e9,
     .default_value = 1e4,
     .help = "The cycle ends at its first rate divided by final_div_factor."},
    {.name = "anneal_strategy",
     .type = GD_FIELD_CHOICE,
     MEMBER(anneal_strategy),
     .choices = anneals,
     .help = "Shape of rise and fall."},
    {.name = "three_phase",
     .type = GD_FIELD_BOOLEAN,
     MEMBER(three_phase),
     .maximum = 1,
     .help = "Fall as fast as it rose, then on to the final rate."},
    UNIT(GD_SCHEDULE_STEPS),
    WARMUP,
};

const gd_field gdi_schedule_fields_plateau[7] = {
    {.name = "factor",
     .type = GD_FIELD_NUMBER,
     MEMBER(factor),
     .maximum = 1,
     .maximum_excluded = true,
     .default_value = 0.1,
     .help = "What the rate is multiplied by each time."},
    COUNT(patience, 0, 10, "Epochs without an improvement that are borne."),
    NUMBER(threshold, 0, 1e6, 1e-4, "Improvements smaller than this do not count."),
    {.name = "threshold_mode",
     .type = GD_FIELD_CHOICE,
     MEMBER(threshold_mode),
     .choices = threshold_modes,
     .help = "Whether threshold is a share of the best value or a difference."},
    COUNT(cooldown, 0, 0, "Epochs after a reduction in which none are counted."),
    NUMBER(min_lr, 0, 1e6, 0, "The smallest rate."),
    WARMUP,
};
