/*
 * moments.h: notable moments of an attempt on their way to the store.
 *
 * They are kept until the next checkpoint or the end and stored in its transaction, so that each is
 * told once, however often the process dies. Ownership: the list owns its texts. Thread rule: one
 * owner.
 */
#ifndef JOBS_MOMENTS_H
#define JOBS_MOMENTS_H

#include "spec/spec.h"
#include "store/store.h"

typedef struct jobs_moments {
    store_event *events; /* [count] */
    int64_t count, capacity;
} jobs_moments;

/* Copies the texts; `data` may be NULL. False without memory: the moment is then not told. */
bool jobs_moments_add(jobs_moments *moments, const char *type, const char *message,
                      const char *data);

/* "learning_rate_chosen": the choice and its evidence, the rates tried and their losses. */
bool jobs_moments_add_range_test(jobs_moments *moments, const gd_range_test *test);

/* "restart_ended": how it ended and its best value, as a sentence and as data. */
bool jobs_moments_add_restart(jobs_moments *moments, const gd_restart *restart,
                              const gd_training_options *training);

/* Forgets them, once they are stored. */
void jobs_moments_clear(jobs_moments *moments);
void jobs_moments_dispose(jobs_moments *moments);

#endif
