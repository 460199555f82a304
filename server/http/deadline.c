/*
 * The deadline thread: a list of connections under one mutex, looked through some times a second.
 *
 * Phases are set by the threads of the pool, several times a request, so each connection has a mutex
 * of its own and nobody is woken for them. Only this thread, the drain and the connection's own thread
 * call shutdown(2), under that mutex, so that no descriptor can be closed and handed out again
 * meanwhile. The list's mutex is taken before a connection's, never after.
 */
#include "http/deadline.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

/* How long a request may stay open whose peer has ended: a handler may be at its last bytes. */
#define CUT_OFF_SECONDS 1.0
/* TCP_CLOSE_WAIT of netinet/tcp.h, which does not go together with linux/tcp.h. */
#define STATE_CLOSE_WAIT 8

typedef enum watch_phase {
    PHASE_IDLE,
    PHASE_RECEIVING,
    PHASE_STREAMING,
    PHASE_HANDLING,
    PHASE_SENDING,
    PHASE_CLOSING,
    PHASE_SHUT /* shutdown was called; the library has yet to notice */
} watch_phase;

struct http_watch {
    http_deadline *deadline;
    http_watch *previous;
    http_watch *next;
    int descriptor;
    pthread_mutex_t mutex; /* over the next six */
    watch_phase phase;
    double limit;           /* when the phase, or the window of the rate rule, ends */
    uint64_t base;          /* bytes at the start of the window */
    bool has_base;          /* of a reply: known from the first look on */
    double cut_off;         /* when the peer was first seen to have ended in mid-request, or 0 */
    uint64_t cut_off_bytes; /* received by then */
    atomic_uint_least64_t received;
};

struct http_deadline {
    http_deadline_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on the monotonic clock */
    bool is_stopping;
    atomic_bool is_draining;
    size_t connections;
    atomic_size_t requests;
    http_watch *first;
};

double http_clock_seconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool is_request_phase(watch_phase phase)
{
    return phase != PHASE_IDLE && phase != PHASE_SHUT;
}

/* With the connection's mutex held. */
static void set_phase(http_watch *watch, watch_phase phase, double limit)
{
    http_deadline *deadline = watch->deadline;
    if (watch->phase == PHASE_SHUT) {
        return;
    }
    const bool was_request = is_request_phase(watch->phase), is_request = is_request_phase(phase);
    if (is_request && !was_request) {
        atomic_fetch_add(&deadline->requests, 1);
    } else if (was_request && !is_request) {
        atomic_fetch_sub(&deadline->requests, 1);
    }
    watch->phase = phase;
    watch->limit = limit;
    watch->has_base = false;
    watch->cut_off = 0.0;
}

/* With no mutex held, after a request has ended: the drain may be waiting for the last one. */
static void tell_drain(http_deadline *deadline)
{
    if (atomic_load(&deadline->is_draining) && atomic_load(&deadline->requests) == 0) {
        pthread_mutex_lock(&deadline->mutex);
        pthread_cond_broadcast(&deadline->changed);
        pthread_mutex_unlock(&deadline->mutex);
    }
}

static void shut(http_watch *watch)
{
    set_phase(watch, PHASE_SHUT, 0.0);
    /* A peer that has already gone makes this fail, and that is as good. */
    (void)shutdown(watch->descriptor, SHUT_RDWR);
}

/* Bytes of replies that the peer's system has acknowledged since the connection began. False if
   the socket cannot tell, as one that is not TCP. */
static bool acknowledged_bytes(int descriptor, uint64_t *bytes)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked)) {
        return false;
    }
    *bytes = info.tcpi_bytes_acked;
    return true;
}

/* The peer has said that it sends no more, and all it sent has been read. */
static bool has_ended(int descriptor)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    int unread = 0;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == STATE_CLOSE_WAIT && ioctl(descriptor, FIONREAD, &unread) == 0 &&
           unread == 0;
}

/*
 * A request that can never become whole. The library is told of an end that comes by itself, but
 * not of one that comes together with the last bytes, and would wait. Seen for a while with nothing
 * received meanwhile, for bytes may have been read and not yet looked at.
 */
static bool is_cut_off(http_watch *watch, double now)
{
    const uint64_t bytes = atomic_load_explicit(&watch->received, memory_order_relaxed);
    if (!has_ended(watch->descriptor)) {
        watch->cut_off = 0.0;
        return false;
    }
    if (watch->cut_off == 0.0 || bytes != watch->cut_off_bytes) {
        watch->cut_off = now;
        watch->cut_off_bytes = bytes;
    }
    return now - watch->cut_off >= CUT_OFF_SECONDS;
}

