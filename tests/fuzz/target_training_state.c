/*
 * target_training_state.c: a training's state with edits, by a checksum that is set right: either it
 * is refused, or the training goes on from it to an end or a failure that is told, and saves again.
 * The first byte chooses optimizer and options, the second how far the training was; edits follow.
 */
#include "fuzz/training.h"

#include "train/fingerprint.h"

#include <stdlib.h>
#include <string.h>

static void mend_checksum(uint8_t *bytes, size_t length)
{
    if (length < 32)
        return;
    uint64_t sum = gdi_checksum(bytes, length - 8);
    for (size_t i = 0; i < 8; i++)
        bytes[length - 8 + i] = (uint8_t)(sum >> (8 * i));
}

void fuzz_training_state(const uint8_t *bytes, size_t length)
{
    fuzz_training whole, edited;
    size_t valid_length = 0, size = 0, again_length = 0;
    if (length < 2)
        return;
    fuzz_training_begin(&whole, bytes[0]);
    fuzz_training_advance(&whole, bytes[1] % 64);
    uint8_t *valid = fuzz_training_save(&whole, &valid_length);
    uint8_t *state = fuzz_edit(valid, valid_length, bytes + 2, length - 2, &size);
    mend_checksum(state, size);
    fuzz_training_begin(&edited, bytes[0]);
    if (fuzz_training_load(&edited, state, size) == GD_OK) {
        fuzz_training_advance(&edited, 200);
        uint8_t *again = fuzz_training_save(&edited, &again_length);
        FUZZ_REQUIRE(again_length > 0);
        free(again);
    } else {
        FUZZ_REQUIRE(length > 2);
    }
    free(valid);
    free(state);
    fuzz_training_end(&whole);
    fuzz_training_end(&edited);
}
