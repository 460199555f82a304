/*
 * test_memory.c: blocks are zero, aligned and refused on overflow.
 */
#include "base/memory.h"

#include <criterion/criterion.h>
#include <string.h>

Test(base_memory, products_that_overflow_are_refused)
{
    size_t product = 0;
    cr_assert(gdi_size_multiply(6, 7, &product));
    cr_assert_eq(product, 42);
    cr_assert(gdi_size_multiply(0, SIZE_MAX, &product));
    cr_assert_eq(product, 0);
    cr_assert(gdi_size_multiply(SIZE_MAX, 1, &product));
    cr_assert_not(gdi_size_multiply(SIZE_MAX / 2 + 1, 2, &product));
}

Test(base_memory, blocks_are_zero_and_aligned)
{
    for (size_t count = 0; count < 200; count += 7) {
        unsigned char *block = gdi_allocate(count, 3);
        cr_assert_not_null(block);
        cr_assert_eq((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < count * 3; i++) {
            cr_assert_eq(block[i], 0);
        }
        memset(block, 255, count * 3);
        gdi_free(block);
    }
}

Test(base_memory, impossible_sizes_give_null)
{
    cr_assert_null(gdi_allocate(SIZE_MAX, 2));
    cr_assert_null(gdi_allocate(SIZE_MAX, 1));
    cr_assert_null(gdi_allocate(SIZE_MAX / 2, 8));
    gdi_free(NULL);
}

Test(base_memory, texts_are_copied)
{
    char *copy = gdi_duplicate_text("sepal length");
    cr_assert_str_eq(copy, "sepal length");
    gdi_free(copy);
}
