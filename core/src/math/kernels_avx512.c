/*
 * kernels_avx512.c: the kernels for AVX-512 (F, BW, DQ, VL). Twelve rows by two vectors hold 24 sums
 * in 32 registers.
 */
#if defined(__x86_64__)
#define KERNELS_NAME         "avx512"
#define KERNELS_TABLE        gdi_kernels_avx512
#define KERNELS_VECTOR_BYTES 64
#define KERNELS_TILE_ROWS    12
#include "math/kernels.inc"
#endif
