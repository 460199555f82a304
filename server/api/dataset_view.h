/*
 * dataset_view.h: a dataset as the contract shows it.
 */
#ifndef API_DATASET_VIEW_H
#define API_DATASET_VIEW_H

#include "store/store.h"
#include "json/writer.h"

void api_write_dataset(json_writer *writer, const store_dataset *dataset);

#endif
