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

/* Columns, task and loss from spec and data (plan_data.c). */
gd_status jobs_plan_columns(jobs_planning *planning);
void jobs_plan_task(jobs_planning *planning);

/* Which rows train, and what is made of their columns (plan_rows.c). */
gd_status jobs_plan_split(jobs_planning *planning, gd_error *error);
gd_status jobs_plan_fit(jobs_planning *planning, gd_error *error);
/* The options of a fit; `plan` must outlive them. */
gd_preparation_options jobs_plan_fit_options(const jobs_plan *plan);
/* The sets of rows, where split has only counted them. */
gd_status jobs_plan_list_rows(jobs_plan *plan, const gd_watch *watch, gd_error *error);

/* Where prepared rows are to be, and what all of it takes (plan_memory.c). */
void jobs_plan_size(jobs_planning *planning);

/* Sparse data (plan_sparse.c): what cannot go with them; sizes and examples. */
void jobs_plan_sparse(jobs_planning *planning);
bool jobs_plan_is_sparse(const jobs_plan *plan);
void jobs_plan_size_sparse(jobs_plan *plan);
gd_status jobs_plan_load_sparse(jobs_plan *plan, const gd_watch *watch, gd_error *error);

/* Windows over series and texts (plan_window.c). */
void jobs_plan_window_defaults(jobs_planning *planning);
void jobs_plan_window(jobs_planning *planning);
gd_status jobs_plan_window_split(jobs_planning *planning, gd_error *error);
/* The examples that prepared rows make: themselves, or the windows over them. */
gd_examples jobs_plan_examples(const jobs_plan *plan, const gd_examples *rows, bool validation);

/* Formulas (plan_formula.c): all of a plan without data; what cannot go with one, before columns
 * are looked for; the columns it names; the examples it sees. */
void jobs_plan_minimise(jobs_planning *planning, gd_error *error);
void jobs_plan_formula(jobs_planning *planning);
gd_status jobs_plan_formula_columns(jobs_planning *planning);
gd_status jobs_plan_load_formula(jobs_plan *plan, const gd_watch *watch, gd_error *error);

/* What early stopping looks at, where nothing is held out (plan_data.c). */
void jobs_plan_monitor(jobs_planning *planning);

/* Adds a gd_error of the trainer's, whose path begins with a top-level member of the spec. */
void jobs_plan_add_error(const jobs_planning *planning, const gd_error *error);

/* Network and warnings (plan_model.c). */
gd_status jobs_plan_model(jobs_planning *planning, gd_error *error);
void jobs_plan_look(jobs_planning *planning);

#endif
