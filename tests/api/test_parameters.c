/*
 * test_parameters.c: trained parameters as JSON and as safetensors; the latter read by the reader
 * below, which knows the published layout and nothing of this project's writer.
 */
#include "api/specs.h"
#include "support/client.h"

#include <math.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)
#define NO_ID "01234567-89ab-7cde-8f01-23456789abcd"

#define SPEC_NET                                                                                    \
    "{'model': {'type': 'mlp', 'hidden': [5]}, 'data': {'generator': {'type': 'blobs', 'samples': " \
    "120, 'seed': 2}, 'validation': {'fraction': 0.25, 'seed': 3}}, 'training': {'epochs': 20, "    \
    "'seed': 7}}"

static const reply *get_parameters(service *it, const char *id, const char *query)
{
    return client_get(it, "/v1/jobs/%s/parameters%s", id, query);
}

static void sha256(const void *bytes, size_t length, uint8_t digest[SHA256_DIGEST_SIZE])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
}

static const char *hex_digest(service *it, const void *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[2 * SHA256_DIGEST_SIZE + 1];
    sha256(bytes, length, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return client_text(it, "%s", text);
}

Test(api_parameters, json_has_pytorch_names_shapes_and_exact_values, .timeout = LIMIT)
{
    static const struct {
        const char *name;
        int shape[2], rank;
    } expected[] = {{"layers.0.weight", {5, 2}, 2},
                    {"layers.0.bias", {5, 0}, 1},
                    {"layers.1.weight", {3, 5}, 2},
                    {"layers.1.bias", {3, 0}, 1}};
    service *it = service_start(1);
    const reply *job = client_run(it, 20, SPEC_NET);
    const reply *got = get_parameters(it, reply_text(job, "/id"), "");
    ASSERT_STATUS(got, 200);
    cr_expect_str_eq(reply_text(got, "/which"), "final");
    cr_expect_str_eq(reply_text(got, "/digest"), reply_text(job, "/digest"));
    cr_assert_eq(reply_count(got, "/parameters"), 4);
    float block[64];
    size_t used = 0;
    for (int i = 0; i < 4; i++) {
        const char *at = client_text(it, "/parameters/%d", i);
        cr_expect_str_eq(reply_text(got, client_text(it, "%s/name", at)), expected[i].name);
        cr_expect_str_eq(reply_text(got, client_text(it, "%s/dtype", at)), "float32");
        cr_expect_eq(reply_count(got, client_text(it, "%s/shape", at)), expected[i].rank);
        int size = 1;
        for (int k = 0; k < expected[i].rank; k++) {
            cr_expect_eq(reply_number(got, client_text(it, "%s/shape/%d", at, k)),
                         expected[i].shape[k]);
            size *= expected[i].shape[k];
        }
        const char *values = client_text(it, "%s/values", at);
        cr_assert_eq(reply_count(got, values), size);
        for (int k = 0; k < size; k++)
            block[used++] = (float)reply_number(got, client_text(it, "%s/%d", values, k));
    }
    /* Numbers come out so that they parse back to the same float32: the digest proves it. */
    cr_expect_str_eq(hex_digest(it, block, used * sizeof block[0]), reply_text(job, "/digest"));
    service_destroy(it);
}

/* --- safetensors --------------------------------------------------------------------------- */

typedef struct tensor_file {
    cJSON *header;
    const unsigned char *data;
    size_t data_length;
} tensor_file;

static tensor_file open_tensors(const reply *got)
{
    tensor_file file = {0};
    const unsigned char *bytes = (const unsigned char *)got->body;
    uint64_t length = 0;
    cr_assert_geq(got->length, 8);
    for (size_t i = 0; i < 8; i++)
        length |= (uint64_t)bytes[i] << (8 * i);
    cr_assert_leq(length, got->length - 8);
    file.header = cJSON_ParseWithLength(got->body + 8, (size_t)length);
    cr_assert_not_null(file.header, "the header is no JSON: %.*s", (int)length, got->body + 8);
    cr_assert_eq(got->body[8], '{');
    file.data = bytes + 8 + length;
    file.data_length = got->length - 8 - (size_t)length;
    return file;
}

static size_t number_of(const cJSON *array, int index)
{
    const cJSON *item = cJSON_GetArrayItem(array, index);
    cr_assert(cJSON_IsNumber(item));
    return (size_t)item->valuedouble;
}

/* One tensor of the JSON form against the file; where its bytes end. */
static size_t compare_tensor(const tensor_file *file, const cJSON *parameter)
{
    const char *name = cJSON_GetObjectItemCaseSensitive(parameter, "name")->valuestring;
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(parameter, "shape");
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(parameter, "values");
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(file->header, name);
    cr_assert_not_null(entry, "the file has no %s", name);
    cr_expect_str_eq(cJSON_GetObjectItemCaseSensitive(entry, "dtype")->valuestring, "F32");
    cr_expect(cJSON_Compare(cJSON_GetObjectItemCaseSensitive(entry, "shape"), shape, true),
              "shape of %s", name);
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    size_t begin = number_of(offsets, 0), end = number_of(offsets, 1);
    cr_assert(begin <= end && end <= file->data_length, "offsets of %s", name);
    cr_assert_eq(end - begin, 4 * (size_t)cJSON_GetArraySize(values), "size of %s", name);
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        float number;
        memcpy(&number, file->data + begin, 4);
        cr_expect_eq((float)value->valuedouble, number, "%s: %.17g and %.9g", name,
                     value->valuedouble, (double)number);
        begin += 4;
    }
    return end;
}

