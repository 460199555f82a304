/*
 * Content-Type and Accept as pure functions over header text (RFC 9110 sections 8.3 and 12.5.1).
 */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

/* True if the value of a Content-Type header is well formed and names `media_type`
   ("application/json"). Parameters are allowed; a charset must be utf-8 or us-ascii. */
bool http_media_is(const char *content_type, const char *media_type);

/* Index of the offer with the highest quality under the value of Accept; on a tie the earlier
   offer; 0 if `accept` is NULL or empty; -1 if every offer is excluded. An element that is not
   well formed counts for nothing; if no element is well formed, all is accepted. Of several ranges
   that fit one offer the most specific gives its quality. Offers may carry parameters
   ("text/html; charset=utf-8"), which are not compared. */
int http_media_negotiate(const char *accept, const char *const *offers);

/* True if the value of Accept-Encoding names `coding` ("gzip") with a quality above 0, or lets it in by
   "*" without naming it (RFC 9110 section 12.5.3). NULL: only the coding "identity" is accepted. */
bool http_coding_is_accepted(const char *accept_encoding, const char *coding);

#endif
