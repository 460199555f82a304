/*
 * evaluate.c: passes over a tape (tape.h), forward and back. Sums go over the rows in their order, so
 * that the bytes do not depend on how rows are cut into batches' blocks.
 */
#include "formula/tape.h"

#include "base/memory.h"

#include <string.h>

size_t gdi_formula_scratch(const gd_formula *formula)
{
    return 2 * formula->adjoints;
}

static double *values_of(const gd_formula *formula, double *scratch, int node)
{
    return scratch + formula->nodes[node].place;
}

static void run_node(const gd_formula *formula, double *scratch, int index, size_t rows)
{
    const gdi_node *node = &formula->nodes[index];
    const gdi_rule *rule = gdi_rule_at(node->operation);
    if (rule != NULL) {
        rule->forward(values_of(formula, scratch, node->left),
                      node->right < 0 ? NULL : values_of(formula, scratch, node->right),
                      scratch + node->place, rows);
    }
}

static void fill(double *values, double value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = value;
    }
}

void gdi_formula_begin(const gd_formula *formula, const double *parameters, double *scratch)
{
    memset(scratch + formula->adjoints, 0, formula->adjoints * sizeof *scratch);
    for (int i = 0; i < formula->count; i++) {
        const gdi_node *node = &formula->nodes[i];
        double *values = scratch + node->place;
        if (node->operation == GDI_SPREAD) {
            fill(values, *values_of(formula, scratch, node->left), GDI_BLOCK_ROWS);
        } else if (node->operation == GDI_CONSTANT) {
            *values = node->value;
        } else if (node->operation == GDI_PARAMETER) {
            *values = parameters[node->left];
        } else if (!node->varies) {
            run_node(formula, scratch, i, 1);
        }
    }
}

double *gdi_formula_input(const gd_formula *formula, double *scratch, int64_t index)
{
    return values_of(formula, scratch, formula->columns[index].node);
}

const double *gdi_formula_forward(const gd_formula *formula, double *scratch, size_t rows,
                                  size_t *stride)
{
    for (int i = 0; i < formula->count; i++) {
        if (formula->nodes[i].varies) {
            run_node(formula, scratch, i, rows);
        }
    }
    *stride = formula->nodes[formula->root].varies ? 1 : 0;
    return values_of(formula, scratch, formula->root);
}

/* Gives the derivative of a node on to those it reads. */
static void return_node(const gd_formula *formula, double *scratch, const gdi_node *node,
                        size_t rows)
{
    const gdi_rule *rule = gdi_rule_at(node->operation);
    double *slopes = scratch + formula->adjoints + node->place;
    if (!node->active || rule == NULL) {
        return;
    }
    const gdi_node *left = &formula->nodes[node->left];
    const gdi_node *right = node->right < 0 ? NULL : &formula->nodes[node->right];
    rule->reverse(
        scratch + left->place, right == NULL ? NULL : scratch + right->place, scratch + node->place,
        slopes, left->active ? scratch + formula->adjoints + left->place : NULL,
        right != NULL && right->active ? scratch + formula->adjoints + right->place : NULL, rows);
}

/* The sum over a block goes to the one number that was spread. */
static void gather_spread(const gd_formula *formula, double *scratch, const gdi_node *node,
                          size_t rows)
{
    const double *slopes = scratch + formula->adjoints + node->place;
    double *target = scratch + formula->adjoints + formula->nodes[node->left].place;
    for (size_t i = 0; node->active && i < rows; i++) {
        *target += slopes[i];
    }
}

void gdi_formula_reverse(const gd_formula *formula, double *scratch, const double *slopes,
                         size_t rows)
{
    const gdi_node *root = &formula->nodes[formula->root];
    double *adjoints = scratch + formula->adjoints;
    for (size_t i = 0; !root->varies && i < rows; i++) {
        adjoints[root->place] += slopes[i];
    }
    if (!root->varies) {
        return;
    }
    for (int i = 0; i < formula->count; i++) {
        if (formula->nodes[i].varies) {
            memset(adjoints + formula->nodes[i].place, 0, rows * sizeof *adjoints);
        }
    }
    memcpy(adjoints + root->place, slopes, rows * sizeof *slopes);
    for (int i = formula->count - 1; i >= 0; i--) {
        const gdi_node *node = &formula->nodes[i];
        if (node->operation == GDI_SPREAD) {
            gather_spread(formula, scratch, node, rows);
        } else if (node->varies) {
            return_node(formula, scratch, node, rows);
        }
    }
}

void gdi_formula_end(const gd_formula *formula, double *scratch, double *gradient)
{
    const double *adjoints = scratch + formula->adjoints;
    for (int i = formula->count - 1; i >= 0; i--) {
        const gdi_node *node = &formula->nodes[i];
        if (!node->varies) {
            return_node(formula, scratch, node, 1);
        }
        if (node->operation == GDI_PARAMETER) {
            gradient[node->left] = adjoints[node->place];
        }
    }
}

void gdi_formula_write(const gd_formula *formula, double *scratch, const double *cells,
                       int64_t first, size_t rows)
{
    size_t width = (size_t)formula->column_count;
    for (size_t c = 0; c < width; c++) {
        double *column = gdi_formula_input(formula, scratch, (int64_t)c);
        for (size_t i = 0; i < rows; i++) {
            column[i] = cells[((size_t)first + i) * width + c];
        }
    }
}

static size_t block_rows(int64_t left)
{
    return left < GDI_BLOCK_ROWS ? (size_t)left : (size_t)GDI_BLOCK_ROWS;
}

static double *take_scratch(const gd_formula *formula, gd_error *error)
{
    double *scratch = gdi_allocate(gdi_formula_scratch(formula), sizeof *scratch);
    if (scratch == NULL) {
        gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to compute a formula");
    }
    return scratch;
}

gd_status gd_formula_evaluate(const gd_formula *formula, const double *parameters,
                              const double *cells, int64_t rows, double *values, gd_error *error)
{
    double *scratch = take_scratch(formula, error);
    if (scratch == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    gdi_formula_begin(formula, parameters, scratch);
    for (int64_t first = 0; first < rows; first += GDI_BLOCK_ROWS) {
        size_t count = block_rows(rows - first), stride;
        gdi_formula_write(formula, scratch, cells, first, count);
        const double *results = gdi_formula_forward(formula, scratch, count, &stride);
        for (size_t i = 0; i < count; i++) {
            values[(size_t)first + i] = results[i * stride];
        }
    }
    gdi_free(scratch);
    return GD_OK;
}

gd_status gd_formula_differentiate(const gd_formula *formula, const double *parameters,
                                   const double *cells, int64_t rows, double *values,
                                   double *derivatives, gd_error *error)
{
    double *scratch = take_scratch(formula, error);
    if (scratch == NULL) {
        return GD_OUT_OF_MEMORY;
    }
    const double one = 1;
    for (int64_t row = 0; row < rows; row++) {
        size_t stride;
        gdi_formula_begin(formula, parameters, scratch);
        gdi_formula_write(formula, scratch, cells, row, 1);
        values[row] = *gdi_formula_forward(formula, scratch, 1, &stride);
        gdi_formula_reverse(formula, scratch, &one, 1);
        gdi_formula_end(formula, scratch, derivatives + row * formula->parameter_count);
    }
    gdi_free(scratch);
    return GD_OK;
}
