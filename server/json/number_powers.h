/*
 * Powers of ten as 128-bit significands, the one table the number writer needs. It is constant
 * data: the unit test recomputes every entry with exact integer arithmetic.
 *
 *   entry(k) = ceil(10^k / 2^(floor(log2(10^k)) - 127)),  so 2^127 <= entry(k) < 2^128
 */
#ifndef JSON_NUMBER_POWERS_H
#define JSON_NUMBER_POWERS_H

#include <stdint.h>

#define JSON_POWER_FIRST (-292)
#define JSON_POWER_LAST  324
#define JSON_POWER_COUNT (JSON_POWER_LAST - JSON_POWER_FIRST + 1)

typedef struct json_power {
    uint64_t high;
    uint64_t low;
} json_power;

/* json_powers[k - JSON_POWER_FIRST] is entry(k). */
extern const json_power json_powers[JSON_POWER_COUNT];

#endif
