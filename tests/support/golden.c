/*
 * golden.c: the parser behind golden.h.
 *
 * The text stays in one buffer that the parser cuts into strings in place; numbers go into one
 * growing array, and tensors remember offsets into it until the file is complete.
 */
#include "golden.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct meta {
    const char *key;
    const char *value;
} meta;

struct golden_case {
    const char *name;
    meta *metas;
    golden_tensor *tensors;
    int64_t meta_count;
    int64_t tensor_count;
};

struct golden_file {
    char *text;
    double *numbers;
    golden_case *cases;
    int64_t case_count;
    int64_t number_count;
    locale_t locale; /* the C locale: decimal points are points */
};

typedef struct parser {
    golden_file *file;
    const char *path;
    char *next; /* start of the line after the current one */
    int64_t line;
    golden_error *error;
} parser;

static void say(golden_error *error, const char *path, int64_t line, const char *what)
{
    if (error != NULL) {
        (void)snprintf(error->message, sizeof error->message, "%.160s:%lld: %.60s", path,
                       (long long)line, what);
    }
}

/* Makes room for one more element of `size` bytes; capacity is the next power of two. */
static bool grow(void **array, int64_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0) {
        return true;
    }
    void *larger = realloc(*array, (count == 0 ? 1 : 2 * (size_t)count) * size);
    if (larger == NULL) {
        return false;
    }
    *array = larger;
    return true;
}

static char *next_line(parser *p)
{
    if (p->next == NULL || *p->next == '\0') {
        return NULL;
    }
    char *line = p->next;
    char *end = strchr(line, '\n');
    p->next = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    p->line++;
    return line;
}

