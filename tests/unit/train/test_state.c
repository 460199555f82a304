/*
 * test_state.c: 100 steps are 50, save, a new trainer, load and 50 more, bit for bit, for every
 * optimizer; and no damaged or foreign state is taken.
 */
#include <criterion/criterion.h>

#include "support/training_run.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 70,
    VALIDATION_ROWS = 33
};

typedef struct problem {
    gd_real features[ROWS * 4], targets[ROWS];
    gd_real validation_features[VALIDATION_ROWS * 4], validation_targets[VALIDATION_ROWS];
    gd_model *model;
    gd_trainer_setup setup;
} problem;

static problem *begin_problem(gd_optimizer_type type)
{
    problem *p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    gd_examples examples = training_run_examples(p->features, p->targets, ROWS, 5);
    p->model = training_run_model((int64_t[]){4, 6, 1}, 3, 0.3);
    p->setup = training_run_setup(p->model, examples);
    p->setup.validation =
        training_run_examples(p->validation_features, p->validation_targets, VALIDATION_ROWS, 6);
    p->setup.optimizer = (gd_optimizer_options){.type = type};
    gd_fields_set_defaults(&gd_optimizer_descriptor_at(type)->fields, &p->setup.optimizer);
    p->setup.training.shuffle = true;
    p->setup.training.batch_size = 16; /* the last of five has six rows */
    p->setup.training.epochs = 20;
    p->setup.training.record_every = 3;
    p->setup.training.seed = UINT64_C(0x8000000000000001);
    p->setup.training.stop_early = true;
    p->setup.training.stop_patience = 1000;
    return p;
}

static void end_problem(problem *p)
{
    gd_model_destroy(p->model);
    free(p);
}

static gd_buffer save(const gd_trainer *trainer)
{
    gd_buffer buffer;
    gd_buffer_init(&buffer, 1 << 20);
    gd_trainer_save(trainer, &buffer);
    cr_assert_eq(buffer.status, GD_OK);
    return buffer;
}

static gd_status load(gd_trainer *trainer, const void *bytes, size_t length)
{
    gd_reader reader;
    gd_reader_init(&reader, bytes, length);
    gd_status status = gd_trainer_load(trainer, &reader, NULL);
    cr_assert(status != GD_OK || gd_reader_remaining(&reader) == 0);
    return status;
}

/* Trains whole, and again with a break after `calls` calls of advance; compares all there is. */
static void compare_with_break(const gd_trainer_setup *setup, int64_t calls, const char *name)
{
    training_run_curve whole = {0}, broken = {0};
    gd_trainer *straight = training_run_create(setup);
    cr_assert_eq(training_run_advance(straight, -1, &whole, NULL), GD_OK);
    gd_trainer *first = training_run_create(setup);
    cr_assert_eq(training_run_advance(first, calls, &broken, NULL), GD_OK);
    gd_buffer middle = save(first);
    gd_trainer_destroy(first);
    gd_trainer *second = training_run_create(setup);
    cr_assert_eq(load(second, middle.bytes, middle.length), GD_OK, "%s", name);
    gd_buffer again = save(second);
    cr_assert_eq(again.length, middle.length);
    cr_assert_eq(memcmp(again.bytes, middle.bytes, middle.length), 0, "%s", name);
    cr_assert_eq(training_run_advance(second, -1, &broken, NULL), GD_OK);
    cr_assert(training_run_same(&whole, &broken), "%s, break after %lld: other points", name,
              (long long)calls);
    gd_buffer end = save(straight), other_end = save(second);
    cr_assert_eq(end.length, other_end.length);
    cr_assert_eq(memcmp(end.bytes, other_end.bytes, end.length), 0, "%s: other state", name);
    cr_assert_eq(memcmp(gd_trainer_parameters(straight), gd_trainer_parameters(second),
                        gd_model_parameter_count(setup->model) * sizeof(gd_real)),
                 0, "%s: other parameters", name);
    gd_buffer_dispose(&middle);
    gd_buffer_dispose(&again);
    gd_buffer_dispose(&end);
    gd_buffer_dispose(&other_end);
    training_run_dispose(&whole);
    training_run_dispose(&broken);
    gd_trainer_destroy(straight);
    gd_trainer_destroy(second);
}

