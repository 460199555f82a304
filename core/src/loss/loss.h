/*
 * loss.h: what the files of this folder share: the functions behind the table, and the loop of the
 * losses that are a mean over elements.
 */
#ifndef DESCENT_LOSS_LOSS_H
#define DESCENT_LOSS_LOSS_H

#include <descent/loss.h>

double gdi_mse(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
               int64_t rows, int64_t width, gd_real *gradient);
double gdi_binary_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                                const gd_real *targets, int64_t rows, int64_t width,
                                gd_real *gradient);
double gdi_cross_entropy(const gd_loss_options *options, const gd_real *outputs,
                         const gd_real *targets, int64_t rows, int64_t width, gd_real *gradient);

double gdi_mae(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
               int64_t rows, int64_t width, gd_real *gradient);
double gdi_huber(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                 int64_t rows, int64_t width, gd_real *gradient);
double gdi_hinge(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                 int64_t rows, int64_t width, gd_real *gradient);
double gdi_poisson(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                   int64_t rows, int64_t width, gd_real *gradient);
double gdi_quantile(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                    int64_t rows, int64_t width, gd_real *gradient);

double gdi_output(const gd_loss_options *options, const gd_real *outputs, const gd_real *targets,
                  int64_t rows, int64_t width, gd_real *gradient);

/* Classes that outputs of this width tell apart. */
static inline int64_t gdi_class_count(int64_t width)
{
    return width > 1 ? width : 2;
}

/* The class a target cell stands for, or -1 where it is none of 0 … classes-1. */
int64_t gdi_class_index(gd_real target, int64_t classes);

/* One element's share of the loss and its derivative by the output. */
typedef struct gdi_term {
    double value, slope;
} gdi_term;

/* Mean of `term` over all elements; a constant `term` is inlined into the loop. */
static inline double gdi_mean_of_terms(gdi_term (*term)(const gd_loss_options *options, double z,
                                                        double y),
                                       const gd_loss_options *options, const gd_real *outputs,
                                       const gd_real *targets, int64_t rows, int64_t width,
                                       gd_real *gradient)
{
    const size_t count = (size_t)rows * (size_t)width;
    const double share = 1.0 / (double)count;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        const gdi_term element = term(options, (double)outputs[i], (double)targets[i]);
        sum += element.value;
        if (gradient != NULL) {
            gradient[i] = (gd_real)(element.slope * share);
        }
    }
    return sum * share;
}

#endif
