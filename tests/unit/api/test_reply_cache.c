/*
 * Texts that are kept come back as they were, within the bytes there are, the oldest question first
 * to go.
 */
#include "api/reply_cache.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has(api_reply_cache *cache, const char *key, const char *text)
{
    size_t length = 0;
    char *found = api_reply_cache_find(cache, key, &length);
    bool same = found != NULL && length == strlen(text) && strcmp(found, text) == 0;
    free(found);
    return same;
}

static bool is_there(api_reply_cache *cache, const char *key)
{
    size_t length;
    char *found = api_reply_cache_find(cache, key, &length);
    free(found);
    return found != NULL;
}

Test(api_reply_cache, a_text_comes_back_under_its_key)
{
    api_reply_cache *cache = api_reply_cache_create(1000);
    cr_assert_not_null(cache);
    api_reply_cache_keep(cache, "a", "one", 3);
    api_reply_cache_keep(cache, "b", "two", 3);
    cr_expect(has(cache, "a", "one"));
    cr_expect(has(cache, "b", "two"));
    cr_expect_not(is_there(cache, "c"));
    api_reply_cache_keep(cache, "a", "three", 5);
    cr_expect(has(cache, "a", "three"), "the later one");
    api_reply_cache_destroy(cache);
}

Test(api_reply_cache, what_was_asked_for_longest_ago_goes_first)
{
    api_reply_cache *cache = api_reply_cache_create(30);
    char text[11] = "0123456789";
    api_reply_cache_keep(cache, "a", text, 10);
    api_reply_cache_keep(cache, "b", text, 10);
    api_reply_cache_keep(cache, "c", text, 10);
    cr_expect(is_there(cache, "a"));
    api_reply_cache_keep(cache, "d", text, 10);
    cr_expect(is_there(cache, "a"));
    cr_expect_not(is_there(cache, "b"));
    cr_expect(is_there(cache, "c"));
    cr_expect(is_there(cache, "d"));
    api_reply_cache_destroy(cache);
}

Test(api_reply_cache, many_keys_and_long_ones_do_no_harm)
{
    api_reply_cache *cache = api_reply_cache_create((size_t)1 << 30);
    char key[2 * API_REPLY_CACHE_KEY];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%d", i);
        api_reply_cache_keep(cache, key, key, strlen(key));
        cr_assert(has(cache, key, key));
    }
    cr_expect_not(is_there(cache, "0"));
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    api_reply_cache_keep(cache, key, "x", 1);
    cr_expect_not(is_there(cache, key));
    char *text = calloc(1, API_REPLY_CACHE_TEXT + 1);
    cr_assert_not_null(text);
    api_reply_cache_keep(cache, "long", text, API_REPLY_CACHE_TEXT + 1);
    cr_expect_not(is_there(cache, "long"));
    free(text);
    api_reply_cache_destroy(cache);
}

Test(api_reply_cache, without_a_cache_nothing_is_found)
{
    size_t length;
    api_reply_cache_keep(NULL, "a", "one", 3);
    cr_expect_null(api_reply_cache_find(NULL, "a", &length));
    api_reply_cache_destroy(NULL);
}
