/*
 * row_sample.h: how many rows of a table are repeated, in fixed memory.
 *
 * Every row becomes 64 bits. The bits of all rows are kept up to 2^16 different ones; beyond, only
 * rows whose bits end in k zeros are, with k growing as needed: all copies of a row are kept or none,
 * so that the number of repeated rows stays an unbiased estimate (P. B. Gibbons, "Distinct sampling",
 * VLDB 2001). Below the limit the count is exact but for a chance of 2^-33 that two rows share their
 * bits. 2 MiB, 4 while it thins out. Thread rule: one owner.
 */
#ifndef DESCENT_DATA_ROW_SAMPLE_H
#define DESCENT_DATA_ROW_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gdi_row_slot {
    uint64_t hash;   /* 0: empty */
    uint64_t copies; /* rows after the first */
} gdi_row_slot;

typedef struct gdi_row_sample {
    gdi_row_slot *slots;
    size_t used;
    unsigned zeros;   /* low bits that a kept hash has as zeros */
    int64_t repeated; /* copies of all kept rows */
} gdi_row_sample;

/* False without memory; _dispose is due in every case. */
bool gdi_row_sample_begin(gdi_row_sample *sample);
void gdi_row_sample_dispose(gdi_row_sample *sample);

/* Adds cells [rows, columns]; NaN equals NaN, minus zero equals zero. False without memory. */
bool gdi_row_sample_add(gdi_row_sample *sample, const double *cells, int64_t rows, int64_t columns);

/* Rows that repeat an earlier one; an estimate where *exact is false. */
int64_t gdi_row_sample_repeated(const gdi_row_sample *sample, bool *exact);

#endif
