/*
 * order.h: in which order an epoch takes its examples.
 *
 * Shuffled whole, or, where the examples are more than a window, in two levels: blocks of neighbours in
 * random order fill one window after the other, and within a window all examples are shuffled. Every
 * example comes once. The order is a function of the generator's state at the epoch's start; a window
 * is made when it is reached, without those before it. Thread rule: one owner.
 */
#ifndef DESCENT_TRAIN_ORDER_H
#define DESCENT_TRAIN_ORDER_H

#include <descent/random.h>
#include <descent/status.h>

#include <stdbool.h>
#include <stdint.h>

#define GDI_BLOCKS_A_WINDOW 64

typedef struct gdi_order {
    int64_t count;
    int64_t block, window; /* examples; the window is whole blocks. One block, one window: whole */
    int64_t block_count, window_count;
    int64_t *blocks;  /* [block_count] in the order of the epoch; NULL: whole */
    int64_t *members; /* [window] examples of the window at hand */
    int64_t *batch;   /* [batch size] where a batch may lie in two windows, else NULL */
    int64_t at;       /* window at hand, or -1 */
    int64_t last;     /* window with the last block of all, which may be short */
    uint64_t key;     /* of the epoch: what windows are shuffled by */
} gdi_order;

/* `window` as gd_trainer_setup's shuffle_window. */
gd_status gdi_order_init(gdi_order *order, int64_t count, int64_t window, int64_t batch_size,
                         gd_error *error);
void gdi_order_dispose(gdi_order *order);
/* Bytes gdi_order_init takes, or -1 on overflow. */
int64_t gdi_order_bytes(int64_t count, int64_t window, int64_t batch_size);

/* Whether examples come window by window. */
static inline bool gdi_order_is_windowed(const gdi_order *order)
{
    return order->blocks != NULL;
}

/* A new epoch. */
void gdi_order_start(gdi_order *order, gd_random *random);

/* gdi_order_take where the order is windowed. */
const int64_t *gdi_order_take_windowed(gdi_order *order, int64_t first, int64_t count);

/* The examples at places first … first+count-1 of the epoch, count at most the batch size. Valid until
 * the next call. */
static inline const int64_t *gdi_order_take(gdi_order *order, int64_t first, int64_t count)
{
    return order->blocks == NULL ? order->members + first
                                 : gdi_order_take_windowed(order, first, count);
}

/* Where the window begins and ends among the places of the epoch. */
int64_t gdi_order_window_start(const gdi_order *order, int64_t window);
/* The window a place lies in. */
int64_t gdi_order_window_of(const gdi_order *order, int64_t place);
/* The blocks of a window, ascending by example: *list [result]; none for a window that is not there.
 * Block b has the examples from b · block on, at most `block`. */
int64_t gdi_order_blocks(const gdi_order *order, int64_t window, const int64_t **list);

#endif
