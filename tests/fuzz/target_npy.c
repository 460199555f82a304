/*
 * target_npy.c: any bytes as an NPY file.
 */
#include "fuzz/tables.h"

#include <descent/npy.h>

#include <unistd.h>

void fuzz_npy(const uint8_t *bytes, size_t length)
{
    gd_npy_report report = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes, length), output = fuzz_file("", 0);
    gd_status status = gd_npy_to_frame_file(input, output, &report, &error);
    fuzz_expect_read(status, &error, output, report.rows, report.columns);
    close(input);
    close(output);
}