/* At the end of a window: true if too little came through; otherwise the next window begins. */
static bool is_too_slow(http_watch *watch, uint64_t bytes, double window, double now)
{
    if (watch->has_base && now < watch->limit) {
        return false;
    }
    const double wanted = watch->deadline->options.minimum_rate * window;
    if (watch->has_base && (double)(bytes - watch->base) < wanted) {
        return true;
    }
    watch->has_base = true;
    watch->base = bytes;
    watch->limit = now + window;
    return false;
}

static bool is_overdue(http_watch *watch, double now)
{
    const http_deadline_options *options = &watch->deadline->options;
    uint64_t bytes = 0;
    switch (watch->phase) {
    case PHASE_IDLE:
        return now >= watch->limit || atomic_load(&watch->deadline->is_draining);
    case PHASE_RECEIVING:
        bytes = atomic_load_explicit(&watch->received, memory_order_relaxed) - watch->base;
        return is_cut_off(watch, now) ||
               now >=
                   watch->limit +
                       (options->minimum_rate > 0.0 ? (double)bytes / options->minimum_rate : 0.0);
    case PHASE_CLOSING:
        return now >= watch->limit;
    case PHASE_STREAMING:
        bytes = atomic_load_explicit(&watch->received, memory_order_relaxed);
        return is_cut_off(watch, now) || is_too_slow(watch, bytes, options->request_seconds, now);
    case PHASE_SENDING:
        if (!acknowledged_bytes(watch->descriptor, &bytes)) {
            return now >= watch->limit;
        }
        return is_too_slow(watch, bytes, options->reply_seconds, now);
    case PHASE_HANDLING:
    case PHASE_SHUT:
        break;
    }
    return false;
}

static struct timespec clock_after(double seconds)
{
    struct timespec moment = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &moment);
    const long whole = (long)seconds;
    moment.tv_sec += whole;
    moment.tv_nsec += (long)((seconds - (double)whole) * 1e9);
    if (moment.tv_nsec >= 1000000000L) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000L;
    }
    return moment;
}

/* A tenth of the shortest limit, but between 10 and 250 ms. */
static double tick_seconds(const http_deadline_options *options)
{
    double shortest = options->request_seconds;
    shortest = options->reply_seconds < shortest ? options->reply_seconds : shortest;
    shortest = options->idle_seconds < shortest ? options->idle_seconds : shortest;
    const double tick = shortest / 10.0;
    return tick < 0.01 ? 0.01 : (tick > 0.25 ? 0.25 : tick);
}

static void *run(void *argument)
{
    http_deadline *deadline = argument;
    const double tick = tick_seconds(&deadline->options);
    pthread_mutex_lock(&deadline->mutex);
    while (!deadline->is_stopping) {
        const double now = http_clock_seconds();
        for (http_watch *watch = deadline->first; watch != NULL; watch = watch->next) {
            pthread_mutex_lock(&watch->mutex);
            if (is_overdue(watch, now)) {
                shut(watch);
            }
            pthread_mutex_unlock(&watch->mutex);
        }
        if (deadline->first == NULL) {
            pthread_cond_wait(&deadline->changed, &deadline->mutex);
            continue;
        }
        const struct timespec until = clock_after(tick);
        /* Woken early or late: the next round looks at the clock itself. */
        (void)pthread_cond_timedwait(&deadline->changed, &deadline->mutex, &until);
    }
    pthread_mutex_unlock(&deadline->mutex);
    return NULL;
}

static bool init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    const bool is_made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                         pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return is_made;
}

http_deadline *http_deadline_start(const http_deadline_options *options)
{
    http_deadline *deadline = calloc(1, sizeof(*deadline));
    if (deadline == NULL) {
        return NULL;
    }
    deadline->options = *options;
    if (pthread_mutex_init(&deadline->mutex, NULL) != 0) {
        free(deadline);
        return NULL;
    }
    if (!init_condition(&deadline->changed)) {
        pthread_mutex_destroy(&deadline->mutex);
        free(deadline);
        return NULL;
    }
    if (pthread_create(&deadline->thread, NULL, &run, deadline) != 0) {
        pthread_cond_destroy(&deadline->changed);
        pthread_mutex_destroy(&deadline->mutex);
        free(deadline);
        return NULL;
    }
    return deadline;
}

