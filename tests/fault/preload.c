/*
 * preload.c: a library put in front of the C library (LD_PRELOAD) that makes the n-th allocation, read,
 * write, sync, … of a whole program fail, its libraries included; see control.h. It is for tests alone
 * and works with the GNU C library.
 */
#include "fault/control.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static faults_control *control; /* NULL: nothing ever fails */

/* The next definition of a function, looked up once. */
#define NEXT(name)                        \
    static __typeof__(name) *next_##name; \
    if (next_##name == NULL)              \
    *(void **)&next_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv(FAULTS_ENVIRONMENT);
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED)
        control = map;
}

static bool is_armed(int kind)
{
    return control != NULL && (atomic_load(&control->kinds) & kind) != 0;
}

/* Counts a call that may fail; true where this one is to. */
static bool strikes(void)
{
    int64_t left = atomic_fetch_sub(&control->left, 1) - 1;
    if (left > 0 || (left < 0 && atomic_load(&control->persists) == 0))
        return false;
    atomic_fetch_add(&control->failures, 1);
    errno = atomic_load(&control->error);
    return true;
}

static bool path_fails(int kind, const char *path)
{
    return is_armed(kind) && strstr(path, control->part) != NULL && strikes();
}

/* Descriptors of files that have a name. */
static bool file_fails(int kind, int descriptor)
{
    char link[32], path[512];
    if (!is_armed(kind))
        return false;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/' || strncmp(path, "/dev/", 5) == 0)
        return false;
    path[length] = '\0';
    return strstr(path, control->part) != NULL && strikes();
}

/* --- Memory -------------------------------------------------------------------------------- */

static bool allocation_fails(void)
{
    if (!is_armed(FAULTS_ALLOCATION) || !strikes())
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return allocation_fails() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return allocation_fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made = allocation_fails() ? NULL : __libc_memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *block = made;
    return 0;
}

/* --- Files --------------------------------------------------------------------------------- */

#define OPENING(name)                                                     \
    int name(const char *path, int flags, ...)                            \
    {                                                                     \
        mode_t mode = 0;                                                  \
        NEXT(name);                                                       \
        if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { \
            va_list arguments;                                            \
            va_start(arguments, flags);                                   \
            mode = va_arg(arguments, mode_t);                             \
            va_end(arguments);                                            \
        }                                                                 \
        if (path_fails(FAULTS_OPEN, path))                                \
            return -1;                                                    \
        return next_##name(path, flags, mode);                            \
    }
OPENING(open)
OPENING(open64)

#define PLAIN(kind, type, failed, name, parameters, arguments)            \
    type name parameters                                                  \
    {                                                                     \
        NEXT(name);                                                       \
        return file_fails(kind, file) ? (failed) : next_##name arguments; \
    }

PLAIN(FAULTS_READ, ssize_t, -1, read, (int file, void *bytes, size_t count), (file, bytes, count))
PLAIN(FAULTS_READ, ssize_t, -1, pread, (int file, void *bytes, size_t count, off_t offset),
      (file, bytes, count, offset))
PLAIN(FAULTS_READ, ssize_t, -1, pread64, (int file, void *bytes, size_t count, off64_t offset),
      (file, bytes, count, offset))
PLAIN(FAULTS_WRITE, ssize_t, -1, write, (int file, const void *bytes, size_t count),
      (file, bytes, count))
PLAIN(FAULTS_WRITE, ssize_t, -1, pwrite, (int file, const void *bytes, size_t count, off_t offset),
      (file, bytes, count, offset))
PLAIN(FAULTS_WRITE, ssize_t, -1, pwrite64,
      (int file, const void *bytes, size_t count, off64_t offset), (file, bytes, count, offset))
PLAIN(FAULTS_SYNC, int, -1, fsync, (int file), (file))
PLAIN(FAULTS_SYNC, int, -1, fdatasync, (int file), (file))
PLAIN(FAULTS_TRUNCATE, int, -1, ftruncate, (int file, off_t size), (file, size))
PLAIN(FAULTS_TRUNCATE, int, -1, ftruncate64, (int file, off64_t size), (file, size))

int rename(const char *from, const char *to)
{
    NEXT(rename);
    return path_fails(FAULTS_RENAME, to) ? -1 : next_rename(from, to);
}

#define MAPPING(name, offset_type)                                                             \
    void *name(void *at, size_t size, int protection, int flags, int file, offset_type offset) \
    {                                                                                          \
        NEXT(name);                                                                            \
        if (file >= 0 && file_fails(FAULTS_MAP, file))                                         \
            return MAP_FAILED;                                                                 \
        return next_##name(at, size, protection, flags, file, offset);                         \
    }
MAPPING(mmap, off_t)
MAPPING(mmap64, off64_t)

/* --- The clock on the wall ------------------------------------------------------------------ */

static time_t shift(void)
{
    return control != NULL ? atomic_load(&control->clock_shift) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    NEXT(clock_gettime);
    int result = next_clock_gettime(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    NEXT(gettimeofday);
    int result = next_gettimeofday(now, zone);
    if (result == 0)
        now->tv_sec += shift();
    return result;
}

time_t time(time_t *into)
{
    NEXT(time);
    time_t now = next_time(NULL) + shift();
    if (into != NULL)
        *into = now;
    return now;
}
