/*
 * formula.c: the life of a gd_formula, the check of its parameters, and what it tells of itself.
 */
#include "formula/tape.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FUNCTION_OPERATIONS 20

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t length = strnlen(text, GD_FORMULA_MAXIMUM_NAME + 1);
    if (length == 0 || length > GD_FORMULA_MAXIMUM_NAME || strchr(letters, text[0]) == NULL) {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (strchr(letters, text[i]) == NULL && (text[i] < '0' || text[i] > '9')) {
            return false;
        }
    }
    return true;
}

static bool is_reserved(const char *name)
{
    return strcmp(name, "pi") == 0 || strcmp(name, "e") == 0 ||
           gdi_find_function(name, strlen(name)) >= 0;
}

static gd_status refuse(const gd_formula_parameter *parameter, const char *member,
                        const char *message, gd_error *error)
{
    char path[96];
    snprintf(path, sizeof path, "parameters/%s%s", parameter->name, member);
    return gd_fail(error, GD_INVALID_ARGUMENT, path, "%s", message);
}

static gd_status check_parameter(const gd_formula_options *options, int64_t index, gd_error *error)
{
    const gd_formula_parameter *parameter = &options->parameters[index];
    if (!is_name(parameter->name)) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "parameters",
                       "\"%.40s\" cannot be a parameter's name: it has letters, digits and _, at "
                       "most %d, and begins with no digit",
                       parameter->name, (int)GD_FORMULA_MAXIMUM_NAME);
    }
    if (is_reserved(parameter->name)) {
        return refuse(parameter, "",
                      "This name is a constant or a function of every formula: "
                      "choose another.",
                      error);
    }
    for (int64_t i = 0; i < index; i++) {
        if (strcmp(options->parameters[i].name, parameter->name) == 0) {
            return refuse(parameter, "", "This parameter is listed twice.", error);
        }
    }
    if (!isfinite(parameter->start)) {
        return refuse(parameter, "/start", "A parameter begins at a finite number.", error);
    }
    if (!(parameter->minimum < parameter->maximum)) {
        return refuse(parameter, "/max", "The upper bound must be above the lower one.", error);
    }
    if (parameter->start < parameter->minimum || parameter->start > parameter->maximum) {
        return refuse(parameter, "/start", "The start must lie within the bounds.", error);
    }
    return GD_OK;
}

static gd_status check_options(const gd_formula_options *options, gd_error *error)
{
    size_t length = strnlen(options->text, GD_FORMULA_MAXIMUM_LENGTH + 1);
    if (length > GD_FORMULA_MAXIMUM_LENGTH) {
        return gd_fail(error, GD_TOO_LARGE, "formula", "A formula has at most %d bytes.",
                       (int)GD_FORMULA_MAXIMUM_LENGTH);
    }
    if (options->parameter_count < 1 || options->parameter_count > GD_FORMULA_MAXIMUM_PARAMETERS) {
        return gd_fail(error, GD_INVALID_ARGUMENT, "parameters",
                       "A formula has 1 to %lld parameters, not %lld.",
                       (long long)GD_FORMULA_MAXIMUM_PARAMETERS,
                       (long long)options->parameter_count);
    }
    for (int64_t i = 0; i < options->parameter_count; i++) {
        gd_status status = check_parameter(options, i, error);
        if (status != GD_OK) {
            return status;
        }
    }
    return GD_OK;
}

/* One that the formula does not name would stay where it began. */
static gd_status check_use(const gd_formula *formula, gd_error *error)
{
    for (int64_t i = 0; i < formula->parameter_count; i++) {
        bool used = false;
        for (int n = 0; n < formula->count && !used; n++) {
            used = formula->nodes[n].operation == GDI_PARAMETER && formula->nodes[n].left == (int)i;
        }
        if (!used) {
            return refuse(&formula->parameters[i], "",
                          "The formula does not name this parameter: leave it out.", error);
        }
    }
    return GD_OK;
}

gd_status gd_formula_create(gd_formula **formula, const gd_formula_options *options,
                            gd_error *error)
{
    *formula = NULL;
    gd_status status = check_options(options, error);
    if (status != GD_OK) {
        return status;
    }
    size_t count = (size_t)options->parameter_count;
    gd_formula *made = gdi_allocate(1, sizeof *made);
    if (made != NULL) {
        made->text = gdi_duplicate_text(options->text);
        made->parameters = gdi_allocate(count, sizeof *made->parameters);
    }
    if (made == NULL || made->text == NULL || made->parameters == NULL) {
        gd_formula_destroy(made);
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a formula");
    }
    memcpy(made->parameters, options->parameters, count * sizeof *made->parameters);
    made->parameter_count = options->parameter_count;
    made->scaled = options->scaled;
    status = gdi_formula_parse(made, error);
    if (status == GD_OK) {
        status = check_use(made, error);
    }
    if (status != GD_OK) {
        gd_formula_destroy(made);
        return status;
    }
    *formula = made;
    return GD_OK;
}

void gd_formula_destroy(gd_formula *formula)
{
    if (formula == NULL) {
        return;
    }
    for (int64_t i = 0; i < formula->column_count; i++) {
        gdi_free(formula->columns[i].name);
    }
    gdi_free(formula->columns);
    gdi_free(formula->nodes);
    gdi_free(formula->parameters);
    gdi_free(formula->text);
    gdi_free(formula);
}

const char *gd_formula_text(const gd_formula *formula)
{
    return formula->text;
}

bool gd_formula_is_scaled(const gd_formula *formula)
{
    return formula->scaled;
}

int64_t gd_formula_parameter_count(const gd_formula *formula)
{
    return formula->parameter_count;
}

const gd_formula_parameter *gd_formula_parameter_at(const gd_formula *formula, int64_t index)
{
    return &formula->parameters[index];
}

int64_t gd_formula_column_count(const gd_formula *formula)
{
    return formula->column_count;
}

const char *gd_formula_column(const gd_formula *formula, int64_t index)
{
    return formula->columns[index].name;
}

int64_t gd_formula_operations(const gd_formula *formula)
{
    int64_t operations = 0;
    for (int i = 0; i < formula->count; i++) {
        int operation = formula->nodes[i].operation;
        bool costly = operation == GDI_POWER || operation >= GDI_FIRST_FUNCTION;
        operations += gdi_rule_at(operation) == NULL ? 0 : costly ? FUNCTION_OPERATIONS : 3;
    }
    return operations;
}
