/*
 * target_spec.c: any text as a job's description. What is accepted is written out resolved, and that
 * reads back without a fault to the very same text.
 */
#include "fuzz/fuzz.h"

#include "spec/spec.h"
#include "json/document.h"

#include <stdlib.h>
#include <string.h>

static char *write_spec(const spec_job *spec)
{
    json_writer *writer = json_writer_create((size_t)1 << 26);
    spec_write(spec, writer);
    char *text = json_writer_finish(writer, NULL);
    FUZZ_REQUIRE(text != NULL);
    json_writer_destroy(writer);
    return text;
}

static void expect_round(spec_job *spec)
{
    json_faults faults = {0};
    spec_fix_seeds(spec, 1234);
    char *once = write_spec(spec);
    cJSON *document = json_parse(once, strlen(once), NULL);
    FUZZ_REQUIRE(document != NULL);
    spec_job *again = spec_read(document, &faults);
    FUZZ_REQUIRE(again != NULL);
    FUZZ_REQUIRE(faults.total == 0);
    spec_fix_seeds(again, 99);
    char *twice = write_spec(again);
    FUZZ_REQUIRE(strcmp(once, twice) == 0);
    free(once);
    free(twice);
    spec_destroy(again);
    json_faults_dispose(&faults);
}

void fuzz_spec(const uint8_t *bytes, size_t length)
{
    json_faults faults = {0};
    cJSON *document = json_parse((const char *)bytes, length, NULL);
    if (document == NULL)
        return;
    spec_job *spec = spec_read(document, &faults);
    FUZZ_REQUIRE(spec != NULL);
    for (size_t i = 0; i < faults.count; i++)
        FUZZ_REQUIRE(faults.entries[i].code[0] != '\0' && faults.entries[i].detail[0] != '\0');
    if (faults.total == 0)
        expect_round(spec);
    spec_destroy(spec);
    json_faults_dispose(&faults);
}
