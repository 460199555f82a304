/*
 * plan.h: the insides of the two opaque handles of model.h, shared by model.c, workspace.c and pass.c.
 */
#ifndef DESCENT_NN_PLAN_H
#define DESCENT_NN_PLAN_H

#include "nn/layer.h"

struct gd_model {
    gd_shape input;
    gdi_layer *layers; /* [layer_count], owned */
    int64_t layer_count;
    gd_parameter *tensors; /* [tensor_count], owned, in the order of the layers */
    int64_t tensor_count;
    size_t parameter_count; /* the flat block: trained tensors first, then statistics */
    size_t trained_count;
    int64_t step_operations;
};

/* Where a layer's memory begins in a workspace's block, in bytes. */
typedef struct gdi_place {
    size_t output;
    size_t saved;
} gdi_place;

struct gd_workspace {
    const gd_model *model; /* borrowed */
    size_t batch;          /* at most */
    bool training;
    gdi_thread_pool *pool; /* borrowed; NULL: none */
    unsigned char *block;  /* owned */
    size_t bytes;          /* of the block */
    size_t scratch;        /* begin of the scratch all layers share */
    size_t gradients[2];   /* begins of two areas the backward pass alternates between */
    gdi_place places[];    /* [layer_count] */
};

/* Passes over this workspace use the threads of `pool`, which outlives it or is taken back. */
void gdi_workspace_use_threads(gd_workspace *workspace, gdi_thread_pool *pool);

#endif
