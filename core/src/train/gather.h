/*
 * gather.h: examples brought side by side, as a forward pass wants them.
 *
 * Rows that stand side by side in the caller's memory are used in place; chosen rows, and views whose
 * stride is not their width, are copied into memory taken once; those of a source are prepared there.
 * Sparse rows are listed, never copied. Thread rule: one owner.
 */
#ifndef DESCENT_TRAIN_GATHER_H
#define DESCENT_TRAIN_GATHER_H

#include <descent/training.h>

#include "base/thread_pool.h"
#include "train/source.h"

static inline int64_t gdi_feature_stride(const gd_examples *examples)
{
    return examples->feature_stride == 0 ? examples->feature_width : examples->feature_stride;
}

static inline int64_t gdi_target_stride(const gd_examples *examples)
{
    return examples->target_stride == 0 ? examples->target_width : examples->target_stride;
}

typedef struct gdi_gatherer {
    gd_examples examples;
    gd_real *features, *targets; /* [rows, width], or NULL where rows are used in place */
    uint32_t *sparse_rows;       /* [rows] of the matrix, where examples are sparse, else NULL */
    gd_sparse_batch sparse;      /* as last gathered, where they are */
    gdi_thread_pool *pool;       /* borrowed, shares the copying; NULL at first: none */
    int64_t ahead;  /* of a source read in order: example up to which it was asked for */
    int64_t behind; /* and up to which it may forget */
} gdi_gatherer;

/* For at most `rows` examples at a time; `chosen`: they are taken in an order of the caller's. */
gd_status gdi_gatherer_init(gdi_gatherer *gatherer, const gd_examples *examples, int64_t rows,
                            bool chosen, gd_error *error);
void gdi_gatherer_dispose(gdi_gatherer *gatherer);

/* Bytes gdi_gatherer_init takes, or -1 on overflow. */
int64_t gdi_gatherer_bytes(const gd_examples *examples, int64_t rows, bool chosen);

/*
 * `count` examples, those that `order` lists or, where it is NULL, those from `first` on, as
 * [count, width] each. Valid until the next call. Of sparse examples *features is NULL, and their rows
 * are in gatherer->sparse.
 */
void gdi_gather(gdi_gatherer *gatherer, const int64_t *order, int64_t first, int64_t count,
                const gd_real **features, const gd_real **targets);

/* What gdi_gather found as the input of a forward pass: `features`, or where that is NULL sparse
 * rows. */
static inline const gd_real *gdi_gathered_forward(const gdi_gatherer *gatherer,
                                                  const gd_real *features, const gd_model *model,
                                                  const gd_real *parameters,
                                                  gd_workspace *workspace, int64_t rows,
                                                  gd_random *dropout)
{
    return features != NULL
               ? gd_model_forward(model, parameters, workspace, features, rows, dropout)
               : gd_model_forward_sparse(model, parameters, workspace, &gatherer->sparse, rows,
                                         dropout);
}

/*
 * Examples a forward pass without training takes at a time: 4096, or fewer where the model's
 * workspace for so many would be beyond 64 MiB. Depends on nothing but the model.
 */
int64_t gdi_slice_rows(const gd_model *model, int64_t count);

#endif
