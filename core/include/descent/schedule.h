/*
 * schedule.h: the learning rate as a function of the step.
 *
 * Warm-up comes first: for step < warmup_steps (counted from 0) the rate is
 * learning_rate · (step + 1) / warmup_steps, never 0; the schedule proper then counts from the end of
 * the warm-up, in epochs or in steps as `unit` says. Names, options and formulas are those of
 * torch.optim.lr_scheduler, in closed form, so that a schedule is a pure function of the step;
 * inverse_time is Keras's. plateau alone has a memory, which the caller keeps. Thread rule: pure
 * functions of their arguments.
 */
#ifndef DESCENT_SCHEDULE_H
#define DESCENT_SCHEDULE_H

#include <descent/field.h>
#include <descent/status.h>

typedef enum gd_schedule_type {
    GD_SCHEDULE_CONSTANT,
    GD_SCHEDULE_STEP,            /* StepLR: gamma^floor(t / step_size) */
    GD_SCHEDULE_EXPONENTIAL,     /* ExponentialLR: gamma^t */
    GD_SCHEDULE_COSINE,          /* CosineAnnealingLR in closed form, eta_min, over t_max */
    GD_SCHEDULE_MULTI_STEP,      /* MultiStepLR: gamma^(milestones passed) */
    GD_SCHEDULE_POLYNOMIAL,      /* PolynomialLR: (1 - t / total_iters)^power */
    GD_SCHEDULE_INVERSE_TIME,    /* 1 / (1 + decay · t) */
    GD_SCHEDULE_COSINE_RESTARTS, /* CosineAnnealingWarmRestarts */
    GD_SCHEDULE_ONE_CYCLE,       /* OneCycleLR without its cycle of momentum */
    GD_SCHEDULE_PLATEAU,         /* ReduceLROnPlateau on the monitored loss of each epoch */
    GD_SCHEDULE_TYPE_COUNT
} gd_schedule_type;

typedef enum gd_schedule_unit {
    GD_SCHEDULE_EPOCH,
    GD_SCHEDULE_STEPS
} gd_schedule_unit;

typedef enum gd_anneal {
    GD_ANNEAL_COS,
    GD_ANNEAL_LINEAR
} gd_anneal;

typedef enum gd_threshold_mode {
    GD_THRESHOLD_REL,
    GD_THRESHOLD_ABS
} gd_threshold_mode;

typedef struct gd_schedule_options {
    gd_schedule_type type;
    int64_t warmup_steps;
    int unit; /* gd_schedule_unit */
    int64_t step_size;
    double gamma;
    int64_t t_max; /* GD_AUTOMATIC: to the end of the job */
    double eta_min;
    gd_count_list milestones; /* ascending */
    int64_t total_iters;      /* GD_AUTOMATIC: to the end of the job */
    double power;
    double decay;
    int64_t t_0, t_mult;
    int64_t total_steps; /* GD_AUTOMATIC: to the end of the job */
    double pct_start, div_factor, final_div_factor;
    int anneal_strategy; /* gd_anneal */
    bool three_phase;
    double factor;
    int64_t patience;
    double threshold;
    int threshold_mode; /* gd_threshold_mode */
    int64_t cooldown;
    double min_lr;
} gd_schedule_options;

/* What plateau remembers; plain data, so that saving the struct saves it. */
typedef struct gd_schedule_state {
    double learning_rate; /* now */
    double best;          /* monitored value so far */
    int64_t bad_epochs, cooldown_left;
} gd_schedule_state;

typedef struct gd_schedule_descriptor {
    const char *name;
    const char *formula;
    gd_field_table fields; /* warmup_steps among them */
    /* Rate after warm-up; t counts from 0 in the options' unit, of `total` (both in that unit). */
    double (*rate)(const gd_schedule_options *options, double learning_rate, int64_t t,
                   int64_t total);
    /* Further conditions between members: path and message in error. NULL: none. */
    gd_status (*check)(const gd_schedule_options *options, gd_error *error);
    bool has_state; /* the learning_rate given to gd_schedule_rate is the state's */
} gd_schedule_descriptor;

const gd_schedule_descriptor *gd_schedule_descriptor_at(gd_schedule_type type);

/* The rate for update `step` (from 0) of a job of `steps` steps, `steps_per_epoch` an epoch. */
double gd_schedule_rate(const gd_schedule_options *options, double learning_rate, int64_t step,
                        int64_t steps, int64_t steps_per_epoch);

/* The state before the first epoch. */
gd_schedule_state gd_schedule_state_start(double learning_rate);

/* Tells plateau the monitored value of an epoch that has ended; other schedules do nothing. */
void gd_schedule_observe(const gd_schedule_options *options, gd_schedule_state *state,
                         double monitored);

#endif
