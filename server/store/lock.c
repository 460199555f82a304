/*
 * lock.c: an open-file-description lock on "<database>.lock". Such a lock belongs to the descriptor,
 * not to the process, so a second opening in the same process is refused too and no other
 * descriptor's closing drops it. The file is never removed: a newcomer could then lock a file that
 * is about to disappear.
 */
#include "store/lock.h"

#include "store/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_lock {
    int descriptor;
};

/* Leaves the number of the process in the file, for the message of whoever is refused. */
static void write_holder(int descriptor)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (length <= 0 || ftruncate(descriptor, 0) != 0)
        return;
    /* Only a hint: a lock without it is as good. */
    ssize_t written = pwrite(descriptor, text, (size_t)length, 0);
    (void)written;
}

static gd_status refuse(int descriptor, const char *path, gd_error *error)
{
    char text[32] = "";
    ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strspn(text, "0123456789")] = '\0';
    return gd_fail(error, GD_CONFLICT, "", "%s is in use by another process%s%s", path,
                   text[0] != '\0' ? ", number " : "", text);
}

gd_status store_lock_acquire(store_lock **lock, const char *path, gd_error *error)
{
    *lock = NULL;
    char *name = store_path_beside(path, ".lock");
    store_lock *made = calloc(1, sizeof *made);
    if (name == NULL || made == NULL) {
        free(name);
        free(made);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the lock");
    }
    made->descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    gd_status status = GD_OK;
    if (made->descriptor < 0) {
        status = gd_fail(error, GD_IO_ERROR, "", "%s: %s", name, strerror(errno));
    } else {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(made->descriptor, F_OFD_SETLK, &whole) == 0)
            write_holder(made->descriptor);
        else if (errno == EAGAIN || errno == EACCES)
            status = refuse(made->descriptor, path, error);
        else
            status = gd_fail(error, GD_IO_ERROR, "", "%s: %s", name, strerror(errno));
    }
    free(name);
    if (status != GD_OK) {
        if (made->descriptor >= 0)
            (void)close(made->descriptor);
        free(made);
        return status;
    }
    *lock = made;
    return GD_OK;
}

void store_lock_release(store_lock *lock)
{
    if (lock == NULL)
        return;
    (void)close(lock->descriptor);
    free(lock);
}
