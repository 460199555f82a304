/*
 * spec_support.c: see spec_support.h.
 */
#include "unit/spec/spec_support.h"

#include "json/document.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *parse(const char *text)
{
    char *copy = strdup(text);
    cr_assert_not_null(copy);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    json_fault fault = {0};
    cJSON *document = json_parse(copy, strlen(copy), &fault);
    cr_assert_not_null(document, "%s at byte %zu: %s", copy, fault.offset, fault.message);
    free(copy);
    return document;
}

static void show(const char *text, const json_faults *faults)
{
    cr_log_warn("%s", text);
    for (size_t i = 0; i < faults->count; i++)
        cr_log_warn("  %s %s: %s", faults->entries[i].pointer, faults->entries[i].code,
                    faults->entries[i].detail);
}

spec_job *spec_good(const char *text)
{
    json_faults faults = {0};
    spec_job *spec = spec_read(parse(text), &faults);
    cr_assert_not_null(spec);
    if (faults.total > 0)
        show(text, &faults);
    cr_assert_eq(faults.total, 0, "%s", text);
    json_faults_dispose(&faults);
    return spec;
}

char *spec_text(const spec_job *spec)
{
    json_writer *writer = json_writer_create((size_t)1 << 24);
    spec_write(spec, writer);
    char *text = json_writer_finish(writer, NULL);
    cr_assert_not_null(text);
    json_writer_destroy(writer);
    return text;
}

char *spec_round(const char *text)
{
    spec_job *first = spec_good(text);
    spec_fix_seeds(first, 1234);
    char *once = spec_text(first);
    spec_job *second = spec_good(once);
    spec_fix_seeds(second, 99); /* everything is fixed already */
    char *twice = spec_text(second);
    cr_assert_str_eq(once, twice);
    free(twice);
    spec_destroy(first);
    spec_destroy(second);
    return once;
}

bool spec_has_fault(const json_faults *faults, const char *pointer, const char *code)
{
    for (size_t i = 0; i < faults->count; i++)
        if (strcmp(faults->entries[i].pointer, pointer) == 0 &&
            strcmp(faults->entries[i].code, code) == 0)
            return true;
    return false;
}

void spec_expect_faults(const spec_fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_faults faults = {0};
        spec_job *spec = spec_read(parse(cases[i].text), &faults);
        cr_assert_not_null(spec);
        bool right = faults.total == 1 && spec_has_fault(&faults, cases[i].pointer, cases[i].code);
        if (!right)
            show(cases[i].text, &faults);
        cr_expect(right, "case %zu wants %s at %s", i, cases[i].code, cases[i].pointer);
        if (right && cases[i].word != NULL)
            cr_expect_not_null(strstr(faults.entries[0].detail, cases[i].word), "\"%s\" not in: %s",
                               cases[i].word, faults.entries[0].detail);
        spec_destroy(spec);
        json_faults_dispose(&faults);
    }
}

/* The node at a pointer without escapes, of a tree that is kept in *tree. */
static const cJSON *find(const char *text, const char *pointer, cJSON **tree)
{
    *tree = parse(text);
    const cJSON *node = *tree;
    while (node != NULL && *pointer == '/') {
        char segment[64];
        size_t length = strcspn(pointer + 1, "/");
        cr_assert_lt(length, sizeof segment);
        memcpy(segment, pointer + 1, length);
        segment[length] = '\0';
        node = cJSON_IsArray(node) ? cJSON_GetArrayItem(node, (int)strtol(segment, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(node, segment);
        pointer += 1 + length;
    }
    return node;
}

double spec_number_at(const char *text, const char *pointer)
{
    cJSON *tree;
    const cJSON *node = find(text, pointer, &tree);
    cr_assert(cJSON_IsNumber(node), "no number at %s of %s", pointer, text);
    double value = node->valuedouble;
    cJSON_Delete(tree);
    return value;
}

const char *spec_word_at(const char *text, const char *pointer)
{
    static char word[256];
    cJSON *tree;
    const cJSON *node = find(text, pointer, &tree);
    cr_assert(cJSON_IsString(node), "no text at %s of %s", pointer, text);
    snprintf(word, sizeof word, "%s", node->valuestring);
    cJSON_Delete(tree);
    return word;
}

bool spec_is_at(const char *text, const char *pointer)
{
    cJSON *tree;
    bool found = find(text, pointer, &tree) != NULL;
    cJSON_Delete(tree);
    return found;
}
