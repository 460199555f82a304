/*
 * denormals.h: denormal numbers as zeros while a step runs.
 *
 * Decaying moments end in denormals, with which processors compute tens of times slower. The
 * setting belongs to the thread: it is put back before control returns to the caller. Where the
 * processor has no such setting these do nothing.
 */
#ifndef DESCENT_BASE_DENORMALS_H
#define DESCENT_BASE_DENORMALS_H

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Returns what gdi_denormals_restore wants back. */
static inline uint64_t gdi_denormals_flush(void)
{
#if defined(__x86_64__)
    const unsigned flush_results = 0x8000, zero_operands = 0x0040;
    unsigned control = _mm_getcsr();
    _mm_setcsr(control | flush_results | zero_operands);
    return control;
#elif defined(__aarch64__)
    const uint64_t flush = (uint64_t)1 << 24;
    uint64_t control = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | flush));
    return control;
#else
    return 0;
#endif
}

static inline void gdi_denormals_restore(uint64_t control)
{
#if defined(__x86_64__)
    _mm_setcsr((unsigned)control);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#else
    (void)control;
#endif
}

#endif
