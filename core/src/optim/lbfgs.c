/*
 * lbfgs.c: limited-memory BFGS, one iteration a step (torch.optim.LBFGS with max_iter 1; Nocedal 1980,
 * Liu and Nocedal 1989).
 *
 * The direction is -H g, H built by the two-loop recursion from the last pairs of step s and change of
 * gradient y. It wants the same function every step: full batches. Blocks of moments: direction, last
 * gradient, gradient of trials, then `history` of y and `history` of s, used as a ring. Scalars: see
 * the enum, then 1 / (y·s) of each pair. Dot products are summed in double.
 */
#include "optim/line_search.h"
#include "optim/rules.h"

#include <math.h>
#include <string.h>

#define SMALLEST_CURVATURE 1e-10 /* PyTorch's: pairs with y·s above this are always kept */

enum {
    DIRECTION,
    LAST_GRADIENT,
    TRIAL_GRADIENT,
    PAIRS
};
enum {
    ITERATIONS,
    STEP_LENGTH,
    DIAGONAL,
    PAIR_COUNT,
    FIRST_PAIR,
    RECIPROCALS
};
enum {
    LANES = 8
};

static const char *const line_searches[] = {"strong_wolfe", "none", NULL};

static const gd_field fields[] = {
    GDI_LEARNING_RATE(1,
                      "Length tried first along the direction, or always without a line search."),
    {.name = "history",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(gd_optimizer_options, of.lbfgs.history),
     .minimum = 1,
     .maximum = 1000,
     .default_value = 100,
     .help = "Steps that are remembered; each takes twice the memory of the parameters."},
    {.name = "line_search",
     .type = GD_FIELD_CHOICE,
     .offset = offsetof(gd_optimizer_options, of.lbfgs.line_search),
     .choices = line_searches,
     .default_value = GD_LINE_SEARCH_STRONG_WOLFE,
     .help = "How the length of a step is found. PyTorch's default is none."},
    GDI_NUMBER("tolerance_grad", of.lbfgs.tolerance_grad, 0, GDI_UNBOUNDED, 1e-7,
               "No step is taken once no element of the gradient is larger."),
    GDI_NUMBER("tolerance_change", of.lbfgs.tolerance_change, 0, GDI_UNBOUNDED, 1e-9,
               "No step is taken once it promises less, nor a line search refined further."),
};

static int64_t moment_count(const gd_optimizer_options *options)
{
    return PAIRS + 2 * options->of.lbfgs.history;
}

static int64_t scalar_count(const gd_optimizer_options *options)
{
    return RECIPROCALS + 2 * options->of.lbfgs.history;
}

/* In lanes of fixed number, so that compilers may use vectors without changing the sum. */
GDI_VERSIONS static double dot(const gd_real *a, const gd_real *b, size_t count)
{
    double lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[lane] += (double)a[i + lane] * (double)b[i + lane];
        }
    }
    double sum = 0;
    for (; i < count; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        sum += lanes[lane];
    }
    return sum;
}

/* result = a + factor · b; result may be a. */
GDI_VERSIONS static void add_scaled(gd_real *result, const gd_real *a, double factor,
                                    const gd_real *b, size_t count)
{
    gd_real by = (gd_real)factor;
    GDI_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        result[i] = a[i] + by * b[i];
    }
}

static double largest_size(const gd_real *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)values[i]));
    }
    return largest;
}

static double sum_of_sizes(const gd_real *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += fabs((double)values[i]);
    }
    return sum;
}

/* The remembered pairs; 0 is the oldest. */
typedef struct pairs {
    gd_real *changes, *steps; /* y and s, [history × count] */
    double *reciprocals;      /* [history] 1 / (y·s) */
    int64_t history, count, first;
    size_t width;
} pairs;

static size_t slot(const pairs *p, int64_t index)
{
    return (size_t)((p->first + index) % p->history);
}

static gd_real *change_of(const pairs *p, int64_t index)
{
    return p->changes + slot(p, index) * p->width;
}

static gd_real *step_of(const pairs *p, int64_t index)
{
    return p->steps + slot(p, index) * p->width;
}

/* A count kept as a double, which came with a state that may be another's: beyond its limit it is 0. */
static int64_t count_within(double value, int64_t limit)
{
    return value >= 0 && value <= (double)limit ? (int64_t)value : 0;
}

static pairs open_pairs(const gd_optimizer_options *options, const gd_update *update)
{
    int64_t history = options->of.lbfgs.history;
    return (pairs){
        .changes = update->moments + PAIRS * update->count,
        .steps = update->moments + (PAIRS + (size_t)history) * update->count,
        .reciprocals = update->scalars + RECIPROCALS,
        .history = history,
        .count = count_within(update->scalars[PAIR_COUNT], history),
        .first = count_within(update->scalars[FIRST_PAIR], history - 1),
        .width = update->count,
    };
}

