/*
 * test_buffer.c: what is written comes back, limits hold, damage is found and never read past.
 */
#include <descent/buffer.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(base_buffer, everything_comes_back)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 4096);
    gd_buffer_append_u8(&buffer, 200);
    gd_buffer_append_u64(&buffer, UINT64_MAX);
    gd_buffer_append_i64(&buffer, INT64_MIN);
    gd_buffer_append_f64(&buffer, -0.0);
    gd_buffer_append_f64(&buffer, 0.1);
    gd_buffer_append_f64(&buffer, INFINITY);
    gd_buffer_append_text(&buffer, "petal width");
    gd_buffer_append_text(&buffer, "");
    gd_buffer_append(&buffer, "xyz", 3);
    cr_assert_eq(buffer.status, GD_OK);
    cr_assert_eq(buffer.length, 1 + 5 * 8 + 8 + 11 + 8 + 3);

    gd_reader reader;
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    cr_assert_eq(gd_reader_u8(&reader), 200);
    cr_assert_eq(gd_reader_u64(&reader), UINT64_MAX);
    cr_assert_eq(gd_reader_i64(&reader), INT64_MIN);
    cr_assert(signbit(gd_reader_f64(&reader)));
    cr_assert_eq(gd_reader_f64(&reader), 0.1);
    cr_assert(isinf(gd_reader_f64(&reader)));
    char *text = gd_reader_text(&reader, 11);
    cr_assert_str_eq(text, "petal width");
    free(text);
    text = gd_reader_text(&reader, 0);
    cr_assert_str_eq(text, "");
    free(text);
    cr_assert_eq(gd_reader_remaining(&reader), 3);
    char rest[3];
    gd_reader_read(&reader, rest, 3);
    cr_assert_eq(memcmp(rest, "xyz", 3), 0);
    cr_assert_eq(gd_reader_remaining(&reader), 0);
    cr_assert_eq(reader.status, GD_OK);
    gd_buffer_dispose(&buffer);
}

Test(base_buffer, bytes_are_little_endian)
{
    static const unsigned char expected[] = {8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F};
    gd_buffer buffer;
    gd_buffer_init(&buffer, 16);
    gd_buffer_append_u64(&buffer, UINT64_C(0x0102030405060708));
    gd_buffer_append_f64(&buffer, 1.5);
    cr_assert_eq(buffer.length, sizeof expected);
    cr_assert_eq(memcmp(buffer.bytes, expected, sizeof expected), 0);
    gd_buffer_dispose(&buffer);
}

Test(base_buffer, grows_and_keeps)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 1u << 20);
    for (uint64_t i = 0; i < 100000; i++) {
        gd_buffer_append_u64(&buffer, i * i);
    }
    cr_assert_eq(buffer.status, GD_OK);
    cr_assert_leq(buffer.capacity, buffer.maximum);
    gd_reader reader;
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    for (uint64_t i = 0; i < 100000; i++) {
        cr_assert_eq(gd_reader_u64(&reader), i * i);
    }
    gd_buffer_dispose(&buffer);
    cr_assert_null(buffer.bytes);
    cr_assert_eq(buffer.length, 0);
}

Test(base_buffer, the_maximum_is_exact_and_failure_sticks)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 20);
    gd_buffer_append_u64(&buffer, 1);
    gd_buffer_append_u64(&buffer, 2);
    gd_buffer_append(&buffer, "abcd", 4);
    cr_assert_eq(buffer.status, GD_OK);
    cr_assert_eq(buffer.length, 20);
    gd_buffer_append_u8(&buffer, 9);
    cr_assert_eq(buffer.status, GD_TOO_LARGE);
    cr_assert_eq(buffer.length, 20);
    gd_buffer_append(&buffer, "", 0);
    cr_assert_eq(buffer.status, GD_TOO_LARGE);
    gd_buffer_dispose(&buffer);

    gd_buffer_init(&buffer, 10);
    gd_buffer_append_text(&buffer, "abc"); /* 11 bytes: all or nothing */
    cr_assert_eq(buffer.status, GD_TOO_LARGE);
    cr_assert_eq(buffer.length, 0);
    gd_buffer_append_u8(&buffer, 1); /* would fit, but comes after a failure */
    cr_assert_eq(buffer.length, 0);
    gd_buffer_dispose(&buffer);

    gd_buffer_init(&buffer, SIZE_MAX);
    gd_buffer_append_u8(&buffer, 1);
    gd_buffer_append(&buffer, "a", SIZE_MAX); /* the sum overflows; not a byte is read */
    cr_assert_eq(buffer.status, GD_TOO_LARGE);
    gd_buffer_dispose(&buffer);
}

Test(base_buffer, a_short_input_reads_as_zeros_and_is_corrupt)
{
    unsigned char *bytes = malloc(7); /* exact, for the address sanitizer */
    cr_assert_not_null(bytes);
    memset(bytes, 0xFF, 7);
    gd_reader reader;
    gd_reader_init(&reader, bytes, 7);
    cr_assert_eq(gd_reader_u64(&reader), 0);
    cr_assert_eq(reader.status, GD_CORRUPT);
    cr_assert_eq(gd_reader_u8(&reader), 0); /* sticky, though a byte is there */
    cr_assert_eq(gd_reader_f64(&reader), 0.0);
    char into[4] = "abc";
    gd_reader_read(&reader, into, 4);
    cr_assert_eq(memcmp(into, "\0\0\0\0", 4), 0);
    cr_assert_null(gd_reader_text(&reader, 100));
    free(bytes);

    gd_reader_init(&reader, NULL, 0);
    cr_assert_eq(reader.status, GD_OK);
    cr_assert_eq(gd_reader_remaining(&reader), 0);
    cr_assert_eq(gd_reader_u8(&reader), 0);
    cr_assert_eq(reader.status, GD_CORRUPT);
}

static gd_status status_of_text(uint64_t length, const char *bytes, size_t count, size_t maximum)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 1000);
    gd_buffer_append_u64(&buffer, length);
    gd_buffer_append(&buffer, bytes, count);
    gd_reader reader;
    gd_reader_init(&reader, buffer.bytes, buffer.length);
    char *text = gd_reader_text(&reader, maximum);
    cr_assert_eq(text == NULL, reader.status != GD_OK);
    free(text);
    gd_buffer_dispose(&buffer);
    return reader.status;
}

Test(base_buffer, damaged_texts_are_corrupt)
{
    cr_assert_eq(status_of_text(3, "abc", 3, 3), GD_OK);
    cr_assert_eq(status_of_text(3, "abc", 3, 2), GD_CORRUPT);
    cr_assert_eq(status_of_text(4, "abc", 3, 100), GD_CORRUPT);
    cr_assert_eq(status_of_text(UINT64_MAX, "abc", 3, SIZE_MAX), GD_CORRUPT);
    cr_assert_eq(status_of_text(3, "a\0c", 3, 100), GD_CORRUPT);
}

Test(base_buffer, every_cut_is_found)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 100);
    gd_buffer_append_u64(&buffer, 77);
    gd_buffer_append_text(&buffer, "abcdef");
    gd_buffer_append_f64(&buffer, 2.5);
    for (size_t length = 0; length <= buffer.length; length++) {
        gd_reader reader;
        gd_reader_init(&reader, buffer.bytes, length);
        (void)gd_reader_u64(&reader);
        free(gd_reader_text(&reader, 100));
        (void)gd_reader_f64(&reader);
        cr_assert_eq(reader.status == GD_OK, length == buffer.length);
    }
    gd_buffer_dispose(&buffer);
}
