/*
 * npy_head.c: a cursor over the header's dictionary (npy_head.h). Every look at a byte is behind a
 * check that it is there; a key comes once and all three must come.
 */
#include "data/npy_head.h"

#include <string.h>

#define MAGIC_LENGTH ((size_t)6)
#define WORD_MAXIMUM 32 /* bytes of a key or type that are kept */

enum {
    KEY_DESCR = 1,
    KEY_ORDER = 2,
    KEY_SHAPE = 4,
    KEY_ALL = 7
};

typedef struct cursor {
    const char *at, *end;
    gd_error *error;
} cursor;

static gd_status refuse(const cursor *text, const char *what)
{
    return gd_fail(text->error, GD_INVALID_DATA, "", "the header of the NPY file %s", what);
}

static void skip_blanks(cursor *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n' || *text->at == '\t')) {
        text->at++;
    }
}

/* Takes `wanted` where it comes next, blanks before it. */
static bool take(cursor *text, char wanted)
{
    skip_blanks(text);
    if (text->at == text->end || *text->at != wanted) {
        return false;
    }
    text->at++;
    return true;
}

static bool take_word(cursor *text, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(text);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) {
        return false;
    }
    text->at += length;
    return true;
}

/* A Python text in either kind of quotes, without escapes. */
static bool take_text(cursor *text, char word[WORD_MAXIMUM])
{
    skip_blanks(text);
    if (text->at == text->end || (*text->at != '\'' && *text->at != '"')) {
        return false;
    }
    char quote = *text->at++;
    size_t length = 0;
    while (text->at < text->end && *text->at != quote) {
        char c = *text->at++;
        if (length + 1 == WORD_MAXIMUM || c < ' ' || c > '~' || c == '\\') {
            return false;
        }
        word[length++] = c;
    }
    word[length] = '\0';
    if (text->at == text->end) {
        return false;
    }
    text->at++;
    return true;
}

/* What a type that is not taken is called, by the letter of its kind. */
static const char *kind_name(char kind)
{
    static const struct {
        char kind;
        const char *name;
    } names[] = {{'O', "Python objects"},  {'b', "truth values"}, {'c', "complex numbers"},
                 {'S', "bytes"},           {'a', "bytes"},        {'U', "texts"},
                 {'M', "dates"},           {'m', "durations"},    {'V', "raw bytes"},
                 {'f', "floats this size"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].kind == kind) {
            return names[i].name;
        }
    }
    return "something else";
}

/* "<f8": order, kind, bytes. */
static gd_status read_type(cursor *text, gdi_npy_head *head)
{
    char word[WORD_MAXIMUM];
    skip_blanks(text);
    if (text->at < text->end && (*text->at == '[' || *text->at == '(')) {
        return gd_fail(text->error, GD_INVALID_DATA, "",
                       "the NPY file has a structured type with named fields; save one array of "
                       "numbers");
    }
    if (!take_text(text, word)) {
        return refuse(text, "has no type in 'descr'");
    }
    bool ordered = word[0] == '<' || word[0] == '>' || word[0] == '|' || word[0] == '=';
    const char *type = ordered ? word + 1 : word;
    size_t size =
        strlen(type) == 2 && type[1] >= '1' && type[1] <= '8' ? (size_t)(type[1] - '0') : 0;
    bool is_integer =
        (type[0] == 'i' || type[0] == 'u') && (size == 1 || size == 2 || size == 4 || size == 8);
    bool is_float = type[0] == 'f' && (size == 4 || size == 8);
    if ((!is_integer && !is_float) || (size > 1 && word[0] != '<' && word[0] != '>')) {
        return gd_fail(text->error, GD_INVALID_DATA, "",
                       "the NPY file has elements of type '%s' (%s); i1 i2 i4 i8 u1 u2 u4 u8 f4 "
                       "and f8 are taken: convert it with astype",
                       word, kind_name(type[0]));
    }
    head->kind = is_float ? GDI_NPY_FLOAT : type[0] == 'i' ? GDI_NPY_SIGNED : GDI_NPY_UNSIGNED;
    head->element_size = size;
    head->big_endian = word[0] == '>';
    return GD_OK;
}

static gd_status read_dimension(cursor *text, int64_t *dimension)
{
    const char *first = text->at;
    int64_t value = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(*text->at - '0'), &value)) {
            return refuse(text, "has a dimension that no file can have");
        }
        text->at++;
    }
    if (text->at == first) {
        return refuse(text, "has no whole number where 'shape' has one");
    }
    if (text->at < text->end && *text->at == 'L') { /* as Python 2 wrote it */
        text->at++;
    }
    *dimension = value;
    return value > 0 ? GD_OK : refuse(text, "has a dimension of 0");
}

