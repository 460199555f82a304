/*
 * test_accept.c: real data at full length: three seeds each, the mean against its threshold, one line
 * of a table each. Run by `make accept`; some minutes. What is missing of ../shared/data is skipped.
 *
 * Thresholds and PyTorch's figures are for 10,000 digits split 8000/2000, and for the text of
 * Shakespeare with its last tenth held out.
 */
#include "support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 1800.0
#define LIMIT   (3 * SECONDS * SERVICE_PATIENCE)
#define SEEDS   3
#define IMAGES  "../shared/data/images/t10k-images-idx3-ubyte.gz"
#define LABELS  "../shared/data/images/t10k-labels-idx1-ubyte.gz"
#define TEXT    "../shared/data/text/tinyshakespeare.txt"

/* Skips the test where the file is missing. */
static const char *upload(service *it, const char *path, const char *query,
                          const char *const *headers)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        service_destroy(it);
        cr_skip_test("%s is missing", path);
    }
    size_t room = (size_t)16 << 20;
    char *bytes = malloc(room);
    cr_assert_not_null(bytes);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    client_request what = {.method = "POST",
                           .path = client_text(it, "/v1/datasets%s", query),
                           .headers = headers,
                           .body = bytes,
                           .length = length};
    const reply *made = client_send(it, &what);
    free(bytes);
    ASSERT_STATUS(made, 201);
    return reply_text(made, "/id");
}

/* Waits for all, and says which way the mean of `pointer` lies from the threshold. */
static void judge(service *it, const char *const ids[SEEDS], const char *name, const char *pointer,
                  double threshold, bool at_least, double pytorch)
{
    double sum = 0, figures[SEEDS], seconds = 0;
    for (int i = 0; i < SEEDS; i++) {
        const reply *job = client_wait(it, ids[i], SECONDS);
        cr_assert_str_eq(reply_text(job, "/status"), "succeeded", "%.1500s", job->body);
        figures[i] = reply_number(job, pointer);
        seconds += reply_number(job, "/progress/seconds");
        sum += figures[i];
    }
    double mean = sum / SEEDS;
    bool reached = at_least ? mean >= threshold : mean <= threshold;
    printf("%-24s %8.4f  %s %.4f  (%.4f)  %s  %.4f %.4f %.4f  %5.1f s\n", name, mean,
           at_least ? ">=" : "<=", threshold, pytorch, reached ? "ok    " : "MISSED", figures[0],
           figures[1], figures[2], seconds / SEEDS);
    fflush(stdout);
    cr_expect(reached, "%s: %g", name, mean);
}

/* --- Digits -------------------------------------------------------------------------------- */

static void digits(const char *name, const char *model, int epochs, double threshold,
                   double pytorch)
{
    service *it = service_start(2);
    const char *const headers[] = {"Content-Type: application/octet-stream",
                                   "Content-Encoding: gzip", NULL};
    const char *images = upload(it, IMAGES, "?format=idx", headers);
    const char *labels = upload(it, LABELS, "?format=idx", headers);
    const char *ids[SEEDS];
    for (int seed = 1; seed <= SEEDS; seed++)
        ids[seed - 1] = client_submit(
            it,
            "{'model': %s, 'data': {'dataset': '%s', 'target': {'dataset': '%s'}, 'scaling': "
            "'minmax', 'task': 'classification', 'validation': {'fraction': 0.2, 'seed': %d}}, "
            "'optimizer': {'type': 'adam', 'learning_rate': 0.001}, 'training': {'epochs': %d, "
            "'batch_size': 64, 'seed': %d}}",
            model, images, labels, seed, epochs, seed);
    judge(it, ids, name, "/metrics/accuracy", threshold, true, pytorch);
    service_destroy(it);
}

Test(accept, digits_softmax, .timeout = LIMIT)
{
    digits("digits softmax", "'softmax'", 10, 0.905, 0.914);
}

Test(accept, digits_mlp, .timeout = LIMIT)
{
    digits("digits 784-128-10", "{'type': 'mlp', 'hidden': [128]}", 10, 0.94, 0.9455);
}

Test(accept, digits_convolutions, .timeout = LIMIT)
{
    digits("digits convolutions",
           "{'type': 'sequential', 'layers': [{'type': 'conv2d', 'filters': 8, 'kernel': 5, "
           "'activation': 'relu'}, {'type': 'max_pool2d', 'size': 2}, {'type': 'conv2d', "
           "'filters': 16, 'kernel': 5, 'activation': 'relu'}, {'type': 'max_pool2d', 'size': 2}, "
           "{'type': 'flatten'}, {'type': 'dense', 'units': 'auto'}]}",
           5, 0.96, 0.968);
}

/* --- Text ---------------------------------------------------------------------------------- */

static void text(const char *name, const char *cell, double threshold, double pytorch)
{
    service *it = service_start(2);
    const char *const headers[] = {"Content-Type: text/plain", NULL};
    const char *id = upload(it, TEXT, "", headers), *ids[SEEDS];
    for (int seed = 1; seed <= SEEDS; seed++)
        ids[seed - 1] = client_submit(
            it,
            "{'model': {'type': 'sequential', 'layers': [{'type': 'embedding', 'dimensions': 32}, "
            "{'type': '%s', 'units': 128, 'return_sequences': true}, {'type': 'dense', 'units': "
            "'auto'}]}, 'data': {'dataset': '%s', 'window': {'length': 64}, 'validation': "
            "{'fraction': 0.1}}, 'loss': 'cross_entropy', 'optimizer': {'type': 'adam', "
            "'learning_rate': 0.002, 'clip': {'norm': 1}}, 'training': {'steps': 1000, "
            "'batch_size': 32, 'seed': %d}}",
            cell, id, seed);
    judge(it, ids, name, "/metrics/loss", threshold, false, pytorch);
    service_destroy(it);
}

Test(accept, text_lstm, .timeout = LIMIT)
{
    text("Shakespeare LSTM", "lstm", 1.90, 1.87);
}

Test(accept, text_gru, .timeout = LIMIT)
{
    text("Shakespeare GRU", "gru", 1.83, 1.79);
}

Test(accept, text_rnn, .timeout = LIMIT)
{
    text("Shakespeare RNN", "rnn", 1.91, 1.88);
}
