/*
 * specs.h: jobs that several test files submit, as JSON with ' in place of " (support/client.h).
 */
#ifndef TESTS_API_SPECS_H
#define TESTS_API_SPECS_H

/* Ends in some milliseconds. */
#define SPEC_TINY                                                                               \
    "{'model': 'linear', 'data': {'generator': {'type': 'linear', 'samples': 64, 'seed': 1}}, " \
    "'training': {'epochs': 2, 'seed': 7}}"

/* Runs for many minutes if nobody stops it. */
#define SPEC_ENDLESS                                                                               \
    "{'name': 'endless', 'model': {'type': 'mlp', 'hidden': [8]}, 'data': {'generator': "          \
    "{'type': 'moons', 'samples': 256, 'seed': 1}, 'validation': {'fraction': 0.25, 'seed': 3}}, " \
    "'training': {'steps': 10000000000, 'batch_size': 16, 'seed': 7}}"

/* Some hundred milliseconds of work in small steps: %d steps, seed %d, checkpoints every %g s. */
#define SPEC_SHORT                                                                                 \
    "{'model': {'type': 'mlp', 'hidden': [16], 'activation': 'tanh', 'dropout': 0.1}, 'data': "    \
    "{'generator': {'type': 'moons', 'samples': 400, 'seed': 5}, 'validation': {'fraction': 0.2, " \
    "'seed': 3}}, 'optimizer': {'type': 'adam', 'learning_rate': 0.003, 'schedule': {'type': "     \
    "'cosine', 'warmup_steps': 50}}, 'training': {'steps': %d, 'batch_size': 16, 'seed': %d, "     \
    "'checkpoint_seconds': %g}}"

/* Two classes named by texts, four rows of each; learnt at once. */
#define DATA_SHAPES                                                                           \
    "{'inline': {'columns': ['width', 'height', 'shape'], 'rows': [[1, 9, 'tower'], [2, 8, "  \
    "'tower'], [1, 8, 'tower'], [2, 9, 'tower'], [9, 1, 'bridge'], [8, 2, 'bridge'], [8, 1, " \
    "'bridge'], [9, 2, 'bridge']]}, 'target': 'shape'}"
#define SPEC_SHAPES                             \
    "{'model': 'softmax', 'data': " DATA_SHAPES \
    ", 'optimizer': {'type': 'adam', "          \
    "'learning_rate': 0.05}, 'training': {'epochs': 200, 'batch_size': 'full', 'seed': 7}}"

#endif
