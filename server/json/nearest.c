/*
 * Optimal string alignment distance (Damerau-Levenshtein without edits inside a swap) over three
 * rolling rows. Names longer than NAME_LONGEST have no neighbour, which bounds the work on names
 * that come from outside.
 */
#include "json/nearest.h"

#include <stdbool.h>
#include <string.h>

enum {
    NAME_LONGEST = 64,
    PART_SHORTEST = 4
};

static char fold(char byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (char)(byte - 'A' + 'a');
    }
    return byte == '-' || byte == ' ' ? '_' : byte;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Fills the row of the first `i` letters of `a` from the two rows before it. */
static void fill_row(const char *a, const char *b, size_t length_b, size_t i,
                     const size_t *two_before, const size_t *before, size_t *row)
{
    row[0] = i;
    for (size_t j = 1; j <= length_b; j++) {
        const bool same = fold(a[i - 1]) == fold(b[j - 1]);
        size_t cost = before[j - 1] + (same ? 0 : 1);
        cost = smaller(cost, before[j] + 1);
        cost = smaller(cost, row[j - 1] + 1);
        if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
            fold(a[i - 2]) == fold(b[j - 1])) {
            cost = smaller(cost, two_before[j - 2] + 1);
        }
        row[j] = cost;
    }
}

/* Both names are at most NAME_LONGEST long. */
static size_t distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
    size_t rows[3][NAME_LONGEST + 1] = {{0}};
    for (size_t j = 0; j <= length_b; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        fill_row(a, b, length_b, i, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
    }
    return rows[length_a % 3][length_b];
}

static bool same_folded(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

/* Whether `name` is made of the first or last words of `known`. */
static bool is_part(const char *name, size_t length, const char *known, size_t known_length)
{
    if (length < PART_SHORTEST || known_length <= length + 1) {
        return false;
    }
    const size_t rest = known_length - length;
    return (known[length] == '_' && same_folded(name, known, length)) ||
           (known[rest - 1] == '_' && same_folded(name, known + rest, length));
}

const char *json_nearest_name(const char *name, const char *const *names, size_t count)
{
    const size_t length = strnlen(name, NAME_LONGEST + 1);
    const char *nearest = NULL;
    const char *whole = NULL;
    size_t least = NAME_LONGEST + 1;

    if (length == 0 || length > NAME_LONGEST) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t known_length = strnlen(names[i], NAME_LONGEST + 1);
        if (known_length > NAME_LONGEST) {
            continue;
        }
        const size_t longer = length > known_length ? length : known_length;
        const size_t steps = distance(name, length, names[i], known_length);
        if (steps < least && steps <= (longer < 3 ? 1 : longer / 3) && steps < longer) {
            least = steps;
            nearest = names[i];
        }
        if (whole == NULL && is_part(name, length, names[i], known_length)) {
            whole = names[i];
        }
    }
    return nearest != NULL ? nearest : whole;
}