Test(api_parameters, safetensors_hold_the_same_tensors_without_gaps, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(it, 20, SPEC_NET);
    const char *id = reply_text(job, "/id");
    const reply *json = get_parameters(it, id, "");
    const reply *got = get_parameters(it, id, "?format=safetensors");
    ASSERT_STATUS(got, 200);
    tensor_file file = open_tensors(got);
    const cJSON *parameter;
    size_t end = 0;
    cJSON_ArrayForEach(parameter, reply_at(json, "/parameters"))
    {
        size_t own = compare_tensor(&file, parameter);
        end = own > end ? own : end;
    }
    cr_expect_eq(end, file.data_length, "bytes that belong to no tensor");
    cr_expect_eq((file.data - (const unsigned char *)got->body) % 8, 0, "data are not aligned");
    int tensors = 0;
    cJSON_ArrayForEach(parameter, file.header) tensors +=
        strcmp(parameter->string, "__metadata__") != 0;
    cr_expect_eq(tensors, 4);
    cr_expect_str_eq(hex_digest(it, file.data, file.data_length), reply_text(job, "/digest"));
    const char *disposition = reply_header_or_empty(got, "Content-Disposition");
    cr_expect_not_null(strstr(disposition, ".safetensors"), "%s", disposition);
    cJSON_Delete(file.header);
    service_destroy(it);
}

Test(api_parameters, repr_digest_is_that_of_the_bytes, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_NET), "/id");
    static const char *const queries[] = {"", "?format=safetensors"};
    for (size_t i = 0; i < 2; i++) {
        const reply *got = get_parameters(it, id, queries[i]);
        uint8_t digest[SHA256_DIGEST_SIZE];
        char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
        sha256(got->body, got->length, digest);
        base64_encode_raw(text, sizeof digest, digest);
        cr_expect_str_eq(reply_header_or_empty(got, "Repr-Digest"),
                         client_text(it, "sha-256=:%s:", text), "%s", queries[i]);
    }
    service_destroy(it);
}

Test(api_parameters, a_range_of_the_file_can_be_read, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_NET), "/id");
    const char *path = client_text(it, "/v1/jobs/%s/parameters?format=safetensors", id);
    const reply *whole = client_get(it, "%s", path);
    cr_expect_str_eq(reply_header_or_empty(whole, "Accept-Ranges"), "bytes");
    const reply *part = client_get_with(it, "Range: bytes=8-15", "%s", path);
    ASSERT_STATUS(part, 206);
    cr_assert_eq(part->length, 8);
    cr_expect_eq(memcmp(part->body, whole->body + 8, 8), 0);
    cr_expect_str_eq(reply_header_or_empty(part, "Content-Range"),
                     client_text(it, "bytes 8-15/%zu", whole->length));
    cr_expect_str_eq(reply_header_or_empty(part, "Repr-Digest"),
                     reply_header_or_empty(whole, "Repr-Digest"));
    const reply *tail = client_get_with(it, "Range: bytes=-4", "%s", path);
    ASSERT_STATUS(tail, 206);
    cr_expect_eq(memcmp(tail->body, whole->body + whole->length - 4, 4), 0);
    const reply *past = client_get_with(it, "Range: bytes=100000-", "%s", path);
    ASSERT_STATUS(past, 416);
    cr_expect_str_eq(reply_header_or_empty(past, "Content-Range"),
                     client_text(it, "bytes */%zu", whole->length));
    service_destroy(it);
}

