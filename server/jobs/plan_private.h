/*
 * plan_private.h: the stages of a plan, each in a file of its own. Private to plan*.c.
 */
#ifndef JOBS_PLAN_PRIVATE_H
#define JOBS_PLAN_PRIVATE_H

#include "jobs/plan.h"

/* One plan under way. A stage that adds faults leaves the later ones without what they need. */
typedef struct jobs_planning {
    jobs_plan *plan;
    const jobs_resources *resources;
    json_faults *faults;
} jobs_planning;

/* Adds a fault at "/<first>/<second>"; an index ≥ 0 stands behind it. */
void jobs_plan_fault(const jobs_planning *planning, const char *first, const char *second,
                     int64_t index, const char *code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The same at a pointer of any depth, given without its leading slash: "data/window/length". */
void jobs_plan_fault_at(const jobs_planning *planning, const char *pointer, const char *code,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

void jobs_plan_warn(jobs_plan *plan, const char *pointer, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Frames, with targets from elsewhere behind them (plan_open.c). */
gd_status jobs_plan_open(jobs_planning *planning, gd_error *error);

/* Columns, task, loss and split from spec and data (plan_data.c). */
gd_status jobs_plan_columns(jobs_planning *planning);
void jobs_plan_task(jobs_planning *planning);
gd_status jobs_plan_split(jobs_planning *planning, gd_error *error);
gd_status jobs_plan_fit(jobs_planning *planning, gd_error *error);

/* Windows over series and texts (plan_window.c). */
void jobs_plan_window_defaults(jobs_planning *planning);
void jobs_plan_window(jobs_planning *planning);
gd_status jobs_plan_window_split(jobs_planning *planning, gd_error *error);
/* The examples that prepared rows make: themselves, or the windows over them. */
gd_examples jobs_plan_examples(const jobs_plan *plan, const gd_examples *rows, bool validation);

/* Network, sizes and warnings (plan_model.c). */
gd_status jobs_plan_model(jobs_planning *planning, gd_error *error);
void jobs_plan_size(jobs_planning *planning);
void jobs_plan_look(jobs_planning *planning);

#endif
