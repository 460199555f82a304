/*
 * cells.h: which type of cell holds given numbers exactly, and numbers into cells of a type.
 *
 * A fit begins with every type possible and loses those that a number seen does not fit. Thread rule:
 * plain data.
 */
#ifndef DESCENT_DATA_CELLS_H
#define DESCENT_DATA_CELLS_H

#include "data/frame_layout.h"

#include <math.h>

typedef struct gdi_cell_fit {
    bool not_uint8, not_uint16, not_float32;
} gdi_cell_fit;

/* A NaN is a missing cell, which floats alone can hold; so can they the sign of a zero. */
static inline void gdi_cell_fit_add(gdi_cell_fit *fit, double value)
{
    bool whole = value >= 0.0 && value <= 65535.0 && value == (double)(uint16_t)value &&
                 !(value == 0.0 && signbit(value));
    fit->not_uint16 = fit->not_uint16 || !whole;
    fit->not_uint8 = fit->not_uint8 || !whole || value > 255.0;
    fit->not_float32 = fit->not_float32 || (!isnan(value) && (double)(float)value != value);
}

static inline gdi_cell_type gdi_cell_fit_type(const gdi_cell_fit *fit)
{
    return !fit->not_uint8     ? GDI_CELL_UINT8
           : !fit->not_uint16  ? GDI_CELL_UINT16
           : !fit->not_float32 ? GDI_CELL_FLOAT32
                               : GDI_CELL_FLOAT64;
}

/* values [count] as cells of a type that fits them; `cells` may be `values`. */
void gdi_cells_store(gdi_cell_type type, const double *values, size_t count, void *cells);

#endif
