/*
 * libsvm_reader.h: a LIBSVM file as events: a label, entries, the end of the line. The reader holds a
 * window of the file, so that neither file nor line need fit into memory. Thread rule: one owner.
 */
#ifndef DESCENT_DATA_LIBSVM_READER_H
#define DESCENT_DATA_LIBSVM_READER_H

#include <descent/libsvm.h>

#include <stdbool.h>

typedef struct gdi_libsvm_reader {
    int input;          /* read from with pread, or -1: from `memory` */
    const char *memory; /* [length] */
    size_t length;
    size_t offset; /* of the file's bytes read so far */
    char *window;  /* owned; a NUL follows what it holds */
    const char *at, *end;
    bool ended;         /* all bytes of the file are in the window */
    int64_t line;       /* of the next byte, from 1 */
    int64_t width;      /* largest index allowed */
    int64_t last_index; /* of this line; 0: none yet */
    gd_error *error;
} gdi_libsvm_reader;

/* `_dispose` is due in every case. */
gd_status gdi_libsvm_begin(gdi_libsvm_reader *reader, int input, const void *memory, size_t length,
                           int64_t width, gd_error *error);
void gdi_libsvm_dispose(gdi_libsvm_reader *reader);

/* Goes to the next line with a label; *found is false at the end of the file. */
gd_status gdi_libsvm_next_row(gdi_libsvm_reader *reader, double *label, bool *found);

/* The row's next entry; *found is false at the end of its line. Indices from 1. */
gd_status gdi_libsvm_next_entry(gdi_libsvm_reader *reader, int64_t *index, double *value,
                                bool *found);

#endif
