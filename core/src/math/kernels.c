/*
 * kernels.c: which kernel table runs on this processor.
 *
 * The choice is made anew at each call from what the processor and the operating system report
 * (a few loads), so there is no state to initialise or to race on.
 */
#include "math/kernels.h"
#include "math/kernels_tables.h"

#include <descent/version.h>

#include <string.h>

static bool always_runs(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0;
}
#endif

/* Best first. */
static const struct {
    const gdi_kernels *table;
    bool (*runs)(void);
} candidates[] = {
#if defined(__x86_64__)
    {&gdi_kernels_avx512, has_avx512},
    {&gdi_kernels_avx2, has_avx2},
#endif
    {&gdi_kernels_baseline, always_runs},
};

size_t gdi_product_scratch(size_t rows, size_t columns, size_t inner)
{
    const size_t block = inner < GDI_PRODUCT_INNER_BLOCK ? inner : GDI_PRODUCT_INNER_BLOCK;
    const size_t panel = GDI_PRODUCT_PANEL_BYTES / sizeof(gd_real);
    size_t size = (block + 1) * panel;
    if (GDI_PRODUCT_PACKS_LEFT(rows, columns, inner)) {
        const size_t height = rows < GDI_PRODUCT_LEFT_ROWS ? rows : GDI_PRODUCT_LEFT_ROWS;
        size += height * (block + 64 / sizeof(gd_real));
    }
    size_t most = rows < GDI_PRODUCT_TURNED_ROWS ? rows : GDI_PRODUCT_TURNED_ROWS;
    most = most < columns / 2 ? most : columns / 2;
    const size_t strip = inner <= block                ? 0
                         : columns < GDI_PRODUCT_STRIP ? columns
                                                       : GDI_PRODUCT_STRIP;
    return most * (block + strip) > size ? most * (block + strip) : size;
}

size_t gdi_piece_scratch(size_t inner)
{
    const size_t panel = GDI_PRODUCT_PANEL_BYTES / sizeof(gd_real) * (inner + 1);
    const size_t panels = GDI_PIECE_PANELS / sizeof(gd_real);
    return (panels > panel ? panels : panel) + GDI_PIECE_ROWS * GDI_PIECE_COLUMNS;
}

const gdi_kernels *gdi_kernels_best(void)
{
    size_t i = 0;
    while (!candidates[i].runs()) {
        i++;
    }
    return candidates[i].table;
}

const gdi_kernels *gdi_kernels_named(const char *name)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (strcmp(candidates[i].table->name, name) == 0 && candidates[i].runs()) {
            return candidates[i].table;
        }
    }
    return NULL;
}

const char *gd_kernels_name(void)
{
    return gdi_kernels_best()->name;
}
