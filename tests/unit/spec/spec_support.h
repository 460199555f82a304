/*
 * spec_support.h: specs read from texts in which ' stands for ", and what is expected of them.
 */
#ifndef TESTS_UNIT_SPEC_SPEC_SUPPORT_H
#define TESTS_UNIT_SPEC_SPEC_SUPPORT_H

#include "spec/spec.h"

/* Reads a spec that must be without faults. The caller destroys it. */
spec_job *spec_good(const char *text);

/* The resolved document (free). */
char *spec_text(const spec_job *spec);

/* Reads, writes, reads that and writes again: both texts must be the same. Returns it (free). */
char *spec_round(const char *text);

typedef struct spec_fault_case {
    const char *text;
    const char *pointer, *code;
    const char *word; /* that the detail must hold; NULL: not looked at */
} spec_fault_case;

/* Each text must have exactly the one fault. */
void spec_expect_faults(const spec_fault_case *cases, size_t count);

/* Whether a fault of that pointer and code is in the list. */
bool spec_has_fault(const json_faults *faults, const char *pointer, const char *code);

/* A number at a pointer of a JSON text; the test fails where there is none. */
double spec_number_at(const char *text, const char *pointer);
/* A text there, copied into a buffer of the test's. */
const char *spec_word_at(const char *text, const char *pointer);
/* Whether there is anything. */
bool spec_is_at(const char *text, const char *pointer);

/* A document with `inner` as one of its members, and right members for the rest. */
#define SPEC_DATA              "'data': {'generator': 'linear'}"
#define SPEC_MODEL             "'model': 'linear'"
#define SPEC_WITH_MODEL(inner) "{'model': " inner ", " SPEC_DATA "}"
#define SPEC_WITH_DATA(inner)  "{" SPEC_MODEL ", 'data': " inner "}"
#define SPEC_WITH(inner)       "{" SPEC_MODEL ", " SPEC_DATA ", " inner "}"

#endif
