/*
 * test_safetensors.c: the written file is read back by a small reader of its own, made from the
 * format's description alone.
 */
#include "support/network.h"
#include "support/safetensors.h"

#include <criterion/criterion.h>
#include <descent/safetensors.h>

#include <string.h>

static network two_layers(void)
{
    const gd_layer_options layers[] = {network_dense(5, GD_ACTIVATION_TANH), network_dropout(0.5),
                                       network_dense(3, GD_ACTIVATION_IDENTITY)};
    return network_create(SHAPE(4), layers, 3, 2, (gd_loss_options){.type = GD_LOSS_MSE}, 41);
}

static void expect_tensor(const network *net, int64_t index, const safetensors_entry *found)
{
    const gd_parameter *tensor = gd_model_tensor(net->model, index);
    cr_expect_str_eq(found->name, tensor->name);
    cr_expect_str_eq(found->dtype, sizeof(gd_real) == 4 ? "F32" : "F64");
    cr_assert_eq(found->rank, tensor->shape.rank);
    for (int64_t d = 0; d < found->rank; d++) {
        cr_expect_eq(found->shape[d], tensor->shape.dimensions[d]);
    }
    cr_assert_eq(found->length, tensor->count * sizeof(gd_real));
    cr_expect_eq(memcmp(found->bytes, net->parameters + tensor->offset, found->length), 0);
}

Test(export_safetensors, is_read_back_by_an_independent_reader)
{
    network net = two_layers();
    gd_buffer buffer;
    safetensors_file file;
    gd_buffer_init(&buffer, 100000);
    gd_safetensors_write(net.model, net.parameters, &buffer);
    cr_assert_eq(buffer.status, GD_OK);
    cr_assert(safetensors_read(&file, buffer.bytes, buffer.length));
    cr_assert_eq(file.count, gd_model_tensor_count(net.model));
    for (int64_t i = 0; i < file.count; i++) {
        expect_tensor(&net, i, &file.entries[i]);
    }
    static const char start[] =
        "{\"__metadata__\":{\"format\":\"pt\"}"; /* what PyTorch looks for */
    cr_expect_eq(memcmp(buffer.bytes + 8, start, sizeof start - 1), 0);
    safetensors_dispose(&file);
    gd_buffer_dispose(&buffer);
    network_destroy(&net);
}

Test(export_safetensors, a_file_cut_off_or_longer_is_refused_by_the_reader)
{
    network net = two_layers();
    gd_buffer buffer;
    safetensors_file file;
    gd_buffer_init(&buffer, 100000);
    gd_safetensors_write(net.model, net.parameters, &buffer);
    for (size_t length = 0; length < buffer.length; length += 7) {
        cr_expect_not(safetensors_read(&file, buffer.bytes, length), "%zu bytes", length);
    }
    gd_buffer_append_u8(&buffer, 0);
    cr_expect_not(safetensors_read(&file, buffer.bytes, buffer.length));
    gd_buffer_dispose(&buffer);
    network_destroy(&net);
}

Test(export_safetensors, a_full_buffer_says_so)
{
    network net = two_layers();
    gd_buffer buffer;
    gd_buffer_init(&buffer, 400);
    gd_safetensors_write(net.model, net.parameters, &buffer);
    cr_expect_eq(buffer.status, GD_TOO_LARGE);
    cr_expect_leq(buffer.length, 400);
    gd_buffer_dispose(&buffer);
    network_destroy(&net);
}
