/*
 * target_tokens.c: any bytes as a file of access tokens, and what stands behind a NUL as the header
 * Authorization. What is accepted has names of their own, scopes, no limit below zero, and each
 * token is found by its digest; a file that is there lets nobody in whose secret nobody knows.
 */
#include "fuzz/fuzz.h"

#include "access/registry.h"
#include "access/token_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_token(const access_token_list *list, size_t index)
{
    const access_token *token = &list->tokens[index];
    FUZZ_REQUIRE(access_name_is_valid(token->name) && access_name_is_valid(token->owner));
    FUZZ_REQUIRE(token->scopes != 0 && (token->scopes & ~(unsigned)ACCESS_ALL) == 0);
    FUZZ_REQUIRE(token->created_at >= 0 && token->expires_at >= 0 && token->maximum_queued >= 0 &&
                 token->maximum_running >= 0 && token->maximum_bytes >= 0);
    for (size_t i = 0; i < index; i++)
        FUZZ_REQUIRE(strcmp(list->tokens[i].name, token->name) != 0);
    const access_token *found =
        access_token_find(list->tokens, list->count, token->digest, token->expires_at - 1);
    FUZZ_REQUIRE(found != NULL && memcmp(found->digest, token->digest, ACCESS_DIGEST_SIZE) == 0);
}

void fuzz_tokens(const uint8_t *bytes, size_t length)
{
    const uint8_t *nul = memchr(bytes, '\0', length);
    size_t file_length = nul != NULL ? (size_t)(nul - bytes) : length;
    size_t header_length = nul != NULL ? length - file_length - 1 : 0;
    char path[64], *header = calloc(1, header_length + 1);
    int file = fuzz_file(bytes, file_length);
    access_token_list list;
    access_registry *registry = NULL;
    access_identity identity;
    gd_error error = {0};
    FUZZ_REQUIRE(header != NULL && fchmod(file, 0600) == 0);
    if (header_length > 0)
        memcpy(header, nul + 1, header_length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    gd_status status = access_token_file_read(path, &list, &error);
    FUZZ_REQUIRE(status == GD_OK || (error.message[0] != '\0' && list.count == 0));
    FUZZ_REQUIRE(list.count <= ACCESS_TOKENS_MAXIMUM);
    for (size_t i = 0; i < list.count; i++)
        expect_token(&list, i);
    FUZZ_REQUIRE(access_registry_open(&registry, path, NULL, NULL, NULL) == status);
    if (status == GD_OK) {
        FUZZ_REQUIRE(access_registry_is_closed(registry));
        FUZZ_REQUIRE(!access_registry_identify(registry, header, &identity));
        FUZZ_REQUIRE(!access_registry_identify(registry, NULL, &identity));
    }
    access_registry_close(registry);
    access_token_list_dispose(&list);
    close(file);
    free(header);
}
