/*
 * build.c: nodes appended one by one, so that a node stands behind those it reads. See build.h.
 */
#include "formula/build.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Memory of the same kind as all other, so grown by taking a larger block. */
static bool grow(void **block, size_t size, int64_t used, int64_t capacity)
{
    void *larger = gdi_allocate((size_t)capacity, size);
    if (larger == NULL) {
        return false;
    }
    if (used > 0) {
        memcpy(larger, *block, (size_t)used * size);
    }
    gdi_free(*block);
    *block = larger;
    return true;
}

static int append(gd_formula *formula, gdi_node node)
{
    if (formula->count == formula->capacity) {
        int capacity = formula->capacity == 0 ? 32 : 2 * formula->capacity;
        void *nodes = formula->nodes;
        if (!grow(&nodes, sizeof node, formula->count, capacity)) {
            return -1;
        }
        formula->nodes = nodes;
        formula->capacity = capacity;
    }
    node.spread = -1;
    formula->nodes[formula->count] = node;
    return formula->count++;
}

int gdi_build_constant(gd_formula *formula, double value)
{
    return append(formula,
                  (gdi_node){.operation = GDI_CONSTANT, .left = -1, .right = -1, .value = value});
}

/* One node each. */
int gdi_build_parameter(gd_formula *formula, int64_t index)
{
    for (int i = 0; i < formula->count; i++) {
        if (formula->nodes[i].operation == GDI_PARAMETER && formula->nodes[i].left == (int)index) {
            return i;
        }
    }
    return append(
        formula,
        (gdi_node){.operation = GDI_PARAMETER, .left = (int)index, .right = -1, .active = true});
}

static int64_t find_column(const gd_formula *formula, const char *name, size_t length)
{
    for (int64_t i = 0; i < formula->column_count; i++) {
        if (strlen(formula->columns[i].name) == length &&
            memcmp(formula->columns[i].name, name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static int64_t add_column(gd_formula *formula, const char *name, size_t length)
{
    if (formula->column_count == formula->column_capacity) {
        int64_t capacity = formula->column_capacity == 0 ? 8 : 2 * formula->column_capacity;
        void *columns = formula->columns;
        if (!grow(&columns, sizeof *formula->columns, formula->column_count, capacity)) {
            return -1;
        }
        formula->columns = columns;
        formula->column_capacity = capacity;
    }
    char *copy = gdi_allocate(length + 1, 1);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy, name, length);
    formula->columns[formula->column_count] = (gdi_column){copy, -1};
    return formula->column_count++;
}

int gdi_build_column(gd_formula *formula, const char *name, size_t length)
{
    int64_t index = find_column(formula, name, length);
    if (index >= 0) {
        return formula->columns[index].node;
    }
    index = add_column(formula, name, length);
    if (index < 0) {
        return -1;
    }
    const gdi_node leaf = {
        .operation = GDI_COLUMN, .left = (int)index, .right = -1, .varies = true};
    return formula->columns[index].node = append(formula, leaf);
}

static int spread(gd_formula *formula, int node)
{
    if (node < 0 || formula->nodes[node].varies) {
        return node;
    }
    if (formula->nodes[node].spread < 0) {
        int made = append(formula, (gdi_node){.operation = GDI_SPREAD,
                                              .left = node,
                                              .right = -1,
                                              .varies = true,
                                              .active = formula->nodes[node].active});
        if (made < 0) {
            return -1;
        }
        formula->nodes[node].spread = made;
    }
    return formula->nodes[node].spread;
}

static bool is_constant(const gd_formula *formula, int node)
{
    return node < 0 || formula->nodes[node].operation == GDI_CONSTANT;
}

int gdi_build_operation(gd_formula *formula, int operation, int left, int right)
{
    const gdi_node *nodes = formula->nodes;
    if (is_constant(formula, left) && is_constant(formula, right)) {
        double value = 0;
        gdi_rule_at(operation)->forward(&nodes[left].value, right < 0 ? NULL : &nodes[right].value,
                                        &value, 1);
        return gdi_build_constant(formula, value);
    }
    if (operation == GDI_POWER && is_constant(formula, right) && nodes[right].value == 2.0) {
        operation = GDI_SQUARE;
        right = -1;
    }
    bool varies = nodes[left].varies || (right >= 0 && nodes[right].varies);
    if (varies) {
        left = spread(formula, left);
        int other = spread(formula, right);
        if (left < 0 || (other < 0 && right >= 0)) {
            return -1;
        }
        right = other;
    }
    nodes = formula->nodes;
    return append(formula,
                  (gdi_node){.operation = operation,
                             .left = left,
                             .right = right,
                             .varies = varies,
                             .active = nodes[left].active || (right >= 0 && nodes[right].active)});
}

void gdi_build_finish(gd_formula *formula)
{
    size_t place = 0;
    for (int i = 0; i < formula->count; i++) {
        gdi_node *node = &formula->nodes[i];
        node->place = place;
        place += node->varies ? (size_t)GDI_BLOCK_ROWS : 1;
    }
    formula->adjoints = place;
}
