/*
 * warnings.h: what is worth knowing about a dataset before anything is trained on it.
 */
#ifndef JOBS_WARNINGS_H
#define JOBS_WARNINGS_H

#include <descent/csv.h>

/*
 * A JSON array of {code, message, column?}: constant_column, id_like_column, duplicate_rows,
 * scales_differ. `report` is the CSV reader's, which knows of ids and repeated rows; NULL for other
 * formats. The caller frees; NULL without memory.
 */
char *jobs_describe_warnings(const gd_frame *frame, const gd_csv_report *report);

#endif
