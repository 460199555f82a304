/*
 * training.h: the loop. A gd_trainer takes examples through forward pass, loss, backward pass,
 * clipping and update until a limit or a stopping rule, one unit of work a call.
 *
 * The caller drives: `gd_trainer_advance` performs one optimizer step, or one slice of a validation
 * pass at the end of an epoch; between two calls the trainer may be saved, inspected or dropped, so
 * that cancel and pause take effect within one step. No memory is allocated after create. The same
 * setup and seed give the same bytes, also across save and load and for any number of threads.
 * Thread rule: one owner; it borrows model and examples, which must outlive it.
 */
#ifndef DESCENT_TRAINING_H
#define DESCENT_TRAINING_H

#include <descent/buffer.h>
#include <descent/loss.h>
#include <descent/model.h>
#include <descent/optimizer.h>
#include <descent/schedule.h>
#include <descent/sparse.h>

/* Examples in a file, prepared when a batch is taken (source.h). */
typedef struct gd_source gd_source;

/*
 * Prepared examples in memory, borrowed. Example i has the feature_width numbers from features + i ·
 * feature_stride on, and its targets likewise; a stride of 0 is the width: a plain matrix. With a
 * smaller stride examples overlap, as the windows of a series do (window.h), and nothing is copied
 * but the batch.
 */
typedef struct gd_examples {
    const gd_real *features;
    const gd_real *targets;
    int64_t count;
    int64_t feature_width, target_width;
    int64_t feature_stride, target_stride; /* elements */
    const gd_sparse_rows *sparse; /* rows most of whose numbers are zero: then features is NULL, and
                                     the model must take them (gd_model_takes_sparse); the whole
                                     matrix is checked by gd_trainer_create. NULL: features */
    const gd_source *source;      /* where they are prepared from; then features and targets
                                              are NULL and the strides do not matter. NULL: memory */
} gd_examples;

/* Examples of a formula, borrowed: features [count, columns] in the formula's order, targets
 * [count]. */
typedef struct gd_formula_examples {
    const double *features, *targets;
    int64_t count;
} gd_formula_examples;

typedef enum gd_clip_type {
    GD_CLIP_NONE,
    GD_CLIP_NORM,
    GD_CLIP_VALUE
} gd_clip_type;

typedef enum gd_monitor {
    GD_MONITOR_VALIDATION_LOSS,
    GD_MONITOR_LOSS
} gd_monitor;

typedef struct gd_training_options {
    int64_t epochs; /* limit in passes over the training examples, or 0 where `steps` is given; 100
                       where both are 0 */
    int64_t steps;  /* limit in updates, or 0 */
    int64_t batch_size; /* examples an update; GD_AUTOMATIC: all of them. The last batch of an epoch
                           may be smaller and is averaged over its real size */
    bool shuffle;       /* a new order every epoch, from GD_STREAM_SHUFFLE */
    uint64_t seed;
    gd_clip_type clip;
    double clip_limit; /* NORM: g *= min(1, limit / (|g| + 1e-6)), global; VALUE: to ±limit */
    bool stop_early;
    int stop_monitor;      /* gd_monitor; LOSS is the mean training loss of the epoch */
    int64_t stop_patience; /* epochs without an improvement by more than min_delta */
    double stop_min_delta;
    bool restore_best; /* with stop_early: the final parameters are those of the best epoch */
    bool has_target_loss;
    double target_loss;        /* converged once an epoch's mean training loss is ≤ this */
    double gradient_tolerance; /* converged once a step's gradient norm is ≤ this; 0: off */
    double max_seconds;        /* of training time over all attempts, each from its first advance;
                                  0: no limit */
    int64_t restarts;          /* runs from different first parameters, the best kept; 1: one run */
    int64_t threads;      /* that share each step; GD_AUTOMATIC: one a processor. The bytes are the
                             same for any number, and a state of any number may be loaded */
    int64_t record_every; /* updates a curve point; GD_AUTOMATIC: max(1, steps / 1000) */
} gd_training_options;

/*
 * Restarts. Epochs, steps, schedule, optimizer, order of the examples and early stopping begin anew
 * in each; the first is the run there would be without restarts, the first parameters of the others
 * are drawn one after the other from GD_STREAM_RESTART of the seed. Steps, epochs and points count
 * on. What ends a run ends the restart, a divergence too, and the next begins; but target_loss and
 * max_seconds end the training. The final parameters are those of the best monitored epoch of all
 * (of equal ones the first), and the reason is that of the restart they are from. The training has
 * diverged only where every restart has.
 */

/*
 * Rows for the plain members, "training" and "stop" of a job's description: epochs, steps,
 * batch_size, shuffle, target_loss, gradient_tolerance, max_seconds, restarts, threads,
 * record_every; and monitor, patience, min_delta, restore_best.
 */
