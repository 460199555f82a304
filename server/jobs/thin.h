/*
 * thin.h: which points of a curve are shown when there are more than asked for.
 *
 * Points are put into equal buckets; of each the points with the least and the greatest loss stay,
 * and likewise for the validation loss where it has values. The first, the last, the best and every
 * non-finite point stay always. The same points and limit give the same choice. Pure function.
 */
#ifndef JOBS_THIN_H
#define JOBS_THIN_H

#include "jobs/curve.h"

/*
 * Sets keep[i] for the chosen points of positions 0 … count-1 and returns their number: all of them
 * where count ≤ maximum or maximum is 0; otherwise at most `maximum` and those that stay always. The
 * curve holds at least loss and validation loss.
 */
int64_t jobs_curve_thin(const jobs_curve *curve, int64_t maximum, bool *keep);

#endif
