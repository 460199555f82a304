/*
 * together.c: the stochastic steps of a linear model many at a time, without a call for each.
 *
 * Only steps of which nothing is wanted but their update go together: the first and the last of an
 * epoch, those that become points and those that end training are taken one by one. The parameters are
 * worked on in the free block. A loss or gradient that is not finite leaves a sum or a parameter that
 * is not; then the block is dropped, and single steps find where it began.
 */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* Single steps between them look at the clock. */
#define STEPS_TOGETHER ((int64_t)255)

bool gdi_goes_together(const gd_trainer_setup *setup, const gdi_direct *direct)
{
    const gd_sgd_options *sgd = &setup->optimizer.of.sgd;
    return direct->kind == GDI_DIRECT_EXAMPLE && setup->optimizer.type == GD_OPTIMIZER_SGD &&
           !(sgd->momentum > 0) && !(sgd->weight_decay > 0) &&
           setup->schedule.type == GD_SCHEDULE_CONSTANT && setup->training.clip == GD_CLIP_NONE &&
           !(setup->training.gradient_tolerance > 0) && setup->examples.source == NULL &&
           setup->examples.sparse == NULL;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Steps from here on of which nothing is wanted but their update. */
static int64_t plain_steps(const gd_trainer *trainer)
{
    const gd_training_options *options = &trainer->setup.training;
    const gdi_batcher *batcher = &trainer->batcher;
    const int64_t own = gdi_own_step(trainer);
    if (!trainer->goes_together || batcher->position == 0 || trainer->validating ||
        trainer->range_test.running || gdi_order_is_windowed(&batcher->order) ||
        own < trainer->setup.schedule.warmup_steps) {
        return 0;
    }
    const int64_t recorded = options->record_every - trainer->progress.step % options->record_every;
    const int64_t left = smaller(options->steps - own, batcher->batches - batcher->position);
    return smaller(smaller(recorded, left) - 1, STEPS_TOGETHER);
}

static gdi_descent describe(const gd_trainer *trainer, int64_t steps)
{
    const gdi_batcher *batcher = &trainer->batcher;
    const gd_examples *examples = &batcher->examples;
    const size_t feature_stride = (size_t)gdi_feature_stride(examples);
    const size_t target_stride = (size_t)gdi_target_stride(examples);
    const size_t first = batcher->shuffled ? 0 : (size_t)batcher->position;
    return (gdi_descent){
        .features = examples->features + first * feature_stride,
        .targets = examples->targets + first * target_stride,
        .feature_stride = feature_stride,
        .target_stride = target_stride,
        .order = batcher->shuffled ? batcher->order.members + batcher->position : NULL,
        .steps = (size_t)steps,
        .known = (size_t)(batcher->batches - batcher->position),
        .inputs = trainer->direct.inputs,
        .rate = (gd_real)gd_schedule_rate(&trainer->setup.schedule, trainer->schedule.learning_rate,
                                          gdi_own_step(trainer), trainer->setup.training.steps,
                                          batcher->batches),
        .loss = trainer->loss->evaluate,
        .loss_options = &trainer->setup.loss,
    };
}

int64_t gdi_take_steps_together(gd_trainer *trainer, int64_t most)
{
    const gdi_direct *direct = &trainer->direct;
    const int64_t steps = smaller(plain_steps(trainer), most);
    if (steps < 2) {
        return 0;
    }
    const int next = gdi_free_block(trainer);
    gd_real *result = trainer->blocks[next];
    double sums[] = {trainer->since_point.sum, trainer->since_epoch.sum};
    const gdi_descent descent = describe(trainer, steps);
    memcpy(result, gdi_parameters(trainer), trainer->parameter_count * sizeof *result);
    if (!trainer->kernels->descend(&descent, result + direct->weight,
                                   direct->has_bias ? result + direct->bias : NULL, sums) ||
        !isfinite(sums[0]) || !isfinite(sums[1]) ||
        !trainer->kernels->all_finite(result, trainer->parameter_count)) {
        return 0;
    }
    trainer->current = next;
    trainer->since_point = (gdi_loss_sum){sums[0], trainer->since_point.rows + steps};
    trainer->since_epoch = (gdi_loss_sum){sums[1], trainer->since_epoch.rows + steps};
    trainer->progress.step += steps;
    trainer->progress.samples += steps;
    trainer->batcher.position += steps;
    return steps;
}
