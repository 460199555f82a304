/*
 * thread_pool.h: threads that share one piece of work at a time, for products and long loops.
 *
 * Work is cut into parts that are told apart by their number alone; which thread takes which part is
 * left open, so parts must not depend on each other and results not on who computed them. Helpers
 * look for work a short while, then sleep. They compute with denormals as zeros (denormals.h), as a
 * training step does. A pool that is NULL is the calling thread alone.
 * Thread rule: one thread at a time runs work; the pool outlives it.
 */
#ifndef DESCENT_BASE_THREAD_POOL_H
#define DESCENT_BASE_THREAD_POOL_H

#include <descent/status.h>

#include <stddef.h>
#include <stdint.h>

#define GDI_MAXIMUM_THREADS 64

typedef struct gdi_thread_pool gdi_thread_pool;

/*
 * A pool of `threads` with the caller counted, each with `scratch` bytes, 64-byte aligned. Where the
 * system gives fewer threads the pool has fewer. NULL for one thread.
 */
gd_status gdi_thread_pool_create(gdi_thread_pool **pool, int64_t threads, size_t scratch,
                                 gd_error *error);
/* Ends and joins the threads. NULL is allowed. */
void gdi_thread_pool_destroy(gdi_thread_pool *pool);

/* With the caller; 1 of NULL. */
size_t gdi_thread_pool_size(const gdi_thread_pool *pool);

/* Bytes a pool takes, stacks not counted. */
int64_t gdi_thread_pool_bytes(int64_t threads, size_t scratch);

/* `scratch` belongs to the thread that runs the part; NULL without a pool. */
typedef void gdi_thread_work(void *context, size_t part, void *scratch);

/* Runs parts 0 … parts-1, each once, and returns after the last has ended. */
void gdi_thread_pool_run(gdi_thread_pool *pool, size_t parts, gdi_thread_work *work, void *context);

/* Processors this process may run on, 1 … GDI_MAXIMUM_THREADS. */
int64_t gdi_processor_count(void);

#endif
