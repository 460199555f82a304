/*
 * load.h: a load generator: one thread, epoll, connections that stay open, one request at a time on
 * each. Requests are whole texts, taken by turns.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stddef.h>

typedef struct load_options {
    int port;
    int connections;
    const char *const *requests; /* [request_count] whole requests */
    size_t request_count;
    long limit;     /* requests in all; 0: as many as the time takes */
    double seconds; /* 0: until the limit */
} load_options;

typedef struct load_result {
    long replies, refused; /* refused: other than 200, 201, 202 and 304 */
    double seconds;
    double rate;                 /* replies a second */
    double median, p99, largest; /* seconds from request to reply */
    char id[64];                 /* "id" of the last reply that had one */
} load_result;

/* False where the server cannot be reached or breaks off. */
int load_run(const load_options *options, load_result *result);

/*
 * One request on a connection of its own: status, or -1. `body` takes the reply's body as text, as
 * much as fits; `header` NULL or the name of one whose value goes to `value` (64 bytes).
 */
int load_once(int port, const char *request, char *body, size_t size, const char *header,
              char *value);

/* A request's text, malloc'd. `headers` are whole lines or ""; body NULL: none. */
char *load_request(const char *method, const char *path, const char *headers, const char *body);

#endif
