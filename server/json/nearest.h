/*
 * "Did you mean": the known name closest to one that is not known. Used for member names, for the
 * values of choices and by whoever else has a list of names. Pure function, no allocation.
 */
#ifndef JSON_NEAREST_H
#define JSON_NEAREST_H

#include <stddef.h>

/* The name closest to `name`, or NULL if none is close. Close is: at most a third of the letters
 * inserted, deleted, changed or swapped with a neighbour (case does not count, '-' and ' ' equal
 * '_'), or else `name` being a whole first or last part of it, as in "rate" for "learning_rate".
 * On a tie the earlier name. The result is one of `names`. */
const char *json_nearest_name(const char *name, const char *const *names, size_t count);

#endif
