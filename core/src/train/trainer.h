/*
 * trainer.h: the insides of a gd_trainer, shared by the files of train/.
 *
 * Three blocks hold parameters. `current` names the one in use and `best` the one of the best
 * monitored epoch, which may be the same; an update writes into a block that is neither, and only
 * when all of it is finite does that block become the current one. So the last finite parameters
 * are never written over, and keeping the best costs no copy.
 */
#ifndef DESCENT_TRAIN_TRAINER_H
#define DESCENT_TRAIN_TRAINER_H

#include <descent/training.h>

#include "math/parallel.h"
#include "train/batcher.h"
#include "train/direct.h"
#include "train/fused.h"

#define GDI_MAXIMUM_EPOCHS   1e9
#define GDI_MAXIMUM_STEPS    1e11
#define GDI_DEFAULT_EPOCHS   100
#define GDI_MAXIMUM_RESTARTS 1000
#define GDI_CURVE_POINTS     1000  /* of a run at least, if it has so many updates, by default */
#define GDI_MEASURE_EVERY    16    /* updates, by default: what costs a pass over all parameters */
#define GDI_VALIDATIONS      10000 /* of a run, about at most */

enum {
    GDI_BLOCKS = 3
};

/* What decides when to stop, and what is best. */
typedef struct gdi_stopping {
    bool has_best; /* of all restarts */
    double best;   /* monitored value, as are the next */
    int64_t best_step;
    bool has_own; /* of this restart */
    double own_best;
    int64_t own_best_step;
    double reference; /* best by more than min_delta: what patience counts from */
    int64_t reference_epoch;
    bool reached_target; /* the pass just ended has the loss that was to be reached */
} gdi_stopping;

/* Where the restart under way began, and what the ones before it leave. */
typedef struct gdi_restarts {
    int64_t first_step, first_epoch; /* of progress, before its first update */
    gd_random random;                /* draws the first parameters of the next */
    gd_stop_reason best_reason;      /* of the restart with the best value, once it has ended */
    gd_stop_reason sound_reason;     /* of the last one that did not diverge; NONE: none yet */
    gd_restart ended;
    bool ended_ready; /* by the last advance */
} gdi_restarts;

/* Sum of a loss over examples. */
typedef struct gdi_loss_sum {
    double sum;
    int64_t rows;
} gdi_loss_sum;

/* How a loss sees the outputs of one example: several rows where the model gives a sequence. */
typedef struct gdi_output_plan {
    int64_t rows, width;
} gdi_output_plan;

gdi_output_plan gdi_plan_output(const gd_model *model);

/* What is known of a step before its update. */
typedef struct gdi_step {
    gdi_batch batch;
    int64_t number;     /* from 1, of all restarts */
    int64_t own_number; /* from 1 in this restart */
    double learning_rate, loss, gradient_norm;
    bool ends_epoch; /* the last batch of the examples */
    bool ends_pass;  /* that, or the last step there will be */
    bool validates;  /* a validation pass follows */
    bool records;    /* becomes a point */
    bool measures;   /* one with the norms of layers and the update ratio */
    gd_stop_reason
        reason; /* why training ends with this step, as far as known without validation */
} gdi_step;

/* The search for a learning rate, and what it found. */
typedef struct gdi_range_test {
    bool running;                                  /* the next call of advance tries a rate */
    bool ready;                                    /* ended by the last advance */
    int block;                                     /* parameters of the trial */
    double chosen;                                 /* 0: not yet */
    double mean, weight, minimum, rate_at_minimum; /* smoothed loss */
    gd_range_test result;
} gdi_range_test;

