/*
 * Cells of predictions: both forms, each against its column, and every refusal with its pointer.
 */
#include "api/cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static gd_preparation *preparation;

/* Trained on a number "size" and a text "colour" with the classes blue and red; target "price". */
static void start(void)
{
    static const char *const names[] = {"size", "colour", "price"};
    static const char *const colours[] = {"red", "blue", "red"};
    gd_frame_builder *builder = NULL;
    gd_frame *frame = NULL;
    cr_assert_eq(gd_frame_builder_create(&builder, names, 3, NULL), GD_OK);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(gd_frame_builder_number(builder, i, NULL), GD_OK);
        cr_assert_eq(gd_frame_builder_text(builder, colours[i], NULL), GD_OK);
        cr_assert_eq(gd_frame_builder_number(builder, 10.0 * i, NULL), GD_OK);
    }
    cr_assert_eq(gd_frame_builder_finish(builder, &frame, NULL), GD_OK);
    const int64_t features[] = {0, 1}, targets[] = {2}, rows[] = {0, 1, 2};
    gd_preparation_options options = {.features = features,
                                      .feature_count = 2,
                                      .targets = targets,
                                      .target_count = 1,
                                      .task = GD_TASK_REGRESSION};
    cr_assert_eq(gd_preparation_fit(&preparation, &options, frame, rows, 3, NULL), GD_OK);
    gd_frame_builder_destroy(builder);
    gd_frame_destroy(frame);
}

static void end(void)
{
    gd_preparation_destroy(preparation);
}

TestSuite(api_cells, .init = start, .fini = end);

/* Reads a text with ' for "; the tree goes to *document. */
static gd_status read_text(const char *text, cJSON **document, json_faults *faults,
                           api_cells *cells)
{
    char *copy = strdup(text);
    cr_assert_not_null(copy);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    *document = json_parse(copy, strlen(copy), NULL);
    cr_assert_not_null(*document, "%s", copy);
    free(copy);
    json_reader root = json_reader_root(*document, faults);
    *cells = (api_cells){0};
    return api_cells_read(&root, preparation, cells);
}

static void expect_cells(const char *text, const double *expected, int64_t rows)
{
    cJSON *document;
    json_faults faults = {0};
    api_cells cells;
    cr_assert_eq(read_text(text, &document, &faults, &cells), GD_OK);
    cr_assert_eq(faults.total, 0, "%s: %s", text, faults.total > 0 ? faults.entries[0].detail : "");
    cr_assert_eq(cells.rows, rows);
    for (int64_t i = 0; i < 2 * rows; i++)
        cr_expect((isnan(expected[i]) && isnan(cells.values[i])) || cells.values[i] == expected[i],
                  "%s: cell %lld is %g", text, (long long)i, cells.values[i]);
    api_cells_dispose(&cells);
    cJSON_Delete(document);
}

Test(api_cells, rows_and_columns_are_two_forms_of_one)
{
    static const double expected[] = {1.5, 1, -2, 0, NAN, NAN};
    expect_cells("{'rows': [[1.5, 'red'], [-2, 'blue'], [null, null]]}", expected, 3);
    expect_cells("{'columns': {'colour': ['red', 'blue', null], 'size': [1.5, -2, null]}}",
                 expected, 3);
    expect_cells("{'rows': [[1.5, 'red']], 'which': 'best'}", expected, 1);
}

Test(api_cells, refusals_point_at_the_cell)
{
    static const struct {
        const char *text, *pointer, *code, *word;
    } cases[] = {
        {"[]", "", "wrong_type", "rows"},
        {"{}", "", "missing", "rows"},
        {"{'rows': [[1, 'red']], 'columns': {}}", "", "conflict", "exactly one"},
        {"{'rows': [[1, 'red']], 'row': 1}", "/row", "unknown_member", "rows"},
        {"{'rows': []}", "/rows", "too_short", ""},
        {"{'rows': {}}", "/rows", "wrong_type", ""},
        {"{'rows': [[1, 'red'], 5]}", "/rows/1", "wrong_type", "2 cells"},
        {"{'rows': [[1, 'red'], [1]]}", "/rows/1", "shape_mismatch", "size"},
        {"{'rows': [[1, 'red'], [1, 'red', 2]]}", "/rows/1", "shape_mismatch", ""},
        {"{'rows': [['1', 'red']]}", "/rows/0/0", "wrong_type", "number"},
        {"{'rows': [[1, 2]]}", "/rows/0/1", "wrong_type", "text"},
        {"{'rows': [[1, 'rde']]}", "/rows/0/1", "unknown_class", "did you mean \"red\""},
        {"{'rows': [[1, 'zzzzzzzz']]}", "/rows/0/1", "unknown_class", "blue"},
        {"{'columns': []}", "/columns", "wrong_type", ""},
        {"{'columns': {'size': [1]}}", "/columns/colour", "missing", ""},
        {"{'columns': {'size': [1], 'colour': ['red', 'red']}}", "/columns/colour",
         "shape_mismatch", "2 cells"},
        {"{'columns': {'size': [1], 'colour': ['red'], 'weight': [1]}}", "/columns/weight",
         "unknown_member", ""},
        {"{'columns': {'size': [1, true], 'colour': ['red', 'red']}}", "/columns/size/1",
         "wrong_type", "number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *document;
        json_faults faults = {0};
        api_cells cells;
        cr_assert_eq(read_text(cases[i].text, &document, &faults, &cells), GD_OK);
        cr_assert_eq(faults.total, 1, "%s: %zu faults", cases[i].text, faults.total);
        cr_expect_str_eq(faults.entries[0].pointer, cases[i].pointer, "%s: %s", cases[i].text,
                         faults.entries[0].pointer);
        cr_expect_str_eq(faults.entries[0].code, cases[i].code, "%s: %s", cases[i].text,
                         faults.entries[0].code);
        cr_expect_not_null(strstr(faults.entries[0].detail, cases[i].word), "%s: %s", cases[i].text,
                           faults.entries[0].detail);
        api_cells_dispose(&cells);
        json_faults_dispose(&faults);
        cJSON_Delete(document);
    }
}

Test(api_cells, an_error_of_the_run_is_told_in_the_form_the_cells_came)
{
    static const struct {
        const char *text, *path, *pointer; /* NULL: no cell is named */
    } cases[] = {
        {"{'rows': [[1, 'red']]}", "rows/7/1", "/rows/7/1"},
        {"{'columns': {'size': [1], 'colour': ['red']}}", "rows/7/1", "/columns/colour/7"},
        {"{'rows': [[1, 'red']]}", "rows/7/2", NULL},
        {"{'rows': [[1, 'red']]}", "rows/7", NULL},
        {"{'rows': [[1, 'red']]}", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *document;
        json_faults faults = {0};
        api_cells cells;
        gd_error error = {0};
        cr_assert_eq(read_text(cases[i].text, &document, &faults, &cells), GD_OK);
        (void)gd_fail(&error, GD_INVALID_DATA, cases[i].path, "no value");
        json_reader root = json_reader_root(document, &faults);
        cr_expect_eq(api_cells_add_error(&root, preparation, &error), cases[i].pointer != NULL);
        cr_assert_eq(faults.total, cases[i].pointer != NULL ? 1 : 0);
        if (cases[i].pointer != NULL)
            cr_expect_str_eq(faults.entries[0].pointer, cases[i].pointer);
        api_cells_dispose(&cells);
        json_faults_dispose(&faults);
        cJSON_Delete(document);
    }
}
