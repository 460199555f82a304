/*
 * measure.h: how good what an attempt ended with is, as the "metrics" of its job.
 */
#ifndef JOBS_MEASURE_H
#define JOBS_MEASURE_H

#include "jobs/plan.h"

/*
 * JSON, owned by the caller; NULL where it cannot be had. `final` and `best` (may be NULL) are
 * parameters as the trainer gives them. Of the validation part if there is one. Of a formula fitted
 * by least squares also "standard_errors": {"t", "final": {name: number or null}, "best"}, of the
 * training part; of one without data its value.
 */
char *jobs_write_metrics(const jobs_plan *plan, const void *final, const void *best);

#endif
