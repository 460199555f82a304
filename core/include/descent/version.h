/*
 * version.h: which library this is and which instruction set its kernels use on this machine.
 */
#ifndef DESCENT_VERSION_H
#define DESCENT_VERSION_H

#define GD_VERSION "0.1.0"

/* Name of the kernels chosen for this processor: "avx512", "avx2", "baseline". */
const char *gd_kernels_name(void);

#endif