/* The functions of training.h on a trainer, of this precision or of the other (wide.h). */
typedef struct gdi_trainer_operations {
    void (*destroy)(gd_trainer *trainer);
    gd_status (*run)(gd_trainer *trainer, int64_t calls, gd_error *error);
    const gd_point *(*point)(const gd_trainer *trainer);
    const gd_range_test *(*range_test)(const gd_trainer *trainer);
    const gd_restart *(*restart)(const gd_trainer *trainer);
    const gd_progress *(*progress)(const gd_trainer *trainer);
    const int64_t *(*parameter_layers)(const gd_trainer *trainer, int64_t *count);
    const void *(*parameters)(const gd_trainer *trainer); /* gd_real of its side, as are the next */
    const void *(*best_parameters)(const gd_trainer *trainer, int64_t *step);
    const double *(*formula_parameters)(const gd_trainer *trainer);
    const double *(*formula_best)(const gd_trainer *trainer, int64_t *step);
    void (*save)(const gd_trainer *trainer, gd_buffer *buffer);
    gd_status (*load)(gd_trainer *trainer, gd_reader *reader, gd_error *error);
} gdi_trainer_operations;

struct gd_trainer {
    /* The first, and all that may be looked at in a trainer of the other precision. */
    const gdi_trainer_operations *operations;
    gd_model *own_model;    /* destroyed with the trainer; NULL: setup.model is the caller's */
    gd_trainer_setup setup; /* limits resolved: steps and epochs both set, batch size a number */
    const gdi_kernels *kernels;
    gdi_thread_pool *pool; /* NULL: one thread */
    const gd_optimizer_descriptor *optimizer;
    const gd_loss_descriptor *loss;

    size_t parameter_count; /* of a block; the first trained_count are the optimizer's */
    size_t trained_count;
    gdi_output_plan output;
    gdi_direct direct;
    bool goes_together;       /* steps may be taken many at a time */
    int64_t validation_every; /* epochs */
    int64_t measure_every;    /* updates; 1 where the caller said which are recorded */
    int64_t *layers;          /* [layer_count] those with parameters */
    int64_t layer_count;

    gd_real *blocks[GDI_BLOCKS]; /* each [parameter_count] */
    int current, best;           /* index; best -1: none yet */
    double *told;                /* [2, parameter_count] of a formula: as the caller sees them */
    gd_real *gradients;          /* [parameter_count] */
    gd_real *output_gradient;    /* [batch, outputs of an example] */
    gd_real *moments;            /* [moment_count] of trained_count, moment_stride apart */
    int64_t moment_count;
    size_t moment_stride;
    double *scalars; /* [scalar_count] */
    int64_t scalar_count;
    gd_real *trial, *trial_gradients;   /* [parameter_count]; for rules that need the objective */
    gd_workspace *workspace;            /* training, of a batch */
    gd_workspace *validation_workspace; /* of a slice, or NULL */
    int64_t validation_slice;           /* examples a call of gd_trainer_advance */
    gdi_gatherer validation_rows;

    gdi_batcher batcher;
    gd_random dropout;
    gd_schedule_state schedule;
    gdi_stopping stopping;
    gdi_restarts restarts;
    gdi_range_test range_test;
    gdi_loss_sum since_point, since_epoch; /* training loss since the last point, this pass */

    bool validating;            /* the next call takes a slice of validation */
    int64_t validation_row;     /* first of that slice */
    double validation_sum;      /* loss of the rows before it */
    gd_stop_reason pass_reason; /* why training ends with the pass being validated */

    gd_progress progress;
    gd_point point;       /* complete, or awaiting the validation loss */
    double *layer_norms;  /* [layer_count], of `point`: gradients */
    double *layer_ratios; /* [layer_count], of `point`: updates */
    bool point_ready;

    bool clock_started;
    double clock_origin, seconds_before; /* seconds = before + now - origin */
};

static inline bool gdi_is_finished(const gd_trainer *trainer)
{
    return trainer->progress.reason != GD_STOP_NONE;
}

static inline gd_real *gdi_parameters(const gd_trainer *trainer)
{
    return trainer->blocks[trainer->current];
}

/* The block the next update writes into: neither the current nor the best one. */
int gdi_free_block(const gd_trainer *trainer);

/* trainer.c: the functions of training.h on a setup, for a trainer of this precision. */
int64_t gdi_trainer_bytes(const gd_trainer_setup *setup);
gd_status gdi_trainer_create(gd_trainer **trainer, const gd_trainer_setup *setup, gd_error *error);

/* state.c: of the operations. */
void gdi_state_save(const gd_trainer *trainer, gd_buffer *buffer);
gd_status gdi_state_load(gd_trainer *trainer, gd_reader *reader, gd_error *error);

