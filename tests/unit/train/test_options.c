/*
 * test_options.c: defaults and rows of training and early stopping.
 */
#include <criterion/criterion.h>

#include <descent/training.h>

#include <string.h>

Test(train_options, defaults)
{
    gd_training_options options = gd_training_options_default();
    cr_assert_eq(options.epochs, 100);
    cr_assert_eq(options.steps, 0);
    cr_assert_eq(options.batch_size, 32);
    cr_assert(options.shuffle && !options.stop_early && !options.has_target_loss);
    cr_assert_eq(options.clip, GD_CLIP_NONE);
    cr_assert_eq(options.max_seconds, 0);
    cr_assert_eq(options.gradient_tolerance, 0);
    cr_assert_eq(options.record_every, GD_AUTOMATIC);
    cr_assert_eq(options.stop_patience, 10);
    cr_assert_eq(options.stop_monitor, GD_MONITOR_VALIDATION_LOSS);
    cr_assert(options.restore_best);
}

Test(train_options, rows_have_names_and_help)
{
    const gd_field_table *tables[] = {gd_training_fields(), gd_stop_fields()};
    for (int t = 0; t < 2; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            cr_assert(tables[t]->fields[i].name != NULL && tables[t]->fields[i].help != NULL);
        }
    }
    cr_assert_str_eq(gd_training_fields()->fields[2].name, "batch_size");
    cr_assert_str_eq(gd_training_fields()->fields[2].automatic, "full");
}

Test(train_options, reasons_have_names)
{
    cr_assert_str_eq(gd_stop_reason_name(GD_STOP_NONE), "none");
    cr_assert_str_eq(gd_stop_reason_name(GD_STOP_EARLY_STOPPED), "early_stopped");
    cr_assert_str_eq(gd_stop_reason_name(GD_STOP_DIVERGED), "diverged");
    cr_assert_str_eq(gd_stop_reason_name((gd_stop_reason)99), "unknown");
}
