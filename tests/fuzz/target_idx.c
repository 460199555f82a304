/*
 * target_idx.c: any bytes as an IDX file.
 */
#include "fuzz/tables.h"

#include <descent/idx.h>

#include <unistd.h>

void fuzz_idx(const uint8_t *bytes, size_t length)
{
    gd_idx_report report = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes, length), output = fuzz_file("", 0);
    gd_status status = gd_idx_to_frame_file(input, output, &report, &error);
    fuzz_expect_read(status, &error, output, report.rows, report.columns);
    close(input);
    close(output);
}
