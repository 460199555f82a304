/*
 * order.c: whole and windowed shuffles (order.h).
 *
 * Blocks of a window stand in ascending order in `blocks`, for what is read ahead should be read in
 * the order of the file; the shuffle of the window's examples hides it.
 */
#include "train/order.h"

#include "base/memory.h"

#include <stdlib.h>

static bool is_whole(int64_t count, int64_t window)
{
    return window <= 0 || count <= window;
}

static int64_t block_of(int64_t window)
{
    return (window + GDI_BLOCKS_A_WINDOW - 1) / GDI_BLOCKS_A_WINDOW;
}

/* Whole blocks, about as many examples as asked for. */
static int64_t window_blocks(int64_t window)
{
    int64_t blocks = window / block_of(window);
    return blocks < 1 ? 1 : blocks;
}

int64_t gdi_order_bytes(int64_t count, int64_t window, int64_t batch_size)
{
    int64_t numbers = count, bytes = 0;
    if (!is_whole(count, window)) {
        int64_t block = block_of(window);
        numbers = (count + block - 1) / block + window_blocks(window) * block + batch_size;
    }
    return __builtin_mul_overflow(numbers, (int64_t)sizeof(int64_t), &bytes) ? -1 : bytes;
}

gd_status gdi_order_init(gdi_order *order, int64_t count, int64_t window, int64_t batch_size,
                         gd_error *error)
{
    bool whole = is_whole(count, window);
    int64_t block = whole ? count : block_of(window);
    *order = (gdi_order){
        .count = count,
        .block = block,
        .window = whole ? count : block * window_blocks(window),
        .block_count = whole ? 1 : (count + block - 1) / block,
        .window_count = 1,
        .at = -1,
    };
    order->members = gdi_allocate((size_t)order->window, sizeof *order->members);
    bool made = order->members != NULL;
    if (!whole) {
        int64_t together = window_blocks(window);
        order->window_count = (order->block_count + together - 1) / together;
        order->blocks = gdi_allocate((size_t)order->block_count, sizeof *order->blocks);
        order->batch = gdi_allocate((size_t)batch_size, sizeof *order->batch);
        made = made && order->blocks != NULL && order->batch != NULL;
    }
    if (!made) {
        gdi_order_dispose(order);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the order of %lld examples",
                       (long long)count);
    }
    return GD_OK;
}

void gdi_order_dispose(gdi_order *order)
{
    gdi_free(order->blocks);
    gdi_free(order->members);
    gdi_free(order->batch);
    order->blocks = order->members = order->batch = NULL;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t blocks_together(const gdi_order *order)
{
    return order->window / order->block;
}

int64_t gdi_order_blocks(const gdi_order *order, int64_t window, const int64_t **list)
{
    if (window < 0 || window >= order->window_count || order->blocks == NULL) {
        return 0;
    }
    int64_t together = blocks_together(order), first = window * together;
    int64_t left = order->block_count - first;
    *list = order->blocks + first;
    return left < together ? left : together;
}

void gdi_order_start(gdi_order *order, gd_random *random)
{
    order->at = -1;
    if (order->blocks == NULL) {
        for (int64_t i = 0; i < order->count; i++) {
            order->members[i] = i;
        }
        gd_random_shuffle(random, order->members, order->count);
        order->at = 0;
        return;
    }
    for (int64_t i = 0; i < order->block_count; i++) {
        order->blocks[i] = i;
    }
    gd_random_shuffle(random, order->blocks, order->block_count);
    int64_t together = blocks_together(order);
    for (int64_t i = 0; i < order->window_count; i++) {
        int64_t *list = order->blocks + i * together, left = order->block_count - i * together;
        int64_t count = left < together ? left : together;
        qsort(list, (size_t)count, sizeof *list, compare);
        order->last = list[count - 1] == order->block_count - 1 ? i : order->last;
    }
    order->key = gd_random_bits(random);
}

int64_t gdi_order_window_start(const gdi_order *order, int64_t window)
{
    int64_t shortage = order->block_count * order->block - order->count;
    return window >= order->window_count
               ? order->count
               : window * order->window - (window > order->last ? shortage : 0);
}

int64_t gdi_order_window_of(const gdi_order *order, int64_t place)
{
    int64_t window = place / order->window;
    bool later =
        window + 1 < order->window_count && gdi_order_window_start(order, window + 1) <= place;
    return later ? window + 1 : window;
}

static void enter(gdi_order *order, int64_t window)
{
    const int64_t *list = NULL;
    int64_t blocks = gdi_order_blocks(order, window, &list), count = 0;
    if (order->at == window) {
        return;
    }
    for (int64_t i = 0; i < blocks; i++) {
        int64_t first = list[i] * order->block, end = first + order->block;
        for (int64_t j = first; j < end && j < order->count; j++) {
            order->members[count++] = j;
        }
    }
    gd_random random;
    gd_random_seed(&random, order->key + (uint64_t)window, GD_STREAM_SHUFFLE);
    gd_random_shuffle(&random, order->members, count);
    order->at = window;
}

const int64_t *gdi_order_take_windowed(gdi_order *order, int64_t first, int64_t count)
{
    int64_t window = gdi_order_window_of(order, first);
    int64_t start = gdi_order_window_start(order, window);
    enter(order, window);
    if (first + count <= gdi_order_window_start(order, window + 1)) {
        return order->members + (first - start);
    }
    for (int64_t i = 0; i < count; i++) {
        if (first + i == gdi_order_window_start(order, window + 1)) {
            start = first + i;
            enter(order, ++window);
        }
        order->batch[i] = order->members[first + i - start];
    }
    return order->batch;
}
