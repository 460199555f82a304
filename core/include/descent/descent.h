/*
 * descent.h: the whole library in one include. See the headers it names; each is the manual of one
 * concept. Prefix gd_. The library does no input or output but on files and descriptors it is given.
 */
#ifndef DESCENT_DESCENT_H
#define DESCENT_DESCENT_H

#include <descent/activation.h>
#include <descent/buffer.h>
#include <descent/corpus.h>
#include <descent/csv.h>
#include <descent/field.h>
#include <descent/formula.h>
#include <descent/frame.h>
#include <descent/generator.h>
#include <descent/idx.h>
#include <descent/libsvm.h>
#include <descent/loss.h>
#include <descent/memory.h>
#include <descent/metrics.h>
#include <descent/model.h>
#include <descent/npy.h>
#include <descent/optimizer.h>
#include <descent/preparation.h>
#include <descent/random.h>
#include <descent/real.h>
#include <descent/rows.h>
#include <descent/safetensors.h>
#include <descent/schedule.h>
#include <descent/source.h>
#include <descent/sparse.h>
#include <descent/status.h>
#include <descent/training.h>
#include <descent/version.h>
#include <descent/window.h>

#endif
