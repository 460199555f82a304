/*
 * token_command.h: `descentd token add|list|revoke`: changes the file of tokens, whether or not a
 * service is using it.
 */
#ifndef TOKEN_COMMAND_H
#define TOKEN_COMMAND_H

#include "config.h"

/* The exit status; what went wrong is one line on standard error. */
int token_command_run(const config *read);

#endif
