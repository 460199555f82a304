/*
 * reply.h: what the handlers share: JSON replies, problems, query parameters, cursors, entity tags.
 */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "api/api.h"
#include "json/document.h"
#include "json/reader.h"
#include "json/writer.h"

#define API_REPLY_MAXIMUM ((size_t)1 << 30) /* bytes of a rendered reply */
#define API_CURSOR_SIZE   32
#define API_LIMIT_DEFAULT 50
#define API_LIMIT_MAXIMUM 500

/* Finishes the writer into the reply and destroys it; without memory the reply is a problem. */
void api_respond_json(http_response *response, int status, json_writer *writer);

/* The same as 200 with an entity tag made from the bytes, for lists and pages. */
void api_respond_tagged_json(http_response *response, json_writer *writer);

/* The problem a status stands for, with the error's sentence where it has one. */
void api_respond_status(http_response *response, gd_status status, const gd_error *error);

/* 422 with every fault, or 503 where memory ran out while they were found. */
void api_respond_faults(http_response *response, const json_faults *faults);

/* The body's tree, to be read only (json/fixed_tree.h); on failure answers 400 with the byte offset and
 * returns NULL. */
cJSON *api_read_body(const http_request *request, http_response *response);

/* 400 for a query parameter that is not in `known` (NULL-terminated); true where there is none. */
bool api_check_query(const http_request *request, http_response *response,
                     const char *const *known);

/* An integer in [minimum, maximum] from the query; absent leaves *value. False: 400 was answered. */
bool api_query_count(const http_request *request, http_response *response, const char *name,
                     int64_t minimum, int64_t maximum, int64_t *value);

/* One of the words, NULL-terminated; absent leaves *index. False: 400 was answered. */
bool api_query_choice(const http_request *request, http_response *response, const char *name,
                      const char *const *words, size_t *index);

/* 400 with code "invalid_query". */
void api_refuse_query(http_response *response, const char *name, const char *detail);

/* Opaque cursors stand for a sequence number. */
void api_write_cursor(int64_t sequence, char cursor[API_CURSOR_SIZE]);
bool api_query_cursor(const http_request *request, http_response *response, int64_t *sequence);

/* "next_cursor" in the object under way, and the Link header where there is a next page. */
void api_write_next(const http_request *request, http_response *response, json_writer *writer,
                    bool more, int64_t sequence);

/* The {id} of the path; false with 404 answered where it is no id. */
bool api_read_id(const http_request *request, http_response *response, const char **id);

/* Who asks, as api_before found out; one who sees all where the service is open. */
const access_identity *api_caller(const http_request *request);
/* The owner whose rows the caller sees; NULL: all. */
const char *api_seen_by(const http_request *request);
store_quota api_quota(const access_identity *caller);

/* Tells the log of a change that the request made. */
void api_note(const api_context *context, const http_request *request, const char *job,
              const char *text);

/* Jobs in each state that the caller sees: counts [STORE_JOB_STATUS_COUNT]. */
gd_status api_read_counts(const api_context *context, const http_request *request, int64_t *counts,
                          gd_error *error);

/* A key and a time, null for 0. */
void api_write_time(json_writer *writer, const char *key, int64_t milliseconds);
/* A key and JSON text, or null. */
void api_write_raw(json_writer *writer, const char *key, const char *json);
/* A key and a text, null for NULL or "". */
void api_write_text(json_writer *writer, const char *key, const char *text);

#endif
