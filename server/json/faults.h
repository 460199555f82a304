/*
 * The list of everything wrong with a document, collected so that one reply can name it all. It is
 * what becomes `errors` of a 422 reply. Bounded: after JSON_FAULTS_KEPT entries the rest is only
 * counted. One owner, one thread.
 */
#ifndef JSON_FAULTS_H
#define JSON_FAULTS_H

#include "json/path.h"
#include "json/writer.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_FAULTS_KEPT = 100
};

/* Codes the readers give; other layers may add their own. */
#define JSON_CODE_WRONG_TYPE     "wrong_type"
#define JSON_CODE_OUT_OF_RANGE   "out_of_range"
#define JSON_CODE_UNKNOWN_MEMBER "unknown_member"
#define JSON_CODE_UNKNOWN_VALUE  "unknown_value"
#define JSON_CODE_MISSING        "missing"
#define JSON_CODE_TOO_LONG       "too_long"
#define JSON_CODE_TOO_SHORT      "too_short"
#define JSON_CODE_NOT_AN_INTEGER "not_an_integer"
/* Of no document: what was read is unknown for lack of memory. It sets `out_of_memory`. */
#define JSON_CODE_OUT_OF_MEMORY "out_of_memory"

typedef struct json_field_fault {
    char pointer[256]; /* RFC 6901, cut at a character if longer */
    char code[40];     /* one of the codes: stable, for programs */
    char detail[320];  /* for people: the field, what was found, what is allowed, what to do */
    char allowed[512]; /* JSON text of what is allowed; empty if there is none */
} json_field_fault;

/* All zero is the empty list. */
typedef struct json_faults {
    json_field_fault *entries;
    size_t count; /* entries kept */
    size_t capacity;
    size_t total;       /* faults found, kept or not: 0 means the document is fine */
    bool out_of_memory; /* memory ran out: the list says nothing of the document */
} json_faults;

/* Adds a fault at `path`. `allowed` is JSON text, or NULL or "" for none; text longer than the
 * entry holds is left out whole. The detail is cut at a character. */
__attribute__((format(printf, 5, 6))) void json_faults_add(json_faults *faults,
                                                           const json_path *path, const char *code,
                                                           const char *allowed, const char *format,
                                                           ...);

/* Writes the list as a JSON array of {pointer, code, detail, allowed?}. Faults that were counted
 * but not kept make one last entry of code "more_faults". */
void json_faults_write(const json_faults *faults, json_writer *writer);

/* Frees the entries; the list is empty again. */
void json_faults_dispose(json_faults *faults);

#endif
