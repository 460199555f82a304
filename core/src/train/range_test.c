/*
 * range_test.c: finding a learning rate by trying many (Smith 2017, "Cyclical learning rates").
 *
 * Before the first update a trial run goes through rising rates, one update each, from the first
 * parameters and on the training's own batches; it ends once the smoothed loss has grown far beyond
 * its minimum or a number is not finite. The rate chosen lies a factor below the one at the minimum.
 * The trial keeps the first parameters apart and everything else begins anew after it, so that a
 * training saved in the middle of it does it again, to the same rate.
 */
#include "train/trainer.h"

#include "optim/clip.h"

#include <math.h>

#define FIRST_RATE 1e-6
#define LAST_RATE  10.0
#define SMOOTHING  0.8  /* share of the mean that is kept each update */
#define GROWTH     4.0  /* of the smoothed loss over its minimum, after which the trial ends */
#define MARGIN     10.0 /* from the rate at the minimum to the one chosen */

void gdi_range_test_begin(gd_trainer *trainer)
{
    gdi_range_test *test = &trainer->range_test;
    test->running = gdi_is_rate_automatic(trainer) && !(test->chosen > 0);
    test->ready = false;
    test->block = trainer->current;
    test->result = (gd_range_test){.count = 0};
    test->mean = test->weight = test->minimum = test->rate_at_minimum = 0;
}

static double rate_of(int64_t index)
{
    double share = (double)index / (GD_RANGE_TEST_STEPS - 1);
    return FIRST_RATE * pow(LAST_RATE / FIRST_RATE, share);
}

/* Takes note of the loss before the update with `rate`; false where it has grown too far. */
static bool observe(gdi_range_test *test, double rate, double loss)
{
    gd_range_test *result = &test->result;
    result->rates[result->count] = rate;
    result->losses[result->count++] = loss;
    test->mean = SMOOTHING * test->mean + (1 - SMOOTHING) * loss;
    test->weight = SMOOTHING * test->weight + (1 - SMOOTHING);
    double smoothed = test->mean / test->weight;
    if (result->count == 1 || smoothed < test->minimum) {
        test->minimum = smoothed;
        test->rate_at_minimum = rate;
    }
    return smoothed <= test->minimum + (GROWTH - 1) * fabs(test->minimum);
}

/* The block that holds neither the first parameters nor those of the trial. */
static int other_block(const gd_trainer *trainer)
{
    int block = 0;
    while (block == trainer->current || block == trainer->range_test.block) {
        block++;
    }
    return block;
}

/* One update of the trial; how it ended, or GD_RANGE_TEST_RUNNING. */
static gd_range_test_end try_rate(gd_trainer *trainer)
{
    gdi_range_test *test = &trainer->range_test;
    gdi_step step = {
        .batch = gdi_batcher_take(&trainer->batcher),
        .number = test->result.count + 1,
        .own_number = test->result.count + 1,
        .learning_rate = rate_of(test->result.count),
    };
    const gd_real *parameters = trainer->blocks[test->block];
    step.loss =
        gdi_evaluate(trainer, &step.batch, parameters, &trainer->dropout, trainer->gradients, NULL);
    if (!isfinite(step.loss)) {
        return GD_RANGE_TEST_NON_FINITE;
    }
    if (!observe(test, step.learning_rate, step.loss)) {
        return GD_RANGE_TEST_GREW;
    }
    step.gradient_norm =
        gdi_norm(trainer->pool, trainer->kernels, trainer->gradients, trainer->trained_count);
    if (!isfinite(step.gradient_norm)) {
        return GD_RANGE_TEST_NON_FINITE;
    }
    gdi_clip(trainer, step.gradient_norm);
    int next = other_block(trainer);
    const bool finite = gdi_update(trainer, &step, NULL, parameters, trainer->blocks[next], NULL);
    test->block = next;
    (void)gdi_batcher_advance(&trainer->batcher);
    if (!finite) {
        return GD_RANGE_TEST_NON_FINITE;
    }
    return test->result.count == GD_RANGE_TEST_STEPS ? GD_RANGE_TEST_WHOLE : GD_RANGE_TEST_RUNNING;
}

static double choose(const gd_trainer *trainer)
{
    const gdi_range_test *test = &trainer->range_test;
    if (test->result.count < 2) {
        return trainer->optimizer->fields.fields[0].default_value;
    }
    return fmax(test->rate_at_minimum / MARGIN, FIRST_RATE);
}

void gdi_range_test_advance(gd_trainer *trainer)
{
    gdi_range_test *test = &trainer->range_test;
    if (test->result.count == 0) {
        gdi_reset(trainer); /* a state saved in the middle has the trial's moments */
    }
    test->result.end = try_rate(trainer);
    if (test->result.end == GD_RANGE_TEST_RUNNING) {
        return;
    }
    test->running = false;
    test->ready = true;
    test->chosen = test->result.learning_rate = choose(trainer);
    gdi_reset(trainer);
}

bool gdi_is_rate_automatic(const gd_trainer *trainer)
{
    return trainer->setup.optimizer.learning_rate == GD_AUTOMATIC_NUMBER;
}

double gdi_base_rate(const gd_trainer *trainer)
{
    return gdi_is_rate_automatic(trainer) ? trainer->range_test.chosen
                                          : trainer->setup.optimizer.learning_rate;
}
