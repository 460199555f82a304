/*
 * status.h: the one status type of the library and the detail that goes with a failure.
 *
 * Every function that can fail returns a gd_status and, where it takes a `gd_error *`, says in it
 * which input was at fault and what would be right. The library never exits, aborts or prints.
 * Thread rule: everything here is a pure function of its arguments.
 */
#ifndef DESCENT_STATUS_H
#define DESCENT_STATUS_H

#include <stdarg.h>
#include <stddef.h>

/* X(enumerator, name, message) */
#define GD_STATUS_TABLE(X)                                                                         \
    X(GD_OK, "ok", "no error")                                                                     \
    X(GD_INVALID_ARGUMENT, "invalid_argument", "an argument or option has a value it cannot have") \
    X(GD_INVALID_DATA, "invalid_data", "the data cannot be used as asked")                         \
    X(GD_SHAPE_MISMATCH, "shape_mismatch", "two shapes that must fit do not")                      \
    X(GD_TOO_LARGE, "too_large", "a size is beyond its limit")                                     \
    X(GD_UNSUPPORTED, "unsupported", "this is not offered")                                        \
    X(GD_OUT_OF_MEMORY, "out_of_memory", "memory could not be had")                                \
    X(GD_NON_FINITE, "non_finite", "a NaN or an infinity appeared")                                \
    X(GD_CORRUPT, "corrupt", "stored bytes are damaged or of another version")                     \
    X(GD_IO_ERROR, "io_error", "a file could not be read or written")                              \
    X(GD_NO_SPACE, "no_space", "the disk is full")                                                 \
    X(GD_NOT_FOUND, "not_found", "there is no such thing")                                         \
    X(GD_CONFLICT, "conflict", "the present state forbids it")                                     \
    X(GD_UNAVAILABLE, "unavailable", "the part that answers is shutting down or has failed")       \
    X(GD_INTERRUPTED, "interrupted", "it was asked to stop before it was done")

typedef enum gd_status {
#define GD_STATUS_ENUMERATOR(enumerator, name, message) enumerator,
    GD_STATUS_TABLE(GD_STATUS_ENUMERATOR)
#undef GD_STATUS_ENUMERATOR
    GD_STATUS_COUNT
} gd_status;

/*
 * What went wrong, in words for the person who gave the input. `path` names the input by member and
 * index, separated by slashes ("layers/2/units"); empty where no single input is at fault.
 */
typedef struct gd_error {
    gd_status status;
    char path[128];
    char message[384];
} gd_error;

/* Stable lower-case name ("shape_mismatch"); "unknown" outside the table. */
const char *gd_status_name(gd_status status);

/* One general sentence without a full stop. */
const char *gd_status_message(gd_status status);

/*
 * Fills `error` (may be NULL) and returns `status`, so that a failure is one statement:
 * `return gd_fail(error, GD_TOO_LARGE, "hidden/0", "...%lld...", value);`
 * Text that does not fit is cut.
 */
gd_status gd_fail(gd_error *error, gd_status status, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "prefix/" before the path of a failure that came from a part; returns `status`, and does
 * nothing where that is GD_OK. */
gd_status gd_error_prefix(gd_error *error, gd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
