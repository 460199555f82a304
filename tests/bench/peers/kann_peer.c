/*
 * kann_peer.c: KANN on the dense workloads of workloads.c, by the protocol of protocol.h. Built where
 * KANN=folder names a checkout; its products are those of OpenBLAS.
 *
 * KANN has RMSprop and no Adam; the update here is Adam's, in a plain loop over its flat arrays.
 */
#include "bench/protocol.h"

#include <kann.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct net {
    kann_t *ann;
    int input, classes, count, batch;
    float *x, *y; /* [count, input], [count, classes] */
    float *batch_x, *batch_y;
    float *mean, *square;
    int position, step;
} net;

static net current;
static char current_name[PROTOCOL_LINE];

static kad_node_t *hidden(kad_node_t *below, int width, int tangent)
{
    kad_node_t *sums = kann_layer_dense(below, width);
    return tangent ? kad_tanh(sums) : kad_relu(sums);
}

static bool make(const char *name, net *it)
{
    kad_node_t *layer;
    memset(it, 0, sizeof *it);
    if (strcmp(name, "mlp-2-16-1-b32-adam") == 0) {
        *it = (net){.input = 2, .classes = 1, .count = 2000, .batch = 32};
        layer = hidden(kann_layer_input(2), 16, 1);
        it->ann = kann_new(kann_layer_cost(layer, 1, KANN_C_CEB), 0);
    } else if (strcmp(name, "mlp-784-128-10-b64-adam") == 0) {
        *it = (net){.input = 784, .classes = 10, .count = 20000, .batch = 64};
        layer = hidden(kann_layer_input(784), 128, 0);
        it->ann = kann_new(kann_layer_cost(layer, 10, KANN_C_CEM), 0);
    } else if (strcmp(name, "mlp-1024-2048-2048-10-b128-adam") == 0) {
        *it = (net){.input = 1024, .classes = 10, .count = 8192, .batch = 128};
        layer = hidden(hidden(kann_layer_input(1024), 2048, 0), 2048, 0);
        it->ann = kann_new(kann_layer_cost(layer, 10, KANN_C_CEM), 0);
    } else {
        return false;
    }
    size_t inputs = (size_t)it->input, classes = (size_t)it->classes, count = (size_t)it->count;
    size_t parameters = (size_t)kann_size_var(it->ann);
    it->x = protocol_numbers(count * inputs);
    it->y = calloc(count * classes, sizeof(float));
    it->batch_x = malloc((size_t)it->batch * inputs * sizeof(float));
    it->batch_y = malloc((size_t)it->batch * classes * sizeof(float));
    it->mean = calloc(parameters, sizeof(float));
    it->square = calloc(parameters, sizeof(float));
    for (size_t i = 0; i < count; i++) {
        size_t class = i * 7 % 11 % (classes + (classes == 1));
        if (classes > 1) {
            it->y[i * classes + class] = 1;
        } else {
            it->y[i] = (float)class;
        }
    }
    kann_set_batch_size(it->ann, it->batch);
    kann_switch(it->ann, 1);
    return true;
}

static void dispose(net *it)
{
    if (it->ann != NULL) {
        kann_delete(it->ann);
    }
    free(it->x);
    free(it->y);
    free(it->batch_x);
    free(it->batch_y);
    free(it->mean);
    free(it->square);
}

static void update(net *it)
{
    const float rate = 1e-3F;
    const int count = kann_size_var(it->ann);
    const float first = 1 - powf(0.9F, (float)it->step), second = 1 - powf(0.999F, (float)it->step);
    float *x = it->ann->x, *mean = it->mean, *square = it->square;
    const float *g = it->ann->g;
    for (int i = 0; i < count; i++) {
        mean[i] = 0.9F * mean[i] + 0.1F * g[i];
        square[i] = 0.999F * square[i] + 0.001F * g[i] * g[i];
        x[i] -= rate / first * mean[i] / (sqrtf(square[i] / second) + 1e-8F);
    }
}

static void take_step(net *it)
{
    float *x = it->batch_x, *y = it->batch_y;
    size_t first = (size_t)it->position;
    memcpy(x, it->x + first * (size_t)it->input, (size_t)(it->batch * it->input) * sizeof(float));
    memcpy(y, it->y + first * (size_t)it->classes,
           (size_t)(it->batch * it->classes) * sizeof(float));
    kann_feed_bind(it->ann, KANN_F_IN, 0, &it->batch_x);
    kann_feed_bind(it->ann, KANN_F_TRUTH, 0, &it->batch_y);
    kann_cost(it->ann, 0, 1);
    it->step++;
    update(it);
    it->position += it->batch;
    if (it->position + it->batch > it->count) {
        it->position = 0;
    }
}

static double measure(const char *name, double seconds)
{
    if (strcmp(name, current_name) != 0) {
        dispose(&current);
        strncpy(current_name, name, sizeof current_name - 1);
        if (!make(name, &current)) {
            memset(&current, 0, sizeof current);
        } else {
            take_step(&current);
        }
    }
    if (current.ann == NULL) {
        return -1;
    }
    double start = protocol_processor_time(), now = start, samples = 0;
    while (now - start < seconds) {
        for (int i = 0; i < 8; i++) {
            take_step(&current);
        }
        samples += 8.0 * current.batch;
        now = protocol_processor_time();
    }
    return samples / (now - start);
}

int main(void)
{
    return protocol_answer(measure);
}
