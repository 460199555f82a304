/*
 * memory_group.h: a limit on the memory of a process, page cache included, by a control group of the
 * kernel's (version 2, or version 1's memory controller).
 *
 * Needs the right to make groups, as root has it; where there is none, memory_group_create says no and
 * the caller does without. One owner.
 */
#ifndef TESTS_SUPPORT_MEMORY_GROUP_H
#define TESTS_SUPPORT_MEMORY_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct memory_group {
    char folder[128]; /* "": none */
    bool first;       /* version 1 */
} memory_group;

bool memory_group_create(memory_group *group, int64_t bytes);
/* From now on what the process takes counts. */
bool memory_group_add(const memory_group *group, pid_t process);
/* The most that was taken at once, or -1. */
int64_t memory_group_peak(const memory_group *group);
/* Once its processes have ended. */
void memory_group_destroy(memory_group *group);

#endif
