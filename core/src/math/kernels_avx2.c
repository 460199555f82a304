/*
 * kernels_avx2.c: the kernels for AVX2 with FMA. Six rows by two vectors fill sixteen registers.
 */
#if defined(__x86_64__)
#define KERNELS_NAME         "avx2"
#define KERNELS_TABLE        gdi_kernels_avx2
#define KERNELS_VECTOR_BYTES 32
#define KERNELS_TILE_ROWS    6
#include "math/kernels.inc"
#endif
