/*
 * source_pages.c: a source's word to the system about the pages of its file: which will be wanted,
 * which not any more (source.h). All of it is advice, and nothing depends on it but time and memory.
 */
#include "train/source.h"

#include "data/frame_layout.h"

#include <sys/mman.h>
#include <unistd.h>

/* Advises on rows first … last of a frame's file; `inner`: on whole pages of theirs alone. */
static void advise(const gd_frame *frame, int64_t first, int64_t last, int advice, bool inner)
{
    if (frame->parts[0] != NULL) {
        advise(frame->parts[0], first, last, advice, inner);
        advise(frame->parts[1], first, last, advice, inner);
        return;
    }
    if (frame->map == NULL) {
        return;
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t row = (uintptr_t)frame->column_count * gdi_cell_size(frame->cell_type);
    uintptr_t begin = (uintptr_t)frame->cells + (uintptr_t)first * row;
    uintptr_t end = (uintptr_t)frame->cells + (uintptr_t)(last + 1) * row;
    begin = (inner ? begin + page - 1 : begin) / page * page;
    end = (inner ? end : end + page - 1) / page * page;
    if (begin < end) {
        (void)madvise((void *)begin, end - begin, advice);
    }
}

static void advise_examples(const gd_source *source, int64_t first, int64_t count, int advice,
                            bool inner)
{
    int64_t stride = source->window.length > 0 ? source->window.stride : 1;
    int64_t begin = first * stride;
    int64_t end = (first + count - 1) * stride + source->target_first + source->target_span;
    end = end < begin + source->span ? begin + source->span : end;
    end = end > source->rows->count ? source->rows->count : end;
    if (count > 0 && begin < end) {
        advise(source->frame, gd_row_at(source->rows, begin), gd_row_at(source->rows, end - 1),
               advice, inner);
    }
}

void gdi_source_expect(const gd_source *source, int64_t first, int64_t count)
{
    advise_examples(source, first, count, MADV_WILLNEED, false);
}

void gdi_source_release(const gd_source *source, int64_t first, int64_t count)
{
    advise_examples(source, first, count, MADV_DONTNEED, true);
}

void gdi_source_scatter(const gd_source *source)
{
    if (source->frame->row_count > 0) {
        advise(source->frame, 0, source->frame->row_count - 1, MADV_RANDOM, false);
    }
}
