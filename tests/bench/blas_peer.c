/*
 * blas_peer.c: products of OpenBLAS, loaded by name, by the protocol of protocol.h.
 *
 * Whoever starts it sets OPENBLAS_CORETYPE, for a library that does not know the processor takes its
 * slowest kernels, and LD_LIBRARY_PATH where the library stands apart.
 */
#include "bench/protocol.h"

#include <dlfcn.h>
#include <stdlib.h>

/* cblas_sgemm of CBLAS's reference interface: order, transpositions, sizes, alpha, a, b, beta, c. */
typedef void sgemm_function(int order, int left, int right, int rows, int columns, int inner,
                            float alpha, const float *a, int a_stride, const float *b, int b_stride,
                            float beta, float *c, int c_stride);

enum {
    ROW_MAJOR = 101,
    PLAIN = 111,
    TRANSPOSED = 112
};

static sgemm_function *sgemm;

static double measure(const char *name, double seconds)
{
    protocol_product it;
    if (sgemm == NULL || !protocol_read_product(name, &it)) {
        return -1;
    }
    float *left = protocol_numbers(it.rows * it.inner);
    float *right = protocol_numbers(it.inner * it.columns);
    float *result = protocol_numbers(it.rows * it.columns);
    double calls = 0, start = 0, now = 0;
    if (left != NULL && right != NULL && result != NULL) {
        double operations = 2.0 * (double)it.rows * (double)it.columns * (double)it.inner;
        int burst = operations > 1e8 ? 1 : (int)(1e8 / operations) + 1;
        for (start = now = protocol_processor_time(); now - start < seconds;) {
            for (int i = 0; i < burst; i++) {
                sgemm(ROW_MAJOR, it.left_transposed ? TRANSPOSED : PLAIN,
                      it.right_transposed ? TRANSPOSED : PLAIN, (int)it.rows, (int)it.columns,
                      (int)it.inner, 1, left, (int)(it.left_transposed ? it.rows : it.inner), right,
                      (int)(it.right_transposed ? it.inner : it.columns), 0, result,
                      (int)it.columns);
            }
            calls += burst;
            now = protocol_processor_time();
        }
        calls *= operations;
    }
    free(left);
    free(right);
    free(result);
    return now > start ? calls / (now - start) : -1;
}

int main(void)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (library != NULL) {
        *(void **)&sgemm = dlsym(library, "cblas_sgemm");
    }
    return protocol_answer(measure);
}
