/*
 * parameters.h: writing a job's parameters and preparation, for the end of a run.
 */
#ifndef SERVER_STORE_PARAMETERS_H
#define SERVER_STORE_PARAMETERS_H

#include "store/connection.h"
#include "store/store.h"

/* Replaces those of the same name. In the caller's transaction. */
gd_status store_parameters_write(store_connection *connection, int64_t job,
                                 const store_parameters *parameters, gd_error *error);

gd_status store_preparation_write(store_connection *connection, int64_t job, const void *bytes,
                                  size_t length, gd_error *error);

#endif
