/*
 * predict.h: the kinds of predictions behind POST /v1/jobs/{id}/predict that have a file of their own.
 */
#ifndef API_PREDICT_H
#define API_PREDICT_H

#include "http/router.h"
#include "jobs/predictor.h"
#include "json/reader.h"

/*
 * Of a model of characters: {"prompt", "length", "temperature", "seed"} → {"text"}, the continuation
 * without the prompt. Adds to the reader's faults and answers in every case.
 */
void api_predict_text(const json_reader *root, const jobs_predictor *predictor,
                      http_response *response);

/*
 * Of a model of sparse features: {"sparse": [{"3": 1.5}, …]}, the non-zeros of each row by their index
 * as the file had them, or {"rows": [[…], …]} with all features written out. Likewise.
 */
void api_predict_sparse(const json_reader *root, const jobs_predictor *predictor,
                        http_response *response);

/* The reply for linked outputs [rows, width of the predictor]. */
void api_respond_predictions(http_response *response, const jobs_predictor *predictor,
                             const gd_real *outputs, int64_t rows);

#endif
