/*
 * Hints for misspelt names.
 */
#include "json/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const names[] = {"epochs",   "steps",        "batch_size", "learning_rate",
                                    "momentum", "weight_decay", "adam",       "adamw",
                                    "relu",     "loss",         "l1",         "max_seconds"};
enum {
    COUNT = sizeof names / sizeof names[0]
};

Test(json_nearest, finds_what_was_meant)
{
    static const char *const samples[][2] = {{"epoch", "epochs"},
                                             {"epocs", "epochs"},
                                             {"peochs", "epochs"},
                                             {"Epochs", "epochs"},
                                             {"EPOCHS", "epochs"},
                                             {"batchsize", "batch_size"},
                                             {"batchSize", "batch_size"},
                                             {"batch-size", "batch_size"},
                                             {"learningrate", "learning_rate"},
                                             {"learning rate", "learning_rate"},
                                             {"rate", "learning_rate"},
                                             {"batch", "batch_size"},
                                             {"momemtum", "momentum"},
                                             {"wieght_decay", "weight_decay"},
                                             {"adma", "adam"},
                                             {"AdamW", "adamw"},
                                             {"Relu", "relu"},
                                             {"los", "loss"},
                                             {"l2", "l1"},
                                             {"seconds", "max_seconds"}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *nearest = json_nearest_name(samples[i][0], names, COUNT);
        cr_assert_not_null(nearest, "%s", samples[i][0]);
        cr_expect_str_eq(nearest, samples[i][1], "%s became %s", samples[i][0], nearest);
    }
}

Test(json_nearest, stays_silent_when_nothing_is_near)
{
    static const char *const samples[] = {"",          "x", "colour",          "zzzzzz",
                                          "optimizer", "_", "\xc3\xa9\xc3\xa9"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        cr_expect_null(json_nearest_name(samples[i], names, COUNT), "%s", samples[i]);
    }
    cr_expect_null(json_nearest_name("epochs", names, 0));
}

Test(json_nearest, long_names_have_no_neighbour)
{
    char name[70];
    memset(name, 'a', sizeof name);
    name[65] = '\0';
    const char *const known[] = {name};
    cr_expect_null(json_nearest_name(name, known, 1));
    cr_expect_null(json_nearest_name("epochs", known, 1));
    name[64] = '\0';
    cr_expect_eq(json_nearest_name(name, known, 1), known[0]);
}
