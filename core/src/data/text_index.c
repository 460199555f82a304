/*
 * text_index.c: a set of distinct short texts with numbers. See text_index.h.
 *
 * Open addressing with linear probing over 32-bit entry numbers, at most half full; the hash of each
 * text is kept, so that a probe compares bytes only where all 64 bits agree. Texts lie in blocks
 * that double up to 64 KiB, so that neither many small nor few large sets waste memory.
 */
#include "data/text_index.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INITIAL_SLOTS   16U
#define INITIAL_BLOCK   256U
#define MAXIMUM_BLOCK   65536U
#define MAXIMUM_ENTRIES ((size_t)1 << 30)
#define EMPTY           UINT32_MAX
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15U

typedef struct text_entry {
    uint64_t hash;
    const char *text;
    size_t length;
    size_t number; /* before sorting */
} text_entry;

typedef struct text_block {
    struct text_block *next;
    char bytes[];
} text_block;

struct gdi_text_index {
    text_entry *entries;
    uint32_t *slots;
    size_t count, capacity, slot_count; /* slot_count is a power of two */
    text_block *blocks;
    size_t block_size, block_used;
};

/* The last bytes of a text, 1 to 7 of them, each in a place of its own. */
static inline uint64_t read_rest(const char *text, size_t length)
{
    if (length >= 4) {
        uint32_t first = 0, last = 0;
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
        return first | (uint64_t)last << 32;
    }
    const unsigned char *bytes = (const unsigned char *)text;
    return bytes[0] | (uint64_t)bytes[length / 2] << 8 | (uint64_t)bytes[length - 1] << 16;
}

/*
 * Eight bytes a step, mixed by multiplication and rotation. Every step can be undone, so that two
 * texts of the same length, of 8 bytes at most, have the same hash only where they are the same.
 */
static uint64_t hash_bytes(const char *text, size_t length)
{
    uint64_t hash = length * HASH_MULTIPLIER;
    while (length > 0) {
        uint64_t word = 0;
        size_t step = length < 8 ? length : 8;
        if (step == 8) {
            memcpy(&word, text, 8);
        } else {
            word = read_rest(text, length);
        }
        hash = (hash ^ word) * HASH_MULTIPLIER;
        hash ^= hash >> 29;
        text += step;
        length -= step;
    }
    hash *= HASH_MULTIPLIER;
    return hash ^ hash >> 32;
}

static void fill_slots(const gdi_text_index *index, uint32_t *slots, size_t slot_count)
{
    memset(slots, 0xff, slot_count * sizeof *slots);
    for (size_t i = 0; i < index->count; i++) {
        size_t slot = (size_t)index->entries[i].hash & (slot_count - 1);
        while (slots[slot] != EMPTY) {
            slot = (slot + 1) & (slot_count - 1);
        }
        slots[slot] = (uint32_t)i;
    }
}

gdi_text_index *gdi_text_index_create(void)
{
    gdi_text_index *index = gdi_allocate(1, sizeof *index);
    if (index == NULL) {
        return NULL;
    }
    index->slots = gdi_allocate(INITIAL_SLOTS, sizeof *index->slots);
    index->entries = gdi_allocate(INITIAL_SLOTS / 2, sizeof *index->entries);
    if (index->slots == NULL || index->entries == NULL) {
        gdi_text_index_destroy(index);
        return NULL;
    }
    index->slot_count = INITIAL_SLOTS;
    index->capacity = INITIAL_SLOTS / 2;
    fill_slots(index, index->slots, index->slot_count);
    return index;
}

void gdi_text_index_destroy(gdi_text_index *index)
{
    if (index == NULL) {
        return;
    }
    while (index->blocks != NULL) {
        text_block *next = index->blocks->next;
        gdi_free(index->blocks);
        index->blocks = next;
    }
    gdi_free(index->slots);
    gdi_free(index->entries);
    gdi_free(index);
}

