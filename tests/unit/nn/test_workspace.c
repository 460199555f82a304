/*
 * test_workspace.c: sizes of the working memory, refusals, and passes that do not fit it.
 */
#include "support/network.h"

#include <criterion/criterion.h>

static gd_model *small_model(void)
{
    const gd_layer_options layers[] = {network_dense(8, GD_ACTIVATION_GELU),
                                       network_dense(2, GD_ACTIVATION_IDENTITY)};
    const gd_shape input = SHAPE(4);
    gd_model *model;
    cr_assert_eq(gd_model_create(&model, &input, layers, 2, 0, 0, NULL), GD_OK);
    return model;
}

Test(nn_workspace, bytes_grow_with_batch_and_training)
{
    gd_model *model = small_model();
    const int64_t predicting = gd_model_workspace_bytes(model, 100, false);
    const int64_t training = gd_model_workspace_bytes(model, 100, true);
    /* Outputs of both layers, the input kept for gelu, and two areas of gradients. */
    const int64_t least = 100 * (8 + 2 + 8 + 8 + 8) * (int64_t)sizeof(gd_real);
    cr_expect_gt(predicting, 0);
    cr_expect_gt(training, predicting);
    cr_expect_geq(training, least);
    cr_expect_gt(gd_model_workspace_bytes(model, 1000, true), training);
    gd_model_destroy(model);
}

Test(nn_workspace, refuses_batches_that_cannot_be)
{
    gd_model *model = small_model();
    gd_workspace *workspace;
    gd_error error;
    cr_expect_eq(gd_model_workspace_bytes(model, INT64_MAX, true), -1);
    cr_expect_eq(gd_model_workspace_bytes(model, INT64_MAX / 4, true), -1);
    cr_expect_eq(gd_model_workspace_bytes(model, 0, true), -1);
    cr_expect_eq(gd_workspace_create(&workspace, model, INT64_MAX, true, &error), GD_TOO_LARGE);
    cr_expect_null(workspace);
    cr_expect_eq(gd_workspace_create(&workspace, model, 0, true, &error), GD_INVALID_ARGUMENT);
    gd_model_destroy(model);
}

Test(nn_workspace, passes_that_do_not_fit_are_refused)
{
    gd_model *model = small_model();
    gd_workspace *workspace;
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_DROPOUT);
    gd_real parameters[58] = {0}, input[12] = {0};
    cr_assert_eq(gd_model_parameter_count(model), 58);
    cr_assert_eq(gd_workspace_create(&workspace, model, 2, false, NULL), GD_OK);
    cr_expect_not_null(gd_model_forward(model, parameters, workspace, input, 2, NULL));
    cr_expect_null(gd_model_forward(model, parameters, workspace, input, 3, NULL));
    cr_expect_null(gd_model_forward(model, parameters, workspace, input, 0, NULL));
    cr_expect_null(gd_model_forward(model, parameters, workspace, input, 2, &random));
    gd_workspace_destroy(workspace);
    gd_workspace_destroy(NULL);
    gd_model_destroy(model);
    gd_model_destroy(NULL);
}
