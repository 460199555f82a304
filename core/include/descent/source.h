/*
 * source.h: examples that stay in the frame's file until a batch wants them.
 *
 * A source knows rows of a frame, a preparation and perhaps a window; a batch is gathered from the
 * mapped cells and prepared in the same movement, to the very numbers gd_preparation_apply would give.
 * Memory is a few numbers a column: the cells are the file's, which the system keeps or drops as it
 * has room, and the trainer asks for them ahead of time and gives them back (gd_trainer_setup,
 * shuffle_window). Ownership: the caller destroys it; frame, preparation and rows are borrowed and
 * must outlive it. Thread rule: immutable once created, so any number of threads may read it.
 */
#ifndef DESCENT_SOURCE_H
#define DESCENT_SOURCE_H

#include <descent/preparation.h>
#include <descent/window.h>

typedef struct gd_source_options {
    const gd_preparation *preparation;
    const gd_frame *frame;
    gd_rows *rows;    /* of the frame; those that DROP leaves out are taken away on creation */
    gd_window window; /* length 0: an example is a row; else the rows must be a range */
    bool sequence;    /* as in gd_window_examples */
    bool fitted; /* the preparation was fitted on these very rows, so nothing is left to check */
} gd_source_options;

/*
 * Reads all rows once to check them, unless `fitted`: afterwards every example can be prepared. Fails
 * as gd_preparation_apply does.
 */
gd_status gd_source_create(gd_source **source, const gd_source_options *options,
                           const gd_watch *watch, gd_error *error);
void gd_source_destroy(gd_source *source);

/* Its examples, for gd_trainer_setup and gd_metrics_evaluate. */
gd_examples gd_source_examples(const gd_source *source);

/* Bytes of the frame's file that one example occupies or, of windows, advances by. */
int64_t gd_source_example_bytes(const gd_source *source);

#endif
