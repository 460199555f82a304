/*
 * test_inspect.c: what the service says of real files against a second, plain reading of them here:
 * rows, missing cells, least, greatest and mean value, number of classes, and the cells themselves.
 */
#include "support/client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (60.0 * SERVICE_PATIENCE)

enum {
    COLUMNS = 16,
    CLASSES = 200,
    FIELD = 64
};

typedef struct plain_column {
    int missing, numbers, texts, classes;
    double minimum, maximum, sum;
    char names[CLASSES][FIELD];
} plain_column;

typedef struct plain_table {
    int rows, columns;
    plain_column column[COLUMNS];
    char cells[20000][COLUMNS][FIELD];
} plain_table;

/* Commas, no quotes in rows: what these files have. Blanks around are taken off, ? and nothing
 * are missing. */
static void read_cell(plain_table *table, int column, const char *text, size_t length)
{
    plain_column *of = &table->column[column];
    char *cell = table->cells[table->rows][column], *end;
    while (length > 0 && strchr(" \r\n\"", text[length - 1]) != NULL)
        length--;
    for (; length > 0 && (*text == ' ' || *text == '"'); text++)
        length--;
    memcpy(cell, text, length < FIELD ? length : FIELD - 1);
    double value = strtod(cell, &end);
    if (cell[0] == '\0' || strcmp(cell, "?") == 0) {
        of->missing++;
    } else if (*end == '\0') {
        of->minimum = of->numbers == 0 || value < of->minimum ? value : of->minimum;
        of->maximum = of->numbers == 0 || value > of->maximum ? value : of->maximum;
        of->sum += value;
        of->numbers++;
    } else {
        int i = 0;
        while (i < of->classes && strcmp(of->names[i], cell) != 0)
            i++;
        if (i == of->classes && i < CLASSES)
            memcpy(of->names[of->classes++], cell, FIELD);
        of->texts++;
    }
}

static plain_table *read_plainly(const char *path, bool header)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        cr_skip_test("%s is missing", path);
    plain_table *table = calloc(1, sizeof *table);
    char line[4096];
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[strspn(line, " \r\n")] == '\0')
            continue;
        if (header) {
            header = false;
            continue;
        }
        int column = 0;
        for (char *at = line; column < COLUMNS; at++) {
            size_t length = strcspn(at, ",");
            read_cell(table, column++, at, length);
            at += length;
            if (*at == '\0')
                break;
        }
        table->columns = column;
        table->rows++;
    }
    fclose(file);
    return table;
}

static void check_column(const reply *dataset, const plain_table *table, int i)
{
    const plain_column *of = &table->column[i];
    char at[64];
#define AT(member) (snprintf(at, sizeof at, "/columns/%d/%s", i, member), at)
    cr_expect_eq(reply_number(dataset, AT("missing")), of->missing, "column %d", i);
    if (of->texts > 0) {
        cr_expect_str_eq(reply_text(dataset, AT("kind")), "categorical");
        cr_expect_eq(reply_number(dataset, AT("class_count")), of->classes, "column %d", i);
    } else {
        double mean = of->sum / of->numbers;
        cr_expect_str_eq(reply_text(dataset, AT("kind")), "numeric");
        cr_expect_eq(reply_number(dataset, AT("min")), of->minimum, "column %d", i);
        cr_expect_eq(reply_number(dataset, AT("max")), of->maximum, "column %d", i);
        cr_expect_lt(fabs(reply_number(dataset, AT("mean")) - mean), 1e-12 * (1 + fabs(mean)),
                     "column %d", i);
    }
}

static void check_rows(service *it, const char *id, const plain_table *table, int offset)
{
    const reply *rows = client_get(it, "/v1/datasets/%s/rows?offset=%d&limit=7", id, offset);
    ASSERT_STATUS(rows, 200);
    int count = table->rows - offset < 7 ? table->rows - offset : 7;
    cr_expect_eq(reply_count(rows, "/rows"), count);
    cr_expect_eq(reply_number(rows, "/total"), table->rows);
    for (int row = 0; row < count; row++)
        for (int i = 0; i < table->columns; i++) {
            char at[64], *end;
            const char *cell = table->cells[offset + row][i];
            snprintf(at, sizeof at, "/rows/%d/%d", row, i);
            double value = strtod(cell, &end);
            if (cell[0] == '\0' || strcmp(cell, "?") == 0)
                cr_expect(reply_is_null(rows, at), "%s", at);
            else if (*end == '\0')
                cr_expect_eq(reply_number(rows, at), value, "%s", at);
            else
                cr_expect_str_eq(reply_text(rows, at), cell, "%s", at);
        }
}

static void check_file(const char *path, bool header)
{
    plain_table *table = read_plainly(path, header);
    service *it = service_start(1);
    const char *id = client_upload_file(it, "", path);
    const reply *dataset = client_get(it, "/v1/datasets/%s", id);
    ASSERT_STATUS(dataset, 200);
    cr_expect_eq(reply_number(dataset, "/rows"), table->rows);
    cr_expect_eq(reply_number(dataset, "/column_count"), table->columns);
    for (int i = 0; i < table->columns; i++)
        check_column(dataset, table, i);
    check_rows(it, id, table, 0);
    check_rows(it, id, table, table->rows / 2);
    check_rows(it, id, table, table->rows - 3);
    free(table);
    service_destroy(it);
}

Test(api_inspect, iris, .timeout = LIMIT)
{
    check_file("../shared/data/tabular/iris.csv", false);
}

Test(api_inspect, banknote, .timeout = LIMIT)
{
    check_file("../shared/data/tabular/banknote_authentication.csv", false);
}

Test(api_inspect, diabetes, .timeout = LIMIT)
{
    check_file("../shared/data/tabular/pima-indians-diabetes.csv", false);
}

Test(api_inspect, census, .timeout = LIMIT)
{
    check_file("../shared/data/tabular/adult-test.csv", false);
}

Test(api_inspect, airline, .timeout = LIMIT)
{
    check_file("../shared/data/series/airline-passengers.csv", true);
}

/* A dataset whose file somebody took away is told as such, and its row can go. */
Test(api_inspect, a_dataset_without_its_file_says_so, .timeout = LIMIT)
{
    service *it = service_start(1);
    const char *id = client_upload(it, "", "a,b\n1,2\n3,4\n");
    char path[512];
    service_stop(it);
    snprintf(path, sizeof path, "%s/datasets/%s.frame", it->data, id);
    cr_assert_eq(remove(path), 0);
    service_restart(it);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s", id), 200);
    const reply *rows = client_get(it, "/v1/datasets/%s/rows", id);
    cr_expect_eq(rows->status, 409, "%d %s", rows->status, rows->body);
    const char *again = client_upload(it, "", "a,b\n1,2\n3,4\n");
    cr_expect_str_neq(again, id, "the same bytes are stored anew");
    ASSERT_STATUS(client_delete(it, "/v1/datasets/%s", id), 204);
    ASSERT_STATUS(client_get(it, "/v1/datasets/%s/rows", again), 200);
    service_destroy(it);
}