const gd_field_table *gd_training_fields(void);
const gd_field_table *gd_stop_fields(void);
gd_training_options gd_training_options_default(void);

typedef struct gd_trainer_setup {
    const gd_model *model;
    gd_loss_options loss;
    gd_optimizer_options optimizer;
    gd_schedule_options schedule;
    gd_training_options training;
    gd_examples examples;
    gd_examples validation; /* count 0: none */
    int64_t shuffle_window; /* examples that are in random order among each other; 0, or at
                                          least all there are: all of them. Else blocks of a 64th of
                                          the window, in a new random order every epoch, fill one
                                          window after the other, and each is shuffled; a source is
                                          asked for the next window while this one trains */
    const gd_real *initial_parameters; /* NULL: drawn from GD_STREAM_INITIALISE of the seed */
    /* Of a formula, in place of examples, validation and initial_parameters. */
    gd_formula_examples formula_examples, formula_validation;
    const double *initial_values;   /* of its parameters, as they are; NULL: their starts */
    double (*clock)(void *context); /* seconds, monotonic; NULL: the system's */
    void *clock_context;
} gd_trainer_setup;

/* What the first run begins from: parameters [parameter_count]. Of the setup, only model,
 * training.seed and initial_parameters are looked at. Of a formula see gd_formula_parameter_at. */
void gd_training_first_parameters(const gd_trainer_setup *setup, gd_real *parameters);

/*
 * Formulas (gd_model_create_formula) train in double in any build, through the same functions. Their
 * examples are formula_examples. A formula without columns and
 * without examples is minimised itself: each step is an epoch of one example, and the loss is the
 * formula's value, whatever `loss` says. Bounds are held by projection: an update that crosses a bound
 * ends on it. The optimizer's moments know nothing of it; but the gradient they see, which the curves
 * show and gradient_tolerance is compared with, has 0 for a parameter that stands at a bound while
 * descent points beyond it. A line search looks at projected places. Restarts draw the parameters anew:
 * uniformly between two finite bounds, else normally about the start with its size (of 0: with 1) as
 * standard deviation. Points have the parameters in place of layers, where these are at most
 * GD_FORMULA_SERIES: layer_gradient_norms are the sizes of the elements of the gradient, as the
 * optimizer sees it, and layer_update_ratios the values after the step. Both are at every point.
 */

typedef enum gd_stop_reason {
    GD_STOP_NONE,          /* still running */
    GD_STOP_COMPLETED,     /* the limit of epochs or steps */
    GD_STOP_CONVERGED,     /* target_loss or gradient_tolerance */
    GD_STOP_EARLY_STOPPED, /* patience */
    GD_STOP_TIME_LIMIT,
    GD_STOP_DIVERGED /* non-finite; parameters are those before the step that failed */
} gd_stop_reason;

const char *gd_stop_reason_name(gd_stop_reason reason);

typedef struct gd_progress {
    int64_t step, steps;   /* updates done, updates at the limit, of all restarts */
    int64_t epoch, epochs; /* whole passes done, passes at the limit, likewise */
    int64_t restart;       /* the one under way, from 1 */
    int64_t best_restart;  /* that of the best monitored epoch; 0: none yet */
    int64_t samples;       /* examples seen by updates */
    double seconds;        /* training time over all attempts */
    bool has_loss;
    double first_loss, last_loss, best_loss; /* of curve points */
    int64_t best_loss_step;
    bool has_validation;
    double validation_loss, best_validation_loss;
    int64_t best_validation_step;
    gd_stop_reason reason;
    int64_t points; /* curve points so far; the last one's sequence number */
} gd_progress;

/*
 * One point of the curves, after update `step`. `loss` is the mean over the examples of the updates
 * since the point before (with record_every 1: the loss of the step). gradient_norm is before
 * clipping; update_ratio is |change of the parameters| / |parameters|, both global 2-norms. With an
 * automatic record_every, which is to cost little, update_ratio and what is told by layer are measured
 * about every 16th update and at the last and, where it is a point, the first; else they are
 * GD_NOT_MEASURED.
 */
#define GD_NOT_MEASURED (-1.0)

typedef struct gd_point {
    int64_t sequence; /* from 1, without gaps */
    int64_t step;
    double epoch; /* passes done, with fraction */
    double seconds;
    double loss;
    bool has_validation_loss;
    double validation_loss;
    double learning_rate, gradient_norm, update_ratio;
    const double *layer_gradient_norms; /* [parameter layers], borrowed from the trainer */
    const double *layer_update_ratios;  /* likewise; NULL: not measured */
    int64_t layer_count;
} gd_point;

