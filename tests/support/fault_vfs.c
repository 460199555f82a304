/*
 * fault_vfs.c: a layer under the database library that makes calls fail; see fault_vfs.h. Every file
 * is the system's own with our method table in front; all but writing, syncing and mapping is passed on.
 */
#include "support/fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

typedef struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this structure */
} fault_file;

/* The database library knows one default layer in a process, so its state is one as well. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    atomic_int kind;
    atomic_bool persists;
    atomic_bool spoils;
    _Atomic int64_t left; /* calls until the failing one */
    _Atomic int64_t failures;
} layer;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((fault_file *)file)->real;
}

static bool fails(fault_kind kind)
{
    if (atomic_load(&layer.kind) != (int)kind)
        return false;
    int64_t left = atomic_fetch_sub(&layer.left, 1) - 1;
    if (left > 0 || (left < 0 && !atomic_load(&layer.persists)))
        return false;
    atomic_fetch_add(&layer.failures, 1);
    return true;
}

static int fault_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    if (fails(FAULT_FULL))
        return SQLITE_FULL;
    if (fails(FAULT_WRITE)) {
        if (count > 1)
            (void)real->pMethods->xWrite(real, bytes, count / 2, offset);
        return SQLITE_IOERR_WRITE;
    }
    return real->pMethods->xWrite(real, bytes, count, offset);
}

static int fault_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = real_of(file);
    if (fails(FAULT_SYNC))
        return SQLITE_IOERR_FSYNC;
    return real->pMethods->xSync(real, flags);
}

static int pass_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int code = real->pMethods == NULL ? SQLITE_OK : real->pMethods->xClose(real);
    file->pMethods = NULL;
    return code;
}

static int pass_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xRead(real, bytes, count, offset);
}

static int pass_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xTruncate(real, size);
}

static int pass_size(sqlite3_file *file, sqlite3_int64 *size)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xFileSize(real, size);
}

static int pass_lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xLock(real, level);
}

static int pass_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xUnlock(real, level);
}

static int pass_check_lock(sqlite3_file *file, int *result)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xCheckReservedLock(real, result);
}

static int pass_control(sqlite3_file *file, int operation, void *argument)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xFileControl(real, operation, argument);
}

static int pass_sector_size(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xSectorSize(real);
}

static int pass_characteristics(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int characteristics = real->pMethods->xDeviceCharacteristics(real);
    return atomic_load(&layer.spoils) ? characteristics & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE
                                      : characteristics;
}

static int fault_shared_map(sqlite3_file *file, int page, int size, int extend,
                            void volatile **address)
{
    sqlite3_file *real = real_of(file);
    if (extend != 0 && page > 0 && fails(FAULT_INDEX))
        return SQLITE_IOERR_SHMSIZE;
    return real->pMethods->xShmMap(real, page, size, extend, address);
}

static int pass_shared_lock(sqlite3_file *file, int offset, int count, int flags)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void pass_shared_barrier(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    real->pMethods->xShmBarrier(real);
}

static int pass_shared_unmap(sqlite3_file *file, int remove)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = pass_close,
    .xRead = pass_read,
    .xWrite = fault_write,
    .xTruncate = pass_truncate,
    .xSync = fault_sync,
    .xFileSize = pass_size,
    .xLock = pass_lock,
    .xUnlock = pass_unlock,
    .xCheckReservedLock = pass_check_lock,
    .xFileControl = pass_control,
    .xSectorSize = pass_sector_size,
    .xDeviceCharacteristics = pass_characteristics,
    .xShmMap = fault_shared_map,
    .xShmLock = pass_shared_lock,
    .xShmBarrier = pass_shared_barrier,
    .xShmUnmap = pass_shared_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    fault_file *opened = (fault_file *)file;
    opened->real = (sqlite3_file *)(opened + 1);
    int code = layer.real->xOpen(layer.real, name, opened->real, flags, out);
    opened->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

void fault_vfs_install(void)
{
    if (layer.real != NULL)
        return;
    layer.real = sqlite3_vfs_find(NULL);
    layer.vfs = *layer.real;
    layer.vfs.pNext = NULL;
    layer.vfs.zName = "fault";
    layer.vfs.szOsFile = (int)sizeof(fault_file) + layer.real->szOsFile;
    layer.vfs.xOpen = fault_open;
    (void)sqlite3_vfs_register(&layer.vfs, 1);
}

void fault_vfs_spoil(bool spoils)
{
    atomic_store(&layer.spoils, spoils);
}

void fault_vfs_arm(fault_kind kind, int64_t n, bool persists)
{
    atomic_store(&layer.kind, FAULT_NONE);
    atomic_store(&layer.left, n);
    atomic_store(&layer.failures, 0);
    atomic_store(&layer.persists, persists);
    atomic_store(&layer.kind, (int)kind);
}

int64_t fault_vfs_disarm(void)
{
    atomic_store(&layer.kind, FAULT_NONE);
    return atomic_load(&layer.failures);
}
