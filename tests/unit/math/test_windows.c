/*
 * test_windows.c: windows of images laid out side by side, and their transpose, of every table
 * against the reference, bytes of small whole numbers; what lies around must stay as it was.
 */
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_SIZE 4096
#define PATCH_SIZE 16384

static const char *const table_names[] = {"baseline", "avx2", "avx512"};

static void fill(gd_random *random, gd_real *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_below(random, 9) - 4;
    }
}

static void check(const gdi_kernels *table, size_t channels, size_t stride, size_t window)
{
    static gd_real image[IMAGE_SIZE], expected[PATCH_SIZE], got[PATCH_SIZE];
    static gd_real sums[IMAGE_SIZE], expected_sums[IMAGE_SIZE];
    const gdi_kernels *reference = gdi_kernels_reference();
    const size_t columns = 7, lines = 3, run = window * channels;
    const size_t step = stride * channels, line_step = (columns - 1) * step + run + 1;
    gd_random random;
    gd_random_seed(&random, channels * 100 + stride * 10 + window, GD_STREAM_GENERATE);
    cr_assert_leq(lines * line_step, (size_t)IMAGE_SIZE);
    cr_assert_leq(columns * lines * run + 32, (size_t)PATCH_SIZE);
    fill(&random, image, IMAGE_SIZE);
    fill(&random, expected, PATCH_SIZE);
    fill(&random, sums, IMAGE_SIZE);
    memcpy(got, expected, sizeof got);
    memcpy(expected_sums, sums, sizeof sums);
    reference->copy_windows(image, step, columns, line_step, lines, run, expected);
    table->copy_windows(image, step, columns, line_step, lines, run, got);
    cr_assert_eq(memcmp(expected, got, sizeof got), 0, "%s: copy %zu %zu %zu", table->name,
                 channels, stride, window);
    reference->add_windows(expected, step, columns, line_step, lines, run, expected_sums);
    table->add_windows(expected, step, columns, line_step, lines, run, sums);
    cr_assert_eq(memcmp(expected_sums, sums, sizeof sums), 0, "%s: add %zu %zu %zu", table->name,
                 channels, stride, window);
}

Test(math_windows, are_those_of_the_reference)
{
    for (size_t t = 0; t < sizeof table_names / sizeof table_names[0]; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (size_t channels = 1; channels < 36 && table != NULL; channels++) {
            for (size_t stride = 1; stride < 4; stride++) {
                for (size_t window = 1; window < 6; window++) {
                    check(table, channels, stride, window);
                }
            }
        }
    }
}
