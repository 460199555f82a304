/*
 * SHA-256: the answers FIPS 180-4 gives as examples, and pieces of any size.
 */
#include "jobs/digest.h"

#include <criterion/criterion.h>
#include <string.h>

Test(jobs_digest, known_answers)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[JOBS_DIGEST_SIZE];
        jobs_digest_of(cases[i].text, strlen(cases[i].text), hex);
        cr_expect_str_eq(hex, cases[i].hex);
    }
}

Test(jobs_digest, a_million_letters_in_pieces)
{
    jobs_digest digest;
    char hex[JOBS_DIGEST_SIZE], piece[999];
    memset(piece, 'a', sizeof piece);
    jobs_digest_start(&digest);
    for (size_t left = 1000000; left > 0;) {
        size_t length = left < sizeof piece ? left : sizeof piece;
        jobs_digest_add(&digest, piece, length);
        left -= length;
    }
    jobs_digest_finish(&digest, hex);
    cr_expect_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
