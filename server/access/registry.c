/*
 * registry.c: the list read last, under a lock that many hold to read, and a look at the file.
 */
#include "access/registry.h"

#include "access/token_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#define SECRET_MAXIMUM 256

/* What tells one file from another under the same name. */
typedef struct file_mark {
    bool is_there;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
} file_mark;

struct access_registry {
    char *path;
    access_report *report;
    void *report_context;
    pthread_rwlock_t lock;
    bool is_closed;
    bool has_failed; /* the file as marked cannot be used */
    file_mark mark;
    access_token_list list;
};

static file_mark look(const char *path)
{
    struct stat facts;
    file_mark mark;
    memset(&mark, 0, sizeof mark);
    if (stat(path, &facts) == 0) {
        mark.is_there = true;
        mark.device = facts.st_dev;
        mark.inode = facts.st_ino;
        mark.size = facts.st_size;
        mark.modified = facts.st_mtim;
        mark.changed = facts.st_ctim;
    }
    return mark;
}

static bool is_same_time(const struct timespec *left, const struct timespec *right)
{
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

static bool is_same(const file_mark *left, const file_mark *right)
{
    return left->is_there == right->is_there && left->device == right->device &&
           left->inode == right->inode && left->size == right->size &&
           is_same_time(&left->modified, &right->modified) &&
           is_same_time(&left->changed, &right->changed);
}

/* With the lock held for writing. */
static gd_status load(access_registry *registry, const file_mark *mark, gd_error *error)
{
    access_token_list list;
    registry->mark = *mark;
    gd_status status = access_token_file_read(registry->path, &list, error);
    if (status == GD_NOT_FOUND) {
        access_token_list_dispose(&registry->list);
        return GD_OK;
    }
    registry->is_closed = true;
    if (status != GD_OK)
        return status;
    access_token_list_dispose(&registry->list);
    registry->list = list;
    return GD_OK;
}

static void tell(access_registry *registry, bool failed, const char *text)
{
    if (registry->report != NULL)
        registry->report(registry->report_context, failed, text);
}

static void renew(access_registry *registry)
{
    gd_error error = {0};
    file_mark mark = look(registry->path);
    pthread_rwlock_rdlock(&registry->lock);
    bool is_known = is_same(&mark, &registry->mark);
    pthread_rwlock_unlock(&registry->lock);
    if (is_known)
        return;
    pthread_rwlock_wrlock(&registry->lock);
    if (!is_same(&mark, &registry->mark)) {
        bool had_failed = registry->has_failed, was_there = registry->mark.is_there;
        registry->has_failed = load(registry, &mark, &error) != GD_OK;
        if (registry->has_failed)
            tell(registry, true, error.message);
        else if (was_there && !mark.is_there)
            tell(registry, true, "the file of tokens is gone: nobody is let in");
        else if (had_failed)
            tell(registry, false, "the file of tokens is read again");
    }
    pthread_rwlock_unlock(&registry->lock);
}

gd_status access_registry_open(access_registry **opened, const char *path, access_report *report,
                               void *report_context, gd_error *error)
{
    access_registry *made = calloc(1, sizeof *made);
    if (made == NULL || pthread_rwlock_init(&made->lock, NULL) != 0) {
        free(made);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the tokens");
    }
    made->report = report;
    made->report_context = report_context;
    made->path = strdup(path);
    gd_status status = GD_OK;
    if (made->path == NULL) {
        status = gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the tokens");
    } else {
        file_mark mark = look(path);
        status = load(made, &mark, error);
    }
    if (status != GD_OK) {
        access_registry_close(made);
        return status;
    }
    *opened = made;
    return GD_OK;
}

void access_registry_close(access_registry *registry)
{
    if (registry == NULL)
        return;
    access_token_list_dispose(&registry->list);
    pthread_rwlock_destroy(&registry->lock);
    free(registry->path);
    free(registry);
}

bool access_registry_is_closed(access_registry *registry)
{
    renew(registry);
    pthread_rwlock_rdlock(&registry->lock);
    bool is_closed = registry->is_closed;
    pthread_rwlock_unlock(&registry->lock);
    return is_closed;
}

/* What follows "Bearer" (in any case, RFC 9110 section 11.1); "" where that does not stand there. */
static const char *bearer(const char *authorization)
{
    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
        return "";
    const char *secret = authorization + 7 + strspn(authorization + 7, " ");
    return strlen(secret) < SECRET_MAXIMUM ? secret : "";
}

static int64_t now_milliseconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool access_registry_identify(access_registry *registry, const char *authorization,
                              access_identity *identity)
{
    *identity = (access_identity){.scopes = 0};
    renew(registry);
    unsigned char digest[ACCESS_DIGEST_SIZE];
    /* Also of nothing, so that no token takes as long as a wrong one. */
    access_secret_digest(bearer(authorization), digest);
    pthread_rwlock_rdlock(&registry->lock);
    bool is_open = !registry->is_closed;
    const access_token *token =
        access_token_find(registry->list.tokens, registry->list.count, digest, now_milliseconds());
    if (!is_open && token != NULL) {
        memcpy(identity->token, token->name, sizeof identity->token);
        memcpy(identity->owner, token->owner, sizeof identity->owner);
        identity->scopes = token->scopes;
        identity->sees_all = (token->scopes & ACCESS_ADMIN) != 0;
        identity->maximum_queued = token->maximum_queued;
        identity->maximum_running = token->maximum_running;
        identity->maximum_bytes = token->maximum_bytes;
    }
    pthread_rwlock_unlock(&registry->lock);
    if (is_open) {
        identity->scopes = ACCESS_ALL;
        identity->sees_all = true;
    }
    return is_open || token != NULL;
}
