/*
 * test_listed.c: lists of slopes and sums over them, of every table against the reference; sums have the
 * bytes of the window product whose zeros they leave out, and what lies around results stays.
 */
#include "math/kernels.h"
#include "math/reference.h"

#include <descent/random.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {"baseline", "avx2", "avx512"};
#define TABLE_COUNT (sizeof table_names / sizeof table_names[0])

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);
    cr_assert_not_null(block);
    return block;
}

static size_t some(gd_random *random, size_t most)
{
    return 1 + (size_t)gd_random_below(random, most);
}

/* Whole numbers from -2 to 2. */
static gd_real *numbers(gd_random *random, size_t count)
{
    gd_real *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = (gd_real)gd_random_below(random, 5) - 2;
    }
    return values;
}

static gdi_list make_list(size_t elements, size_t windows)
{
    return (gdi_list){.values = allocate(elements + GDI_WINDOW_SLACK, sizeof(gd_real)),
                      .places = allocate(elements + GDI_WINDOW_SLACK, sizeof(uint32_t)),
                      .ends = allocate(windows, sizeof(uint32_t))};
}

static void free_list(gdi_list *list)
{
    free(list->values);
    free(list->places);
    free(list->ends);
}

static void check_list(const gdi_kernels *table, gd_random *random)
{
    const gdi_pool_row row = {.count = some(random, 6),
                              .lines = some(random, 3),
                              .cells = some(random, 3),
                              .channels = some(random, 40)};
    const size_t slopes_count = row.count * row.channels, cells = row.lines * row.cells;
    const size_t line = (size_t)gd_random_below(random, row.lines);
    gd_real *slopes = numbers(random, slopes_count);
    uint32_t *chosen = allocate(slopes_count, sizeof *chosen);
    for (size_t i = 0; i < slopes_count; i++) {
        chosen[i] = (uint32_t)gd_random_below(random, cells);
    }
    slopes[0] = (gd_real)NAN;
    slopes[slopes_count - 1] = (gd_real)-0.0;
    gdi_list expected = make_list(slopes_count, row.count),
             got = make_list(slopes_count, row.count);
    const size_t end = gdi_kernels_reference()->list_chosen(&row, slopes, chosen, line, &expected);
    cr_assert_eq(table->list_chosen(&row, slopes, chosen, line, &got), end, "%s", table->name);
    cr_assert_eq(memcmp(got.ends, expected.ends, row.count * sizeof *got.ends), 0);
    const size_t bytes = end * sizeof *got.places;
    cr_assert_eq(memcmp(got.places, expected.places, bytes), 0, "%s", table->name);
    cr_assert_eq(memcmp(got.values, expected.values, end * sizeof *got.values), 0);
    free(slopes);
    free(chosen);
    free_list(&expected);
    free_list(&got);
}

Test(math_listed, lists_are_those_of_the_reference)
{
    gd_random random;
    gd_random_seed(&random, 1, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (int i = 0; i < 1000 && table != NULL; i++) {
            check_list(table, &random);
        }
    }
}

/* Elements of a line that a table reads and writes. */
static size_t whole_vectors(const gdi_kernels *table, size_t run)
{
    return (run + table->lanes - 1) / table->lanes * table->lanes;
}

/* Groups that overlap by lines' ends or not at all; what is read behind a line's end is zeros, so that it adds
 * nothing where groups overlap. */
