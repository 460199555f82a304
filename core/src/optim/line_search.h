/*
 * line_search.h: how far to go along a direction, so that the strong Wolfe conditions hold.
 *
 * With phi(t) the loss at t along the direction: phi(t) ≤ phi(0) + 1e-4 · t · phi'(0) and
 * |phi'(t)| ≤ 0.9 · |phi'(0)| (Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and 3.6;
 * constants, interpolation and limits are those of torch.optim.LBFGS). A place where phi is not
 * finite counts as infinitely high.
 */
#ifndef DESCENT_OPTIM_LINE_SEARCH_H
#define DESCENT_OPTIM_LINE_SEARCH_H

typedef struct gdi_line {
    /* Returns phi(t) and writes phi'(t). */
    double (*evaluate)(void *context, double t, double *slope);
    void *context;
    double value, slope;     /* at 0; the slope is below 0 */
    double first;            /* the t to try first */
    double size;             /* largest element of the direction */
    double tolerance_change; /* brackets whose places differ by less are given up */
} gdi_line;

/* The t found: the lowest place seen where the conditions could not be met; 0 if none was lower. */
double gdi_line_search(const gdi_line *line);

#endif
