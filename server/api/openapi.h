/*
 * openapi.h: the published form of the HTTP interface, as written in openapi.json and put into the
 * program by embed_openapi.sh. What may stand in a spec is added when it is served (openapi.c).
 */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

/* The text of openapi.json; a valid OpenAPI 3.1 document but for the schemas of the spec's parts. */
extern const char api_openapi_text[];

#endif
