/*
 * memory_group.c: see memory_group.h.
 */
#include "support/memory_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"

static bool write_number(const memory_group *group, const char *name, int64_t number)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", group->folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = fprintf(file, "%lld", (long long)number) > 0;
    return fclose(file) == 0 && written;
}

bool memory_group_create(memory_group *group, int64_t bytes)
{
    *group = (memory_group){.first = access(ROOT "/memory/memory.limit_in_bytes", F_OK) == 0};
    snprintf(group->folder, sizeof group->folder, "%s/descentd-test-%ld",
             group->first ? ROOT "/memory" : ROOT, (long)getpid());
    if (mkdir(group->folder, 0755) != 0) {
        group->folder[0] = '\0';
        return false;
    }
    if (write_number(group, group->first ? "memory.limit_in_bytes" : "memory.max", bytes))
        return true;
    memory_group_destroy(group);
    return false;
}

bool memory_group_add(const memory_group *group, pid_t process)
{
    return write_number(group, "cgroup.procs", process);
}

int64_t memory_group_peak(const memory_group *group)
{
    char path[192];
    long long bytes = -1;
    snprintf(path, sizeof path, "%s/%s", group->folder,
             group->first ? "memory.max_usage_in_bytes" : "memory.peak");
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%lld", &bytes) != 1)
        bytes = -1;
    fclose(file);
    return bytes;
}

void memory_group_destroy(memory_group *group)
{
    /* A group of processes that just ended may be busy for a moment. */
    for (int i = 0; group->folder[0] != '\0' && i < 100; i++) {
        if (rmdir(group->folder) == 0)
            group->folder[0] = '\0';
        else
            usleep(20000);
    }
}