/*
 * The range test (Smith 2017) that finds a learning rate of GD_AUTOMATIC_NUMBER, before the first
 * update and once for all restarts: updates with rates that rise exponentially from 1e-6 to 10, from
 * the first parameters, on the training's batches, without its schedule; one a call of
 * gd_trainer_advance. It ends early where the smoothed loss exceeds 4 times its minimum or a number
 * is not finite. The rate chosen is a tenth of that at the minimum of the smoothed loss, at least
 * 1e-6. Then all begins as it would have without the test.
 */
#define GD_RANGE_TEST_STEPS 100

typedef enum gd_range_test_end {
    GD_RANGE_TEST_RUNNING,
    GD_RANGE_TEST_WHOLE,
    GD_RANGE_TEST_GREW,
    GD_RANGE_TEST_NON_FINITE
} gd_range_test_end;

typedef struct gd_range_test {
    double learning_rate; /* chosen; the rule's default where the first update failed */
    gd_range_test_end end;
    int64_t count;
    double rates[GD_RANGE_TEST_STEPS];
    double losses[GD_RANGE_TEST_STEPS]; /* of the batch, before the update with that rate */
} gd_range_test;

/* A restart that has ended, where there are several. */
typedef struct gd_restart {
    int64_t number;        /* from 1 */
    int64_t step;          /* updates of the training when it ended */
    bool has_value;        /* an epoch ended in it */
    double value;          /* best monitored value */
    int64_t value_step;    /* after which update */
    gd_stop_reason reason; /* why it ended */
    gd_error failure;      /* where it diverged: at which step and in which tensor */
} gd_restart;

typedef struct gd_trainer gd_trainer;

gd_status gd_trainer_create(gd_trainer **trainer, const gd_trainer_setup *setup, gd_error *error);
void gd_trainer_destroy(gd_trainer *trainer);

/* What gd_trainer_create would refuse, but for the values of the examples, which may be NULL here. */
gd_status gd_trainer_check(const gd_trainer_setup *setup, gd_error *error);

/* Bytes gd_trainer_create would take besides the examples, which may be NULL here; -1 on overflow or
 * for a setup that gd_trainer_check refuses. */
int64_t gd_trainer_bytes(const gd_trainer_setup *setup);

/*
 * One unit of work. GD_NON_FINITE: loss, gradient, parameters or validation loss were not finite;
 * error names step and tensor ("layers.0.weight"), parameters are the last finite ones, the reason
 * is GD_STOP_DIVERGED and a last point holds the non-finite value. Calls after the end do nothing.
 */
gd_status gd_trainer_advance(gd_trainer *trainer, gd_error *error);

/*
 * As many calls of gd_trainer_advance as `calls` says, for steps that take less time than a look at
 * the clock: ends after one that left a point, a restart or a range test to look at, that failed, that
 * was the last or that leaves a slice of validation to do.
 */
gd_status gd_trainer_run(gd_trainer *trainer, int64_t calls, gd_error *error);

bool gd_trainer_is_finished(const gd_trainer *trainer);

/* The point the last advance completed, or NULL. Valid until the next advance. */
const gd_point *gd_trainer_point(const gd_trainer *trainer);

/* The range test the last advance ended, or NULL. Valid until the next advance. */
const gd_range_test *gd_trainer_range_test(const gd_trainer *trainer);

/* The restart the last advance ended, or NULL; always NULL without restarts. Valid as the point. */
const gd_restart *gd_trainer_restart(const gd_trainer *trainer);

const gd_progress *gd_trainer_progress(const gd_trainer *trainer);

/* Indices of the model's layers that have parameters, in the order of layer_gradient_norms; of a
 * formula those of the parameters that points have. */
const int64_t *gd_trainer_parameter_layers(const gd_trainer *trainer, int64_t *count);

/* Current parameters [parameter_count]; after the end the final ones. Valid until the next advance.
 * NULL for formulas. */
const gd_real *gd_trainer_parameters(const gd_trainer *trainer);

/* Parameters of the best monitored epoch of all restarts and its step; NULL before the first
 * epoch has ended. */
const gd_real *gd_trainer_best_parameters(const gd_trainer *trainer, int64_t *step);

/* The same of a formula's parameters as they are, within their bounds. NULL for other models. */
const double *gd_trainer_formula_parameters(const gd_trainer *trainer);
const double *gd_trainer_formula_best(const gd_trainer *trainer, int64_t *step);

/*
 * Everything that decides the rest of the run: parameters, moments, generator states, permutation,
 * position, stopping counters, sums since the last point. Loading into a trainer made from the same
 * setup continues it byte for byte; a state of another setup is GD_CORRUPT.
 */
void gd_trainer_save(const gd_trainer *trainer, gd_buffer *buffer);
gd_status gd_trainer_load(gd_trainer *trainer, gd_reader *reader, gd_error *error);

#endif