/* "(3, 4)" or "(3,)". */
static gd_status read_shape(cursor *text, gdi_npy_head *head)
{
    if (!take(text, '(')) {
        return refuse(text, "has no tuple in 'shape'");
    }
    bool comma = true;
    head->rank = 0;
    while (!take(text, ')')) {
        if (!comma) {
            return refuse(text, "has no comma between two dimensions");
        }
        if (head->rank == GD_NPY_MAXIMUM_RANK) {
            return gd_fail(text->error, GD_INVALID_DATA, "",
                           "the NPY file has more than %d dimensions", GD_NPY_MAXIMUM_RANK);
        }
        gd_status status = read_dimension(text, &head->dimensions[head->rank]);
        if (status != GD_OK) {
            return status;
        }
        head->rank++;
        comma = take(text, ',');
    }
    return head->rank > 0 && (head->rank > 1 || comma)
               ? GD_OK
               : refuse(text, "is not that of an array: rows are counted by its first dimension");
}

static gd_status read_value(cursor *text, int key, gdi_npy_head *head)
{
    switch (key) {
    case KEY_DESCR:
        return read_type(text, head);
    case KEY_SHAPE:
        return read_shape(text, head);
    default:
        head->fortran_order = take_word(text, "True");
        return head->fortran_order || take_word(text, "False")
                   ? GD_OK
                   : refuse(text, "has neither True nor False in 'fortran_order'");
    }
}

static gd_status read_dictionary(cursor *text, gdi_npy_head *head)
{
    int seen = 0;
    bool comma = true;
    if (!take(text, '{')) {
        return refuse(text, "is no dictionary");
    }
    while (!take(text, '}')) {
        char word[WORD_MAXIMUM];
        if (!comma || !take_text(text, word) || !take(text, ':')) {
            return refuse(text, "is no dictionary of keys and values");
        }
        int key = strcmp(word, "descr") == 0           ? KEY_DESCR
                  : strcmp(word, "fortran_order") == 0 ? KEY_ORDER
                  : strcmp(word, "shape") == 0         ? KEY_SHAPE
                                                       : 0;
        if (key == 0 || (seen & key) != 0) {
            return refuse(text, key == 0 ? "has an unknown key" : "has a key twice");
        }
        gd_status status = read_value(text, key, head);
        if (status != GD_OK) {
            return status;
        }
        seen |= key;
        comma = take(text, ',');
    }
    skip_blanks(text);
    if (text->at != text->end) {
        return refuse(text, "goes on behind its dictionary");
    }
    return seen == KEY_ALL ? GD_OK : refuse(text, "lacks 'descr', 'fortran_order' or 'shape'");
}

static size_t read_little(const unsigned char *bytes, size_t count)
{
    size_t value = 0;
    while (count > 0) {
        value = value << 8 | bytes[--count];
    }
    return value;
}

gd_status gdi_npy_head_read(gdi_npy_head *head, const unsigned char *bytes, size_t length,
                            gd_error *error)
{
    *head = (gdi_npy_head){0};
    if (length < MAGIC_LENGTH || memcmp(bytes, GD_NPY_MAGIC, MAGIC_LENGTH) != 0) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "this is no NPY file: it begins with the byte 93 and \"NUMPY\"; a "
                       "compressed file is sent with Content-Encoding: gzip");
    }
    size_t start = MAGIC_LENGTH + 2;
    if (length >= start && (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)) {
        return gd_fail(error, GD_INVALID_DATA, "",
                       "the NPY file is of version %d.%d; 1.0, 2.0 and 3.0 are taken", bytes[6],
                       bytes[7]);
    }
    size_t width = length >= start && bytes[6] > 1 ? 4 : 2;
    if (length < start + width) {
        return gd_fail(error, GD_INVALID_DATA, "", "the NPY file ends within its header");
    }
    size_t size = read_little(bytes + start, width);
    if (size > GDI_NPY_HEAD_MAXIMUM - start - width) {
        return gd_fail(error, GD_INVALID_DATA, "", "the header of the NPY file is longer than %zu",
                       GDI_NPY_HEAD_MAXIMUM);
    }
    head->length = start + width + size;
    if (length < head->length) {
        return gd_fail(error, GD_INVALID_DATA, "", "the NPY file ends within its header");
    }
    const char *text = (const char *)bytes + start + width;
    cursor at = {text, text + size, error};
    return read_dictionary(&at, head);
}
