/*
 * schedule.h: the learning rate as a pure function of the step.
 *
 * Warm-up comes first: for step < warmup_steps (counted from 0) the rate is
 * learning_rate · (step + 1) / warmup_steps, never 0; the schedule proper then counts from the end of
 * the warm-up. step and exponential decay once every epoch by default as in PyTorch's usual loop, or
 * once every step with `unit: "step"`; cosine runs over the steps of the whole job unless told.
 */
#ifndef DESCENT_SCHEDULE_H
#define DESCENT_SCHEDULE_H

#include <descent/field.h>
#include <descent/status.h>

typedef enum gd_schedule_type {
    GD_SCHEDULE_CONSTANT,
    GD_SCHEDULE_STEP,        /* StepLR: gamma^floor(t / step_size) */
    GD_SCHEDULE_EXPONENTIAL, /* ExponentialLR: gamma^t */
    GD_SCHEDULE_COSINE,      /* CosineAnnealingLR in closed form, eta_min, over t_max */
    GD_SCHEDULE_TYPE_COUNT
} gd_schedule_type;

typedef enum gd_schedule_unit {
    GD_SCHEDULE_EPOCH,
    GD_SCHEDULE_STEPS
} gd_schedule_unit;

typedef struct gd_schedule_options {
    gd_schedule_type type;
    int64_t warmup_steps;
    int unit; /* gd_schedule_unit */
    int64_t step_size;
    double gamma;
    int64_t t_max; /* GD_AUTOMATIC: to the end of the job */
    double eta_min;
} gd_schedule_options;

typedef struct gd_schedule_descriptor {
    const char *name;
    const char *formula;
    gd_field_table fields; /* warmup_steps among them */
    /* Rate after warm-up; t counts from 0 in the options' unit, of `total` (both in that unit). */
    double (*rate)(const gd_schedule_options *options, double learning_rate, int64_t t,
                   int64_t total);
} gd_schedule_descriptor;

const gd_schedule_descriptor *gd_schedule_descriptor_at(gd_schedule_type type);

/* The rate for update `step` (from 0) of a job of `steps` steps, `steps_per_epoch` an epoch. */
double gd_schedule_rate(const gd_schedule_options *options, double learning_rate, int64_t step,
                        int64_t steps, int64_t steps_per_epoch);

#endif
