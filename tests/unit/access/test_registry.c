/*
 * The file of tokens and the registry over it: what is written is read again, what is damaged is
 * refused, and a change is good with the next question.
 */
#include "access/registry.h"
#include "access/token_file.h"
#include "support/folder.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];
static access_registry *registry;
static int failures, recoveries;

static void start(void)
{
    folder_create(folder, sizeof folder, "access-test");
    snprintf(path, sizeof path, "%s/tokens", folder);
}

static void end(void)
{
    char lock[128];
    access_registry_close(registry);
    registry = NULL;
    (void)unlink(path);
    snprintf(lock, sizeof lock, "%s.lock", path);
    (void)unlink(lock);
    cr_expect_eq(rmdir(folder), 0);
}

TestSuite(access_registry, .init = start, .fini = end);

static void report(void *context, bool failed, const char *text)
{
    (void)context;
    cr_assert_not_null(text);
    failures += failed ? 1 : 0;
    recoveries += failed ? 0 : 1;
}

static gd_status append(void *context, access_token_list *list, bool *changed, gd_error *error)
{
    (void)error;
    access_token *grown = realloc(list->tokens, (list->count + 1) * sizeof *grown);
    cr_assert_not_null(grown);
    grown[list->count++] = *(const access_token *)context;
    list->tokens = grown;
    *changed = true;
    return GD_OK;
}

static void add(const char *name, unsigned scopes, const char *secret)
{
    access_token token = {.scopes = scopes,
                          .created_at = 1,
                          .expires_at = INT64_C(9999999999999),
                          .maximum_queued = 3,
                          .maximum_running = 4,
                          .maximum_bytes = 5};
    gd_error error = {0};
    snprintf(token.name, sizeof token.name, "%s", name);
    snprintf(token.owner, sizeof token.owner, "of-%s", name);
    access_secret_digest(secret, token.digest);
    cr_assert_eq(access_token_file_change(path, append, &token, &error), GD_OK, "%s",
                 error.message);
}

static gd_status clear(void *context, access_token_list *list, bool *changed, gd_error *error)
{
    (void)context;
    (void)error;
    list->count = 0;
    *changed = true;
    return GD_OK;
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, 0600), 0);
}

Test(access_registry, what_is_written_is_read_again)
{
    access_token_list list;
    gd_error error = {0};
    cr_assert_eq(access_token_file_read(path, &list, &error), GD_NOT_FOUND);
    add("one", ACCESS_READ, "x");
    add("two", ACCESS_ADMIN, "y");
    cr_assert_eq(access_token_file_read(path, &list, &error), GD_OK, "%s", error.message);
    cr_assert_eq(list.count, 2u);
    cr_expect_str_eq(list.tokens[1].name, "two");
    cr_expect_str_eq(list.tokens[1].owner, "of-two");
    cr_expect_eq(list.tokens[1].scopes, (unsigned)ACCESS_ADMIN);
    cr_expect_eq(list.tokens[1].expires_at, INT64_C(9999999999999));
    cr_expect_eq(list.tokens[1].maximum_queued, 3);
    cr_expect_eq(list.tokens[1].maximum_running, 4);
    cr_expect_eq(list.tokens[1].maximum_bytes, 5);
    unsigned char digest[ACCESS_DIGEST_SIZE];
    access_secret_digest("y", digest);
    cr_expect_eq(memcmp(list.tokens[1].digest, digest, sizeof digest), 0);
    access_token_list_dispose(&list);
    struct stat facts;
    cr_assert_eq(stat(path, &facts), 0);
    cr_expect_eq(facts.st_mode & 0777, 0600u);
}

Test(access_registry, the_file_never_holds_a_secret)
{
    char text[4096];
    add("one", ACCESS_READ, "descentd_very-secret");
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_null(strstr(text, "very-secret"));
}

#define LINE                                                                                       \
    "token=a owner=a scopes=read "                                                                 \
    "digest=0000000000000000000000000000000000000000000000000000000000000000 created=1 expires=0 " \
    "queued=0 running=0 bytes=0"

