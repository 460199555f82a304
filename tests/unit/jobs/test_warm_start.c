/*
 * test_warm_start.c: the copy of the parameters a training starts from: written, read, refused.
 */
#include "jobs/warm_start.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_ID "01234567-89ab-7cde-8f01-23456789abcd"

static gd_model *net(int64_t inputs, int64_t hidden, bool bias)
{
    gd_layer_options layers[2] = {{.type = GD_LAYER_DENSE}, {.type = GD_LAYER_DENSE}};
    for (int i = 0; i < 2; i++)
        gd_fields_set_defaults(&gd_layer_descriptor_at(GD_LAYER_DENSE)->fields, &layers[i]);
    layers[0].of.dense.units = hidden;
    layers[1].of.dense.units = 1;
    layers[1].of.dense.bias = bias;
    gd_shape input = {1, {inputs}};
    gd_model *model = NULL;
    cr_assert_eq(gd_model_create(&model, &input, layers, 2, 1, 0, NULL), GD_OK);
    return model;
}

static gd_buffer copy_of(const gd_model *model, const gd_real *parameters)
{
    gd_buffer copy;
    spec_warm_start source = {.job = SOURCE_ID, .which = 1};
    gd_buffer_init(&copy, 1 << 20);
    jobs_initial_write(&source, model, parameters, &copy);
    cr_assert_eq(copy.status, GD_OK);
    return copy;
}

Test(jobs_warm_start, comes_back_as_it_was)
{
    gd_model *model = net(3, 4, true);
    gd_real parameters[21];
    cr_assert_eq(gd_model_parameter_count(model), 21);
    for (int i = 0; i < 21; i++)
        parameters[i] = (gd_real)i / 3;
    gd_buffer copy = copy_of(model, parameters);
    spec_warm_start of;
    const void *found = NULL;
    cr_assert_eq(jobs_initial_read(copy.bytes, copy.length, model, &of, &found, NULL), GD_OK);
    cr_expect_str_eq(of.job, SOURCE_ID);
    cr_expect_eq(of.which, 1);
    cr_expect_eq(memcmp(found, parameters, sizeof parameters), 0);
    gd_buffer_dispose(&copy);
    gd_model_destroy(model);
}

static void expect_refusal(int64_t inputs, int64_t hidden, bool bias, const char *words)
{
    gd_model *model = net(3, 4, true), *other = net(inputs, hidden, bias);
    gd_real *parameters = calloc(gd_model_parameter_count(other), sizeof *parameters);
    gd_buffer copy = copy_of(other, parameters);
    spec_warm_start of;
    const void *found;
    gd_error error = {0};
    cr_expect_eq(jobs_initial_read(copy.bytes, copy.length, model, &of, &found, &error),
                 GD_SHAPE_MISMATCH);
    cr_expect_not_null(strstr(error.message, words), "%s", error.message);
    gd_buffer_dispose(&copy);
    free(parameters);
    gd_model_destroy(other);
    gd_model_destroy(model);
}

Test(jobs_warm_start, says_which_tensor_differs)
{
    expect_refusal(3, 5, true,
                   "\"layers.0.weight\" [5, 3] where this network has "
                   "\"layers.0.weight\" [4, 3]");
    expect_refusal(2, 4, true, "[4, 2] where");
    expect_refusal(3, 4, false, "no tensor \"layers.1.bias\" [1]");
}

Test(jobs_warm_start, says_what_there_is_no_place_for)
{
    gd_model *model = net(3, 4, false), *other = net(3, 4, true);
    gd_real parameters[21] = {0};
    gd_buffer copy = copy_of(other, parameters);
    spec_warm_start of;
    const void *found;
    gd_error error = {0};
    cr_expect_eq(jobs_initial_read(copy.bytes, copy.length, model, &of, &found, &error),
                 GD_SHAPE_MISMATCH);
    cr_expect_not_null(strstr(error.message, "\"layers.1.bias\" [1], for which"), "%s",
                       error.message);
    gd_buffer_dispose(&copy);
    gd_model_destroy(other);
    gd_model_destroy(model);
}

Test(jobs_warm_start, a_copy_cut_off_anywhere_is_refused)
{
    gd_model *model = net(3, 4, true);
    gd_real parameters[21] = {0};
    gd_buffer copy = copy_of(model, parameters);
    for (size_t length = 0; length < copy.length; length++) {
        spec_warm_start of;
        const void *found;
        unsigned char *cut = malloc(length + 1); /* so that a read beyond the end is seen */
        memcpy(cut, copy.bytes, length);
        cr_expect_neq(jobs_initial_read(cut, length, model, &of, &found, NULL), GD_OK,
                      "cut after %zu bytes", length);
        free(cut);
    }
    gd_buffer_dispose(&copy);
    gd_model_destroy(model);
}