/* setup.c: checks everything a caller can get wrong and resolves limits in *setup. Examples that are
 * not `loaded` have sizes only, and are checked for those. */
gd_status gdi_setup_check(gd_trainer_setup *setup, bool loaded, gd_error *error);

/* step.c: one update. */
gd_status gdi_take_step(gd_trainer *trainer, gd_error *error);
/* Its parts. The mean loss of the batch and, where that is finite, its gradient; both with the
 * penalty. */
double gdi_evaluate(gd_trainer *trainer, const gdi_batch *batch, const gd_real *parameters,
                    gd_random *dropout, gd_real *gradients, gdi_gradient_use *use);
/* The gradient, whose norm is `norm`, as clipping leaves it. */
void gdi_clip(gd_trainer *trainer, double norm);
/* Writes the new parameters into `result`; running statistics are taken over as they came. Whether all
 * of it is finite. `fused` has taken part of it along, or is NULL. */
bool gdi_update(gd_trainer *trainer, const gdi_step *step, const gd_objective *objective,
                const gd_real *parameters, gd_real *result, const gdi_fused *fused);

/* together.c: whether steps of this setup may go together. */
bool gdi_goes_together(const gd_trainer_setup *setup, const gdi_direct *direct);
/* Takes up to `most` steps of which nothing is wanted but their update; returns how many, 0 for
 * none. */
int64_t gdi_take_steps_together(gd_trainer *trainer, int64_t most);

/* range_test.c */
bool gdi_is_rate_automatic(const gd_trainer *trainer);
/* The rate before schedule and warm-up; 0 while it is being looked for. */
double gdi_base_rate(const gd_trainer *trainer);
/* Makes the test the next thing to do where it is still to be done. */
void gdi_range_test_begin(gd_trainer *trainer);
void gdi_range_test_advance(gd_trainer *trainer);

/* validation.c */
void gdi_validation_begin(gd_trainer *trainer);
gd_status gdi_validate_slice(gd_trainer *trainer, gd_error *error);

/* stopping.c: fills everything in `step` that follows from batch, number, loss and gradient_norm. */
void gdi_stopping_decide(const gd_trainer *trainer, gdi_step *step);
/*
 * Ends a pass after its last update: takes note of its monitored value, keeps the best parameters
 * and says why training ends here, `reason` or one that follows from the value. `validation_loss`
 * is NULL where none was computed.
 */
gd_stop_reason gdi_stopping_end_pass(gd_trainer *trainer, gd_stop_reason reason,
                                     const double *validation_loss);
/* Updates of the restart under way. */
int64_t gdi_own_step(const gd_trainer *trainer);

/* restart.c: begins the first run. */
void gdi_begin(gd_trainer *trainer);
/* Everything of a run but its parameters, as it stands before the first update. */
void gdi_reset(gd_trainer *trainer);
/*
 * Ends the restart under way. Where others follow the next one begins, else training ends and the
 * final parameters are in place.
 */
void gdi_finish(gd_trainer *trainer, gd_stop_reason reason);

/* record.c */
double gdi_seconds(const gd_trainer *trainer); /* training time over all attempts */
/* Before clipping: the point of `step`, but for update_ratio, sequence, seconds and validation. */
void gdi_record_begin(gd_trainer *trainer, const gdi_step *step);
void gdi_record_update_ratio(gd_trainer *trainer, const gd_real *before, const gd_real *after);
void gdi_record_complete(gd_trainer *trainer, const double *validation_loss);

/*
 * nonfinite.c: ends training as diverged, with a last point that holds the non-finite value, and
 * tells in `error`, which is not NULL, at which step and in which tensor it appeared.
 */
gd_status gdi_diverge_loss(gd_trainer *trainer, const gdi_step *step, gd_error *error);
gd_status gdi_diverge_gradient(gd_trainer *trainer, const gdi_step *step, gd_error *error);
gd_status gdi_diverge_update(gd_trainer *trainer, const gdi_step *step, const gd_real *result,
                             gd_error *error);
gd_status gdi_diverge_validation(gd_trainer *trainer, double loss, gd_error *error);

#endif
