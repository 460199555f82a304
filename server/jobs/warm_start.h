/*
 * warm_start.h: training that begins from the parameters of another job ("training.from_job").
 *
 * The parameters are copied when the job is submitted and kept with it, so that nothing that happens
 * to the other job afterwards matters, and the job, run again, gives the same bytes. A retry of such
 * a job starts from the same copy. The copy says what it is of: the other job, and name and shape of
 * every tensor.
 */
#ifndef JOBS_WARM_START_H
#define JOBS_WARM_START_H

#include "jobs/service.h"

#define JOBS_INITIAL "initial" /* the copy's name in the store */

/*
 * Fills `copy` where the plan's spec names a job, else leaves it empty. GD_INVALID_ARGUMENT with
 * faults added where there is no such job, it has no such parameters yet, or they do not fit the
 * plan's network. `retry_of` is the job being retried or NULL; only jobs of the owner `seen_by` are
 * there (NULL: all).
 */
gd_status jobs_warm_start(jobs_service *service, const char *seen_by, const jobs_plan *plan,
                          const char *retry_of, gd_buffer *copy, json_faults *faults,
                          gd_error *error);

/* Puts the copy that is kept with job `id` into the plan; does nothing where its spec names none. */
gd_status jobs_warm_start_load(jobs_plan *plan, store *opened, const char *id, gd_error *error);

/* The form of the copy. */
void jobs_initial_write(const spec_warm_start *source, const gd_model *model,
                        const void *parameters, gd_buffer *copy);

/*
 * Reads a copy: *of is what it was taken from, *parameters [parameter_count of the model] point into
 * `bytes` and may be unaligned. GD_SHAPE_MISMATCH says which tensor differs from the model's.
 */
gd_status jobs_initial_read(const void *bytes, size_t length, const gd_model *model,
                            spec_warm_start *of, const void **parameters, gd_error *error);

#endif