Test(api_parameters, the_best_are_those_of_the_best_epoch, .timeout = LIMIT)
{
    service *it = service_start(1);
    /* The learning rate rises until the last epochs are worse than an early one. */
    const reply *job = client_run(
        it, 20,
        "{'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'generator': {'type': 'spiral', "
        "'samples': 60, 'noise': 0.5, 'seed': 2}, 'validation': {'fraction': 0.5, 'seed': 3}}, "
        "'optimizer': {'type': 'adam', 'learning_rate': 0.1}, 'training': {'epochs': 300, "
        "'batch_size': 'full', 'seed': 7}}");
    const char *id = reply_text(job, "/id");
    cr_assert_lt(reply_number(job, "/validation/best_loss"), reply_number(job, "/validation/loss"),
                 "the example does not overfit");
    const reply *final = get_parameters(it, id, "?which=final");
    const reply *best = get_parameters(it, id, "?which=best");
    ASSERT_STATUS(best, 200);
    cr_expect_str_eq(reply_text(best, "/which"), "best");
    cr_expect_str_neq(reply_text(best, "/digest"), reply_text(final, "/digest"));
    cr_expect_str_neq(reply_header_or_empty(best, "ETag"), reply_header_or_empty(final, "ETag"));
    service_destroy(it);
}

Test(api_parameters, stopping_early_restores_the_best, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *job = client_run(
        it, 20,
        "{'model': {'type': 'mlp', 'hidden': [16]}, 'data': {'generator': {'type': 'spiral', "
        "'samples': 60, 'noise': 0.5, 'seed': 2}, 'validation': {'fraction': 0.5, 'seed': 3}}, "
        "'optimizer': {'type': 'adam', 'learning_rate': 0.1}, 'training': {'epochs': 300, "
        "'batch_size': 'full', 'seed': 7, 'stop': {'patience': 5}}}");
    const char *id = reply_text(job, "/id");
    cr_expect_str_eq(reply_text(job, "/reason"), "early_stopped");
    cr_expect_lt(reply_number(job, "/progress/epoch"), 300);
    cr_expect_eq(reply_number(job, "/progress/epoch"),
                 reply_number(job, "/validation/best_step") + 5);
    cr_expect_str_eq(reply_text(get_parameters(it, id, "?which=best"), "/digest"),
                     reply_text(job, "/digest"));
    service_destroy(it);
}

Test(api_parameters, before_there_are_any_it_is_409_and_bad_words_are_400, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *busy = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_status(it, busy, "running", 20);
    const char *id = client_submit(it, SPEC_TINY);
    const reply *none = get_parameters(it, id, "");
    ASSERT_STATUS(none, 409);
    cr_expect(cJSON_IsString(reply_at(none, "/code")));
    ASSERT_STATUS(get_parameters(it, id, "?format=safetensors"), 409);
    ASSERT_STATUS(get_parameters(it, NO_ID, ""), 404);
    ASSERT_STATUS(client_act(it, busy, "cancel"), 202);
    (void)client_wait(it, id, 20);
    ASSERT_STATUS(get_parameters(it, id, ""), 200);
    ASSERT_STATUS(get_parameters(it, id, "?which=worst"), 400);
    ASSERT_STATUS(get_parameters(it, id, "?format=xml"), 400);
    static const char *const later[] = {"?format=npz", "?format=c"};
    for (size_t i = 0; i < 2; i++) {
        const reply *got = get_parameters(it, id, later[i]);
        cr_expect(got->status == 400 || got->status == 422, "%s: %d", later[i], got->status);
        cr_expect_str_eq(reply_text(got, "/code"), "unsupported", "%s: %s", later[i], got->body);
    }
    service_destroy(it);
}

