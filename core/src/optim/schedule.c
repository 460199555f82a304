/*
 * schedule.c: the formulas of the learning-rate schedules and their table.
 *
 * Every rate is computed from the step alone in double, never by multiplying the rate before, so that
 * a resumed job goes on with the same bits.
 */
#include <descent/schedule.h>

#include "optim/schedule_fields.h"

#include <math.h>

#define PLATEAU_SMALLEST_CHANGE 1e-8 /* ReduceLROnPlateau's eps */

static const double pi = 3.14159265358979323846;

static double rate_constant(const gd_schedule_options *options, double learning_rate, int64_t t,
                            int64_t total)
{
    (void)options;
    (void)t;
    (void)total;
    return learning_rate;
}

static double rate_step(const gd_schedule_options *options, double learning_rate, int64_t t,
                        int64_t total)
{
    (void)total;
    return learning_rate * pow(options->gamma, (double)(t / options->step_size));
}

static double rate_exponential(const gd_schedule_options *options, double learning_rate, int64_t t,
                               int64_t total)
{
    (void)total;
    return learning_rate * pow(options->gamma, (double)t);
}

static double rate_multi_step(const gd_schedule_options *options, double learning_rate, int64_t t,
                              int64_t total)
{
    (void)total;
    int64_t passed = 0;
    while (passed < options->milestones.length && t >= options->milestones.values[passed]) {
        passed++;
    }
    return learning_rate * pow(options->gamma, (double)passed);
}

static double rate_polynomial(const gd_schedule_options *options, double learning_rate, int64_t t,
                              int64_t total)
{
    int64_t length = options->total_iters == GD_AUTOMATIC ? total : options->total_iters;
    if (t >= length) {
        return 0;
    }
    return learning_rate * pow(1 - (double)t / (double)length, options->power);
}

static double rate_inverse_time(const gd_schedule_options *options, double learning_rate, int64_t t,
                                int64_t total)
{
    (void)total;
    return learning_rate / (1 + options->decay * (double)t);
}

static double cosine_between(double from, double to, double share)
{
    return to + (from - to) * (1 + cos(pi * share)) / 2;
}

static double rate_cosine(const gd_schedule_options *options, double learning_rate, int64_t t,
                          int64_t total)
{
    int64_t length = options->t_max == GD_AUTOMATIC ? total : options->t_max;
    return cosine_between(learning_rate, options->eta_min, (double)t / (double)length);
}

static double rate_cosine_restarts(const gd_schedule_options *options, double learning_rate,
                                   int64_t t, int64_t total)
{
    (void)total;
    int64_t length = options->t_0;
    if (options->t_mult == 1) {
        t %= length;
    }
    while (t >= length) {
        t -= length;
        length *= options->t_mult;
    }
    return cosine_between(learning_rate, options->eta_min, (double)t / (double)length);
}

/* learning_rate is the peak; the last step of the cycle has the final rate. */
static double rate_one_cycle(const gd_schedule_options *options, double learning_rate, int64_t t,
                             int64_t total)
{
    double length = (double)(options->total_steps == GD_AUTOMATIC ? total : options->total_steps);
    double start = learning_rate / options->div_factor;
    double final = start / options->final_div_factor;
    double rise = options->pct_start * length - 1;
    double rates[4] = {start, learning_rate, final, final};
    double ends[3] = {rise, length - 1, length - 1};
    if (options->three_phase) {
        rates[2] = start;
        ends[1] = 2 * options->pct_start * length - 2;
    }
    double begin = 0;
    for (int phase = 0; phase < 3; phase++) {
        if ((double)t <= ends[phase] && ends[phase] > begin) {
            double share = ((double)t - begin) / (ends[phase] - begin);
            if (options->anneal_strategy == GD_ANNEAL_LINEAR) {
                return rates[phase] + (rates[phase + 1] - rates[phase]) * share;
            }
            return cosine_between(rates[phase], rates[phase + 1], share);
        }
        begin = ends[phase];
    }
    return final;
}

static gd_status check_multi_step(const gd_schedule_options *options, gd_error *error)
{
    for (int64_t i = 1; i < options->milestones.length; i++) {
        if (options->milestones.values[i] <= options->milestones.values[i - 1]) {
            return gd_fail(error, GD_INVALID_ARGUMENT, "milestones",
                           "milestones must grow; %lld comes after %lld",
                           (long long)options->milestones.values[i],
                           (long long)options->milestones.values[i - 1]);
        }
    }
    return GD_OK;
}

static gd_status check_one_cycle(const gd_schedule_options *options, gd_error *error)
{
    if (options->three_phase && options->pct_start > 0.5) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "pct_start",
                       "with three_phase the rise is at most half of the cycle; pct_start is %g",
                       options->pct_start);
    }
    return GD_OK;
}

