/*
 * cells.c: numbers into cells (cells.h). Narrow cells are written from the front, so that
 * they may overwrite the doubles they come from.
 */
#include "data/cells.h"

#include <string.h>

#define STORE(type)                                                           \
    for (size_t i = 0; i < count; i++) {                                      \
        type cell = (type)values[i];                                          \
        memcpy((unsigned char *)cells + i * sizeof cell, &cell, sizeof cell); \
    }

void gdi_cells_store(gdi_cell_type type, const double *values, size_t count, void *cells)
{
    switch (type) {
    case GDI_CELL_UINT8:
        STORE(uint8_t)
        break;
    case GDI_CELL_UINT16:
        STORE(uint16_t)
        break;
    case GDI_CELL_FLOAT32:
        STORE(float)
        break;
    case GDI_CELL_FLOAT64:
        memmove(cells, values, count * sizeof *values);
        break;
    }
}
