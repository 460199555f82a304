/*
 * line_search.c: bracketing, then zooming with cubic interpolation (line_search.h). At most 26
 * evaluations. The lower end of the bracket always has the sufficient decrease; in PyTorch it may
 * lose it, and with it the minimum, where the first place tried is far beyond. Where values differ
 * by no more than their rounding the slopes decide (the approximate Wolfe conditions of Hager and
 * Zhang 2005): else a search ends half the digits short of the minimum.
 */
#include "optim/line_search.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define SUFFICIENT_DECREASE 1e-4
#define SLOPE_REDUCTION     0.9
#define MARGIN              0.1 /* of the bracket, that a new place keeps from its ends */
#define LARGEST_GROWTH      10.0
#define SMALLEST_GROWTH     0.01
#define ROUNDING            (8 * DBL_EPSILON) /* of the value at the origin */

enum {
    MAXIMUM_ITERATIONS = 25
};

typedef struct place {
    double t, value, slope;
} place;

typedef struct search {
    const gdi_line *line;
    place low, high; /* the bracket; low is never too high, whatever its value */
    int iterations;
    bool done;
} search;

static place look(const gdi_line *line, double t)
{
    place at = {.t = t};
    at.value = line->evaluate(line->context, t, &at.slope);
    if (!isfinite(at.value) || !isfinite(at.slope)) {
        at.value = INFINITY;
        at.slope = INFINITY;
    }
    return at;
}

static double between(double t, double lower, double upper)
{
    return fmin(fmax(t, lower), upper);
}

/* Minimum of the cubic through both places with their slopes; the middle where there is none. */
static double interpolate(place a, place b, double lower, double upper)
{
    place left = a.t <= b.t ? a : b, right = a.t <= b.t ? b : a;
    double width = right.t - left.t;
    double mixed = left.slope + right.slope - 3 * (left.value - right.value) / (left.t - right.t);
    double square = mixed * mixed - left.slope * right.slope;
    if (!(square >= 0)) {
        return (lower + upper) / 2;
    }
    double root = sqrt(square);
    double share = (right.slope + root - mixed) / (right.slope - left.slope + 2 * root);
    double t = right.t - width * share;
    return isfinite(t) ? between(t, lower, upper) : (lower + upper) / 2;
}

/* Whether two values are the same but for rounding. */
static bool is_level(const search *s, double a, double b)
{
    return fabs(a - b) <= ROUNDING * fabs(s->line->value);
}

static bool is_too_high(const search *s, place at)
{
    bool falls = at.slope <= -(1 - 2 * SUFFICIENT_DECREASE) * s->line->slope;
    return at.value > s->line->value + SUFFICIENT_DECREASE * at.t * s->line->slope &&
           !(falls && is_level(s, at.value, s->line->value));
}

static bool is_above(const search *s, place at, place other)
{
    return at.value >= other.value && !is_level(s, at.value, other.value);
}

static bool is_flat(const search *s, place at)
{
    return fabs(at.slope) <= -SLOPE_REDUCTION * s->line->slope;
}

/* Goes outwards until a place that will do, or a bracket around one, is found. */
static void bracket(search *s)
{
    const place origin = {0, s->line->value, s->line->slope};
    place before = origin, at = look(s->line, s->line->first);
    for (; s->iterations < MAXIMUM_ITERATIONS; s->iterations++) {
        bool rises = s->iterations > 1 && is_above(s, at, before);
        if (is_too_high(s, at) || rises) {
            s->low = before;
            s->high = at;
            return;
        }
        if (is_flat(s, at)) {
            s->low = at;
            s->done = true;
            return;
        }
        if (at.slope >= 0) {
            s->low = at.value < before.value ? at : before;
            s->high = at.value < before.value ? before : at;
            return;
        }
        double next = interpolate(before, at, at.t + SMALLEST_GROWTH * (at.t - before.t),
                                  at.t * LARGEST_GROWTH);
        before = at;
        at = look(s->line, next);
    }
    s->low = is_too_high(s, at) ? origin : at;
}

/* A new place within the bracket; `stalled` remembers that the last one was close to an end. */
static double choose(const search *s, bool *stalled)
{
    double lower = fmin(s->low.t, s->high.t), upper = fmax(s->low.t, s->high.t);
    double t = interpolate(s->low, s->high, lower, upper);
    double margin = MARGIN * (upper - lower);
    if (fmin(upper - t, t - lower) >= margin) {
        *stalled = false;
        return t;
    }
    if (*stalled || t >= upper || t <= lower) {
        *stalled = false;
        return upper - t < t - lower ? upper - margin : lower + margin;
    }
    *stalled = true;
    return t;
}

static void zoom(search *s)
{
    bool stalled = false;
    for (; !s->done && s->iterations < MAXIMUM_ITERATIONS; s->iterations++) {
        if (fabs(s->high.t - s->low.t) * s->line->size < s->line->tolerance_change) {
            return;
        }
        place at = look(s->line, choose(s, &stalled));
        if (is_too_high(s, at) || is_above(s, at, s->low)) {
            s->high = at;
            continue;
        }
        s->done = is_flat(s, at);
        if (!s->done && at.slope * (s->high.t - s->low.t) >= 0) {
            s->high = s->low;
        }
        s->low = at;
    }
}

double gdi_line_search(const gdi_line *line)
{
    search s = {.line = line};
    bracket(&s);
    zoom(&s);
    return s.low.t;
}
