/*
 * split.c: which rows train and which validate. See rows.h.
 *
 * Every row is in exactly one of the two sets, both ascending. The same arguments give the same rows.
 */
#include <descent/random.h>
#include <descent/rows.h>

#include "base/memory.h"

#include <math.h>
#include <string.h>

void gd_rows_dispose(gd_rows *rows)
{
    gdi_free(rows->list);
    *rows = (gd_rows){.count = 0};
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

gd_status gd_split_fraction_count(int64_t row_count, double fraction, int64_t *validation_count,
                                  gd_error *error)
{
    *validation_count = 0;
    if (!(fraction > 0.0 && fraction < 1.0)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "validation/fraction",
                       "the fraction must lie between 0 and 1, both excluded");
    }
    gd_status status = check_rows(row_count, error);
    if (status != GD_OK) {
        return status;
    }
    if (row_count > GD_ROWS_LISTED_MAXIMUM) {
        return gd_fail(error, GD_TOO_LARGE, "validation",
                       "of more than %lld rows none are drawn at random; set the last ones aside",
                       (long long)GD_ROWS_LISTED_MAXIMUM);
    }
    double wanted = round(fraction * (double)row_count);
    int64_t count = wanted < 1.0 ? 1 : (int64_t)wanted;
    *validation_count = count > row_count - 1 ? row_count - 1 : count;
    return GD_OK;
}

/* The rows the split draws, as it shuffles all of them and takes the first; the draws of
 * gd_random_shuffle on 4 bytes a row. False once the watch says stop. */
static bool shuffle(uint32_t *order, int64_t count, uint64_t seed, const gd_watch *watch)
{
    gd_random random;
    gd_random_seed(&random, seed, GD_STREAM_SPLIT);
    for (int64_t i = count - 1; i > 0; i--) {
        if (i % (64 * GD_WATCH_EVERY) == 0 && gd_watch_stops(watch)) {
            return false;
        }
        int64_t j = (int64_t)gd_random_below(&random, (uint64_t)i + 1);
        uint32_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    return true;
}

/* Marks in `validates` decide. The training rows take over `order`, which is no longer needed. */
static gd_status list_rows(const unsigned char *validates, int64_t row_count, int64_t validating,
                           uint32_t *order, gd_rows *training, gd_rows *validation)
{
    uint32_t *held_out = gdi_allocate((size_t)validating, sizeof *held_out);
    if (held_out == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    int64_t t = 0, v = 0;
    for (int64_t row = 0; row < row_count; row++) {
        if (validates[row]) {
            held_out[v++] = (uint32_t)row;
        } else {
            order[t++] = (uint32_t)row;
        }
    }
    *training = (gd_rows){.count = t, .list = order};
    *validation = (gd_rows){.count = v, .list = held_out};
    return GD_OK;
}

gd_status gd_split_fraction(int64_t row_count, double fraction, uint64_t seed, gd_rows *training,
                            gd_rows *validation, const gd_watch *watch, gd_error *error)
{
    *training = *validation = (gd_rows){.count = 0};
    int64_t count = 0;
    gd_status status = gd_split_fraction_count(row_count, fraction, &count, error);
    if (status != GD_OK) {
        return status;
    }
    uint32_t *order = gdi_allocate((size_t)row_count, sizeof *order);
    unsigned char *validates = gdi_allocate((size_t)row_count, 1);
    status = order == NULL || validates == NULL ? GD_OUT_OF_MEMORY : GD_OK;
    for (int64_t i = 0; status == GD_OK && i < row_count; i++) {
        order[i] = (uint32_t)i;
    }
    if (status == GD_OK && !shuffle(order, row_count, seed, watch)) {
        status = GD_INTERRUPTED;
    }
    for (int64_t i = 0; status == GD_OK && i < count; i++) {
        validates[order[i]] = 1;
    }
    if (status == GD_OK) {
        status = list_rows(validates, row_count, count, order, training, validation);
    }
    gdi_free(validates);
    if (status != GD_OK) {
        gdi_free(order);
        return gd_fail(error, status, "", "%s", gd_status_message(status));
    }
    return GD_OK;
}

gd_status gd_split_last(int64_t row_count, int64_t last, gd_rows *training, gd_rows *validation,
                        gd_error *error)
{
    *training = *validation = (gd_rows){.count = 0};
    gd_status status = check_rows(row_count, error);
    if (status != GD_OK) {
        return status;
    }
    if (last < 1 || last >= row_count) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "validation/last",
                       "of %lld rows the last 1 to %lld can be set aside", (long long)row_count,
                       (long long)row_count - 1);
    }
    *training = gd_rows_range(0, row_count - last);
    *validation = gd_rows_range(row_count - last, last);
    return GD_OK;
}
