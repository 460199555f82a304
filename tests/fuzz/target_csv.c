/*
 * target_csv.c: any bytes as a CSV file. The first byte chooses header and delimiter, the rest is the
 * file; what is accepted opens as a frame whose cells are those of its columns.
 */
#include "fuzz/tables.h"

#include <descent/csv.h>

#include <unistd.h>

void fuzz_csv(const uint8_t *bytes, size_t length)
{
    static const char delimiters[] = {'\0', ',', ';', '\t'};
    static const char *const names[] = {"a", "b", "c"};
    if (length == 0)
        return;
    gd_csv_options options = gd_csv_options_default();
    options.header = (gd_csv_header)(bytes[0] % 3);
    options.delimiter = delimiters[bytes[0] / 3 % 4];
    if (bytes[0] / 12 % 4 == 1) {
        options.names = names;
        options.name_count = 3;
    }
    gd_csv_report report = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes + 1, length - 1), output = fuzz_file("", 0);
    gd_status status = gd_csv_to_frame_file(input, output, &options, &report, &error);
    fuzz_expect_read(status, &error, output, report.rows, report.columns);
    close(input);
    close(output);
}
