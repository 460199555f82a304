/*
 * text_index.h: a set of distinct short texts, each with its number in order of arrival.
 *
 * Column names and classes are looked up with it. It copies the texts it is given; they may not hold
 * a NUL. Thread rule: one owner while texts are added, any number of readers afterwards.
 */
#ifndef DESCENT_DATA_TEXT_INDEX_H
#define DESCENT_DATA_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

typedef struct gdi_text_index gdi_text_index;

/* NULL without memory. */
gdi_text_index *gdi_text_index_create(void);
void gdi_text_index_destroy(gdi_text_index *index);

/*
 * Number of the text, which is added if it is new; -1 without memory, -2 where it is new and
 * `maximum` texts are there already.
 */
int64_t gdi_text_index_add(gdi_text_index *index, const char *text, size_t length, int64_t maximum);

/* Number of the text, or -1. */
int64_t gdi_text_index_find(const gdi_text_index *index, const char *text, size_t length);

int64_t gdi_text_index_count(const gdi_text_index *index);

/* NUL-terminated, owned by the index, never moved. */
const char *gdi_text_index_text(const gdi_text_index *index, int64_t number);

/* Numbers the texts anew in order of byte value. ranks [count], may be NULL: ranks[old] = new. */
void gdi_text_index_sort(gdi_text_index *index, int64_t *ranks);

#endif
