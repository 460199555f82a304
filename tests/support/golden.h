/*
 * golden.h: reads the golden number files of tests/golden (format: tests/golden/README.md).
 *
 * A file is read whole and is immutable until closed; every pointer handed out belongs to it. Files
 * are looked for in $DESCENT_TEST_DIR/golden, "tests/golden" where that is unset. Nothing here
 * knows the test framework: failures are NULL or false, with a message in golden_error's buffer.
 */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GOLDEN_MAXIMUM_RANK 6

typedef struct golden_file golden_file;
typedef struct golden_case golden_case;

typedef struct golden_tensor {
    const char *name;
    int64_t rank; /* 0: a scalar */
    int64_t shape[GOLDEN_MAXIMUM_RANK];
    int64_t count;        /* product of the shape, 1 for a scalar */
    const double *values; /* [count], row-major */
} golden_tensor;

typedef struct golden_error {
    char message[256];
} golden_error;

/* Opens "optimizers.txt" and the like. NULL with a message that names path and line. */
golden_file *golden_open(const char *name, golden_error *error);
void golden_close(golden_file *file);

int64_t golden_case_count(const golden_file *file);
const golden_case *golden_case_at(const golden_file *file, int64_t index); /* NULL beyond the end */
const golden_case *golden_case_find(const golden_file *file, const char *name);
const char *golden_case_name(const golden_case *golden);

/* The meta value, or NULL. */
const char *golden_meta(const golden_case *golden, const char *key);
/* The meta value as a number, or `otherwise` where the key is missing or no number. */
double golden_number(const golden_case *golden, const char *key, double otherwise);
/* Whether the meta value is "true". */
bool golden_flag(const golden_case *golden, const char *key);

int64_t golden_tensor_count(const golden_case *golden);
const golden_tensor *golden_tensor_at(const golden_case *golden, int64_t index);
/* The tensor, or NULL. `format` and what follows as in printf: ("batch.%d.x", 2). */
const golden_tensor *golden_tensor_find(const golden_case *golden, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * All tensors whose names begin with `prefix` ("start.", "step20."), one after the other in file
 * order: the flat parameter block. *count is its length. The caller frees it; NULL where there is
 * none.
 */
double *golden_flatten(const golden_case *golden, const char *prefix, int64_t *count);

#endif
