/*
 * reply.c: reading of replies: headers by name, values by pointer, faults of a refused document, and
 * the forms of ids and times. A value that is not there or of another type ends the test.
 */
#include "support/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *reply_header(const reply *it, const char *name)
{
    for (size_t i = 0; i < it->header_count; i++)
        if (strcasecmp(it->names[i], name) == 0)
            return it->values[i];
    return NULL;
}

const char *reply_header_or_empty(const reply *it, const char *name)
{
    const char *value = reply_header(it, name);
    return value != NULL ? value : "";
}

/* One step of a pointer; ~1 and ~0 as in RFC 6901. */
static const cJSON *step_into(const cJSON *value, const char *token, size_t length)
{
    char name[256];
    size_t used = 0;
    for (size_t i = 0; i < length && used < sizeof name - 1; i++) {
        bool escaped = token[i] == '~' && i + 1 < length;
        name[used++] = !escaped ? token[i] : token[i + 1] == '1' ? '/' : '~';
        i += escaped ? 1 : 0;
    }
    name[used] = '\0';
    if (cJSON_IsArray(value) && isdigit((unsigned char)name[0]))
        return cJSON_GetArrayItem(value, (int)strtol(name, NULL, 10));
    return cJSON_GetObjectItemCaseSensitive(value, name);
}

const cJSON *reply_at(const reply *it, const char *pointer)
{
    const cJSON *value = it->json;
    while (value != NULL && *pointer == '/') {
        size_t length = strcspn(pointer + 1, "/");
        value = step_into(value, pointer + 1, length);
        pointer += 1 + length;
    }
    return value;
}

const char *reply_text(const reply *it, const char *pointer)
{
    const cJSON *value = reply_at(it, pointer);
    cr_assert(cJSON_IsString(value), "no text at %s: %d %.1500s", pointer, it->status, it->body);
    return value->valuestring;
}

double reply_number(const reply *it, const char *pointer)
{
    const cJSON *value = reply_at(it, pointer);
    cr_assert(cJSON_IsNumber(value), "no number at %s: %d %.1500s", pointer, it->status, it->body);
    return value->valuedouble;
}

bool reply_truth(const reply *it, const char *pointer)
{
    const cJSON *value = reply_at(it, pointer);
    cr_assert(cJSON_IsBool(value), "no boolean at %s: %d %.1500s", pointer, it->status, it->body);
    return cJSON_IsTrue(value);
}

int reply_count(const reply *it, const char *pointer)
{
    const cJSON *value = reply_at(it, pointer);
    cr_assert(cJSON_IsArray(value), "no array at %s: %d %.1500s", pointer, it->status, it->body);
    return cJSON_GetArraySize(value);
}

bool reply_is_null(const reply *it, const char *pointer)
{
    const cJSON *value = reply_at(it, pointer);
    cr_assert_not_null(value, "nothing at %s: %d %.1500s", pointer, it->status, it->body);
    return cJSON_IsNull(value);
}

/* Past a value that begins at `at`; strings and nesting are respected. */
static const char *skip_value(const char *at)
{
    int depth = 0;
    bool quoted = false;
    for (; *at != '\0'; at++) {
        if (quoted) {
            if (*at == '\\' && at[1] != '\0')
                at++;
            else if (*at == '"')
                quoted = false;
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']' || *at == ',') && depth == 0) {
            return at;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
    }
    return at;
}

const char *reply_raw(const reply *it, const char *member)
{
    char key[64];
    size_t length = (size_t)snprintf(key, sizeof key, "\"%.50s\":", member);
    const char *at = it->body + strspn(it->body, " \r\n\t{");
    while (*at != '\0' && *at != '}') {
        bool found = strncmp(at, key, length) == 0;
        at = strchr(at, ':');
        cr_assert_not_null(at, "no member %s: %.1500s", member, it->body);
        const char *end = skip_value(++at);
        if (found)
            return client_text(it->owner, "%.*s", (int)(end - at), at);
        at = end + strspn(end, ", \r\n\t");
    }
    cr_assert_fail("no member %s: %.1500s", member, it->body);
    return NULL;
}

const cJSON *reply_fault(const reply *it, const char *pointer)
{
    const cJSON *fault;
    cJSON_ArrayForEach(fault, reply_at(it, "/errors"))
    {
        const cJSON *at = cJSON_GetObjectItemCaseSensitive(fault, "pointer");
        if (cJSON_IsString(at) && strcmp(at->valuestring, pointer) == 0)
            return fault;
    }
    return NULL;
}

void reply_expect_fault(const reply *it, const char *pointer, const char *code)
{
    const cJSON *fault = reply_fault(it, pointer);
    cr_assert_not_null(fault, "no fault at \"%s\": %d %.1500s", pointer, it->status, it->body);
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(fault, "code");
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(fault, "detail");
    cr_expect(cJSON_IsString(given) && strcmp(given->valuestring, code) == 0,
              "not code \"%s\" at \"%s\": %.1500s", code, pointer, it->body);
    cr_expect(cJSON_IsString(detail) && strlen(detail->valuestring) >= 10,
              "no detail at \"%s\": %.1500s", pointer, it->body);
}

void reply_expect_problem(const reply *got, const char *what)
{
    char status[16];
    snprintf(status, sizeof status, "%d", got->status);
    cr_expect_str_eq(reply_header_or_empty(got, "Content-Type"), "application/problem+json", "%s",
                     what);
    cr_expect(cJSON_IsString(reply_at(got, "/type")), "%s: no type: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/title")), "%s: no title: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/detail")), "%s: no detail: %s", what, got->body);
    cr_expect(cJSON_IsString(reply_at(got, "/code")), "%s: no code: %s", what, got->body);
    cr_expect_eq(reply_number(got, "/status"), got->status, "%s", what);
    cr_expect_str_eq(reply_text(got, "/request_id"), reply_header_or_empty(got, "X-Request-Id"),
                     "%s", what);
}

/* '0': a digit, 'h': a lower-case hexadecimal digit, 'v': 8, 9, a or b; others stand for themselves. */
static bool has_form(const char *text, const char *form)
{
    if (strlen(text) != strlen(form))
        return false;
    for (; *form != '\0'; form++, text++) {
        const char *allowed = *form == '0'   ? "0123456789"
                              : *form == 'h' ? "0123456789abcdef"
                              : *form == 'v' ? "89ab"
                                             : NULL;
        if (allowed != NULL ? strchr(allowed, *text) == NULL : *text != *form)
            return false;
    }
    return true;
}

bool text_is_id(const char *text)
{
    return has_form(text, "hhhhhhhh-hhhh-7hhh-vhhh-hhhhhhhhhhhh");
}

bool text_is_time(const char *text)
{
    return has_form(text, "0000-00-00T00:00:00.000Z");
}
