/*
 * target_curve.c: stored chunks of curves, raw or as edits of a whole one. What is taken encodes
 * again to points that are taken again.
 */
#include "fuzz/fuzz.h"

#include "jobs/curve.h"
#include "store/store.h"

#include <math.h>
#include <stdlib.h>

static void fill(jobs_curve *curve)
{
    double norms[2];
    FUZZ_REQUIRE(jobs_curve_init(curve, 2, 1) == GD_OK);
    for (int i = 0; i < 20; i++) {
        norms[0] = i;
        norms[1] = 1.5;
        gd_point point = {.sequence = i + 1,
                          .step = 3 * i + 3,
                          .epoch = i / 7.0,
                          .seconds = i * 0.01,
                          .loss = i == 19 ? (double)NAN : 1.0 / (i + 1),
                          .has_validation_loss = i % 5 == 0,
                          .validation_loss = 2,
                          .learning_rate = 0.01,
                          .gradient_norm = 3.0 / (i + 1),
                          .update_ratio = GD_NOT_MEASURED,
                          .layer_gradient_norms = norms,
                          .layer_count = 2};
        FUZZ_REQUIRE(jobs_curve_append(curve, &point) == GD_OK);
    }
}

static void encode(const jobs_curve *curve, gd_buffer *buffer)
{
    gd_buffer_init(buffer, (size_t)1 << 26);
    jobs_curve_encode(curve, 0, curve->count, buffer);
    FUZZ_REQUIRE(buffer->status == GD_OK);
}

static void expect_taken_again(const jobs_curve *curve)
{
    gd_buffer buffer;
    jobs_curve again;
    encode(curve, &buffer);
    FUZZ_REQUIRE(jobs_curve_init(&again, 0, 1) == GD_OK);
    FUZZ_REQUIRE(jobs_curve_decode(&again, 1, buffer.bytes, buffer.length) == GD_OK);
    FUZZ_REQUIRE(again.count == curve->count && again.layer_count == curve->layer_count);
    gd_buffer_dispose(&buffer);
    jobs_curve_dispose(&again);
}

void fuzz_curve(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    size_t size = length - 1;
    uint8_t *edited = NULL;
    jobs_curve curve;
    if (bytes[0] % 2 == 1) {
        gd_buffer buffer;
        fill(&curve);
        encode(&curve, &buffer);
        edited = fuzz_edit(buffer.bytes, buffer.length, bytes + 1, length - 1, &size);
        gd_buffer_dispose(&buffer);
        jobs_curve_dispose(&curve);
    }
    FUZZ_REQUIRE(jobs_curve_init(&curve, 0, 1) == GD_OK);
    gd_status status = jobs_curve_decode(&curve, 1, edited != NULL ? edited : bytes + 1, size);
    FUZZ_REQUIRE(status == GD_OK || status == GD_CORRUPT);
    FUZZ_REQUIRE(curve.count >= 0 && curve.count <= STORE_CHUNK_POINTS);
    if (status == GD_OK && curve.count > 0)
        expect_taken_again(&curve);
    jobs_curve_dispose(&curve);
    free(edited);
}
