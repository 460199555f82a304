/*
 * continuation.h: a text model writes on: character after character, each drawn from what the model
 * gives for the one after those before it, at most a window of them. Thread rule: pure functions of
 * their arguments.
 */
#ifndef JOBS_CONTINUATION_H
#define JOBS_CONTINUATION_H

#include "jobs/predictor.h"

#define JOBS_TEXT_MAXIMUM ((int64_t)10000) /* characters written at a time */

typedef struct jobs_continuation_options {
    int64_t length;
    double temperature; /* logits are divided by it; 0: always the most probable character */
    uint64_t seed;      /* of GD_STREAM_SAMPLE */
} jobs_continuation_options;

/* Whether the model gives the next character of the text it reads. */
bool jobs_predictor_writes_text(const jobs_predictor *predictor);

/*
 * `symbols` [count + options->length] holds the prompt's class numbers and gets those of the
 * continuation behind them. A prompt shorter than the window is taken where the layers allow it, as
 * recurrent ones do; else GD_INVALID_DATA, path "prompt".
 */
gd_status jobs_continue_text(const jobs_predictor *predictor,
                             const jobs_continuation_options *options, gd_real *symbols,
                             int64_t count, gd_error *error);

#endif