Test(api_parameters, a_running_job_gives_a_snapshot, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, id, 1, 20);
    const reply *got = get_parameters(it, id, "");
    ASSERT_STATUS(got, 200);
    cr_expect_eq(reply_count(got, "/parameters"), 4);
    service_destroy(it);
}

Test(api_parameters, parameters_are_the_same_after_a_restart, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_NET), "/id");
    const reply *before = get_parameters(it, id, "");
    service_kill(it);
    service_restart(it);
    cr_expect_str_eq(get_parameters(it, id, "")->body, before->body);
    service_destroy(it);
}

/* --- The first ones ------------------------------------------------------------------------ */

/* Rate %g; one that float32 does not know changes nothing. */
#define SPEC_INITIALISERS                                                                       \
    "{'model': {'type': 'sequential', 'layers': [{'type': 'dense', 'units': 9, 'init': "        \
    "'orthogonal', 'activation': 'tanh'}, {'type': 'dense', 'units': 6, 'init': 'he_normal'}, " \
    "{'type': 'layer_norm'}, {'type': 'dense', 'units': 'auto'}]}, 'data': {'generator': "      \
    "{'type': 'blobs', 'samples': 120, 'seed': 2}}, 'optimizer': {'type': 'sgd', "              \
    "'learning_rate': %g}, 'training': {'steps': 50, 'seed': 11%s}}"

static const char *digest_of(const reply *got)
{
    ASSERT_STATUS(got, 200);
    return reply_text(got, "/digest");
}

/* Training with a rate of nothing ends with what it began with. */
Test(api_parameters, the_first_ones_are_those_that_training_begins_from, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *still = client_run(it, 20, SPEC_INITIALISERS, 1e-300, "");
    const char *id = reply_text(client_run(it, 20, SPEC_INITIALISERS, 0.1, ""), "/id");
    const reply *first = get_parameters(it, id, "?which=initial");
    cr_expect_str_eq(digest_of(first), reply_text(still, "/digest"));
    cr_expect_str_eq(reply_text(first, "/which"), "initial");
    cr_expect_eq(reply_number(first, "/step"), 0);
    cr_expect_str_neq(digest_of(get_parameters(it, id, "")), digest_of(first));
    const reply *file = get_parameters(it, id, "?which=initial&format=safetensors");
    ASSERT_STATUS(file, 200);
    tensor_file tensors = open_tensors(file);
    const cJSON *parameter;
    cJSON_ArrayForEach(parameter, reply_at(first, "/parameters"))
    {
        (void)compare_tensor(&tensors, parameter);
    }
    cJSON_Delete(tensors.header);
    const char *etag = client_text(it, "If-None-Match: %s", reply_header_or_empty(first, "ETag"));
    ASSERT_STATUS(client_get_with(it, etag, "/v1/jobs/%s/parameters?which=initial", id), 304);
    /* Restarts begin with the same; another seed begins elsewhere. */
    const reply *several = client_run(it, 20, SPEC_INITIALISERS, 0.1, ", 'restarts': 3");
    cr_expect_str_eq(digest_of(get_parameters(it, reply_text(several, "/id"), "?which=initial")),
                     digest_of(first));
    const reply *other =
        client_post(it, client_text(it, "/v1/jobs/%s/retry", id), "{'training': {'seed': 12}}");
    ASSERT_STATUS(other, 201);
    const char *twelve = reply_text(other, "/id");
    (void)client_wait(it, twelve, 20);
    cr_expect_str_neq(digest_of(get_parameters(it, twelve, "?which=initial")), digest_of(first));
    service_destroy(it);
}

Test(api_parameters, the_first_ones_of_a_warm_start_are_its_copy, .timeout = LIMIT)
{
    service *it = service_start(1);
    const reply *before = client_run(it, 20, SPEC_INITIALISERS, 0.1, "");
    const char *from = reply_text(before, "/id");
    const char *warm = client_text(it, ", 'from_job': {'job': '%s'}", from);
    const char *id = reply_text(client_run(it, 20, SPEC_INITIALISERS, 0.1, warm), "/id");
    ASSERT_STATUS(client_delete(it, "/v1/jobs/%s", from), 204);
    cr_expect_str_eq(digest_of(get_parameters(it, id, "?which=initial")),
                     reply_text(before, "/digest"));
    service_destroy(it);
}

