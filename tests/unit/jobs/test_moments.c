/*
 * test_moments.c: events that wait for the next checkpoint.
 */
#include "jobs/moments.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(jobs_moments, are_kept_in_order_until_cleared)
{
    jobs_moments moments = {0};
    char text[16] = "first";
    cr_assert(jobs_moments_add(&moments, "a", text, NULL));
    memcpy(text, "gone", 5);
    for (int i = 0; i < 20; i++)
        cr_assert(jobs_moments_add(&moments, "b", "next", "{}"));
    cr_assert_eq(moments.count, 21);
    cr_expect_str_eq(moments.events[0].message, "first");
    cr_expect_null(moments.events[0].data);
    cr_expect_gt(moments.events[0].at, 0);
    cr_expect_str_eq(moments.events[20].data, "{}");
    jobs_moments_clear(&moments);
    cr_expect_eq(moments.count, 0);
    cr_assert(jobs_moments_add(&moments, "c", "again", NULL));
    jobs_moments_dispose(&moments);
}

Test(jobs_moments, a_range_test_shows_its_evidence)
{
    jobs_moments moments = {0};
    gd_range_test test = {.learning_rate = 0.25,
                          .end = GD_RANGE_TEST_GREW,
                          .count = 2,
                          .rates = {0.5, 1},
                          .losses = {3, 4}};
    cr_assert(jobs_moments_add_range_test(&moments, &test));
    cr_expect_str_eq(moments.events[0].type, "learning_rate_chosen");
    cr_expect_str_eq(moments.events[0].data,
                     "{\"learning_rate\":0.25,\"ended\":\"loss_grew\",\"rates\":[0.5,1],"
                     "\"losses\":[3,4]}",
                     "%s", moments.events[0].data);
    jobs_moments_dispose(&moments);
}

Test(jobs_moments, a_restart_says_how_it_ended)
{
    jobs_moments moments = {0};
    gd_training_options training = gd_training_options_default();
    training.restarts = 3;
    gd_restart restart = {.number = 2,
                          .step = 80,
                          .has_value = true,
                          .value = 0.25,
                          .value_step = 60,
                          .reason = GD_STOP_EARLY_STOPPED};
    cr_assert(jobs_moments_add_restart(&moments, &restart, &training));
    cr_expect_str_eq(moments.events[0].type, "restart_ended");
    cr_expect_str_eq(moments.events[0].data,
                     "{\"restart\":2,\"restarts\":3,\"step\":80,\"reason\":\"early_stopped\","
                     "\"monitor\":\"validation_loss\",\"best\":0.25,\"best_step\":60}",
                     "%s", moments.events[0].data);
    cr_expect_not_null(strstr(moments.events[0].message, "Restart 2 of 3 ended at step 80"));
    restart = (gd_restart){.number = 3, .step = 81, .reason = GD_STOP_DIVERGED};
    snprintf(restart.failure.message, sizeof restart.failure.message, "step 81: the loss is NaN");
    cr_assert(jobs_moments_add_restart(&moments, &restart, &training));
    cr_expect_not_null(strstr(moments.events[1].message, "the loss is NaN"), "%s",
                       moments.events[1].message);
    cr_expect_null(strstr(moments.events[1].data, "best"));
    jobs_moments_dispose(&moments);
}
