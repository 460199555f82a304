/*
 * Names, scopes, secrets, and the look-up by digest.
 */
#include "access/token.h"

#include <criterion/criterion.h>
#include <string.h>

Test(access_token, names_are_plain_words)
{
    static const char *const good[] = {"a", "ci-1", "Team.red_2", "0"};
    static const char *const bad[] = {"", "a b", "a\n", "a=b", "a/b", "\xc3\xa9", "a,b"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(access_name_is_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(access_name_is_valid(bad[i]), "%s", bad[i]);
    char name[ACCESS_NAME_SIZE + 1];
    memset(name, 'a', sizeof name);
    name[ACCESS_NAME_SIZE - 1] = '\0';
    cr_expect(access_name_is_valid(name));
    name[ACCESS_NAME_SIZE - 1] = 'a';
    name[ACCESS_NAME_SIZE] = '\0';
    cr_expect_not(access_name_is_valid(name));
}

Test(access_token, scopes_are_read_and_written)
{
    unsigned scopes = 0;
    char text[32];
    cr_assert(access_scopes_parse("admin,read", &scopes));
    cr_expect_eq(scopes, (unsigned)(ACCESS_ADMIN | ACCESS_READ));
    access_scopes_write(scopes, text, sizeof text);
    cr_expect_str_eq(text, "read,admin");
    access_scopes_write(ACCESS_ALL, text, sizeof text);
    cr_expect_str_eq(text, "read,submit,admin");
    static const char *const bad[] = {"", ",", "read,", ",read", "reads", "READ", "read submit"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(access_scopes_parse(bad[i], &scopes), "%s", bad[i]);
}

Test(access_token, admin_allows_all_and_nothing_else_does)
{
    cr_expect(access_scopes_allow(ACCESS_ADMIN, ACCESS_READ));
    cr_expect(access_scopes_allow(ACCESS_ADMIN, ACCESS_SUBMIT));
    cr_expect(access_scopes_allow(ACCESS_READ, ACCESS_READ));
    cr_expect_not(access_scopes_allow(ACCESS_READ, ACCESS_SUBMIT));
    cr_expect_not(access_scopes_allow(ACCESS_SUBMIT, ACCESS_READ));
    cr_expect_not(access_scopes_allow(ACCESS_READ | ACCESS_SUBMIT, ACCESS_ADMIN));
}

Test(access_token, secrets_differ_and_are_url_safe)
{
    char one[ACCESS_SECRET_SIZE], two[ACCESS_SECRET_SIZE];
    for (int i = 0; i < 100; i++) {
        cr_assert(access_secret_create(one));
        cr_assert(access_secret_create(two));
        cr_assert_str_neq(one, two);
        cr_assert_eq(strlen(one), strlen("descentd_") + 43u, "%s", one);
        cr_assert_eq(
            strspn(one, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
            strlen(one));
    }
}

Test(access_token, the_digest_is_sha_256)
{
    /* FIPS 180-4, "abc". */
    static const unsigned char abc[4] = {0xba, 0x78, 0x16, 0xbf};
    unsigned char digest[ACCESS_DIGEST_SIZE];
    access_secret_digest("abc", digest);
    cr_expect_eq(memcmp(digest, abc, sizeof abc), 0);
}

Test(access_token, a_token_is_found_by_its_digest_until_it_expires)
{
    access_token tokens[3] = {{.name = "a"}, {.name = "b", .expires_at = 1000}, {.name = "c"}};
    unsigned char digest[ACCESS_DIGEST_SIZE];
    for (int i = 0; i < 3; i++)
        access_secret_digest(tokens[i].name, tokens[i].digest);
    access_secret_digest("b", digest);
    cr_expect_eq(access_token_find(tokens, 3, digest, 999), &tokens[1]);
    cr_expect_null(access_token_find(tokens, 3, digest, 1000));
    access_secret_digest("c", digest);
    cr_expect_eq(access_token_find(tokens, 3, digest, 1000), &tokens[2]);
    digest[31] ^= 1;
    cr_expect_null(access_token_find(tokens, 3, digest, 0));
    cr_expect_null(access_token_find(NULL, 0, digest, 0));
}
