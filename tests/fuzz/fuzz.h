/*
 * fuzz.h: functions that take any bytes, for a fuzzer to find what breaks them and for the suite to
 * replay what was found.
 *
 * A target is `void fuzz_<name>(bytes, length)` in target_<name>.c, with its seeds and the findings of
 * the past in corpus/<name>/. It reads the bytes by the product's own code and holds the result
 * against what must be true of it (FUZZ_REQUIRE); crashes, undefined behaviour and leaks are the
 * sanitizers' to see. Targets keep no state that one input could leave to the next.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every target, once: the table, the replay and the prototypes are made from it. */
#define FUZZ_TARGETS(X) \
    X(json)             \
    X(spec)             \
    X(number)           \
    X(formula)          \
    X(query)            \
    X(guard)            \
    X(csv)              \
    X(idx)              \
    X(npy)              \
    X(libsvm)           \
    X(corpus)           \
    X(frame)            \
    X(training_state)   \
    X(checkpoint)       \
    X(preparation)      \
    X(initial)          \
    X(curve)            \
    X(safetensors)      \
    X(gunzip)           \
    X(tokens)           \
    X(request)

typedef void fuzz_function(const uint8_t *bytes, size_t length);

#define FUZZ_PROTOTYPE(name) fuzz_function fuzz_##name;
FUZZ_TARGETS(FUZZ_PROTOTYPE)
#undef FUZZ_PROTOTYPE

/* The target of that name, or NULL. */
fuzz_function *fuzz_find(const char *name);

/* Ends the process, telling what did not hold; in every build. */
#define FUZZ_REQUIRE(condition) \
    ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* An anonymous file that holds the bytes. The caller closes it. */
int fuzz_file(const void *bytes, size_t length);
/* All bytes of a file (free), with one NUL behind them. */
uint8_t *fuzz_file_bytes(int descriptor, size_t *length);

/* A new folder, in TEST_DIRECTORY or else in memory where the system has such a place, for a fuzzer
 * writes many files. The caller removes it. */
void fuzz_folder(char folder[64]);

/*
 * A way to reach behind magic numbers and lengths: `edits` changes a copy of something valid (free).
 * Each edit is two bytes of offset, little-endian and modulo the length, and the byte to put there; a
 * single byte that is left over, b, cuts the copy to b / 256 of its length.
 */
uint8_t *fuzz_edit(const void *valid, size_t length, const uint8_t *edits, size_t edit_length,
                   size_t *result_length);

#endif
