/*
 * Recomputes each entry of the table of powers with exact integers of 2,304 bits: 10^k is built by
 * multiplication, its inverse by long division of a power of two.
 */
#include "json/number_powers.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

enum {
    LIMBS = 72
}; /* of 32 bits, lowest first */

typedef struct big {
    uint32_t limb[LIMBS];
} big;

static void multiply_by_ten(big *number)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (uint64_t)number->limb[i] * 10;
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static int bit_length(const big *number)
{
    for (int i = LIMBS - 1; i >= 0; i--) {
        if (number->limb[i] != 0) {
            return 32 * i + 32 - __builtin_clz(number->limb[i]);
        }
    }
    return 0;
}

static bool bit(const big *number, int index)
{
    return index >= 0 && (number->limb[index / 32] >> (index % 32) & 1) != 0;
}

/* The 128 highest bits, rounded up. */
static json_power top_rounded_up(const big *number)
{
    json_power power = {0, 0};
    const int length = bit_length(number);
    for (int i = 0; i < 128; i++) {
        power.high = power.high << 1 | power.low >> 63;
        power.low = power.low << 1 | bit(number, length - 1 - i);
    }
    bool rest = false;
    for (int i = length - 129; i >= 0; i--) {
        rest = rest || bit(number, i);
    }
    power.low += rest;
    power.high += rest && power.low == 0;
    return power;
}

static bool at_least(const big *a, const big *b)
{
    for (size_t i = LIMBS; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] > b->limb[i];
        }
    }
    return true;
}

static void shift_left_once(big *number)
{
    uint32_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        const uint32_t next = number->limb[i] >> 31;
        number->limb[i] = number->limb[i] << 1 | carry;
        carry = next;
    }
}

static void subtract(big *a, const big *b)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        const uint64_t difference = (uint64_t)a->limb[i] - b->limb[i] - borrow;
        a->limb[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

/* The 128 highest bits of 1 / divisor, rounded up: long division, bit by bit. A power of ten above
 * one never divides a power of two, so there is always a remainder. */
static json_power inverse_rounded_up(const big *divisor)
{
    json_power power = {0, 0};
    big rest = {.limb = {1}};
    while (power.high >> 63 == 0) {
        shift_left_once(&rest);
        const bool one = at_least(&rest, divisor);
        if (one) {
            subtract(&rest, divisor);
        }
        power.high = power.high << 1 | power.low >> 63;
        power.low = power.low << 1 | one;
    }
    power.low++;
    power.high += power.low == 0;
    return power;
}

Test(json_number_powers, every_entry_is_the_exact_value_rounded_up)
{
    big power_of_ten = {.limb = {1}};
    for (int k = 0; k <= JSON_POWER_LAST; k++) {
        const json_power expected = top_rounded_up(&power_of_ten);
        const json_power *entry = &json_powers[k - JSON_POWER_FIRST];
        cr_assert_eq(entry->high, expected.high, "10^%d", k);
        cr_assert_eq(entry->low, expected.low, "10^%d", k);
        if (k > 0 && -k >= JSON_POWER_FIRST) {
            const json_power inverse = inverse_rounded_up(&power_of_ten);
            entry = &json_powers[-k - JSON_POWER_FIRST];
            cr_assert_eq(entry->high, inverse.high, "10^-%d", k);
            cr_assert_eq(entry->low, inverse.low, "10^-%d", k);
        }
        multiply_by_ten(&power_of_ten);
    }
}