/* Doubles entries and slots. */
static bool grow(gdi_text_index *index)
{
    size_t slot_count = index->slot_count * 2;
    if (slot_count / 2 > MAXIMUM_ENTRIES) {
        return false;
    }
    uint32_t *slots = gdi_allocate(slot_count, sizeof *slots);
    text_entry *entries = gdi_allocate(slot_count / 2, sizeof *entries);
    if (slots == NULL || entries == NULL) {
        gdi_free(slots);
        gdi_free(entries);
        return false;
    }
    memcpy(entries, index->entries, index->count * sizeof *entries);
    fill_slots(index, slots, slot_count);
    gdi_free(index->slots);
    gdi_free(index->entries);
    index->slots = slots;
    index->entries = entries;
    index->slot_count = slot_count;
    index->capacity = slot_count / 2;
    return true;
}

static const char *keep_text(gdi_text_index *index, const char *text, size_t length)
{
    if (index->blocks == NULL || index->block_size - index->block_used <= length) {
        size_t size = index->block_size == 0 ? INITIAL_BLOCK : index->block_size * 2;
        size = size > MAXIMUM_BLOCK ? MAXIMUM_BLOCK : size;
        size = size <= length ? length + 1 : size;
        text_block *block = gdi_allocate(1, sizeof *block + size);
        if (block == NULL) {
            return NULL;
        }
        block->next = index->blocks;
        index->blocks = block;
        index->block_size = size;
        index->block_used = 0;
    }
    char *copy = index->blocks->bytes + index->block_used;
    memcpy(copy, text, length);
    copy[length] = '\0';
    index->block_used += length + 1;
    return copy;
}

/* The slot that holds the text, or the empty one where it belongs. */
static size_t find_slot(const gdi_text_index *index, uint64_t hash, const char *text, size_t length)
{
    size_t slot = (size_t)hash & (index->slot_count - 1);
    for (; index->slots[slot] != EMPTY; slot = (slot + 1) & (index->slot_count - 1)) {
        const text_entry *entry = &index->entries[index->slots[slot]];
        if (entry->hash == hash && entry->length == length &&
            (length <= 8 || memcmp(entry->text, text, length) == 0)) {
            break;
        }
    }
    return slot;
}

int64_t gdi_text_index_add(gdi_text_index *index, const char *text, size_t length, int64_t maximum)
{
    uint64_t hash = hash_bytes(text, length);
    size_t slot = find_slot(index, hash, text, length);
    if (index->slots[slot] != EMPTY) {
        return (int64_t)index->slots[slot];
    }
    if ((int64_t)index->count >= maximum) {
        return -2;
    }
    if (index->count == index->capacity) {
        if (!grow(index)) {
            return -1;
        }
        slot = find_slot(index, hash, text, length);
    }
    const char *copy = keep_text(index, text, length);
    if (copy == NULL) {
        return -1;
    }
    index->entries[index->count] = (text_entry){hash, copy, length, index->count};
    index->slots[slot] = (uint32_t)index->count;
    return (int64_t)index->count++;
}

int64_t gdi_text_index_find(const gdi_text_index *index, const char *text, size_t length)
{
    size_t slot = find_slot(index, hash_bytes(text, length), text, length);
    return index->slots[slot] == EMPTY ? -1 : (int64_t)index->slots[slot];
}

int64_t gdi_text_index_count(const gdi_text_index *index)
{
    return (int64_t)index->count;
}

const char *gdi_text_index_text(const gdi_text_index *index, int64_t number)
{
    return index->entries[number].text;
}

static int compare_entries(const void *left, const void *right)
{
    return strcmp(((const text_entry *)left)->text, ((const text_entry *)right)->text);
}

void gdi_text_index_sort(gdi_text_index *index, int64_t *ranks)
{
    qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
    for (size_t i = 0; i < index->count; i++) {
        if (ranks != NULL) {
            ranks[index->entries[i].number] = (int64_t)i;
        }
        index->entries[i].number = i;
    }
    fill_slots(index, index->slots, index->slot_count);
}