static const gd_schedule_descriptor descriptors[GD_SCHEDULE_TYPE_COUNT] = {
    [GD_SCHEDULE_CONSTANT] = {.name = "constant",
                              .formula = "learning_rate",
                              .fields = {gdi_schedule_fields_constant, 1},
                              .rate = rate_constant},
    [GD_SCHEDULE_STEP] = {.name = "step",
                          .formula = "learning_rate * gamma^floor(t / step_size)",
                          .fields = {gdi_schedule_fields_step, 4},
                          .rate = rate_step},
    [GD_SCHEDULE_EXPONENTIAL] = {.name = "exponential",
                                 .formula = "learning_rate * gamma^t",
                                 .fields = {gdi_schedule_fields_exponential, 3},
                                 .rate = rate_exponential},
    [GD_SCHEDULE_COSINE] = {.name = "cosine",
                            .formula = "eta_min + (learning_rate - eta_min) * "
                                       "(1 + cos(pi * t / t_max)) / 2",
                            .fields = {gdi_schedule_fields_cosine, 4},
                            .rate = rate_cosine},
    [GD_SCHEDULE_MULTI_STEP] = {.name = "multi_step",
                                .formula = "learning_rate * gamma^(milestones passed)",
                                .fields = {gdi_schedule_fields_multi_step, 4},
                                .rate = rate_multi_step,
                                .check = check_multi_step},
    [GD_SCHEDULE_POLYNOMIAL] = {.name = "polynomial",
                                .formula = "learning_rate * (1 - t / total_iters)^power",
                                .fields = {gdi_schedule_fields_polynomial, 4},
                                .rate = rate_polynomial},
    [GD_SCHEDULE_INVERSE_TIME] = {.name = "inverse_time",
                                  .formula = "learning_rate / (1 + decay * t)",
                                  .fields = {gdi_schedule_fields_inverse_time, 3},
                                  .rate = rate_inverse_time},
    [GD_SCHEDULE_COSINE_RESTARTS] = {.name = "cosine_restarts",
                                     .formula = "cosine over cycles of t_0, t_0 * t_mult, ... each "
                                                "beginning at learning_rate",
                                     .fields = {gdi_schedule_fields_cosine_restarts, 5},
                                     .rate = rate_cosine_restarts},
    [GD_SCHEDULE_ONE_CYCLE] = {.name = "one_cycle",
                               .formula = "from learning_rate / div_factor up to learning_rate and "
                                          "down to learning_rate / (div_factor * final_div_factor)",
                               .fields = {gdi_schedule_fields_one_cycle, 8},
                               .rate = rate_one_cycle,
                               .check = check_one_cycle},
    [GD_SCHEDULE_PLATEAU] = {.name = "plateau",
                             .formula = "times factor after more than patience epochs without an "
                                        "improvement",
                             .fields = {gdi_schedule_fields_plateau, 7},
                             .rate = rate_constant,
                             .has_state = true},
};

const gd_schedule_descriptor *gd_schedule_descriptor_at(gd_schedule_type type)
{
    if ((int)type < 0 || type >= GD_SCHEDULE_TYPE_COUNT) {
        return NULL;
    }
    return &descriptors[type];
}

double gd_schedule_rate(const gd_schedule_options *options, double learning_rate, int64_t step,
                        int64_t steps, int64_t steps_per_epoch)
{
    if (step < options->warmup_steps) {
        return learning_rate * (double)(step + 1) / (double)options->warmup_steps;
    }
    int64_t t = step - options->warmup_steps;
    int64_t total = steps - options->warmup_steps;
    if (options->unit == GD_SCHEDULE_EPOCH) {
        t /= steps_per_epoch;
        total = (total + steps_per_epoch - 1) / steps_per_epoch;
    }
    return descriptors[options->type].rate(options, learning_rate, t, total);
}

gd_schedule_state gd_schedule_state_start(double learning_rate)
{
    return (gd_schedule_state){.learning_rate = learning_rate, .best = INFINITY};
}

void gd_schedule_observe(const gd_schedule_options *options, gd_schedule_state *state,
                         double monitored)
{
    if (!descriptors[options->type].has_state) {
        return;
    }
    double margin = options->threshold_mode == GD_THRESHOLD_REL
                        ? state->best * (1 - options->threshold)
                        : state->best - options->threshold;
    if (monitored < margin) {
        state->best = monitored;
        state->bad_epochs = 0;
    } else {
        state->bad_epochs++;
    }
    if (state->cooldown_left > 0) {
        state->cooldown_left--;
        state->bad_epochs = 0;
    }
    if (state->bad_epochs > options->patience) {
        double smaller = fmax(state->learning_rate * options->factor, options->min_lr);
        if (state->learning_rate - smaller > PLATEAU_SMALLEST_CHANGE) {
            state->learning_rate = smaller;
        }
        state->cooldown_left = options->cooldown;
        state->bad_epochs = 0;
    }
}
