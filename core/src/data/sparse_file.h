/*
 * sparse_file.h: frames with sparse features in files.
 *
 * File, all little-endian: 128 bytes of prefix; labels (f64 each); offsets (i64, one more than rows);
 * values (f32 or f64); indices (u32, from 0). Prefix: magic (8 bytes), byte order mark (u64), version
 * (u32), type of the values (u32: 1 float64, 4 float32), rows, width, non-zeros (i64 each), minimum,
 * maximum, mean and standard deviation of the labels (f64 each), checksum of the bytes before it
 * (u64), zeros. Opened like any frame file (gd_frame_open).
 */
#ifndef DESCENT_DATA_SPARSE_FILE_H
#define DESCENT_DATA_SPARSE_FILE_H

#include "data/frame_layout.h"

#include <descent/sparse.h>

typedef struct gdi_sparse_head {
    int64_t rows, width, non_zeros;
    bool singles; /* values are float32 */
    gd_column label;
} gdi_sparse_head;

/* Where the parts begin; false where the sizes cannot be. */
typedef struct gdi_sparse_places {
    int64_t labels, offsets, values, indices, end;
} gdi_sparse_places;

bool gdi_sparse_place(const gdi_sparse_head *head, gdi_sparse_places *places);

/* Writes the prefix to the start of the file. */
gd_status gdi_sparse_write_head(int descriptor, const gdi_sparse_head *head, gd_error *error);

/* Whether a mapped file begins as one of these. */
bool gdi_is_sparse_file(const void *map, size_t length);

/* A frame on the mapped file, which stays the caller's; GD_CORRUPT where it is none. */
gd_status gdi_sparse_open(const void *map, size_t length, gd_frame **frame);

#endif
