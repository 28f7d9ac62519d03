#include "unit.h"

#include "base/io/digest.h"

/* The examples of FIPS 180-2. */
static void digests_what_the_standard_says(void **state)
{
    (void)state;
    struct digest d;
    char text[DIGEST_TEXT_SIZE];
    digest_init(&d);
    digest_end(&d, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_init(&d);
    digest_add(&d, "abc", 3);
    digest_end(&d, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void pieces_are_one_text(void **state)
{
    (void)state;
    struct digest d;
    char text[DIGEST_TEXT_SIZE];
    char piece[1000];
    memset(piece, 'a', sizeof piece);
    digest_init(&d);
    for (int i = 0; i < 1000; i++)
        digest_add(&d, piece, sizeof piece);
    digest_end(&d, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_what_the_standard_says),
        cmocka_unit_test(pieces_are_one_text),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
