/*
 * plan.h: a spec meets its data. A plan opens the rows, finds the columns, settles task, loss, seeds
 * and layer widths (writing them into the spec, which is then the resolved one), fits the
 * preparation on the training rows, or drafts it where they are many, decides whether prepared rows
 * are kept in memory and plans the network; with jobs_plan_load it is ready to train.
 *
 * Submitting, trying out (dry run) and running all go through here, so that what was promised is
 * what runs. Ownership: a plan owns all but the spec. Thread rule: one owner.
 */
#ifndef JOBS_PLAN_H
#define JOBS_PLAN_H

#include "spec/spec.h"
#include "store/store.h"

#include <descent/descent.h>

typedef struct jobs_resources {
    store *store;
    const char *data_directory;
    int64_t memory_limit;  /* bytes one job may take */
    const char *seen_by;   /* NULL: every dataset; else those of this owner alone are found */
    const gd_watch *watch; /* asked during long passes over rows; NULL: nobody is */
} jobs_resources;

typedef struct jobs_warning {
    char pointer[64];
    char code[40];
    char message[256];
} jobs_warning;

#define JOBS_WARNINGS_MAXIMUM 16

#define JOBS_FRAMES_MAXIMUM 6

typedef struct jobs_plan {
    spec_job *spec; /* borrowed */
    gd_frame *frame, *validation_frame;
    gd_frame *opened[JOBS_FRAMES_MAXIMUM]; /* to be closed, from the last to the first */
    int64_t opened_count;
    bool text;                   /* rows are the characters of a text */
    bool sequence;               /* the model gives an output for each row of a window */
    int64_t *features, *targets; /* column indices */
    int64_t feature_count, target_count;
    int64_t training_count, validation_count;
    bool drafted; /* too many rows to look at in a request: jobs_plan_load splits and fits */
    gd_rows training_rows, validation_rows; /* until then without lists, where drafted */
    double *class_numbers;                  /* of a numeric target to be classified, or NULL */
    int64_t class_number_count;
    gd_preparation *preparation;
    gd_model *model;
    gd_window window, validation_window; /* length 0: none */
    int64_t memory_bytes;                /* of examples and trainer together */
    bool validation_in_memory;           /* of mapped data, the held-out rows */
    /* after jobs_plan_load: examples, prepared in memory or as they are read */
    gd_real *values[4];
    gd_source *sources[2];
    gd_examples examples, validation;
    gd_sparse_rows sparse[2]; /* of examples and validation, where they are sparse */
    void *initial_parameters; /* of a warm start, once loaded (warm_start.h); owned */
    /* Of a formula, in place of examples: cells and targets in double, of both parts; owned. */
    double *formula_values[4];
    gd_formula_examples formula_examples, formula_validation;
    jobs_warning warnings[JOBS_WARNINGS_MAXIMUM];
    int64_t warning_count;
} jobs_plan;

/*
 * GD_OK with a plan where `faults` stayed empty; GD_INVALID_ARGUMENT with faults added where the
 * spec does not fit its data; another status where something failed that is not the spec's.
 */
gd_status jobs_plan_create(jobs_plan **plan, spec_job *spec, const jobs_resources *resources,
                           json_faults *faults, gd_error *error);
void jobs_plan_destroy(jobs_plan *plan);

/*
 * Makes the examples ready, in memory or from the mapped file. GD_INVALID_DATA names row and column;
 * GD_INTERRUPTED where the watch (may be NULL) said stop.
 */
gd_status jobs_plan_load(jobs_plan *plan, const gd_watch *watch, gd_error *error);

/* What a trainer is made from; before jobs_plan_load only good for counting bytes. */
gd_trainer_setup jobs_plan_setup(const jobs_plan *plan);

/* Bytes of all parameters as the trainer gives them. */
size_t jobs_plan_parameter_bytes(const jobs_plan *plan);

/* Floating-point operations of one pass over the training examples, forward and backward. Of sparse
 * rows the first layer's follow the non-zeros, taken as spread evenly over the rows. */
double jobs_plan_operations(const jobs_plan *plan);

/* {"parameters", "layers": [{name, type, output_shape, parameters}]} */
void jobs_plan_write_summary(const jobs_plan *plan, json_writer *writer);

/* What the store says of a dataset beside its frame. */
typedef struct jobs_dataset_facts {
    bool text;
    gd_shape shape; /* of a row of an array with several dimensions; else rank 0 */
} jobs_dataset_facts;

/* Path of the failure where a dataset's row is there and its file is not. */
#define JOBS_DATASET_FILE_MISSING "dataset_file_missing"

/* Opens a dataset's frame; `facts` may be NULL. GD_NOT_FOUND where there is none of that id. */
gd_status jobs_open_dataset(const jobs_resources *resources, const char *id, gd_frame **frame,
                            jobs_dataset_facts *facts, gd_error *error);

bool jobs_plan_is_formula(const jobs_plan *plan);
/* Whether the plan is for a formula that is minimised itself: then it has no frame, no preparation
 * and no rows, and one example stands for them. */
bool jobs_plan_is_alone(const jobs_plan *plan);

/* Shape of one example as the network takes it: a window's, the data's own, or one row of features. */
gd_shape jobs_input_shape(const spec_data *data, const gd_preparation *preparation);

#endif
