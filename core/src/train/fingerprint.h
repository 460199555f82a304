/*
 * fingerprint.h: recognising a saved state as one of the same setup, and as undamaged.
 */
#ifndef DESCENT_TRAIN_FINGERPRINT_H
#define DESCENT_TRAIN_FINGERPRINT_H

#include <descent/training.h>

/*
 * Of model, loss, optimizer, schedule, training options but max_seconds, sizes of the examples, seed,
 * element type and byte order. The setup must be one that gdi_setup_check has passed.
 */
uint64_t gdi_fingerprint(const gd_trainer_setup *setup);

uint64_t gdi_checksum(const void *bytes, size_t length);

#endif
