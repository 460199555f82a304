/*
 * client.h: HTTP to a service under test, by libcurl, and the reading of replies.
 *
 * Every reply and every text handed out belongs to the service and lives until service_destroy, so
 * that tests free nothing. Every request has a time limit. JSON is written in test sources with ' in
 * place of " ("{'model': 'linear'}"); the functions that take a format turn them. Any thread.
 */
#ifndef TESTS_SUPPORT_CLIENT_H
#define TESTS_SUPPORT_CLIENT_H

#include "support/service.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdint.h>

#define REPLY_HEADERS_MAXIMUM 40
#define CLIENT_SECONDS        (20.0 * SERVICE_PATIENCE)

typedef struct reply {
    int status; /* 0: there was none, see failure */
    char *body; /* followed by a NUL */
    size_t length;
    cJSON *json; /* of a JSON body, else NULL */
    char failure[256];
    char *header_text; /* names and values point into it */
    const char *names[REPLY_HEADERS_MAXIMUM], *values[REPLY_HEADERS_MAXIMUM];
    size_t header_count;
    service *owner;
    struct reply *next;
} reply;

typedef struct client_request {
    const char *method;
    const char *path;           /* with query */
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
    const void *body;
    size_t length;
    bool chunked;   /* sent in chunks without Content-Length */
    double seconds; /* 0: CLIENT_SECONDS */
} client_request;

#define CLIENT_HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A reply in any case; status 0 where the connection failed. */
const reply *client_send(service *it, const client_request *what);

const reply *client_get(service *it, const char *path, ...) __attribute__((format(printf, 2, 3)));
const reply *client_head(service *it, const char *path, ...) __attribute__((format(printf, 2, 3)));
const reply *client_delete(service *it, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
/* With one header more: "If-None-Match: …". */
const reply *client_get_with(service *it, const char *header, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* application/json */
const reply *client_post(service *it, const char *path, const char *json, ...)
    __attribute__((format(printf, 3, 4)));
/* application/merge-patch+json */
const reply *client_patch(service *it, const char *path, const char *json, ...)
    __attribute__((format(printf, 3, 4)));
/* JSON as it is, with one header more where it is not NULL. */
const reply *client_post_text(service *it, const char *path, const char *header, const char *text);
/* POST /v1/jobs/{id}/{action} without a body. */
const reply *client_act(service *it, const char *id, const char *action);
/* POST /v1/datasets?query of text/csv; 201 is asserted and the id given. */
const char *client_upload(service *it, const char *query, const char *csv);
const char *client_upload_file(service *it, const char *query, const char *path);

/* A text of the service's, with ' turned to ". */
const char *client_json(service *it, const char *json, ...) __attribute__((format(printf, 2, 3)));
/* A text of the service's as it is: paths. */
const char *client_text(service *it, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Submits; 201 is asserted. The job's id. */
const char *client_submit(service *it, const char *json, ...) __attribute__((format(printf, 2, 3)));
/* Polls until the job has ended; the job. */
const reply *client_wait(service *it, const char *id, double seconds);
/* Polls until the job has this status; asserts that it does not end otherwise. */
const reply *client_wait_status(service *it, const char *id, const char *status, double seconds);
/* Polls until the job has done at least so many steps, or has ended. */
const reply *client_wait_step(service *it, const char *id, double step, double seconds);
/* Submits, waits, asserts "succeeded". */
const reply *client_run(service *it, double seconds, const char *json, ...)
    __attribute__((format(printf, 3, 4)));

/* How many events of a type a reply of GET …/events has. */
int client_count_events(const reply *events, const char *type);

/* A TCP connection to the service; the caller closes it. */
int client_connect(const service *it);

/* Bytes as they are over a connection of their own; what came back within `seconds`, or until the
 * other side closed. */
const char *client_raw(service *it, const void *bytes, size_t length, double seconds);

/* The series of a job's curve with every point, byte for byte, but for the seconds, which no two
 * runs share. */
const char *client_exact_curve(service *it, const char *id);

/* Frees one reply early: polling would keep thousands. */
void client_drop(const reply *dropped);
/* Frees everything handed out; service_destroy calls it. */
void client_release(service *it);

/* --- Replies ------------------------------------------------------------------------------- */

/* The status is `expected`, or the test ends showing what came. */
#define ASSERT_STATUS(reply_, expected)                                               \
    cr_assert_eq((reply_)->status, (expected), "status %d in place of %d: %s%.1500s", \
                 (reply_)->status, (expected), (reply_)->failure, (reply_)->body)

/* NULL where there is no such header; the name without case. */
const char *reply_header(const reply *it, const char *name);
/* The header's value, "" where there is none. */
const char *reply_header_or_empty(const reply *it, const char *name);

/* The value at an RFC 6901 pointer ("/progress/step", "/errors/0/code"), or NULL. */
const cJSON *reply_at(const reply *it, const char *pointer);
/* The same of a type; another is a failed assertion. */
const char *reply_text(const reply *it, const char *pointer);
double reply_number(const reply *it, const char *pointer);
bool reply_truth(const reply *it, const char *pointer);
int reply_count(const reply *it, const char *pointer); /* of an array */
bool reply_is_null(const reply *it, const char *pointer);

/* Bytes of a top-level member's value as they came. */
const char *reply_raw(const reply *it, const char *member);

/* The fault that stands at a pointer in `errors`, or NULL. */
const cJSON *reply_fault(const reply *it, const char *pointer);
/* Asserts one with this code. */
void reply_expect_fault(const reply *it, const char *pointer, const char *code);

/* Asserts a problem document (RFC 9457) with every member of the contract; `what` is told with it. */
void reply_expect_problem(const reply *it, const char *what);

/* Whether a text has the form of a UUIDv7, of an RFC 3339 time in UTC with milliseconds. */
bool text_is_id(const char *text);
bool text_is_time(const char *text);

#endif
