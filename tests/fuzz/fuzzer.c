/*
 * fuzzer.c: the targets under libFuzzer, which has the main function. The environment's FUZZ_TARGET
 * names the one that runs.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static fuzz_function *target;

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    const char *name = getenv("FUZZ_TARGET");
    (void)argument_count;
    (void)arguments;
    target = fuzz_find(name != NULL ? name : "");
    if (target == NULL) {
        fprintf(stderr, "FUZZ_TARGET must name a target of tests/fuzz/fuzz.h\n");
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    target(bytes, length);
    return 0;
}