Test(access_registry, what_this_program_did_not_write_is_refused)
{
    static const char *const bad[] = {
        "",
        "\n",
        "token=a\n",
        "descentd tokens 2\n",
        "descentd tokens 1",
        "descentd tokens 1\n\n",
        "descentd tokens 1\n" LINE,
        "descentd tokens 1\n" LINE " more=1\n",
        "descentd tokens 1\n" LINE "\n" LINE "\n",
        "descentd tokens 1\ntoken=a owner=a scopes=all digest=00 created=1 expires=0\n",
        "descentd tokens 1\ntoken=a scopes=read\n",
    };
    access_token_list list;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gd_error error = {0};
        write_text(bad[i]);
        cr_expect_eq(access_token_file_read(path, &list, &error), GD_CORRUPT, "%s", bad[i]);
        cr_expect_not_null(strstr(error.message, path));
        cr_expect_eq(access_registry_open(&registry, path, NULL, NULL, &error), GD_CORRUPT);
    }
    write_text("descentd tokens 1\n" LINE "\n");
    cr_expect_eq(access_token_file_read(path, &list, NULL), GD_OK);
    access_token_list_dispose(&list);
    cr_assert_eq(chmod(path, 0620), 0);
    cr_expect_eq(access_token_file_read(path, &list, NULL), GD_INVALID_ARGUMENT);
}

static bool knows(const char *authorization, access_identity *identity)
{
    return access_registry_identify(registry, authorization, identity);
}

Test(access_registry, without_a_file_everybody_may_do_all)
{
    access_identity who;
    cr_assert_eq(access_registry_open(&registry, path, NULL, NULL, NULL), GD_OK);
    cr_expect_not(access_registry_is_closed(registry));
    cr_assert(knows(NULL, &who));
    cr_expect_eq(who.scopes, (unsigned)ACCESS_ALL);
    cr_expect(who.sees_all);
    cr_expect_str_eq(who.owner, "");
    cr_assert(knows("Bearer anything", &who));
    cr_expect_str_eq(who.token, "");
}

Test(access_registry, a_change_is_good_with_the_next_question)
{
    access_identity who;
    cr_assert_eq(access_registry_open(&registry, path, report, NULL, NULL), GD_OK);
    add("one", ACCESS_READ, "x");
    cr_expect_not(knows(NULL, &who));
    cr_expect_not(knows("Bearer y", &who));
    cr_assert(knows("Bearer x", &who));
    cr_expect_str_eq(who.token, "one");
    cr_expect_str_eq(who.owner, "of-one");
    cr_expect_not(who.sees_all);
    cr_expect_eq(who.maximum_bytes, 5);
    add("two", ACCESS_ADMIN, "y");
    cr_assert(knows("bearer  y", &who));
    cr_expect(who.sees_all);
    static const char *const wrong[] = {"",          "Bearer",   "Bearer ", "Basic x",   "x",
                                        "Bearer x ", "Bearer X", "Bearerx", "Bearer x,y"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(knows(wrong[i], &who), "\"%s\"", wrong[i]);
    cr_assert_eq(access_token_file_change(path, clear, NULL, NULL), GD_OK);
    cr_expect_not(knows("Bearer x", &who));
    cr_expect(access_registry_is_closed(registry));
}

Test(access_registry, a_lost_or_damaged_file_opens_nothing)
{
    access_identity who;
    failures = recoveries = 0;
    add("one", ACCESS_READ, "x");
    cr_assert_eq(access_registry_open(&registry, path, report, NULL, NULL), GD_OK);
    write_text("nonsense\n");
    cr_expect_not(knows(NULL, &who));
    cr_expect(knows("Bearer x", &who), "what was read last stays good");
    cr_expect_eq(failures, 1);
    cr_expect(knows("Bearer x", &who));
    cr_expect_eq(failures, 1, "told once");
    cr_assert_eq(unlink(path), 0);
    cr_expect_not(knows("Bearer x", &who));
    cr_expect_not(knows(NULL, &who));
    cr_expect_eq(failures, 2);
    add("one", ACCESS_READ, "z");
    cr_expect(knows("Bearer z", &who));
}

static void *ask(void *context)
{
    access_identity who;
    for (int i = 0; i < 2000; i++)
        if (!knows("Bearer x", &who) || strcmp(who.token, "one") != 0)
            return context;
    return NULL;
}

Test(access_registry, many_threads_ask_while_tokens_are_added)
{
    pthread_t threads[4];
    add("one", ACCESS_READ, "x");
    cr_assert_eq(access_registry_open(&registry, path, report, NULL, NULL), GD_OK);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask, folder), 0);
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        add(name, ACCESS_READ, name);
    }
    for (int i = 0; i < 4; i++) {
        void *wrong;
        cr_assert_eq(pthread_join(threads[i], &wrong), 0);
        cr_expect_null(wrong);
    }
}
