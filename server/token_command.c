/*
 * token_command.c: see token_command.h. The secret of a new token is the one line on standard
 * output, so that it can be caught in a variable; all other words go to standard error.
 */
#include "token_command.h"

#include "access/token_file.h"
#include "jobs/checkpoint.h"
#include "jobs/identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int fail(const gd_error *error)
{
    fprintf(stderr, "descentd: %s\n", error->message);
    return EXIT_FAILURE;
}

static size_t position_of(const access_token_list *list, const char *name)
{
    size_t i = 0;
    while (i < list->count && strcmp(list->tokens[i].name, name) != 0)
        i++;
    return i;
}

static gd_status add(void *context, access_token_list *list, bool *changed, gd_error *error)
{
    const access_token *token = context;
    if (position_of(list, token->name) < list->count)
        return gd_fail(error, GD_CONFLICT, "",
                       "there is a token %s already: revoke it first, or take another name",
                       token->name);
    if (list->count == ACCESS_TOKENS_MAXIMUM)
        return gd_fail(error, GD_TOO_LARGE, "", "there are %d tokens, and there cannot be more",
                       ACCESS_TOKENS_MAXIMUM);
    access_token *grown = realloc(list->tokens, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for the tokens");
    list->tokens = grown;
    list->tokens[list->count++] = *token;
    *changed = true;
    return GD_OK;
}

static gd_status fill_token(const config *read, access_token *token, gd_error *error)
{
    *token = (access_token){.created_at = jobs_now()};
    if (!access_name_is_valid(read->token_name) || !access_name_is_valid(read->token_owner))
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "names have 1 to %d letters, digits, dots, dashes and underscores",
                       ACCESS_NAME_SIZE - 1);
    if (!access_scopes_parse(read->token_scopes, &token->scopes))
        return gd_fail(error, GD_INVALID_ARGUMENT, "",
                       "--scopes takes read, submit and admin, comma-separated, not \"%s\"",
                       read->token_scopes);
    snprintf(token->name, sizeof token->name, "%s", read->token_name);
    snprintf(token->owner, sizeof token->owner, "%s", read->token_owner);
    token->expires_at =
        read->token_seconds > 0 ? token->created_at + read->token_seconds * 1000 : 0;
    token->maximum_queued = read->token_queued;
    token->maximum_running = read->token_running;
    token->maximum_bytes = read->token_bytes;
    return GD_OK;
}

static int run_add(const config *read)
{
    access_token token;
    char secret[ACCESS_SECRET_SIZE];
    gd_error error = {0};
    gd_status status = fill_token(read, &token, &error);
    if (status == GD_OK && !access_secret_create(secret))
        status = gd_fail(&error, GD_UNAVAILABLE, "", "the system gives no random bytes");
    if (status == GD_OK) {
        access_secret_digest(secret, token.digest);
        if (!read->token_path_given)
            status = jobs_directories_create(read->data_directory, &error);
    }
    if (status == GD_OK)
        status = access_token_file_change(read->token_path, add, &token, &error);
    if (status != GD_OK)
        return fail(&error);
    printf("%s\n", secret);
    explicit_bzero(secret, sizeof secret);
    fprintf(stderr, "This is the secret of token %s. It is shown this once and kept nowhere.\n",
            token.name);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void write_limit(char text[24], int64_t limit)
{
    if (limit > 0)
        snprintf(text, 24, "%" PRId64, limit);
    else
        snprintf(text, 24, "-");
}

static void print_token(const access_token *token)
{
    char scopes[32], created[JOBS_TIME_SIZE], expires[JOBS_TIME_SIZE] = "never", limits[3][24];
    access_scopes_write(token->scopes, scopes, sizeof scopes);
    jobs_format_time(token->created_at, created);
    if (token->expires_at > 0)
        jobs_format_time(token->expires_at, expires);
    bool is_over = token->expires_at > 0 && token->expires_at <= jobs_now();
    write_limit(limits[0], token->maximum_queued);
    write_limit(limits[1], token->maximum_running);
    write_limit(limits[2], token->maximum_bytes);
    printf("%-20s %-20s %-18s %-24s %-24s %8s %8s %14s%s\n", token->name, token->owner, scopes,
           created, expires, limits[0], limits[1], limits[2], is_over ? " (expired)" : "");
}

static int run_list(const config *read)
{
    access_token_list list;
    gd_error error = {0};
    gd_status status = access_token_file_read(read->token_path, &list, &error);
    if (status == GD_NOT_FOUND) {
        fprintf(stderr, "There is no file of tokens: the service is open to all who reach it.\n");
        return EXIT_SUCCESS;
    }
    if (status != GD_OK)
        return fail(&error);
    printf("%-20s %-20s %-18s %-24s %-24s %8s %8s %14s\n", "NAME", "OWNER", "SCOPES", "CREATED",
           "EXPIRES", "QUEUED", "RUNNING", "BYTES");
    for (size_t i = 0; i < list.count; i++)
        print_token(&list.tokens[i]);
    access_token_list_dispose(&list);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

typedef struct revocation {
    const char *name;
    size_t left;
} revocation;

static gd_status revoke(void *context, access_token_list *list, bool *changed, gd_error *error)
{
    revocation *what = context;
    size_t position = position_of(list, what->name);
    if (position == list->count)
        return gd_fail(error, GD_NOT_FOUND, "", "there is no token %.64s", what->name);
    list->count--;
    memmove(&list->tokens[position], &list->tokens[position + 1],
            (list->count - position) * sizeof *list->tokens);
    what->left = list->count;
    *changed = true;
    return GD_OK;
}

static int run_revoke(const config *read)
{
    revocation what = {.name = read->token_name};
    gd_error error = {0};
    gd_status status = access_token_file_change(read->token_path, revoke, &what, &error);
    if (status != GD_OK)
        return fail(&error);
    fprintf(stderr, "Token %s is revoked.\n", read->token_name);
    if (what.left == 0)
        fprintf(stderr,
                "It was the last one: the service lets nobody in until another is added.\n");
    return EXIT_SUCCESS;
}

int token_command_run(const config *read)
{
    if (read->command == CONFIG_TOKEN_ADD)
        return run_add(read);
    return read->command == CONFIG_TOKEN_LIST ? run_list(read) : run_revoke(read);
}
