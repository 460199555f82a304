/*
 * health.h: `descentd health`: asks a running service for /readyz, for container health checks.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "config.h"

/* The HTTP status of the reply; -1 with `error` filled where none came within five seconds. */
int health_ask(const config *read, gd_error *error);

#endif
