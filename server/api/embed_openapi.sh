#!/bin/sh
# Prints a C file that holds a JSON document as one text, api_openapi_text. Usage: embed_openapi.sh FILE
set -eu
LC_ALL=C
export LC_ALL

[ "$#" -eq 1 ] || { echo "embed_openapi: one file is needed" >&2; exit 1; }
cat <<'HEAD'
/* Generated from server/api/openapi.json by server/api/embed_openapi.sh. */
#include "api/openapi.h"

const char api_openapi_text[] =
HEAD
sed -e 's/^ *//' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/    "/' -e 's/$/"/' "$1"
echo '    ;'
