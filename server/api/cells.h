/*
 * cells.h: raw rows of a prediction, from JSON to numbers as a preparation takes them.
 */
#ifndef API_CELLS_H
#define API_CELLS_H

#include "api/reply.h"
#include "jobs/predictor.h"

#define API_PREDICT_MAXIMUM_CELLS ((int64_t)5000000)

/* values [rows, columns of the preparation]; a missing cell is NaN, a class its index. */
typedef struct api_cells {
    double *values;
    int64_t rows;
} api_cells;

/*
 * Reads "rows" ([[…], …], cells in the order of the feature columns) or "columns" ({name: […]}) of
 * `root`. Faults go to its list, each with its pointer; a text that is no class of its column is one,
 * told with the classes there are. GD_OUT_OF_MEMORY is the only other failure.
 */
gd_status api_cells_read(const json_reader *root, const gd_preparation *preparation,
                         api_cells *cells);
void api_cells_dispose(api_cells *cells);

/* Adds an error of jobs_predictor_run whose path names a cell as a fault at that cell, in whichever
 * form the cells came; false where it names none. */
bool api_cells_add_error(const json_reader *root, const gd_preparation *preparation,
                         const gd_error *error);

#endif
