/*
 * target_initial.c: stored copies of parameters a training starts from, raw or as edits of a whole
 * one. What is taken lies within the bytes and fits the network.
 */
#include "fuzz/training.h"

#include "jobs/warm_start.h"

#include <stdlib.h>
#include <string.h>

void fuzz_initial(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    fuzz_training training;
    fuzz_training_begin(&training, 0);
    size_t size = length - 1;
    uint8_t *copy = NULL;
    spec_warm_start source = {.job = "01234567-89ab-7cde-8f01-23456789abcd", .which = 1}, of;
    if (bytes[0] % 2 == 1) {
        gd_buffer buffer;
        gd_buffer_init(&buffer, (size_t)1 << 20);
        jobs_initial_write(&source, training.model, gd_trainer_parameters(training.trainer),
                           &buffer);
        FUZZ_REQUIRE(buffer.status == GD_OK);
        copy = fuzz_edit(buffer.bytes, buffer.length, bytes + 1, length - 1, &size);
        gd_buffer_dispose(&buffer);
    }
    const uint8_t *file = copy != NULL ? copy : bytes + 1;
    const void *parameters = NULL;
    if (jobs_initial_read(file, size, training.model, &of, &parameters, NULL) == GD_OK) {
        size_t block = gd_model_parameter_count(training.model) * sizeof(gd_real);
        const uint8_t *start = parameters;
        FUZZ_REQUIRE(start >= file && (size_t)(start - file) <= size - block);
        FUZZ_REQUIRE(memchr(of.job, '\0', sizeof of.job) != NULL);
    }
    free(copy);
    fuzz_training_end(&training);
}
