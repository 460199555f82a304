/*
 * safetensors.h: a model's parameters as a safetensors file, which PyTorch and others load.
 *
 * Layout (huggingface/safetensors, README "Format"): u64 little-endian length of the header, a JSON
 * header padded with blanks to a multiple of 8, then the tensors' bytes in order. Names and shapes are
 * those of model.h.
 */
#ifndef DESCENT_SAFETENSORS_H
#define DESCENT_SAFETENSORS_H

#include <descent/buffer.h>
#include <descent/model.h>

/* Appends the file to `buffer`; `parameters` [parameter_count] of gd_model_element_bytes each: of a
 * formula doubles, as they are. */
void gd_safetensors_write(const gd_model *model, const void *parameters, gd_buffer *buffer);

#endif
