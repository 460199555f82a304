/*
 * convolution_listed.c: lists of slopes and what is made of them (convolution_listed.h).
 *
 * A window's line lies in a row of the staged image, cell by cell and channel by channel, as a filter's
 * weights do in their packed form; so both gradients are sums of such lines (gdi_listed_sums). The
 * slopes of one window of the pool go to the same lines of the image: its weights are packed once for
 * each column of cells of the pool's window, moved on by as much. Where the plain products have windows
 * side by side, each of these has sums, and a list, of its own.
 */
#include "nn/convolution_listed.h"

#include "base/memory.h"

/* What it takes to list a slope, in multiply-adds of vectors. */
#define LISTING         ((size_t)20)
#define LISTS_OF_A_PART ((size_t)4)
#define LINE_ELEMENTS   (64 / sizeof(gd_real))

static size_t round_up(size_t count, size_t multiple)
{
    return (count + multiple - 1) / multiple * multiple;
}

/* Elements of a window's line, and with that of the pool's whole window. */
static size_t run_of(const gdi_convolution *c)
{
    return c->windows.window[1] * c->windows.channels;
}

static size_t wide_run_of(const gdi_convolution *c)
{
    return run_of(c) + (c->pool.window[1] - 1) * c->windows.stride[1] * c->windows.channels;
}

static size_t window_count(const gdi_convolution *c)
{
    return gdi_windows_count(&c->windows);
}

static size_t vectors_of(size_t elements, size_t lanes)
{
    return (elements + lanes - 1) / lanes;
}

bool gdi_listed_pays(const gdi_convolution *c, size_t lanes, bool input_gradient_wanted)
{
    const gdi_windows *windows = &c->windows;
    const size_t lines = windows->window[0], side = c->forward.side;
    const size_t slopes = gdi_windows_count(&c->pool) * c->filters;
    size_t plain = window_count(c) / side * lines * gdi_sweep_run(&c->forward) *
                   vectors_of(side * c->filters, lanes);
    size_t listed = slopes * (LISTING + lines * vectors_of(run_of(c), lanes));
    if (input_gradient_wanted) {
        const size_t results = c->turned_side * windows->channels;
        plain += window_count(c) * lines * windows->window[1] * c->filters *
                 vectors_of(results, lanes) / c->turned_side;
        listed += slopes * lines * vectors_of(wide_run_of(c), lanes);
    }
    return listed < plain && slopes * side < UINT32_MAX &&
           gdi_staging_elements(&c->input) < UINT32_MAX;
}

static size_t gradient_line(const gdi_convolution *c)
{
    return round_up(run_of(c), LINE_ELEMENTS);
}

/* Lists of an image: filter by filter, one for each of the windows side by side. */
static size_t list_count(const gdi_convolution *c)
{
    return c->filters * c->forward.side;
}

/* Places in a line of cells of a window of the pool. */
static size_t window_places(const gdi_convolution *c)
{
    return c->pool.window[1] * c->filters;
}

static size_t weight_line(const gdi_convolution *c)
{
    return round_up(wide_run_of(c), LINE_ELEMENTS);
}

/* Where the lists of a slot stand, in elements from its begin. */
typedef struct slot_places {
    size_t row_values, row_places, row_ends; /* [row] of the pool, and [columns + 1] */
    size_t values, places, ends;             /* [lists, capacity], and [lists] */
    size_t capacity;                         /* a slope of each window at most */
    size_t spread;                           /* gradient of the staged image */
    size_t elements;
} slot_places;

static size_t put(slot_places *places, size_t elements)
{
    const size_t begin = places->elements;
    places->elements += round_up(elements, LINE_ELEMENTS);
    return begin;
}

static slot_places places_of(const gdi_convolution *c)
{
    slot_places p = {.capacity = gdi_windows_count(&c->pool)};
    const size_t row = c->pool.count[1] * c->filters + GDI_WINDOW_SLACK;
    p.row_values = put(&p, row);
    p.row_places = put(&p, row);
    p.row_ends = put(&p, c->pool.count[1] + 1);
    p.values = put(&p, list_count(c) * p.capacity);
    p.places = put(&p, list_count(c) * p.capacity);
    p.ends = put(&p, list_count(c));
    p.spread = put(&p, gdi_staging_elements(&c->input) + weight_line(c));
    return p;
}

bool gdi_listed_sizes_of(const gdi_convolution *c, gdi_listed_sizes *sizes)
{
    const size_t lines = c->windows.window[0];
    sizes->slot = places_of(c).elements;
    return gdi_size_multiply(c->pool.count[1], window_places(c), &sizes->table) &&
           gdi_size_multiply(lines * gradient_line(c), list_count(c), &sizes->gradients) &&
           gdi_size_multiply(lines * weight_line(c), window_places(c), &sizes->weights);
}

