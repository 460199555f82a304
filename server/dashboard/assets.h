/*
 * assets.h: the dashboard's files as they lie in the binary. The table is written at build time by
 * embed.sh; nothing is looked up in a file system at run time, so a path is one of these or unknown.
 */
#ifndef DASHBOARD_ASSETS_H
#define DASHBOARD_ASSETS_H

#include <stddef.h>

/* One form of a file; `etag` is complete with its quotes and differs between the forms. */
typedef struct dashboard_bytes {
    const unsigned char *bytes;
    size_t length;
    const char *etag;
} dashboard_bytes;

typedef struct dashboard_asset {
    const char *name; /* "style.css", "pages/job.js" */
    const char *content_type;
    dashboard_bytes plain, gzip;
} dashboard_asset;

/* Digest of all files but the first: part of their paths. */
extern const char dashboard_version[];

/* The first is index.html. */
extern const dashboard_asset dashboard_assets[];
extern const size_t dashboard_asset_count;

#endif
