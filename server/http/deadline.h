/*
 * Deadlines that hold against a peer of one byte a second.
 *
 * The library's own time-out starts anew with every byte. Here each connection is watched by one
 * thread on the monotonic clock, which calls shutdown(2) on the socket when its phase has lasted
 * too long, or when its peer has ended in the middle of a request; the library then sees the end of
 * the connection and lets it go. A watch is made and
 * ended by the library's connection callbacks, so the descriptor is never one that was reused.
 */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_deadline http_deadline;
typedef struct http_watch http_watch;

typedef struct http_deadline_options {
    double request_seconds; /* to send a request, and what its body may take longer by the rate;
                               also the window of the rate rule for streamed bodies */
    double reply_seconds;   /* window of the rate rule for replies */
    double idle_seconds;    /* between two requests */
    double closing_seconds; /* after a last reply, for the peer to read it */
    double minimum_rate;    /* bytes a second */
    void *context;          /* for http_watch_context */
} http_deadline_options;

/* Starts the thread. NULL if it cannot be had. */
http_deadline *http_deadline_start(const http_deadline_options *options);

/* Ends the thread; every watch must have been ended before. NULL is allowed. */
void http_deadline_stop(http_deadline *deadline);

/* A new connection: its first request line is due within request_seconds. NULL without memory. */
http_watch *http_watch_begin(http_deadline *deadline, int descriptor);
void http_watch_end(http_watch *watch);
int http_watch_descriptor(const http_watch *watch);
void *http_watch_context(const http_watch *watch); /* of the options */

/* The phases of a request, called by the thread that serves the connection. */
/* All of it is due within request_seconds, and a second more for each minimum_rate bytes of body. */
void http_watch_receiving(http_watch *watch);
void http_watch_streaming(http_watch *watch); /* from now on the rate rule instead */
void http_watch_handling(http_watch *watch);  /* no deadline */
void http_watch_sending(http_watch *watch);   /* rate rule on what the peer acknowledged */
void http_watch_closing(http_watch *watch);   /* closing_seconds, then the end */
void http_watch_idle(http_watch *watch);      /* idle_seconds until the next request line */

/* Shuts the connection now. */
void http_watch_shut(http_watch *watch);

/* Body bytes that arrived; for the rate rule: in each window of request_seconds at least
   minimum_rate times its length. */
void http_watch_received(http_watch *watch, size_t bytes);

/* Connections watched, and those with a request under way. */
void http_deadline_count(http_deadline *deadline, size_t *connections, size_t *requests);

/* From now on connections are shut as soon as they are idle. Waits until no request is under way,
   at most `seconds`, then shuts all. */
void http_deadline_drain(http_deadline *deadline, double seconds);

/* Seconds on the monotonic clock. */
double http_clock_seconds(void);

#endif
