/*
 * admit.h: who may ask for what. Every route asks for a token, with `read` to look and `submit` to
 * change, unless its tag points to a rule that says otherwise; so a route added without a thought
 * is guarded. What stands under an {id} is there for its owner and for `admin` alone: others get
 * 404 before a handler runs.
 */
#ifndef API_ADMIT_H
#define API_ADMIT_H

#include "access/token.h"

/* The tag of a route. */
typedef struct api_rule {
    bool open;      /* needs no token */
    unsigned scope; /* instead of the method's own; 0: that */
} api_rule;

#endif
