/*
 * target_libsvm.c: any bytes as a LIBSVM file. The first byte, where it is not zero, is the number of
 * features, beyond which an index is refused. What is accepted opens with a matrix that is in order.
 */
#include "fuzz/tables.h"

#include <descent/libsvm.h>

#include <unistd.h>

static void expect_matrix(int output, const gd_libsvm_report *report)
{
    gd_frame *frame = NULL;
    FUZZ_REQUIRE(fuzz_open_frame(&frame, output) == GD_OK);
    const gd_sparse_matrix *matrix = gd_frame_sparse(frame);
    FUZZ_REQUIRE(matrix != NULL && gd_sparse_check(matrix, NULL) != GD_CORRUPT);
    FUZZ_REQUIRE(matrix->row_count == report->rows && matrix->width == report->width);
    FUZZ_REQUIRE(matrix->non_zeros == report->non_zeros);
    gd_frame_destroy(frame);
}

void fuzz_libsvm(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    gd_libsvm_report report = {0}, checked = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes + 1, length - 1), output = fuzz_file("", 0);
    gd_status status = gd_libsvm_to_frame_file(input, output, bytes[0], &report, &error);
    FUZZ_REQUIRE(gd_libsvm_check(bytes + 1, length - 1, bytes[0], &checked, NULL) == status);
    if (status == GD_OK)
        expect_matrix(output, &report);
    else
        FUZZ_REQUIRE(error.message[0] != '\0');
    close(input);
    close(output);
}
