/*
 * parallel_update.h: a rule's update shared by the threads of a pool, to the same bytes for any
 * number of them.
 */
#ifndef DESCENT_OPTIM_PARALLEL_UPDATE_H
#define DESCENT_OPTIM_PARALLEL_UPDATE_H

#include <descent/optimizer.h>

#include "base/thread_pool.h"
#include "math/kernels.h"

/*
 * rule->update of the whole; `scalar_count` is the length of update->scalars. Whether all of the result
 * is finite: looked at piece by piece, while it is in the cache.
 */
bool gdi_parallel_update(gdi_thread_pool *pool, const gdi_kernels *kernels,
                         const gd_optimizer_descriptor *rule, const gd_optimizer_options *options,
                         const gd_update *update, size_t scalar_count);

#endif
