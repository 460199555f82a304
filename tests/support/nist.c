/*
 * nist.c: see nist.h. The files lie outside the repository; tests do without them.
 */
#include "support/nist.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEAKS "b1*exp(-b2*x)+b3*exp(-(x-b4)^2/b5^2)+b6*exp(-(x-b7)^2/b8^2)"
#define DECAY "b1*exp(-b2*x)+b3*exp(-b4*x)+b5*exp(-b6*x)"
#define CUBIC "(b1+b2*x+b3*x^2+b4*x^3)/(1+b5*x+b6*x^2+b7*x^3)"
#define WAVES                                                                    \
    "b1+b2*cos(2*pi*x/12)+b3*sin(2*pi*x/12)+b5*cos(2*pi*x/b4)+b6*sin(2*pi*x/b4)" \
    "+b8*cos(2*pi*x/b7)+b9*sin(2*pi*x/b7)"

static const nist_set sets[] = {
    {"Bennett5", "b1*(b2+x)^(-1/b3)", 3, false, 1},
    {"BoxBOD", "b1*(1-exp(-b2*x))", 2, false, 1},
    {"Chwirut1", "exp(-b1*x)/(b2+b3*x)", 3, false, 1},
    {"Chwirut2", "exp(-b1*x)/(b2+b3*x)", 3, false, 1},
    {"DanWood", "b1*x^b2", 2, false, 1},
    {"ENSO", WAVES, 9, false, 1},
    {"Eckerle4", "(b1/b2)*exp(-0.5*((x-b3)/b2)^2)", 3, false, 1},
    {"Gauss1", PEAKS, 8, false, 1},
    {"Gauss2", PEAKS, 8, false, 1},
    {"Gauss3", PEAKS, 8, false, 1},
    {"Hahn1", CUBIC, 7, false, 1},
    {"Kirby2", "(b1+b2*x+b3*x^2)/(1+b4*x+b5*x^2)", 5, false, 1},
    {"Lanczos1", DECAY, 6, false, 1},
    {"Lanczos2", DECAY, 6, false, 1},
    {"Lanczos3", DECAY, 6, false, 1},
    {"MGH09", "b1*(x^2+x*b2)/(x^2+x*b3+b4)", 4, false, 1},
    {"MGH10", "b1*exp(b2/(x+b3))", 3, false, 1},
    {"MGH17", "b1+b2*exp(-x*b4)+b3*exp(-x*b5)", 5, false, 1},
    {"Misra1a", "b1*(1-exp(-b2*x))", 2, false, 1},
    {"Misra1b", "b1*(1-(1+b2*x/2)^(-2))", 2, false, 1},
    {"Misra1c", "b1*(1-(1+2*b2*x)^(-.5))", 2, false, 1},
    {"Misra1d", "b1*b2*x*((1+b2*x)^(-1))", 2, false, 1},
    {"Nelson", "b1-b2*x1*exp(-b3*x2)", 3, true, 2},
    {"Rat42", "b1/(1+exp(b2-b3*x))", 3, false, 1},
    {"Rat43", "b1/((1+exp(b2-b3*x))^(1/b4))", 4, false, 1},
    {"Roszman1", "b1-b2*x-atan(b3/(x-b4))/pi", 4, false, 1},
    {"Thurber", CUBIC, 7, false, 1},
};

const nist_set *nist_set_at(int index)
{
    return index < (int)(sizeof sets / sizeof sets[0]) ? &sets[index] : NULL;
}

const nist_set *nist_find(const char *name)
{
    for (int i = 0; nist_set_at(i) != NULL; i++) {
        if (strcmp(sets[i].name, name) == 0) {
            return &sets[i];
        }
    }
    return NULL;
}

/* "  b1 =   500         250           2.3894212918E+02  2.7070075241E+00" */
static void read_parameter(const char *line, nist_data *data)
{
    int number = 0;
    double values[4];
    if (sscanf(line, " b%d = %lf %lf %lf %lf", &number, &values[0], &values[1], &values[2],
               &values[3]) == 5 &&
        number >= 1 && number <= NIST_PARAMETERS) {
        data->starts[0][number - 1] = values[0];
        data->starts[1][number - 1] = values[1];
        data->certified[number - 1] = values[2];
        data->deviations[number - 1] = values[3];
    }
}

static void read_row(const nist_set *set, const char *line, nist_data *data)
{
    double y, x[2] = {0};
    if (sscanf(line, "%lf %lf %lf", &y, &x[0], &x[1]) == 1 + set->columns &&
        data->rows < NIST_ROWS) {
        data->targets[data->rows] = set->log_response ? log(y) : y;
        memcpy(data->cells + data->rows * set->columns, x, (size_t)set->columns * sizeof *x);
        data->rows++;
    }
}

bool nist_read(const nist_set *set, nist_data *data)
{
    char path[128], line[256];
    memset(data, 0, sizeof *data);
    snprintf(path, sizeof path, "../shared/data/nist/%s.dat", set->name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    bool in_rows = false;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *label = "Residual Sum of Squares:";
        read_parameter(line, data);
        if (strncmp(line, label, strlen(label)) == 0) {
            data->squares = strtod(line + strlen(label), NULL);
        }
        if (in_rows) {
            read_row(set, line, data);
        }
        in_rows = in_rows || (strncmp(line, "Data:", 5) == 0 && strchr(line, 'y') != NULL &&
                              strchr(line, '(') == NULL);
    }
    fclose(file);
    return data->rows > 0;
}

gd_formula *nist_formula(const nist_set *set, const nist_data *data, int start)
{
    gd_formula_parameter parameters[NIST_PARAMETERS];
    gd_formula *formula;
    gd_error error = {0};
    for (int i = 0; i < set->parameters; i++) {
        parameters[i] = (gd_formula_parameter){
            .start = data->starts[start][i], .minimum = -INFINITY, .maximum = INFINITY};
        snprintf(parameters[i].name, sizeof parameters[i].name, "b%d", i + 1);
    }
    gd_formula_options options = {set->formula, parameters, set->parameters, true};
    cr_assert_eq(gd_formula_create(&formula, &options, &error), GD_OK, "%s: %s", set->name,
                 error.message);
    return formula;
}

double nist_digits(const nist_set *set, const nist_data *data, const double *parameters)
{
    double largest = 1e-11;
    for (int i = 0; i < set->parameters; i++) {
        double error = fabs(parameters[i] - data->certified[i]) / fabs(data->certified[i]);
        largest = error > largest || isnan(error) ? error : largest;
    }
    return largest < 1 ? -log10(largest) : 0;
}
