/*
 * split.c: which rows train and which validate. See preparation.h.
 *
 * Every row is in exactly one of the two lists, both ascending. The same arguments give the same rows.
 */
#include <descent/preparation.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t *allocate_rows(int64_t count)
{
    return (uint64_t)count > SIZE_MAX / sizeof(int64_t) ? NULL
                                                        : malloc((size_t)count * sizeof(int64_t));
}

/* Marks in `validates` decide; both lists are newly allocated. */
static gd_status list_rows(const unsigned char *validates, int64_t row_count, int64_t validating,
                           int64_t **training, int64_t **validation, gd_error *error)
{
    *training = allocate_rows(row_count - validating);
    *validation = allocate_rows(validating);
    if (*training == NULL || *validation == NULL) {
        free(*training);
        free(*validation);
        *training = NULL;
        *validation = NULL;
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
    }
    int64_t t = 0;
    int64_t v = 0;
    for (int64_t row = 0; row < row_count; row++) {
        if (validates[row]) {
            (*validation)[v++] = row;
        } else {
            (*training)[t++] = row;
        }
    }
    return GD_OK;
}

static gd_status check_rows(int64_t row_count, gd_error *error)
{
    if (row_count < 2) {
        return gd_fail(error, GD_INVALID_DATA, "validation",
                       "%lld row%s cannot be split; there must be at least 2", (long long)row_count,
                       row_count == 1 ? "" : "s");
    }
    return GD_OK;
}

gd_status gd_split_fraction(int64_t row_count, double fraction, uint64_t seed, int64_t **training,
                            int64_t *training_count, int64_t **validation,
                            int64_t *validation_count, gd_error *error)
{
    *training = NULL;
    *validation = NULL;
    if (!(fraction > 0.0 && fraction < 1.0)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "validation/fraction",
                       "the fraction must lie between 0 and 1, both excluded");
    }
    gd_status status = check_rows(row_count, error);
    if (status != GD_OK) {
        return status;
    }
    double wanted = round(fraction * (double)row_count);
    int64_t count = wanted < 1.0 ? 1 : (int64_t)wanted;
    count = count > row_count - 1 ? row_count - 1 : count;
    int64_t *order = allocate_rows(row_count);
    unsigned char *validates = calloc((size_t)row_count, 1);
    if (order == NULL || validates == NULL) {
        free(order);
        free(validates);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
    }
    for (int64_t i = 0; i < row_count; i++) {
        order[i] = i;
    }
    gd_random random;
    gd_random_seed(&random, seed, GD_STREAM_SPLIT);
    gd_random_shuffle(&random, order, row_count);
    for (int64_t i = 0; i < count; i++) {
        validates[order[i]] = 1;
    }
    status = list_rows(validates, row_count, count, training, validation, error);
    *validation_count = count;
    *training_count = row_count - count;
    free(order);
    free(validates);
    return status;
}

gd_status gd_split_last(int64_t row_count, int64_t last, int64_t **training,
                        int64_t *training_count, int64_t **validation, int64_t *validation_count,
                        gd_error *error)
{
    *training = NULL;
    *validation = NULL;
    gd_status status = check_rows(row_count, error);
    if (status != GD_OK) {
        return status;
    }
    if (last < 1 || last >= row_count) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "validation/last",
                       "of %lld rows the last 1 to %lld can be set aside", (long long)row_count,
                       (long long)row_count - 1);
    }
    unsigned char *validates = calloc((size_t)row_count, 1);
    if (validates == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "%s", gd_status_message(GD_OUT_OF_MEMORY));
    }
    memset(validates + (row_count - last), 1, (size_t)last);
    status = list_rows(validates, row_count, last, training, validation, error);
    *validation_count = last;
    *training_count = row_count - last;
    free(validates);
    return status;
}
