/*
 * thread_pool.c: parts are claimed by counting an atomic number down.
 *
 * The caller writes the work, then the number of parts (release). Whoever lowers the number (acquire)
 * owns a part, and the work stays as it is until every part owned has been reported done: so a thread
 * that comes late finds 0 and touches nothing. Those who sleep say so first and look again, and the
 * caller looks for sleepers after publishing: one of the two sees the other.
 */
#include "base/thread_pool.h"

#include "base/denormals.h"
#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Looks before a thread sleeps: some tens of microseconds, about as long as waking one takes. */
#define LOOKS       2000
#define STACK_BYTES ((size_t)1 << 20)

typedef struct helper {
    gdi_thread_pool *pool;
    pthread_t thread;
    void *scratch;
} helper;

struct gdi_thread_pool {
    _Alignas(64) atomic_size_t left; /* parts not yet claimed */
    _Alignas(64) atomic_size_t done;
    atomic_int sleepers; /* helpers waiting for `wake` */
    atomic_bool waiting; /* the caller waits for `ended` */
    atomic_bool stop;
    /* The work; written while `left` is 0 and nobody is at it. */
    gdi_thread_work *work;
    void *context;
    size_t parts;

    pthread_mutex_t lock;
    pthread_cond_t wake, ended;
    void *scratch; /* the caller's */
    size_t helper_count;
    helper helpers[GDI_MAXIMUM_THREADS - 1];
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool claim(gdi_thread_pool *pool, size_t *part)
{
    size_t left = atomic_load_explicit(&pool->left, memory_order_relaxed);
    while (left > 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->left, &left, left - 1,
                                                  memory_order_acquire, memory_order_relaxed)) {
            *part = left - 1;
            return true;
        }
    }
    return false;
}

static void work_off(gdi_thread_pool *pool, void *scratch)
{
    size_t part = 0;
    while (claim(pool, &part)) {
        size_t parts = pool->parts;
        pool->work(pool->context, part, scratch);
        /* After the last report the caller may begin other work: nothing of this one is read. */
        if (atomic_fetch_add(&pool->done, 1) + 1 == parts && atomic_load(&pool->waiting)) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->ended);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static void sleep_until_work(gdi_thread_pool *pool)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load_explicit(&pool->left, memory_order_relaxed) > 0 ||
            atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
            return;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->left) == 0 && !atomic_load(&pool->stop)) {
        pthread_cond_wait(&pool->wake, &pool->lock);
    }
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *help(void *context)
{
    helper *self = context;
    gdi_denormals_flush();
    while (!atomic_load(&self->pool->stop)) {
        work_off(self->pool, self->scratch);
        sleep_until_work(self->pool);
    }
    return NULL;
}

static void await_end(gdi_thread_pool *pool, size_t parts)
{
    for (int i = 0; i < LOOKS; i++) {
        if (atomic_load(&pool->done) == parts) {
            return;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waiting, true);
    while (atomic_load(&pool->done) != parts) {
        pthread_cond_wait(&pool->ended, &pool->lock);
    }
    atomic_store(&pool->waiting, false);
    pthread_mutex_unlock(&pool->lock);
}

void gdi_thread_pool_run(gdi_thread_pool *pool, size_t parts, gdi_thread_work *work, void *context)
{
    if (pool == NULL || parts < 2) {
        for (size_t part = 0; part < parts; part++) {
            work(context, part, pool == NULL ? NULL : pool->scratch);
        }
        return;
    }
    pool->work = work;
    pool->context = context;
    pool->parts = parts;
    atomic_store(&pool->done, 0);
    atomic_store(&pool->left, parts);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
    work_off(pool, pool->scratch);
    await_end(pool, parts);
}

size_t gdi_thread_pool_size(const gdi_thread_pool *pool)
{
    return pool == NULL ? 1 : pool->helper_count + 1;
}

int64_t gdi_thread_pool_bytes(int64_t threads, size_t scratch)
{
    return threads < 2 ? 0 : (int64_t)(sizeof(gdi_thread_pool) + (size_t)threads * scratch);
}

static bool start_helper(gdi_thread_pool *pool, const pthread_attr_t *attributes, size_t scratch)
{
    helper *next = &pool->helpers[pool->helper_count];
    next->pool = pool;
    next->scratch = gdi_allocate(scratch, 1);
    if (next->scratch == NULL || pthread_create(&next->thread, attributes, help, next) != 0) {
        gdi_free(next->scratch);
        return false;
    }
    pool->helper_count++;
    return true;
}

gd_status gdi_thread_pool_create(gdi_thread_pool **pool, int64_t threads, size_t scratch,
                                 gd_error *error)
{
    *pool = NULL;
    if (threads < 2) {
        return GD_OK;
    }
    gdi_thread_pool *made = gdi_allocate(1, sizeof *made);
    void *own = gdi_allocate(scratch, 1);
    pthread_attr_t attributes;
    if (made == NULL || own == NULL || pthread_attr_init(&attributes) != 0) {
        gdi_free(made);
        gdi_free(own);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for %lld threads",
                       (long long)threads);
    }
    made->scratch = own;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wake, NULL);
    pthread_cond_init(&made->ended, NULL);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int64_t helpers = (threads < GDI_MAXIMUM_THREADS ? threads : GDI_MAXIMUM_THREADS) - 1;
    for (int64_t i = 0; i < helpers && start_helper(made, &attributes, scratch); i++) {
    }
    pthread_attr_destroy(&attributes);
    *pool = made;
    return GD_OK;
}

void gdi_thread_pool_destroy(gdi_thread_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->helper_count; i++) {
        pthread_join(pool->helpers[i].thread, NULL);
        gdi_free(pool->helpers[i].scratch);
    }
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    gdi_free(pool->scratch);
    gdi_free(pool);
}

int64_t gdi_processor_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count < GDI_MAXIMUM_THREADS ? count : GDI_MAXIMUM_THREADS;
}