/* Remembers the step that was taken last, where the curvature along it is above 0. */
static void remember(pairs *p, const gd_update *update)
{
    size_t count = update->count;
    const gd_real *direction = update->moments + DIRECTION * count;
    const gd_real *last = update->moments + LAST_GRADIENT * count;
    /* The trial block is free here; the change of the gradient is looked at before it is kept. */
    gd_real *change = update->moments + TRIAL_GRADIENT * count;
    add_scaled(change, update->gradients, -1, last, count);
    double length = (double)(gd_real)update->scalars[STEP_LENGTH];
    double curvature = length * dot(change, direction, count);
    double squares = dot(change, change, count);
    /* Close to a minimum y·s is tiny and still good, as long as it is not mere rounding. */
    if (!(curvature > fmin(SMALLEST_CURVATURE, (double)GD_REAL_EPSILON * squares))) {
        return;
    }
    if (p->count == p->history) {
        p->first = (p->first + 1) % p->history;
        p->count--;
    }
    int64_t newest = p->count++;
    memcpy(change_of(p, newest), change, count * sizeof *change);
    gd_real *step = step_of(p, newest), by = (gd_real)length;
    for (size_t i = 0; i < count; i++) {
        step[i] = direction[i] * by;
    }
    p->reciprocals[slot(p, newest)] = 1 / curvature;
    update->scalars[DIAGONAL] = curvature / squares;
    update->scalars[PAIR_COUNT] = (double)p->count;
    update->scalars[FIRST_PAIR] = (double)p->first;
}

/* direction = -H g. */
static void find_direction(const pairs *p, const gd_update *update)
{
    size_t count = update->count;
    gd_real *direction = update->moments + DIRECTION * count;
    double *weights = p->reciprocals + p->history;
    for (size_t i = 0; i < count; i++) {
        direction[i] = -update->gradients[i];
    }
    for (int64_t i = p->count - 1; i >= 0; i--) {
        weights[i] = dot(step_of(p, i), direction, count) * p->reciprocals[slot(p, i)];
        add_scaled(direction, direction, -weights[i], change_of(p, i), count);
    }
    gd_real diagonal = (gd_real)update->scalars[DIAGONAL];
    for (size_t i = 0; i < count; i++) {
        direction[i] *= diagonal;
    }
    for (int64_t i = 0; i < p->count; i++) {
        double back = dot(change_of(p, i), direction, count) * p->reciprocals[slot(p, i)];
        add_scaled(direction, direction, weights[i] - back, step_of(p, i), count);
    }
}

static double evaluate_along(void *context, double t, double *slope)
{
    const gd_update *update = context;
    size_t count = update->count;
    const gd_real *direction = update->moments + DIRECTION * count;
    gd_real *gradient = update->moments + TRIAL_GRADIENT * count;
    add_scaled(update->result, update->parameters, t, direction, count);
    double loss = update->objective->evaluate(update->objective->context, update->result, gradient);
    *slope = isfinite(loss) ? dot(gradient, direction, count) : INFINITY;
    return loss;
}

static void update_lbfgs(const gd_optimizer_options *options, const gd_update *update)
{
    const gd_lbfgs_options *lbfgs = &options->of.lbfgs;
    size_t count = update->count, bytes = count * sizeof(gd_real);
    gd_real *direction = update->moments + DIRECTION * count;
    double *scalars = update->scalars;
    memcpy(update->result, update->parameters, bytes);
    if (largest_size(update->gradients, count) <= lbfgs->tolerance_grad) {
        return;
    }
    pairs p = open_pairs(options, update);
    bool first = scalars[ITERATIONS] < 1;
    if (first) {
        scalars[DIAGONAL] = 1;
    } else {
        remember(&p, update);
    }
    scalars[ITERATIONS] += 1;
    find_direction(&p, update);
    memcpy(update->moments + LAST_GRADIENT * count, update->gradients, bytes);
    double length = update->learning_rate;
    if (first) {
        length *= fmin(1, 1 / sum_of_sizes(update->gradients, count));
    }
    double slope = dot(update->gradients, direction, count);
    if (slope > -lbfgs->tolerance_change) {
        scalars[STEP_LENGTH] = 0;
        return;
    }
    if (lbfgs->line_search == GD_LINE_SEARCH_STRONG_WOLFE) {
        /* evaluate_along takes the update back as what it is: its context is not const. */
        gd_update along = *update;
        length = gdi_line_search(&(gdi_line){
            .evaluate = evaluate_along,
            .context = &along,
            .value = update->loss,
            .slope = slope,
            .first = length,
            .size = largest_size(direction, count),
            .tolerance_change = lbfgs->tolerance_change,
        });
    }
    scalars[STEP_LENGTH] = length;
    add_scaled(update->result, update->parameters, length, direction, count);
}

const gd_optimizer_descriptor gdi_optimizer_lbfgs = {
    .name = "lbfgs",
    .help = "Limited-memory BFGS with a line search; for full batches and few parameters.",
    .fields = GDI_FIELD_TABLE(fields),
    .moment_count = moment_count,
    .scalar_count = scalar_count,
    .needs_objective = true,
    .update = update_lbfgs,
};
