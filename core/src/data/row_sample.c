/*
 * row_sample.c: a hash set of row hashes that throws out half of itself when it is full. See
 * row_sample.h.
 */
#include "data/row_sample.h"

#include "base/memory.h"

#include <string.h>

#define SLOTS      GDI_BUFFER_SIZE((size_t)1 << 17)
#define USED_LIMIT (SLOTS / 2)
#define MULTIPLIER 0x9e3779b97f4a7c15U

bool gdi_row_sample_begin(gdi_row_sample *sample)
{
    *sample = (gdi_row_sample){.slots = gdi_allocate(SLOTS, sizeof *sample->slots)};
    return sample->slots != NULL;
}

void gdi_row_sample_dispose(gdi_row_sample *sample)
{
    gdi_free(sample->slots);
    sample->slots = NULL;
}

static inline uint64_t mix(uint64_t left, uint64_t right)
{
    unsigned __int128 product = (unsigned __int128)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Four chains, so that one multiplication need not wait for the one before. Never 0. */
static uint64_t hash_row(const double *cells, size_t columns)
{
    uint64_t chains[4] = {0x243f6a8885a308d3U, 0x13198a2e03707344U, 0xa4093822299f31d0U,
                          0x082efa98ec4e6c89U};
    for (size_t i = 0; i < columns; i++) {
        double cell = cells[i] + 0.0;
        uint64_t bits = 0;
        memcpy(&bits, &cell, sizeof bits);
        bits = cell == cell ? bits : 0x7ff8000000000000U;
        chains[i & 3U] = mix(chains[i & 3U] ^ bits, MULTIPLIER);
    }
    uint64_t hash =
        mix(mix(chains[0] ^ MULTIPLIER, chains[1]), mix(chains[2] ^ MULTIPLIER, chains[3]));
    return hash == 0 ? 1U << 31 : hash;
}

static inline bool is_kept(const gdi_row_sample *sample, uint64_t hash)
{
    return (hash & (((uint64_t)1 << sample->zeros) - 1)) == 0;
}

/* The slot that holds the hash, or the empty one where it belongs. */
static gdi_row_slot *find(gdi_row_slot *slots, uint64_t hash)
{
    size_t slot = (size_t)(hash >> 32) & (SLOTS - 1);
    while (slots[slot].hash != 0 && slots[slot].hash != hash) {
        slot = (slot + 1) & (SLOTS - 1);
    }
    return &slots[slot];
}

/* Throws out every hash whose next low bit is set, with its copies. */
static bool thin(gdi_row_sample *sample)
{
    gdi_row_slot *slots = gdi_allocate(SLOTS, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    sample->zeros++;
    sample->used = 0;
    sample->repeated = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const gdi_row_slot *old = &sample->slots[i];
        if (old->hash != 0 && is_kept(sample, old->hash)) {
            *find(slots, old->hash) = *old;
            sample->used++;
            sample->repeated += (int64_t)old->copies;
        }
    }
    gdi_free(sample->slots);
    sample->slots = slots;
    return true;
}

bool gdi_row_sample_add(gdi_row_sample *sample, const double *cells, int64_t rows, int64_t columns)
{
    for (int64_t row = 0; row < rows; row++) {
        uint64_t hash = hash_row(cells + (size_t)row * (size_t)columns, (size_t)columns);
        if (!is_kept(sample, hash)) {
            continue;
        }
        gdi_row_slot *slot = find(sample->slots, hash);
        if (slot->hash == hash) {
            slot->copies++;
            sample->repeated++;
            continue;
        }
        *slot = (gdi_row_slot){.hash = hash};
        sample->used++;
        if (sample->used > USED_LIMIT && !thin(sample)) {
            return false;
        }
    }
    return true;
}

int64_t gdi_row_sample_repeated(const gdi_row_sample *sample, bool *exact)
{
    *exact = sample->zeros == 0;
    return sample->repeated << sample->zeros;
}