static uint32_t *numbers_at(gd_real *elements)
{
    return (uint32_t *)(void *)elements;
}

/* By place in a line of cells of a row of windows: which list, and where in a row of the image the place's
 * window begins. */
static uint32_t *list_table(const gdi_convolution *c, gd_real *scratch)
{
    return numbers_at(scratch + c->listed_lists);
}

static uint32_t *begin_table(const gdi_convolution *c, gd_real *scratch)
{
    return numbers_at(scratch + c->listed_begins);
}

static void pack_weights(const gdi_convolution *c, const gd_real *weight, gd_real *packed)
{
    const gdi_windows *windows = &c->windows;
    const size_t channels = windows->channels, area = gdi_window_size(windows);
    const size_t lines = windows->window[0], line = weight_line(c);
    gdi_fill(packed, window_places(c) * lines * line, 0);
    for (size_t i = 0; i < window_places(c) * lines; i++) {
        const size_t f = i / lines % c->filters, cell = i / lines / c->filters;
        const gd_real *from = weight + f * channels * area + i % lines * windows->window[1];
        gd_real *target = packed + i * line + cell * windows->stride[1] * channels;
        for (size_t x = 0; x < windows->window[1]; x++) {
            for (size_t channel = 0; channel < channels; channel++) {
                *target++ = from[channel * area + x];
            }
        }
    }
}

void gdi_listed_begin(const gdi_convolution *c, const gd_real *weight, bool input_gradient_wanted,
                      gd_real *scratch)
{
    uint32_t *lists = list_table(c, scratch), *begins = begin_table(c, scratch);
    const size_t side = c->forward.side, places = window_places(c);
    for (size_t i = 0; i < c->pool.count[1] * places; i++) {
        const size_t cell = i % places / c->filters;
        const size_t column = i / places * c->pool.stride[1] + cell;
        lists[i] = (uint32_t)(i % c->filters * side + column % side);
        begins[i] = (uint32_t)(column * c->windows.stride[1] * c->windows.channels);
    }
    gdi_fill(scratch + c->listed_gradients, list_count(c) * c->windows.window[0] * gradient_line(c),
             0);
    if (input_gradient_wanted) {
        pack_weights(c, weight, scratch + c->listed_weights);
    }
}

/* The lists of an image under way. */
typedef struct listing {
    const gdi_convolution *c;
    const gdi_kernels *kernels;
    gd_real *scratch, *slot;
    slot_places places;
    gdi_list row;
} listing;

/* Slopes of a row of windows to the lists of their filters; `row` is where its windows begin. */
static void hand_out(const listing *it, size_t count, size_t row)
{
    const gdi_convolution *c = it->c;
    const gdi_list *list = &it->row;
    const uint32_t *lists = list_table(c, it->scratch), *begins = begin_table(c, it->scratch);
    gd_real *values = it->slot + it->places.values;
    uint32_t *places = numbers_at(it->slot + it->places.places);
    uint32_t *ends = numbers_at(it->slot + it->places.ends);
    for (size_t k = 0; k < count; k++) {
        const uint32_t place = list->places[k], end = ends[lists[place]]++;
        values[end] = list->values[k];
        places[end] = (uint32_t)row + begins[place];
    }
}

/* Adds the weights of a row's slopes to the lines of the image that their windows cover. */
static void spread_row(const listing *it, size_t row)
{
    const gdi_convolution *c = it->c;
    const size_t line = weight_line(c), lines = c->windows.window[0];
    const gdi_listed_sums sums = {
        .values = it->row.values,
        .places = it->row.places,
        .begins = it->row.ends - 1,
        .ends = it->row.ends,
        .groups = c->pool.count[1],
        .group_places = window_places(c),
        .source = it->scratch + c->listed_weights,
        .place_step = lines * line,
        .source_step = line,
        .lines = lines,
        .run = wide_run_of(c),
        .result = it->slot + it->places.spread + row,
        .result_step = c->input.size[1] * c->input.channels,
        .group_step = c->pool.stride[1] * c->windows.stride[1] * c->windows.channels,
        .continues = true,
    };
    it->kernels->listed_sums(&sums);
}

