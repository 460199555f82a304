/*
 * window.c: windows over rows as strides (window.h).
 */
#include <descent/window.h>

int64_t gd_window_count(const gd_window *window, int64_t rows)
{
    if (rows < window->horizon || rows - window->horizon < window->length) {
        return 0;
    }
    return (rows - window->horizon - window->length) / window->stride + 1;
}

int64_t gd_window_rows(const gd_window *window, int64_t count)
{
    int64_t rows = 0;
    if (__builtin_mul_overflow(count - 1, window->stride, &rows) ||
        __builtin_add_overflow(rows, window->length, &rows) ||
        __builtin_add_overflow(rows, window->horizon, &rows)) {
        return INT64_MAX;
    }
    return rows;
}

gd_examples gd_window_examples(const gd_window *window, const gd_examples *rows, bool sequence)
{
    int64_t first = sequence ? window->horizon : window->length - 1 + window->horizon;
    gd_examples windows = {
        .features = rows->features,
        .targets = rows->targets == NULL ? NULL : rows->targets + first * rows->target_width,
        .count = gd_window_count(window, rows->count),
        .feature_width = window->length * rows->feature_width,
        .target_width = (sequence ? window->length : 1) * rows->target_width,
        .feature_stride = window->stride * rows->feature_width,
        .target_stride = window->stride * rows->target_width,
    };
    if (windows.count == 0) {
        windows.targets = rows->targets;
    }
    return windows;
}
