/*
 * predictor.h: a trained model ready to predict: the network of a job's spec, an immutable copy of
 * its parameters, and the preparation that turns raw rows into features. It works the same for a job
 * that runs, was paused or has ended. Ownership: owns all it holds. Thread rule: one owner.
 */
#ifndef JOBS_PREDICTOR_H
#define JOBS_PREDICTOR_H

#include "jobs/service.h"

typedef struct jobs_predictor {
    spec_job *spec;
    gd_preparation *preparation;
    gd_model *model;
    gd_real *parameters; /* [parameter_count of the model]; of a formula doubles */
    char *metrics;       /* of the job, JSON, or NULL */
    int64_t step;        /* after which they stood so */
    char digest[65];     /* of the parameters, empty while the job runs */
    bool live;
} jobs_predictor;

/*
 * `which` is "final", "best", or "initial": those before the first step, drawn anew from the seed,
 * or of a warm start the copy that is kept. GD_NOT_FOUND: no such job; GD_CONFLICT: it has no such
 * parameters yet; GD_UNAVAILABLE: it runs, and no step ended in time.
 */
gd_status jobs_predictor_open(jobs_predictor **predictor, jobs_service *service, const char *id,
                              const char *which, gd_error *error);
void jobs_predictor_destroy(jobs_predictor *predictor);

/* Numbers of one prediction: of a model that gives a sequence, those of its last place. */
int64_t jobs_predictor_width(const jobs_predictor *predictor);

/*
 * Raw rows `cells` [rows, columns of the preparation] → linked outputs [*count, width]:
 * probabilities of a classifier, prepared values otherwise. *count is `rows`, or of a series the
 * windows in them, each beginning a row after the one before; there must be one. *outputs is the
 * caller's to free. A cell that cannot be used: path "rows/<row>/<column>". Of a model of sparse
 * features the rows come as a matrix, checked, not wider than the model.
 */
gd_status jobs_predictor_run(const jobs_predictor *predictor, const double *cells, int64_t rows,
                             gd_real **outputs, int64_t *count, gd_error *error);
/* Of a formula: values [rows], the caller's to free; cells in the order of its columns. */
gd_status jobs_predictor_run_formula(const jobs_predictor *predictor, const double *cells,
                                     int64_t rows, double **values, gd_error *error);
bool jobs_predictor_is_formula(const jobs_predictor *predictor);
/* Its parameters [parameter_count]. */
const double *jobs_predictor_values(const jobs_predictor *predictor);
gd_status jobs_predictor_run_sparse(const jobs_predictor *predictor, const gd_sparse_matrix *rows,
                                    gd_real **outputs, gd_error *error);

#endif
