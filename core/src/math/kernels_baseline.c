/*
 * kernels_baseline.c: the kernels for any processor (SSE2 on x86-64, the compiler's default
 * elsewhere). Six rows by two vectors fill sixteen registers.
 */
#define KERNELS_NAME         "baseline"
#define KERNELS_TABLE        gdi_kernels_baseline
#define KERNELS_VECTOR_BYTES 16
#define KERNELS_TILE_ROWS    6
#include "math/kernels.inc"
