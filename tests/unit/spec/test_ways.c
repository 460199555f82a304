/*
 * The members that say how a training runs: where it starts from, how often, with how many threads.
 */
#include "unit/spec/spec_support.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TRAINING(inner) SPEC_WITH("'training': " inner)
#define FAULTS(cases)   spec_expect_faults(cases, sizeof cases / sizeof cases[0])
#define JOB_ID          "01234567-89ab-7cde-8f01-23456789abcd"

Test(spec_ways, from_job_is_read_and_written)
{
    spec_job *spec = spec_good(TRAINING("{'from_job': {'job': '" JOB_ID "'}}"));
    cr_expect_str_eq(spec->from_job.job, JOB_ID);
    cr_expect_str_eq(spec_which_names[spec->from_job.which], "final");
    spec_destroy(spec);
    char *text = spec_round(TRAINING("{'from_job': {'job': '" JOB_ID "', 'which': 'best'}}"));
    cr_expect_str_eq(spec_word_at(text, "/training/from_job/job"), JOB_ID);
    cr_expect_str_eq(spec_word_at(text, "/training/from_job/which"), "best");
    free(text);
}

Test(spec_ways, restarts_are_read_and_written)
{
    spec_job *spec = spec_good(TRAINING("{}"));
    cr_expect_eq(spec->training.restarts, 1);
    spec_destroy(spec);
    char *text = spec_round(TRAINING("{'restarts': 5}"));
    cr_expect_eq(spec_number_at(text, "/training/restarts"), 5);
    free(text);
    static const spec_fault_case cases[] = {
        {TRAINING("{'restarts': 0}"), "/training/restarts", "out_of_range", NULL},
        {TRAINING("{'restarts': 1001}"), "/training/restarts", "out_of_range", "1000"},
        {TRAINING("{'restarts': 'many'}"), "/training/restarts", "wrong_type", NULL},
    };
    FAULTS(cases);
}

Test(spec_ways, threads_are_read_and_written)
{
    spec_job *spec = spec_good(TRAINING("{}"));
    cr_expect_eq(spec->training.threads, 1);
    spec_destroy(spec);
    char *text = spec_round(TRAINING("{'threads': 'auto'}"));
    cr_expect_str_eq(spec_word_at(text, "/training/threads"), "auto");
    free(text);
    text = spec_round(TRAINING("{'threads': 64}"));
    cr_expect_eq(spec_number_at(text, "/training/threads"), 64);
    free(text);
    static const spec_fault_case cases[] = {
        {TRAINING("{'threads': 0}"), "/training/threads", "out_of_range", NULL},
        {TRAINING("{'threads': 65}"), "/training/threads", "out_of_range", "64"},
        {TRAINING("{'threads': 'all'}"), "/training/threads", "unknown_value", "auto"},
    };
    FAULTS(cases);
}

#define OPTIMIZER(inner) SPEC_WITH("'optimizer': " inner)

Test(spec_ways, the_learning_rate_may_be_found)
{
    spec_job *spec = spec_good(OPTIMIZER("{'type': 'sgd', 'learning_rate': 'auto'}"));
    cr_expect_eq(spec->optimizer.learning_rate, GD_AUTOMATIC_NUMBER);
    spec_destroy(spec);
    char *text = spec_round(OPTIMIZER("{'type': 'lion', 'learning_rate': 'auto'}"));
    cr_expect_str_eq(spec_word_at(text, "/optimizer/learning_rate"), "auto");
    free(text);
    static const spec_fault_case cases[] = {
        {OPTIMIZER("{'type': 'sgd', 'learning_rate': -1}"), "/optimizer/learning_rate",
         "out_of_range", NULL},
        {OPTIMIZER("{'type': 'sgd', 'learning_rate': 'fast'}"), "/optimizer/learning_rate",
         "unknown_value", "auto"},
        {OPTIMIZER("{'type': 'rprop', 'learning_rate': 'auto'}"), "/optimizer/learning_rate",
         "conflict", "itself"},
        {OPTIMIZER("{'type': 'lbfgs', 'learning_rate': 'auto'}"), "/optimizer/learning_rate",
         "conflict", NULL},
        {OPTIMIZER("{'type': 'adadelta', 'learning_rate': 'auto'}"), "/optimizer/learning_rate",
         "conflict", NULL},
    };
    FAULTS(cases);
}

Test(spec_ways, from_job_refusals)
{
    static const spec_fault_case cases[] = {
        {TRAINING("{'from_job': '" JOB_ID "'}"), "/training/from_job", "wrong_type", NULL},
        {TRAINING("{'from_job': {}}"), "/training/from_job/job", "missing", NULL},
        {TRAINING("{'from_job': {'job': '7'}}"), "/training/from_job/job", "too_short", NULL},
        {TRAINING("{'from_job': {'job': '" JOB_ID "', 'which': 'worst'}}"),
         "/training/from_job/which", "unknown_value", "best"},
        {TRAINING("{'from_job': {'job': '" JOB_ID "', 'step': 3}}"), "/training/from_job/step",
         "unknown_member", NULL},
    };
    FAULTS(cases);
}