/* The image between the zeros; what no window covers has none. */
static void copy_out(const gdi_convolution *c, const gd_real *spread, gd_real *gradient)
{
    const gdi_staging *input = &c->input;
    const size_t row = c->windows.image[1] * input->channels,
                 run = input->image[1] * input->channels;
    if (input->image[0] < c->windows.image[0] || run < row) {
        gdi_fill(gradient, c->windows.image[0] * row, 0);
    }
    for (size_t y = 0; y < input->image[0]; y++) {
        gdi_copy_run(gradient + y * row,
                     spread + ((input->before[0] + y) * input->size[1] + input->before[1]) *
                                  input->channels,
                     run);
    }
}

void gdi_listed_take(const gdi_convolution *c, const gdi_kernels *kernels, const gd_real *slopes,
                     const uint32_t *chosen, size_t slot, gd_real *scratch, gd_real *gradient)
{
    listing it = {.c = c,
                  .kernels = kernels,
                  .scratch = scratch,
                  .slot = scratch + c->listed_slots + slot * c->listed_slot,
                  .places = places_of(c)};
    uint32_t *row_ends = numbers_at(it.slot + it.places.row_ends);
    it.row = (gdi_list){.values = it.slot + it.places.row_values,
                        .places = numbers_at(it.slot + it.places.row_places),
                        .ends = row_ends + 1};
    row_ends[0] = 0;
    for (size_t i = 0; i < list_count(c); i++) {
        numbers_at(it.slot + it.places.ends)[i] = (uint32_t)(i * it.places.capacity);
    }
    if (gradient != NULL) {
        gdi_fill(it.slot + it.places.spread, gdi_staging_elements(&c->input) + weight_line(c), 0);
    }
    const gdi_pool_row windows = gdi_pool_row_of(&c->pool, 0);
    const size_t image_row = c->windows.stride[0] * c->input.size[1] * c->input.channels;
    for (size_t y = 0; y < c->pool.count[0]; y++) {
        const size_t at = y * c->pool.count[1] * c->filters;
        for (size_t line = 0; line < c->pool.window[0]; line++) {
            const size_t row = (y * c->pool.stride[0] + line) * image_row;
            const size_t count =
                kernels->list_chosen(&windows, slopes + at, chosen + at, line, &it.row);
            hand_out(&it, count, row);
            if (gradient != NULL) {
                spread_row(&it, row);
            }
        }
    }
    if (gradient != NULL) {
        copy_out(c, it.slot + it.places.spread, gradient);
    }
}

size_t gdi_listed_parts(const gdi_convolution *c)
{
    return (list_count(c) + LISTS_OF_A_PART - 1) / LISTS_OF_A_PART;
}

void gdi_listed_add(const gdi_convolution *c, const gdi_kernels *kernels, size_t part,
                    const gd_real *cells, size_t slot, gd_real *scratch)
{
    gd_real *lists = scratch + c->listed_slots + slot * c->listed_slot;
    const slot_places places = places_of(c);
    const size_t first = part * LISTS_OF_A_PART, line = gradient_line(c);
    const size_t lines = c->windows.window[0], left = list_count(c) - first;
    uint32_t begins[LISTS_OF_A_PART];
    for (size_t i = 0; i < LISTS_OF_A_PART; i++) {
        begins[i] = (uint32_t)((first + i) * places.capacity);
    }
    const gdi_listed_sums sums = {
        .values = lists + places.values,
        .places = numbers_at(lists + places.places),
        .begins = begins,
        .ends = numbers_at(lists + places.ends) + first,
        .groups = left < LISTS_OF_A_PART ? left : LISTS_OF_A_PART,
        .source = cells,
        .place_step = 1,
        .source_step = c->input.size[1] * c->input.channels,
        .lines = lines,
        .run = run_of(c),
        .result = scratch + c->listed_gradients + first * lines * line,
        .result_step = line,
        .group_step = lines * line,
        .accumulate = true,
    };
    kernels->listed_sums(&sums);
}

void gdi_listed_end(const gdi_convolution *c, const gd_real *scratch, gd_real *gradient)
{
    const gdi_windows *windows = &c->windows;
    const size_t channels = windows->channels, area = gdi_window_size(windows);
    const size_t lines = windows->window[0], line = gradient_line(c);
    const size_t side = c->forward.side, list = lines * line;
    for (size_t i = 0; i < c->filters * lines; i++) {
        const size_t f = i / lines, y = i % lines;
        const gd_real *sums = scratch + c->listed_gradients + f * side * list + y * line;
        gd_real *target = gradient + f * channels * area + y * windows->window[1];
        for (size_t x = 0; x < windows->window[1]; x++) {
            for (size_t channel = 0; channel < channels; channel++, sums++) {
                gd_real sum = 0;
                for (size_t j = 0; j < side; j++) {
                    sum += sums[j * list];
                }
                target[channel * area + x] += sum;
            }
        }
    }
}
