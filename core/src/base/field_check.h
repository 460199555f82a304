/*
 * field_check.h: whether a member of an options struct is what its row allows (descent/field.h), for
 * callers that have not read the options through the row. Each says in its own words what is wrong.
 */
#ifndef DESCENT_BASE_FIELD_CHECK_H
#define DESCENT_BASE_FIELD_CHECK_H

#include <descent/field.h>

typedef enum gdi_field_fault {
    GDI_FIELD_FITS,
    GDI_FIELD_OUT_OF_BOUNDS, /* the number, or an element of the list */
    GDI_FIELD_LENGTH,        /* of the list */
    GDI_FIELD_NO_CHOICE
} gdi_field_fault;

typedef struct gdi_field_finding {
    gdi_field_fault fault;
    double number;  /* out of bounds */
    int64_t length; /* of the list */
    int choice;     /* that there is not */
} gdi_field_finding;

/*
 * Looks at the member of `options` that the row is about. A number at its default is always right, also
 * where that lies out of bounds and so stands for nothing given; a required one has no default.
 */
gdi_field_finding gdi_field_check(const gd_field *field, const void *options);

/* Elements a list may have at most. */
int64_t gdi_field_maximum_length(const gd_field *field);

#endif
