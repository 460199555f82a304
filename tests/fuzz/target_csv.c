/*
 * target_csv.c: any bytes as a CSV file. The first byte chooses header, delimiter and names and whether
 * the file is also read while it still arrives in pieces, which must come to the same; the rest is the
 * file. What is accepted opens as a frame whose cells are those of its columns.
 */
#include "fuzz/tables.h"

#include <descent/csv.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gd_csv_options choose(uint8_t choice)
{
    static const char delimiters[] = {'\0', ',', ';', '\t'};
    static const char *const names[] = {"a", "b", "c"};
    gd_csv_options options = gd_csv_options_default();
    options.header = (gd_csv_header)(choice % 3);
    options.delimiter = delimiters[choice / 3 % 4];
    if (choice / 12 % 4 == 1) {
        options.names = names;
        options.name_count = 3;
    }
    return options;
}

/* A file of which some bytes come each time the reader asks. */
typedef struct arrival {
    int file;
    const uint8_t *bytes;
    size_t length, there, piece;
} arrival;

static gd_csv_arrival wait_for_more(void *context, int64_t offset)
{
    arrival *own = context;
    FUZZ_REQUIRE(offset >= 0 && (size_t)offset <= own->length);
    if (own->there == own->length)
        return GD_CSV_COMPLETE;
    size_t piece = own->length - own->there;
    piece = piece < own->piece ? piece : own->piece;
    FUZZ_REQUIRE(pwrite(own->file, own->bytes + own->there, piece, (off_t)own->there) ==
                 (ssize_t)piece);
    own->there += piece;
    return GD_CSV_MORE;
}

static void expect_same_in_pieces(gd_csv_options options, const uint8_t *bytes, size_t length,
                                  gd_status status, int output)
{
    gd_csv_report report = {0};
    gd_error error = {0};
    int copy = fuzz_file("", 0);
    arrival growing = {fuzz_file("", 0), bytes, length, 0, length / 7 + 1};
    options.wait = wait_for_more;
    options.wait_context = &growing;
    FUZZ_REQUIRE(gd_csv_to_frame_file(growing.file, copy, &options, &report, &error) == status);
    if (status == GD_OK) {
        size_t whole_length = 0, copy_length = 0;
        uint8_t *whole = fuzz_file_bytes(output, &whole_length);
        uint8_t *pieces = fuzz_file_bytes(copy, &copy_length);
        FUZZ_REQUIRE(whole_length == copy_length && memcmp(whole, pieces, copy_length) == 0);
        free(whole);
        free(pieces);
    }
    close(growing.file);
    close(copy);
}

void fuzz_csv(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    gd_csv_options options = choose(bytes[0]);
    gd_csv_report report = {0};
    gd_error error = {0};
    int input = fuzz_file(bytes + 1, length - 1), output = fuzz_file("", 0);
    gd_status status = gd_csv_to_frame_file(input, output, &options, &report, &error);
    fuzz_expect_read(status, &error, output, report.rows, report.columns);
    if (bytes[0] / 48 % 2 == 1)
        expect_same_in_pieces(options, bytes + 1, length - 1, status, output);
    close(input);
    close(output);
}
