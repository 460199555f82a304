/*
 * test_safetensors.c: the written file is read back by a small reader of its own, made from the
 * format's description alone.
 */
#include "support/network.h"

#include <criterion/criterion.h>
#include <descent/safetensors.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char name[64], dtype[8];
    int64_t shape[4], rank;
    size_t begin, end;
} entry;

static const char *expect_text(const char *at, const char *text)
{
    cr_assert_eq(strncmp(at, text, strlen(text)), 0, "\"%s\" where \"%.20s\" stands", text, at);
    return at + strlen(text);
}

static const char *read_word(const char *at, char *word, size_t size)
{
    size_t length = strcspn(at, "\"");
    cr_assert_lt(length, size);
    memcpy(word, at, length);
    word[length] = '\0';
    return at + length + 1;
}

/* "name":{"dtype":"F32","shape":[…],"data_offsets":[b,e]} */
static const char *read_entry(const char *at, entry *found)
{
    char *end;
    *found = (entry){0};
    at = read_word(expect_text(at, "\""), found->name, sizeof found->name);
    at = read_word(expect_text(at, ":{\"dtype\":\""), found->dtype, sizeof found->dtype);
    at = expect_text(at, ",\"shape\":[");
    while (*at != ']') {
        found->shape[found->rank++] = strtoll(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    found->begin = strtoull(expect_text(at, "],\"data_offsets\":["), &end, 10);
    found->end = strtoull(expect_text(end, ","), &end, 10);
    return expect_text(end, "]}");
}

static network two_layers(void)
{
    const gd_layer_options layers[] = {network_dense(5, GD_ACTIVATION_TANH), network_dropout(0.5),
                                       network_dense(3, GD_ACTIVATION_IDENTITY)};
    return network_create(SHAPE(4), layers, 3, 2, (gd_loss_options){.type = GD_LOSS_MSE}, 41);
}

static void expect_tensor(const network *net, int64_t index, const entry *found,
                          const unsigned char *data)
{
    const gd_parameter *tensor = gd_model_tensor(net->model, index);
    cr_expect_str_eq(found->name, tensor->name);
    cr_expect_str_eq(found->dtype, sizeof(gd_real) == 4 ? "F32" : "F64");
    cr_assert_eq(found->rank, tensor->shape.rank);
    for (int64_t d = 0; d < found->rank; d++) {
        cr_expect_eq(found->shape[d], tensor->shape.dimensions[d]);
    }
    cr_assert_eq(found->end - found->begin, tensor->count * sizeof(gd_real));
    cr_expect_eq(memcmp(data + found->begin, net->parameters + tensor->offset,
                        tensor->count * sizeof(gd_real)),
                 0);
}

Test(export_safetensors, is_read_back_by_an_independent_reader)
{
    network net = two_layers();
    gd_buffer buffer;
    gd_buffer_init(&buffer, 100000);
    gd_safetensors_write(net.model, net.parameters, &buffer);
    cr_assert_eq(buffer.status, GD_OK);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) {
        length = length << 8 | buffer.bytes[i];
    }
    cr_assert_lt(length, buffer.length);
    cr_expect_eq(length % 8, 0);
    char *header = calloc(length + 1, 1);
    memcpy(header, buffer.bytes + 8, length);
    const unsigned char *data = buffer.bytes + 8 + length;
    const char *at = expect_text(header, "{\"__metadata__\":{\"format\":\"pt\"}");
    size_t end = 0;
    for (int64_t i = 0; i < gd_model_tensor_count(net.model); i++) {
        entry found;
        at = read_entry(expect_text(at, ","), &found);
        cr_expect_eq(found.begin, end);
        end = found.end;
        cr_assert_leq(end, buffer.length - 8 - length);
        expect_tensor(&net, i, &found, data);
    }
    at = expect_text(at, "}");
    cr_expect_eq(strspn(at, " "), strlen(at));
    cr_expect_eq(8 + length + end, buffer.length);
    free(header);
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