void http_deadline_stop(http_deadline *deadline)
{
    if (deadline == NULL) {
        return;
    }
    pthread_mutex_lock(&deadline->mutex);
    deadline->is_stopping = true;
    pthread_cond_broadcast(&deadline->changed);
    pthread_mutex_unlock(&deadline->mutex);
    pthread_join(deadline->thread, NULL);
    pthread_cond_destroy(&deadline->changed);
    pthread_mutex_destroy(&deadline->mutex);
    free(deadline);
}

http_watch *http_watch_begin(http_deadline *deadline, int descriptor)
{
    http_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&watch->mutex, NULL) != 0) {
        free(watch);
        return NULL;
    }
    watch->deadline = deadline;
    watch->descriptor = descriptor;
    atomic_init(&watch->received, 0);
    pthread_mutex_lock(&deadline->mutex);
    watch->limit = http_clock_seconds() + deadline->options.request_seconds;
    watch->next = deadline->first;
    if (watch->next != NULL) {
        watch->next->previous = watch;
    } else {
        pthread_cond_broadcast(&deadline->changed);
    }
    deadline->first = watch;
    deadline->connections++;
    pthread_mutex_unlock(&deadline->mutex);
    return watch;
}

void http_watch_end(http_watch *watch)
{
    http_deadline *deadline = watch->deadline;
    pthread_mutex_lock(&deadline->mutex);
    pthread_mutex_lock(&watch->mutex);
    set_phase(watch, PHASE_SHUT, 0.0);
    pthread_mutex_unlock(&watch->mutex);
    if (watch->previous != NULL) {
        watch->previous->next = watch->next;
    } else {
        deadline->first = watch->next;
    }
    if (watch->next != NULL) {
        watch->next->previous = watch->previous;
    }
    deadline->connections--;
    pthread_mutex_unlock(&deadline->mutex);
    tell_drain(deadline);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

void *http_watch_context(const http_watch *watch)
{
    return watch->deadline->options.context;
}

int http_watch_descriptor(const http_watch *watch)
{
    return watch->descriptor;
}

static void enter_phase(http_watch *watch, watch_phase phase, double seconds)
{
    const double limit = http_clock_seconds() + seconds;
    pthread_mutex_lock(&watch->mutex);
    set_phase(watch, phase, limit);
    watch->base = atomic_load_explicit(&watch->received, memory_order_relaxed);
    pthread_mutex_unlock(&watch->mutex);
    if (!is_request_phase(phase)) {
        tell_drain(watch->deadline);
    }
}

void http_watch_receiving(http_watch *watch)
{
    enter_phase(watch, PHASE_RECEIVING, watch->deadline->options.request_seconds);
}

void http_watch_streaming(http_watch *watch)
{
    enter_phase(watch, PHASE_STREAMING, watch->deadline->options.request_seconds);
}

void http_watch_handling(http_watch *watch)
{
    enter_phase(watch, PHASE_HANDLING, 0.0);
}

void http_watch_sending(http_watch *watch)
{
    enter_phase(watch, PHASE_SENDING, watch->deadline->options.reply_seconds);
}

void http_watch_closing(http_watch *watch)
{
    enter_phase(watch, PHASE_CLOSING, watch->deadline->options.closing_seconds);
}

void http_watch_idle(http_watch *watch)
{
    enter_phase(watch, PHASE_IDLE, watch->deadline->options.idle_seconds);
}

void http_watch_shut(http_watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    shut(watch);
    pthread_mutex_unlock(&watch->mutex);
    tell_drain(watch->deadline);
}

void http_watch_received(http_watch *watch, size_t bytes)
{
    atomic_fetch_add_explicit(&watch->received, bytes, memory_order_relaxed);
}

void http_deadline_count(http_deadline *deadline, size_t *connections, size_t *requests)
{
    pthread_mutex_lock(&deadline->mutex);
    *connections = deadline->connections;
    *requests = atomic_load(&deadline->requests);
    pthread_mutex_unlock(&deadline->mutex);
}

void http_deadline_drain(http_deadline *deadline, double seconds)
{
    const struct timespec until = clock_after(seconds);
    pthread_mutex_lock(&deadline->mutex);
    atomic_store(&deadline->is_draining, true);
    pthread_cond_broadcast(&deadline->changed);
    while (atomic_load(&deadline->requests) > 0) {
        if (pthread_cond_timedwait(&deadline->changed, &deadline->mutex, &until) != 0) {
            break;
        }
    }
    for (http_watch *watch = deadline->first; watch != NULL; watch = watch->next) {
        pthread_mutex_lock(&watch->mutex);
        if (watch->phase != PHASE_SHUT) {
            shut(watch);
        }
        pthread_mutex_unlock(&watch->mutex);
    }
    pthread_mutex_unlock(&deadline->mutex);
}
