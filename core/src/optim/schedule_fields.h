/*
 * schedule_fields.h: the options of each schedule as rows, for schedule.c alone.
 */
#ifndef DESCENT_OPTIM_SCHEDULE_FIELDS_H
#define DESCENT_OPTIM_SCHEDULE_FIELDS_H

#include <descent/schedule.h>

extern const gd_field gdi_schedule_fields_constant[1];
extern const gd_field gdi_schedule_fields_step[4];
extern const gd_field gdi_schedule_fields_exponential[3];
extern const gd_field gdi_schedule_fields_cosine[4];
extern const gd_field gdi_schedule_fields_multi_step[4];
extern const gd_field gdi_schedule_fields_polynomial[4];
extern const gd_field gdi_schedule_fields_inverse_time[3];
extern const gd_field gdi_schedule_fields_cosine_restarts[5];
extern const gd_field gdi_schedule_fields_one_cycle[8];
extern const gd_field gdi_schedule_fields_plateau[7];

#endif
