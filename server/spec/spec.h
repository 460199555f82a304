/*
 * spec.h: a job's description as the program uses it: every member read, checked and typed.
 *
 * spec_read takes JSON to a spec and collects every fault it finds on the way. What depends on the
 * data (which columns, which task, how wide the output) stays open until a plan has looked at them
 * (jobs/plan.h); then spec_write gives the resolved document, which reads back as the same spec.
 * Ownership: a spec owns all it points to. Thread rule: one owner while it is read and resolved,
 * immutable after.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include "json/reader.h"
#include "json/writer.h"

#include <descent/formula.h>
#include <descent/frame.h>
#include <descent/generator.h>
#include <descent/preparation.h>
#include <descent/training.h>
#include <descent/window.h>

#define SPEC_ID_SIZE            37 /* a UUID as text, with its NUL */
#define SPEC_MAXIMUM_NAME       200
#define SPEC_MAXIMUM_LABELS     32
#define SPEC_MAXIMUM_LABEL      100
#define SPEC_MAXIMUM_PRIORITY   1000
#define SPEC_MAXIMUM_WINDOW     ((int64_t)100000)
#define SPEC_DEFAULT_WINDOW     64                 /* characters, of texts */
#define SPEC_MAXIMUM_CELLS      ((int64_t)5000000) /* of inline data */
#define SPEC_MAXIMUM_LAYER_LIST 64                 /* entries of "hidden" */

typedef enum spec_model_type {
    SPEC_MODEL_LINEAR,
    SPEC_MODEL_LOGISTIC,
    SPEC_MODEL_SOFTMAX,
    SPEC_MODEL_MLP,
    SPEC_MODEL_AUTOENCODER,
    SPEC_MODEL_SEQUENTIAL,
    SPEC_MODEL_FORMULA,
    SPEC_MODEL_TYPE_COUNT
} spec_model_type;

/* Whether optimizers see a formula's parameters divided by the size of their starts. */
typedef enum spec_formula_scaling {
    SPEC_FORMULA_AUTO, /* START where there are data, and the resolved spec says */
    SPEC_FORMULA_START,
    SPEC_FORMULA_NONE
} spec_formula_scaling;

/* The options of the shorthands, one struct for the field tables of all of them. */
typedef struct spec_model_options {
    gd_count_list hidden;
    int activation; /* gd_activation */
    double dropout;
    int scaling; /* spec_formula_scaling */
} spec_model_options;

typedef struct spec_model_descriptor {
    const char *name;
    const char *help;
    gd_field_table fields; /* offsets in spec_model_options */
} spec_model_descriptor;

const spec_model_descriptor *spec_model_descriptor_at(spec_model_type type);

typedef struct spec_model {
    spec_model_type type;
    spec_model_options options;
    gd_layer_options *layers; /* shorthands expanded */
    int64_t layer_count;
    gd_formula *formula; /* owned; then there are no layers */
} spec_model;

/* Puts a flatten layer before those of a shorthand, which has room for it; once. */
void spec_model_flatten(spec_model *model);

typedef enum spec_source {
    SPEC_SOURCE_DATASET,
    SPEC_SOURCE_INLINE,
    SPEC_SOURCE_GENERATOR,
    SPEC_SOURCE_NONE /* a formula that is minimised itself */
} spec_source;

typedef enum spec_validation_type {
    SPEC_VALIDATION_NONE,
    SPEC_VALIDATION_FRACTION,
    SPEC_VALIDATION_LAST,
    SPEC_VALIDATION_DATASET
} spec_validation_type;

/* Targets in a dataset of their own; an empty id: none. */
typedef struct spec_target_source {
    char dataset[SPEC_ID_SIZE];
    char column[GD_FRAME_MAXIMUM_NAME + 1]; /* "": its only one */
} spec_target_source;

typedef struct spec_validation {
    spec_validation_type type;
    double fraction;
    uint64_t seed;
    bool has_seed;
    int64_t last;
    char dataset[SPEC_ID_SIZE];
    spec_target_source target; /* of the held-out dataset, where the targets come from another */
} spec_validation;

/* Column names, owned; NULL: not given. */
typedef struct spec_name_list {
    char **names;
    int64_t count;
} spec_name_list;

/* Where the prepared rows of a dataset are while a job trains. */
typedef enum spec_storage {
    SPEC_STORAGE_AUTO, /* the plan decides, and the resolved spec says */
    SPEC_STORAGE_MEMORY,
    SPEC_STORAGE_MAPPED /* nowhere: a batch is prepared from the mapped file */
} spec_storage;

typedef struct spec_data {
    spec_source source;
    char dataset[SPEC_ID_SIZE];
    gd_frame *frame;           /* of inline data */
    const cJSON *inline_value; /* as submitted, in `document` */
    gd_generator_options generator;
    bool generator_has_seed;
    spec_name_list features, targets;
    spec_target_source target_source;
    gd_shape shape;   /* of an example; rank 0: not given */
    gd_window window; /* length 0: none; stride 0: not given */
    bool has_task;
    gd_task task;
    spec_validation validation;
    gd_scaling scaling;
    gd_missing missing;
    spec_storage storage;
    int64_t shuffle_window; /* examples (gd_trainer_setup); 0: not given, or all */
} spec_data;

/* Which parameters of another job a training starts from; `job` empty: none. */
typedef struct spec_warm_start {
    char job[SPEC_ID_SIZE];
    int which; /* index in spec_which_names */
} spec_warm_start;

typedef struct spec_job {
    cJSON *document; /* what was read */
    const char *name;
    const cJSON *labels; /* an object of texts, or NULL; in `document` */
    int64_t priority;
    spec_model model;
    spec_data data;
    bool has_loss;
    gd_loss_options loss;
    gd_optimizer_options optimizer;
    gd_schedule_options schedule;
    gd_training_options training;
    bool has_seed;
    double checkpoint_seconds;
    spec_warm_start from_job;
} spec_job;

/*
 * Reads a document, taking it over. NULL when memory is out; otherwise a spec, to be used only where
 * `faults` stayed empty.
 */
spec_job *spec_read(cJSON *document, json_faults *faults);
void spec_destroy(spec_job *spec);

/* Adds a fault for each label, of an object, that a job cannot have, and for too many. */
void spec_check_labels(const json_reader *labels);

/* Gives every seed that was left open a value, from `seed`. */
void spec_fix_seeds(spec_job *spec, uint64_t seed);

/* The resolved document. */
void spec_write(const spec_job *spec, json_writer *writer);

/* Everything that may stand in a spec: models, layers, losses, … with fields, bounds and defaults. */
void spec_write_catalog(json_writer *writer);

/* The same as members of the object under way, one JSON Schema each: Model, Layer, Loss, Optimizer,
 * Schedule, Generator, Training, Stop. They refer to Layers, Formula, FormulaParameters, Clip, Seed,
 * FromJob and CheckpointSeconds below "#/components/schemas". */
void spec_write_schemas(json_writer *writer);

/* Names by enum, NULL-terminated. */
extern const char *const spec_model_names[];
extern const char *const spec_task_names[];
extern const char *const spec_scaling_names[];
extern const char *const spec_missing_names[];
extern const char *const spec_storage_names[];
extern const char *const spec_which_names[]; /* of a job's parameters */

#endif