Test(train_state, every_optimizer_goes_on_as_if_nothing_had_been)
{
    for (int type = 0; type < GD_OPTIMIZER_TYPE_COUNT; type++) {
        problem *p = begin_problem((gd_optimizer_type)type);
        const char *name = gd_optimizer_descriptor_at((gd_optimizer_type)type)->name;
        if (type == GD_OPTIMIZER_SGD) {
            p->setup.optimizer.of.sgd.momentum = 0.9;
        }
        compare_with_break(&p->setup, 60, name); /* 50 steps and ten validations */
        compare_with_break(&p->setup, 63, name);
        end_problem(p);
    }
}

Test(train_state, any_break_will_do)
{
    problem *p = begin_problem(GD_OPTIMIZER_ADAM);
    p->setup.optimizer.of.adam.amsgrad = true;
    p->setup.training.epochs = 4;
    p->setup.schedule = (gd_schedule_options){.type = GD_SCHEDULE_PLATEAU};
    gd_fields_set_defaults(&gd_schedule_descriptor_at(GD_SCHEDULE_PLATEAU)->fields,
                           &p->setup.schedule);
    p->setup.schedule.patience = 0;
    p->setup.schedule.threshold = 0.5;              /* nothing improves by half */
    for (int64_t calls = 0; calls <= 24; calls++) { /* among them before, within and after all */
        compare_with_break(&p->setup, calls, "adam");
    }
    end_problem(p);
}

Test(train_state, any_break_will_do_in_the_middle_of_restarts)
{
    problem *p = begin_problem(GD_OPTIMIZER_ADAM);
    p->setup.training.epochs = 3;
    p->setup.training.restarts = 3;
    p->setup.training.stop_patience = 1;
    for (int64_t calls = 0; calls <= 56; calls++) {
        compare_with_break(&p->setup, calls, "restarts");
    }
    end_problem(p);
}

Test(train_state, any_break_will_do_in_the_middle_of_a_range_test)
{
    problem *p = begin_problem(GD_OPTIMIZER_NADAM);
    p->setup.training.epochs = 2;
    p->setup.training.restarts = 2;
    p->setup.optimizer.learning_rate = GD_AUTOMATIC_NUMBER;
    for (int64_t calls = 0; calls <= 124; calls += calls < 8 || calls > 90 ? 1 : 9) {
        compare_with_break(&p->setup, calls, "range test");
    }
    end_problem(p);
}

Test(train_state, a_state_cut_off_anywhere_is_refused)
{
    problem *p = begin_problem(GD_OPTIMIZER_ADAM);
    gd_trainer *trainer = training_run_create(&p->setup);
    cr_assert_eq(training_run_advance(trainer, 17, NULL, NULL), GD_OK);
    gd_buffer state = save(trainer);
    for (size_t length = 0; length < state.length; length++) {
        unsigned char *cut = malloc(length + 1); /* so that a read beyond the end is seen */
        cr_assert_not_null(cut);
        memcpy(cut, state.bytes, length);
        cr_assert_eq(load(trainer, cut, length), GD_CORRUPT, "cut after %zu bytes", length);
        free(cut);
    }
    gd_buffer untouched = save(trainer);
    cr_assert_eq(untouched.length, state.length);
    cr_assert_eq(memcmp(untouched.bytes, state.bytes, state.length), 0);
    gd_buffer_dispose(&untouched);
    gd_buffer_dispose(&state);
    gd_trainer_destroy(trainer);
    end_problem(p);
}

Test(train_state, a_state_with_any_byte_changed_is_refused)
{
    problem *p = begin_problem(GD_OPTIMIZER_SGD);
    gd_trainer *trainer = training_run_create(&p->setup);
    cr_assert_eq(training_run_advance(trainer, 8, NULL, NULL), GD_OK);
    gd_buffer state = save(trainer);
    for (size_t i = 0; i < state.length; i++) {
        state.bytes[i] ^= 0x10;
        cr_assert_eq(load(trainer, state.bytes, state.length), GD_CORRUPT, "byte %zu", i);
        state.bytes[i] ^= 0x10;
    }
    cr_assert_eq(load(trainer, state.bytes, state.length), GD_OK);
    gd_buffer_dispose(&state);
    gd_trainer_destroy(trainer);
    end_problem(p);
}