/* Cuts the first word off `*rest`; NULL where there is none. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " ");
    if (*word == '\0') {
        return NULL;
    }
    char *end = word + strcspn(word, " ");
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static bool parse_shape(char *rest, golden_tensor *tensor)
{
    tensor->count = 1;
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        char *end = NULL;
        errno = 0;
        long long size = strtoll(word, &end, 10);
        if (errno != 0 || *end != '\0' || size < 0 || tensor->rank == GOLDEN_MAXIMUM_RANK ||
            (size > 0 && tensor->count > INT_MAX / size)) {
            return false;
        }
        tensor->shape[tensor->rank++] = size;
        tensor->count *= size;
    }
    return true;
}

static bool parse_numbers(parser *p, int64_t count)
{
    golden_file *file = p->file;
    while (count > 0) {
        char *rest = next_line(p);
        if (rest == NULL) {
            say(p->error, p->path, p->line, "numbers are missing");
            return false;
        }
        for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
            char *end = NULL;
            double value = strtod_l(word, &end, file->locale);
            if (*end != '\0' || count == 0) {
                say(p->error, p->path, p->line, "not a number, or one too many");
                return false;
            }
            if (!grow((void **)&file->numbers, file->number_count, sizeof *file->numbers)) {
                say(p->error, p->path, p->line, "out of memory");
                return false;
            }
            file->numbers[file->number_count++] = value;
            count--;
        }
    }
    return true;
}

static bool parse_tensor(parser *p, golden_case *golden, char *rest)
{
    char *name = next_word(&rest);
    char *keyword = next_word(&rest);
    golden_tensor tensor = {.name = name};
    if (keyword == NULL || strcmp(keyword, "shape") != 0 || !parse_shape(rest, &tensor)) {
        say(p->error, p->path, p->line, "expected: tensor NAME shape D0 D1 ...");
        return false;
    }
    if (!grow((void **)&golden->tensors, golden->tensor_count, sizeof *golden->tensors)) {
        say(p->error, p->path, p->line, "out of memory");
        return false;
    }
    golden->tensors[golden->tensor_count++] = tensor;
    return parse_numbers(p, tensor.count);
}

static bool parse_case(parser *p, golden_case *golden)
{
    for (char *rest = next_line(p); rest != NULL; rest = next_line(p)) {
        char *keyword = next_word(&rest);
        if (keyword != NULL && strcmp(keyword, "end") == 0) {
            return true;
        }
        if (keyword != NULL && strcmp(keyword, "tensor") == 0) {
            if (!parse_tensor(p, golden, rest)) {
                return false;
            }
            continue;
        }
        char *key = keyword != NULL && strcmp(keyword, "meta") == 0 ? next_word(&rest) : NULL;
        if (key == NULL) {
            say(p->error, p->path, p->line, "expected meta, tensor or end");
            return false;
        }
        if (!grow((void **)&golden->metas, golden->meta_count, sizeof *golden->metas)) {
            say(p->error, p->path, p->line, "out of memory");
            return false;
        }
        golden->metas[golden->meta_count++] = (meta){.key = key, .value = rest};
    }
    say(p->error, p->path, p->line, "the file ends within a case");
    return false;
}

static bool parse_file(parser *p)
{
    golden_file *file = p->file;
    for (char *rest = next_line(p); rest != NULL; rest = next_line(p)) {
        char *keyword = next_word(&rest);
        char *name = keyword != NULL && strcmp(keyword, "case") == 0 ? next_word(&rest) : NULL;
        if (name == NULL) {
            say(p->error, p->path, p->line, "expected: case NAME");
            return false;
        }
        if (!grow((void **)&file->cases, file->case_count, sizeof *file->cases)) {
            say(p->error, p->path, p->line, "out of memory");
            return false;
        }
        file->cases[file->case_count] = (golden_case){.name = name};
        if (!parse_case(p, &file->cases[file->case_count++])) {
            return false;
        }
    }
    int64_t offset = 0;
    for (int64_t i = 0; i < file->case_count; i++) {
        for (int64_t j = 0; j < file->cases[i].tensor_count; j++) {
            golden_tensor *tensor = &file->cases[i].tensors[j];
            tensor->values = tensor->count == 0 ? NULL : file->numbers + offset;
            offset += tensor->count;
        }
    }
    return true;
}

static char *read_text(const char *path, golden_error *error)
{
    FILE *stream = fopen(path, "rb");
    char *text = NULL;
    long size = -1;
    if (stream != NULL && fseek(stream, 0, SEEK_END) == 0) {
        size = ftell(stream);
    }
    if (size >= 0 && fseek(stream, 0, SEEK_SET) == 0) {
        text = malloc((size_t)size + 1);
    }
    if (text != NULL && fread(text, 1, (size_t)size, stream) == (size_t)size) {
        text[size] = '\0';
    } else {
        free(text);
        text = NULL;
        say(error, path, 0, strerror(errno));
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    return text;
}

golden_file *golden_open(const char *name, golden_error *error)
{
    const char *folder = getenv("DESCENT_TEST_DIR");
    char path[PATH_MAX];
    int length =
        snprintf(path, sizeof path, "%s/golden/%s", folder == NULL ? "tests" : folder, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        say(error, name, 0, "the path is too long");
        return NULL;
    }
    golden_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        say(error, path, 0, "out of memory");
        return NULL;
    }
    file->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    file->text = read_text(path, error);
    parser p = {.file = file, .path = path, .next = file->text, .error = error};
    if (file->locale == (locale_t)0 || file->text == NULL || !parse_file(&p)) {
        golden_close(file);
        return NULL;
    }
    return file;
}

void golden_close(golden_file *file)
{
    if (file == NULL) {
        return;
    }
    for (int64_t i = 0; i < file->case_count; i++) {
        free(file->cases[i].metas);
        free(file->cases[i].tensors);
    }
    if (file->locale != (locale_t)0) {
        freelocale(file->locale);
    }
    free(file->cases);
    free(file->numbers);
    free(file->text);
    free(file);
}

int64_t golden_case_count(const golden_file *file)
{
    return file->case_count;
}

const golden_case *golden_case_at(const golden_file *file, int64_t index)
{
    return index >= 0 && index < file->case_count ? &file->cases[index] : NULL;
}

const golden_case *golden_case_find(const golden_file *file, const char *name)
{
    for (int64_t i = 0; i < file->case_count; i++) {
        if (strcmp(file->cases[i].name, name) == 0) {
            return &file->cases[i];
        }
    }
    return NULL;
}

const char *golden_case_name(const golden_case *golden)
{
    return golden->name;
}

const char *golden_meta(const golden_case *golden, const char *key)
{
    for (int64_t i = 0; i < golden->meta_count; i++) {
        if (strcmp(golden->metas[i].key, key) == 0) {
            return golden->metas[i].value;
        }
    }
    return NULL;
}

double golden_number(const golden_case *golden, const char *key, double otherwise)
{
    const char *text = golden_meta(golden, key);
    locale_t locale = text == NULL ? (locale_t)0 : newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0) {
        return otherwise;
    }
    char *end = NULL;
    double value = strtod_l(text, &end, locale);
    freelocale(locale);
    return end != text && *end == '\0' ? value : otherwise;
}

bool golden_flag(const golden_case *golden, const char *key)
{
    const char *text = golden_meta(golden, key);
    return text != NULL && strcmp(text, "true") == 0;
}

int64_t golden_tensor_count(const golden_case *golden)
{
    return golden->tensor_count;
}

const golden_tensor *golden_tensor_at(const golden_case *golden, int64_t index)
{
    return index >= 0 && index < golden->tensor_count ? &golden->tensors[index] : NULL;
}

const golden_tensor *golden_tensor_find(const golden_case *golden, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof name) {
        return NULL;
    }
    for (int64_t i = 0; i < golden->tensor_count; i++) {
        if (strcmp(golden->tensors[i].name, name) == 0) {
            return &golden->tensors[i];
        }
    }
    return NULL;
}

double *golden_flatten(const golden_case *golden, const char *prefix, int64_t *count)
{
    *count = 0;
    for (int64_t i = 0; i < golden->tensor_count; i++) {
        if (strncmp(golden->tensors[i].name, prefix, strlen(prefix)) == 0) {
            *count += golden->tensors[i].count;
        }
    }
    double *flat = *count == 0 ? NULL : malloc((size_t)*count * sizeof *flat);
    int64_t at = 0;
    for (int64_t i = 0; flat != NULL && i < golden->tensor_count; i++) {
        const golden_tensor *tensor = &golden->tensors[i];
        if (tensor->count > 0 && strncmp(tensor->name, prefix, strlen(prefix)) == 0) {
            memcpy(flat + at, tensor->values, (size_t)tensor->count * sizeof *flat);
            at += tensor->count;
        }
    }
    return flat;
}