static void check_sums(const gdi_kernels *table, gd_random *random)
{
    const size_t lines = some(random, 11), run = some(random, 130), groups = some(random, 5);
    const size_t wide = whole_vectors(table, run), entries = 40, sources = some(random, 9);
    const bool continues = gd_random_below(random, 2) == 1;
    gdi_listed_sums it = {.groups = groups,
                          .place_step = lines * wide,
                          .source_step = wide,
                          .lines = lines,
                          .run = run,
                          .result_step = wide + some(random, 9) - 1,
                          .continues = continues,
                          .accumulate = !continues && gd_random_below(random, 2) == 1};
    it.group_places = some(random, 3) - 1;
    it.group_step = continues ? some(random, 40) : lines * it.result_step;
    gd_real *source = numbers(random, sources * it.place_step);
    gd_real *values = numbers(random, entries);
    uint32_t *places = allocate(entries, sizeof *places);
    uint32_t *bounds = allocate(groups + 1, sizeof *bounds);
    for (size_t i = 0; i < sources * it.place_step; i++) {
        source[i] = i % wide < run ? source[i] : 0;
    }
    for (size_t i = 0; i < entries; i++) {
        places[i] = (uint32_t)gd_random_below(random, sources);
    }
    for (size_t i = 0; i < groups; i++) {
        bounds[i + 1] = bounds[i] + (uint32_t)gd_random_below(random, entries / groups);
        for (size_t k = bounds[i]; k < bounds[i + 1]; k++) {
            places[k] += (uint32_t)(i * it.group_places);
        }
    }
    const size_t results = groups * it.group_step + lines * it.result_step + wide;
    gd_real *expected = numbers(random, results);
    gd_real *got = allocate(results, sizeof *got);
    memcpy(got, expected, results * sizeof *got);
    it.values = values;
    it.places = places;
    it.begins = bounds;
    it.ends = bounds + 1;
    it.source = source;
    it.result = expected;
    gdi_kernels_reference()->listed_sums(&it);
    it.result = got;
    table->listed_sums(&it);
    for (size_t i = 0; i < results; i++) {
        const bool is_behind = !continues && i % it.result_step >= run &&
                               i % it.result_step < wide && i < groups * it.group_step;
        cr_assert(is_behind || expected[i] == got[i], "%s: %zu x %zu, element %zu: %g, not %g",
                  table->name, lines, run, i, (double)got[i], (double)expected[i]);
    }
    free(source);
    free(values);
    free(places);
    free(bounds);
    free(expected);
    free(got);
}

Test(math_listed, sums_are_those_of_the_reference)
{
    gd_random random;
    gd_random_seed(&random, 2, GD_STREAM_GENERATE);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        for (int i = 0; i < 2000 && table != NULL; i++) {
            check_sums(table, &random);
        }
    }
}

/* One column of a product in which three of four factors are zeros. */
Test(math_listed, sums_have_the_bytes_of_the_product)
{
    enum {
        RUN = 41,
        INNER = 90
    };
    static gd_real rows[INNER * 64], right[INNER + 64], product[RUN], sums[64], values[INNER];
    static uint32_t places[INNER];
    gd_random random;
    gd_random_seed(&random, 3, GD_STREAM_GENERATE);
    uint32_t bounds[2] = {0, 0};
    for (size_t k = 0; k < INNER; k++) {
        right[k] = k % 4 == 1 ? (gd_real)gd_random_normal(&random) : 0;
        if (k % 4 == 1) {
            values[bounds[1]] = right[k];
            places[bounds[1]++] = (uint32_t)k;
        }
        for (size_t i = 0; i < RUN; i++) {
            rows[k * 64 + i] = (gd_real)gd_random_normal(&random);
        }
    }
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const gdi_kernels *table = gdi_kernels_named(table_names[t]);
        if (table == NULL) {
            continue;
        }
        const gdi_window_product whole = {.left = {rows, 0, 64},
                                          .right = {right, 0, 1},
                                          .outer = 1,
                                          .inner = INNER,
                                          .groups = 1,
                                          .rows = RUN,
                                          .row_step = 1,
                                          .columns = 1,
                                          .result = product,
                                          .result_step = 1};
        table->window_product(&whole);
        const gdi_listed_sums listed = {.values = values,
                                        .places = places,
                                        .begins = bounds,
                                        .ends = bounds + 1,
                                        .groups = 1,
                                        .source = rows,
                                        .place_step = 64,
                                        .source_step = 64,
                                        .lines = 1,
                                        .run = RUN,
                                        .result = sums,
                                        .result_step = 64};
        table->listed_sums(&listed);
        cr_expect_eq(memcmp(product, sums, sizeof product), 0, "%s", table->name);
    }
}
