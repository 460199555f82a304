/*
 * training.h: a small training that targets save and load.
 */
#ifndef TESTS_FUZZ_TRAINING_H
#define TESTS_FUZZ_TRAINING_H

#include "fuzz/fuzz.h"

#include <descent/training.h>

#define FUZZ_ROWS 21

typedef struct fuzz_training {
    gd_real features[FUZZ_ROWS * 3], targets[FUZZ_ROWS];
    gd_model *model;
    gd_trainer *trainer;
} fuzz_training;

/* `choice` picks the optimizer, and further options by its higher bits. */
void fuzz_training_begin(fuzz_training *training, uint8_t choice);
void fuzz_training_end(fuzz_training *training);

/* Some calls of advance; failures are allowed. */
void fuzz_training_advance(fuzz_training *training, int calls);

/* What gd_trainer_save writes (free). */
uint8_t *fuzz_training_save(const fuzz_training *training, size_t *length);
gd_status fuzz_training_load(fuzz_training *training, const uint8_t *bytes, size_t length);

#endif
