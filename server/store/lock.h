/*
 * lock.h: one process at a time. The lock lies on a file of its own beside the database; it ends
 * with the process, however that ends, and the file stays behind empty of meaning.
 */
#ifndef SERVER_STORE_LOCK_H
#define SERVER_STORE_LOCK_H

#include <descent/status.h>

typedef struct store_lock store_lock;

/*
 * Takes the lock of the database at `path`: GD_CONFLICT where another holder has it, be it in this
 * process or in another.
 */
gd_status store_lock_acquire(store_lock **lock, const char *path, gd_error *error);

/* Gives it up; NULL is fine. */
void store_lock_release(store_lock *lock);

#endif
