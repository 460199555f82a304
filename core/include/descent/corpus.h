/*
 * corpus.h: a plain text into a frame file, for models of its characters.
 *
 * The frame has one categorical column, "character", and a row for each Unicode code point; its
 * classes are the code points there are, in order, each as UTF-8. Cells are uint8, or uint16 with more
 * than 256 classes. The text is UTF-8 (RFC 3629); a byte order mark at its start is left out. Refused,
 * with the offset of the byte: what is no UTF-8, control characters but tab, line feed and carriage
 * return, and more than GD_FRAME_MAXIMUM_CLASSES different characters. Two passes over a file on disk,
 * memory independent of its size.
 */
#ifndef DESCENT_CORPUS_H
#define DESCENT_CORPUS_H

#include <descent/frame.h>

#define GD_CORPUS_COLUMN "character"

typedef struct gd_corpus_report {
    int64_t characters, classes;
} gd_corpus_report;

/* Reads `input` (a seekable descriptor, from its start) and writes a frame file to `output`. */
gd_status gd_corpus_to_frame_file(int input, int output, gd_corpus_report *report, gd_error *error);

/*
 * The bytes of the character at the start of `text` [length], 1 to 4; 0 where there is no well-formed
 * UTF-8 or length is 0.
 */
size_t gd_character_length(const char *text, size_t length);

#endif