static void change_setup(gd_trainer_setup *setup, int which)
{
    switch (which) {
    case 0:
        setup->training.seed++;
        break;
    case 1:
        setup->optimizer.of.adam.betas.values[1] = 0.99;
        break;
    case 2:
        setup->training.batch_size = 17;
        break;
    case 3:
        setup->examples.count--;
        break;
    case 4:
        setup->validation.count--;
        break;
    case 5:
        setup->schedule.warmup_steps = 3;
        break;
    case 6:
        setup->training.stop_min_delta = 1e-4;
        break;
    case 7:
        setup->training.restarts = 2;
        break;
    default:
        setup->training.clip = GD_CLIP_VALUE;
        setup->training.clip_limit = 1;
    }
}

Test(train_state, a_state_of_another_setup_is_refused)
{
    problem *p = begin_problem(GD_OPTIMIZER_ADAM);
    gd_trainer *trainer = training_run_create(&p->setup);
    gd_buffer state = save(trainer);
    for (int which = 0; which < 9; which++) {
        gd_trainer_setup other = p->setup;
        change_setup(&other, which);
        gd_trainer *foreign = training_run_create(&other);
        cr_assert_eq(load(foreign, state.bytes, state.length), GD_CORRUPT, "change %d", which);
        gd_trainer_destroy(foreign);
    }
    gd_trainer_setup longer = p->setup;
    longer.training.max_seconds = 10;
    gd_trainer *same = training_run_create(&longer);
    cr_assert_eq(load(same, state.bytes, state.length), GD_OK);
    gd_trainer_destroy(same);
    gd_buffer_dispose(&state);
    gd_trainer_destroy(trainer);
    end_problem(p);
}

Test(train_state, the_monitored_loss_is_of_the_setup_without_early_stopping_too)
{
    problem *p = begin_problem(GD_OPTIMIZER_ADAM);
    p->setup.training.stop_early = false;
    gd_trainer *trainer = training_run_create(&p->setup);
    gd_buffer state = save(trainer);
    gd_trainer_setup other = p->setup;
    other.training.stop_monitor = GD_MONITOR_LOSS;
    gd_trainer *foreign = training_run_create(&other);
    cr_assert_eq(load(foreign, state.bytes, state.length), GD_CORRUPT);
    gd_trainer_destroy(foreign);
    gd_trainer_destroy(trainer);
    gd_buffer_dispose(&state);
    end_problem(p);
}

static double moving_clock(void *context)
{
    double *seconds = context;
    *seconds += 1;
    return *seconds;
}

Test(train_state, seconds_count_over_attempts)
{
    problem *p = begin_problem(GD_OPTIMIZER_SGD);
    double seconds = 1000;
    p->setup.clock = moving_clock;
    p->setup.clock_context = &seconds;
    gd_trainer *first = training_run_create(&p->setup);
    cr_assert_eq(training_run_advance(first, 20, NULL, NULL), GD_OK);
    gd_buffer state = save(first);
    double before = gd_trainer_progress(first)->seconds;
    cr_assert_gt(before, 0);
    seconds += 1e6; /* between the attempts */
    gd_trainer *second = training_run_create(&p->setup);
    cr_assert_eq(load(second, state.bytes, state.length), GD_OK);
    cr_assert_geq(gd_trainer_progress(second)->seconds, before);
    cr_assert_eq(training_run_advance(second, -1, NULL, NULL), GD_OK);
    cr_assert_gt(gd_trainer_progress(second)->seconds, before);
    cr_assert_lt(gd_trainer_progress(second)->seconds, 1e4);
    gd_buffer_dispose(&state);
    gd_trainer_destroy(first);
    gd_trainer_destroy(second);
    end_problem(p);
}
