/*
 * nist.h: NIST's reference sets for nonlinear regression (StRD), read from its .dat files: model, two
 * starts, certified parameters to 11 digits, their standard deviations and the residual sum of squares.
 */
#ifndef SUPPORT_NIST_H
#define SUPPORT_NIST_H

#include <descent/formula.h>

#define NIST_PARAMETERS 9
#define NIST_ROWS       256

typedef struct nist_set {
    const char *name;
    const char *formula;
    int parameters;
    bool log_response; /* the model is of log(y) */
    int columns;       /* x, or x1 and x2 */
} nist_set;

typedef struct nist_data {
    int rows;
    double starts[2][NIST_PARAMETERS], certified[NIST_PARAMETERS], deviations[NIST_PARAMETERS];
    double squares; /* residual sum of squares */
    double targets[NIST_ROWS], cells[2 * NIST_ROWS];
} nist_data;

/* In alphabetical order; NULL behind the last of 27. */
const nist_set *nist_set_at(int index);
const nist_set *nist_find(const char *name);

/* False where the file is not there, which the caller says and skips. */
bool nist_read(const nist_set *set, nist_data *data);

/* The formula with start 0 or 1, in C. */
gd_formula *nist_formula(const nist_set *set, const nist_data *data, int start);

/* Digits in which all parameters agree with the certified ones: -log10 of the largest relative error,
 * from 0 to 11. */
double nist_digits(const nist_set *set, const nist_data *data, const double *parameters);

#endif
