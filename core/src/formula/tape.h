/*
 * tape.h: a formula compiled: a flat list of nodes, each behind those it reads.
 *
 * A node either varies from row to row or is uniform: it sees parameters and constants alone and is
 * computed once. Rows go through in blocks, node after node, so that the loops are long and compilers
 * may use vectors. An operation on rows reads rows: where a uniform node meets a varying one, a
 * GDI_SPREAD node stands between. Reverse mode walks back: block by block over the varying nodes, whose
 * sums reach the uniform ones by way of the spreads, then once over those.
 */
#ifndef DESCENT_FORMULA_TAPE_H
#define DESCENT_FORMULA_TAPE_H

#include <descent/formula.h>

#include <stddef.h>

enum {
    GDI_BLOCK_ROWS = 128
};

typedef enum gdi_operation {
    GDI_CONSTANT,
    GDI_PARAMETER,
    GDI_COLUMN,
    GDI_SPREAD, /* one number for all rows */
    GDI_ADD,
    GDI_SUBTRACT,
    GDI_MULTIPLY,
    GDI_DIVIDE,
    GDI_POWER,
    GDI_SQUARE, /* x^2, which is common */
    GDI_NEGATE,
    GDI_FIRST_FUNCTION /* the functions follow in the order of their table */
} gdi_operation;

typedef struct gdi_node {
    int operation;   /* gdi_operation, or GDI_FIRST_FUNCTION + index of the function */
    int left, right; /* nodes read, or -1; of a parameter or column `left` is its index */
    int spread;      /* the GDI_SPREAD of this node, or -1 */
    bool varies;     /* from row to row */
    bool active;     /* depends on a parameter */
    double value;    /* of a constant */
    size_t place; /* of its values in the scratch memory; its derivative stands `adjoints` behind */
} gdi_node;

typedef struct gdi_column {
    char *name; /* owned */
    int node;
} gdi_column;

struct gd_formula {
    char *text;
    gd_formula_parameter *parameters;
    int64_t parameter_count;
    gdi_column *columns;
    int64_t column_count, column_capacity;
    gdi_node *nodes;
    int count, capacity;
    int root;
    bool scaled;
    size_t adjoints; /* doubles of all values; as many of the derivatives follow */
};

/* What an operation does to n numbers each; `b` is NULL where it takes one. */
typedef void gdi_forward(const double *a, const double *b, double *y, size_t n);
/* Adds slope · derivative to da and db, each NULL where nobody wants it. */
typedef void gdi_reverse(const double *a, const double *b, const double *y, const double *slope,
                         double *da, double *db, size_t n);

typedef struct gdi_rule {
    gd_formula_function function; /* name NULL: an operator */
    gdi_forward *forward;
    gdi_reverse *reverse;
} gdi_rule;

/* Of a gdi_operation from GDI_ADD on; NULL beyond the last function. */
const gdi_rule *gdi_rule_at(int operation);
/* The operation of a function by its name, or -1. */
int gdi_find_function(const char *name, size_t length);

/* parse.c: text → nodes and root. */
gd_status gdi_formula_parse(gd_formula *formula, gd_error *error);

/* Doubles a pass needs as scratch memory. */
size_t gdi_formula_scratch(const gd_formula *formula);
/* Before the blocks: uniform values, and derivatives to zero. */
void gdi_formula_begin(const gd_formula *formula, const double *parameters, double *scratch);
/* Where column `index` of a block is to be written before it is computed: [GDI_BLOCK_ROWS]. */
double *gdi_formula_input(const gd_formula *formula, double *scratch, int64_t index);
/* The same of rows from `first` on, of cells [., column_count]; NULL where there are no columns. */
void gdi_formula_write(const gd_formula *formula, double *scratch, const double *cells,
                       int64_t first, size_t rows);
/* Values of `rows` ≤ GDI_BLOCK_ROWS rows: *stride is 0 where one value is that of all rows. */
const double *gdi_formula_forward(const gd_formula *formula, double *scratch, size_t rows,
                                  size_t *stride);
/* After forward of the same block: adds the derivatives of sum slope[i] · value[i]. */
void gdi_formula_reverse(const gd_formula *formula, double *scratch, const double *slopes,
                         size_t rows);
/* After the blocks: by parameter, [parameter_count]. */
void gdi_formula_end(const gd_formula *formula, double *scratch, double *gradient);

#endif
