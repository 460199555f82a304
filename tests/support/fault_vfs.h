/*
 * fault_vfs.h: a layer under the database library that makes the n-th write or sync fail, as a broken
 * or a full disk would. It becomes the default for every database opened while it is installed. A
 * failing write may leave half of its bytes behind.
 */
#ifndef TESTS_SUPPORT_FAULT_VFS_H
#define TESTS_SUPPORT_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_WRITE, /* the n-th write fails as I/O error, with half of it written */
    FAULT_SYNC,  /* the n-th sync fails */
    FAULT_FULL,  /* no room for the n-th write */
    FAULT_INDEX  /* no room for the n-th part of the log's index */
} fault_kind;

/* Once, before any database is opened. */
void fault_vfs_install(void);

/* Of files opened from now on: whether the disk may spoil what lies beside the bytes it writes, so that
 * a commit fills the log up to a whole sector. */
void fault_vfs_spoil(bool spoils);

/* From now on the n-th (from 1) call of that kind fails, and with `persists` every later one. */
void fault_vfs_arm(fault_kind kind, int64_t n, bool persists);

/* Stops failing; the number of failures there were since it was armed. */
int64_t fault_vfs_disarm(void);

#endif
