/*
 * Inline data: numbers, texts and missing cells into a frame; each fault points at its row or cell.
 */
#include "unit/spec/spec_support.h"

#include "json/document.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INLINE(inner) SPEC_WITH_DATA("{'inline': " inner ", 'target': 'y'}")
#define FAULTS(cases) spec_expect_faults(cases, sizeof cases / sizeof cases[0])

Test(spec_inline, cells_become_a_frame)
{
    spec_job *spec =
        spec_good(INLINE("{'columns': ['x', 'name', 'y'], 'rows': [[1.5, 'b', 0], "
                         "[null, 'a', -1], [2, null, 1e300]]}"));
    const gd_frame *frame = spec->data.frame;
    cr_assert_not_null(frame);
    cr_assert_eq(gd_frame_row_count(frame), 3);
    cr_assert_eq(gd_frame_column_count(frame), 3);
    cr_expect_eq(gd_frame_column(frame, 0)->kind, GD_COLUMN_NUMERIC);
    cr_expect_eq(gd_frame_column(frame, 0)->missing, 1);
    cr_expect_eq(gd_frame_column(frame, 1)->kind, GD_COLUMN_CATEGORICAL);
    cr_assert_eq(gd_frame_column(frame, 1)->class_count, 2);
    cr_expect_str_eq(gd_frame_column(frame, 1)->classes[0], "a");
    double cells[3];
    gd_frame_read_row(frame, 0, cells);
    cr_expect_eq(cells[0], 1.5);
    cr_expect_eq(cells[1], 1, "\"b\" is the second class");
    gd_frame_read_row(frame, 1, cells);
    cr_expect(isnan(cells[0]));
    gd_frame_read_row(frame, 2, cells);
    cr_expect(isnan(cells[1]));
    cr_expect_eq(cells[2], 1e300);
    spec_destroy(spec);
}

Test(spec_inline, refusals_point_at_row_or_cell)
{
    static const spec_fault_case cases[] = {
        {INLINE("[]"), "/data/inline", "wrong_type", NULL},
        {INLINE("{'columns': ['y'], 'rows': [[1]], 'row': 1}"), "/data/inline/row",
         "unknown_member", NULL},
        {INLINE("{'rows': [[1]]}"), "/data/inline/columns", "missing", NULL},
        {INLINE("{'columns': ['y']}"), "/data/inline/rows", "missing", NULL},
        {INLINE("{'columns': [], 'rows': [[1]]}"), "/data/inline/columns", "too_short", NULL},
        {INLINE("{'columns': ['y'], 'rows': []}"), "/data/inline/rows", "too_short", NULL},
        {INLINE("{'columns': ['y', 5], 'rows': [[1, 2]]}"), "/data/inline/columns/1", "wrong_type",
         NULL},
        {INLINE("{'columns': ['y', ''], 'rows': [[1, 2]]}"), "/data/inline/columns/1", "too_short",
         NULL},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], [1]]}"), "/data/inline/rows/1",
         "shape_mismatch", "1 cells"},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], [1, 2, 3]]}"), "/data/inline/rows/1",
         "shape_mismatch", "3 cells"},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], 7]}"), "/data/inline/rows/1",
         "wrong_type", NULL},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], [3, true]]}"), "/data/inline/rows/1/1",
         "wrong_type", NULL},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], [3, [4]]]}"), "/data/inline/rows/1/1",
         "wrong_type", NULL},
        {INLINE("{'columns': ['x', 'y'], 'rows': [[1, 2], ['a', 2], [3, 4]]}"),
         "/data/inline/rows/1/0", "invalid_data", NULL},
    };
    FAULTS(cases);
}

Test(spec_inline, columns_named_twice_are_refused)
{
    json_faults faults = {0};
    const char *text =
        "{\"model\": \"linear\", \"data\": {\"inline\": {\"columns\": [\"y\", \"y\"], "
        "\"rows\": [[1, 2]]}, \"target\": \"y\"}}";
    spec_job *spec = spec_read(json_parse(text, strlen(text), NULL), &faults);
    cr_assert_eq(faults.total, 1);
    cr_expect_eq(strncmp(faults.entries[0].pointer, "/data/inline/columns", 20), 0, "%s",
                 faults.entries[0].pointer);
    spec_destroy(spec);
    json_faults_dispose(&faults);
}

Test(spec_inline, all_faults_are_told_up_to_the_limit)
{
    size_t size = 65536, used = 0;
    char *text = malloc(size);
    cr_assert_not_null(text);
    used += (size_t)snprintf(text, size,
                             "{\"model\": \"linear\", \"data\": {\"inline\": "
                             "{\"columns\": [\"x\", \"y\"], \"rows\": [[1, 2]");
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, size - used, ", [1]");
    snprintf(text + used, size - used, "]}, \"target\": \"y\"}}");
    json_faults faults = {0};
    spec_job *spec = spec_read(json_parse(text, strlen(text), NULL), &faults);
    cr_expect_eq(faults.count, JSON_FAULTS_KEPT);
    cr_expect(spec_has_fault(&faults, "/data/inline/rows/1", "shape_mismatch"));
    cr_expect(spec_has_fault(&faults, "/data/inline/rows/100", "shape_mismatch"));
    spec_destroy(spec);
    json_faults_dispose(&faults);
    free(text);
}