Test(api_parameters, the_first_ones_of_a_job_that_waits_or_runs, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_submit(it, SPEC_ENDLESS);
    const char *waits = client_submit(it, SPEC_ENDLESS);
    (void)client_wait_step(it, id, 10, 20);
    const char *digest = digest_of(get_parameters(it, id, "?which=initial"));
    ASSERT_STATUS(get_parameters(it, waits, "?which=initial"), 409);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/histograms", waits), 409);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/histograms", id), 200);
    ASSERT_STATUS(client_act(it, id, "cancel"), 202);
    (void)client_wait(it, id, 20);
    cr_expect_str_eq(digest_of(get_parameters(it, id, "?which=initial")), digest);
    ASSERT_STATUS(get_parameters(it, NO_ID, "?which=initial"), 404);
    ASSERT_STATUS(get_parameters(it, id, "?which=first"), 400);
    service_destroy(it);
}

/* Counts, mean and reach of one tensor against the values themselves. */
static void expect_histogram(service *it, const reply *histograms, int tensor, const char *when,
                             const reply *values)
{
    const char *at = client_text(it, "/tensors/%d", tensor);
    double from = reply_number(histograms, client_text(it, "%s/from", at));
    double to = reply_number(histograms, client_text(it, "%s/to", at));
    int bins = (int)reply_number(histograms, "/bins"), counts[500] = {0}, length = 0;
    double sum = 0, squares = 0, minimum = INFINITY, maximum = -INFINITY;
    const cJSON *value;
    cJSON_ArrayForEach(value, reply_at(values, client_text(it, "/parameters/%d/values", tensor)))
    {
        double own = (double)(float)value->valuedouble;
        int place = to > from ? (int)floor((own - from) / ((to - from) / bins)) : 0;
        counts[place < bins ? place : bins - 1]++;
        sum += own;
        squares += own * own;
        minimum = fmin(minimum, own);
        maximum = fmax(maximum, own);
        length++;
    }
    at = client_text(it, "/tensors/%d/%s", tensor, when);
    cr_expect_eq(reply_count(histograms, client_text(it, "%s/counts", at)), bins);
    for (int i = 0; i < bins; i++)
        cr_expect_eq(reply_number(histograms, client_text(it, "%s/counts/%d", at, i)), counts[i],
                     "%s, bin %d", at, i);
    double mean = sum / length;
    cr_expect_float_eq(reply_number(histograms, client_text(it, "%s/mean", at)), mean, 1e-6);
    cr_expect_float_eq(reply_number(histograms, client_text(it, "%s/deviation", at)),
                       sqrt(fmax(0, squares / length - mean * mean)), 1e-6);
    cr_expect_float_eq(reply_number(histograms, client_text(it, "%s/minimum", at)), minimum, 1e-6);
    cr_expect_float_eq(reply_number(histograms, client_text(it, "%s/maximum", at)), maximum, 1e-6);
    cr_expect_eq(reply_number(histograms, client_text(it, "%s/nonfinite", at)), 0);
}

Test(api_parameters, histograms_count_the_first_and_the_last, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = reply_text(client_run(it, 20, SPEC_INITIALISERS, 0.1, ""), "/id");
    const reply *first = get_parameters(it, id, "?which=initial");
    const reply *last = get_parameters(it, id, "?which=best");
    const reply *got = client_get(it, "/v1/jobs/%s/histograms?which=best&bins=7", id);
    ASSERT_STATUS(got, 200);
    cr_assert_eq(reply_count(got, "/tensors"), reply_count(first, "/parameters"));
    for (int i = 0; i < reply_count(got, "/tensors"); i++) {
        expect_histogram(it, got, i, "first", first);
        expect_histogram(it, got, i, "last", last);
    }
    const char *etag = client_text(it, "If-None-Match: %s", reply_header_or_empty(got, "ETag"));
    ASSERT_STATUS(client_get_with(it, etag, "/v1/jobs/%s/histograms?which=best&bins=7", id), 304);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/histograms?bins=1", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/jobs/%s/histograms?of=1", id), 400);
    ASSERT_STATUS(client_get(it, "/v1/jobs/" NO_ID "/histograms"), 404);
    service_destroy(it);
}
