/*
 * The training member: limits, batches, seeds, stopping, and every refusal.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TRAINING(inner) SPEC_WITH("'training': " inner)
#define FAULTS(cases)   spec_expect_faults(cases, sizeof cases / sizeof cases[0])

Test(spec_training, members_are_read)
{
    spec_job *spec = spec_good(TRAINING(
        "{'steps': 100, 'batch_size': 'full', 'shuffle': false, 'seed': 5, 'target_loss': 0, "
        "'gradient_tolerance': 1e-6, 'max_seconds': 2.5, 'record_every': 3, 'checkpoint_seconds': "
        "0, 'stop': {'monitor': 'loss', 'patience': 3, 'min_delta': 0.5, 'restore_best': false}}"));
    const gd_training_options *options = &spec->training;
    cr_expect_eq(options->steps, 100);
    cr_expect_eq(options->epochs, 0, "steps alone are the limit");
    cr_expect_eq(options->batch_size, GD_AUTOMATIC);
    cr_expect_not(options->shuffle);
    cr_expect_eq(options->seed, 5);
    cr_expect(options->has_target_loss);
    cr_expect_eq(options->target_loss, 0);
    cr_expect_eq(options->gradient_tolerance, 1e-6);
    cr_expect_eq(options->max_seconds, 2.5);
    cr_expect_eq(options->record_every, 3);
    cr_expect(options->stop_early);
    cr_expect_eq(options->stop_monitor, GD_MONITOR_LOSS);
    cr_expect_eq(options->stop_patience, 3);
    cr_expect_eq(options->stop_min_delta, 0.5);
    cr_expect_not(options->restore_best);
    cr_expect_eq(spec->checkpoint_seconds, 0);
    spec_destroy(spec);
}

Test(spec_training, what_is_not_asked_for_is_the_default)
{
    spec_job *spec = spec_good(TRAINING("{}"));
    gd_training_options defaults = gd_training_options_default();
    cr_expect_eq(spec->training.epochs, defaults.epochs);
    cr_expect_eq(spec->training.batch_size, defaults.batch_size);
    cr_expect_not(spec->training.stop_early);
    cr_expect_not(spec->training.has_target_loss);
    cr_expect_not(spec->has_seed);
    spec_destroy(spec);
    spec = spec_good(TRAINING("{'stop': {}}"));
    cr_expect(spec->training.stop_early);
    cr_expect_eq(spec->training.stop_patience, defaults.stop_patience);
    spec_destroy(spec);
}

Test(spec_training, refusals_name_member_and_remedy)
{
    static const spec_fault_case cases[] = {
        {TRAINING("3"), "/training", "wrong_type", NULL},
        {TRAINING("{'epoch': 3}"), "/training/epoch", "unknown_member", "epochs"},
        {TRAINING("{'epochs': 0}"), "/training/epochs", "out_of_range", "from 1"},
        {TRAINING("{'epochs': 1.5}"), "/training/epochs", "not_an_integer", NULL},
        {TRAINING("{'epochs': -1}"), "/training/epochs", "out_of_range", NULL},
        {TRAINING("{'steps': 1000000000000}"), "/training/steps", "out_of_range", NULL},
        {TRAINING("{'epochs': 2, 'steps': 3}"), "/training/steps", "conflict", "not both"},
        {TRAINING("{'batch_size': 0}"), "/training/batch_size", "out_of_range", NULL},
        {TRAINING("{'batch_size': 'all'}"), "/training/batch_size", "unknown_value", "full"},
        {TRAINING("{'shuffle': 'yes'}"), "/training/shuffle", "wrong_type", "true or false"},
        {TRAINING("{'seed': -1}"), "/training/seed", "out_of_range", NULL},
        {TRAINING("{'seed': 1.5}"), "/training/seed", "not_an_integer", NULL},
        {TRAINING("{'seed': '18446744073709551616'}"), "/training/seed", "wrong_type",
         "18446744073709551615"},
        {TRAINING("{'gradient_tolerance': -1}"), "/training/gradient_tolerance", "out_of_range",
         NULL},
        {TRAINING("{'max_seconds': 'x'}"), "/training/max_seconds", "wrong_type", NULL},
        {TRAINING("{'record_every': 0}"), "/training/record_every", "out_of_range", NULL},
        {TRAINING("{'checkpoint_seconds': -1}"), "/training/checkpoint_seconds", "out_of_range",
         NULL},
        {TRAINING("{'checkpoint_seconds': 100000}"), "/training/checkpoint_seconds", "out_of_range",
         "86400"},
        {TRAINING("{'stop': true}"), "/training/stop", "wrong_type", NULL},
        {TRAINING("{'stop': {'patience': 0}}"), "/training/stop/patience", "out_of_range", NULL},
        {TRAINING("{'stop': {'monitor': 'accuracy'}}"), "/training/stop/monitor", "unknown_value",
         "validation_loss"},
        {TRAINING("{'stop': {'min_delta': -0.5}}"), "/training/stop/min_delta", "out_of_range",
         NULL},
        {TRAINING("{'stop': {'delta': 1}}"), "/training/stop/delta", "unknown_member", "min_delta"},
    };
    FAULTS(cases);
}
