/*
 * versions.h: functions compiled once for each instruction set that are no kernels.
 *
 * For loops of operations that IEEE 754 rounds exactly and without contraction, so that every version
 * gives the same bytes; the loader picks one when the program starts.
 */
#ifndef DESCENT_BASE_VERSIONS_H
#define DESCENT_BASE_VERSIONS_H

#include <stdlib.h> /* defines __GLIBC__ */

/* Before a function whose loop is worth one version for each instruction set. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GDI_VERSIONS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define GDI_VERSIONS
#endif

/* Before a loop whose iterations are independent although its pointers may be equal. */
#ifdef __clang__
#define GDI_INDEPENDENT
#else
#define GDI_INDEPENDENT _Pragma("GCC ivdep")
#endif

#endif
