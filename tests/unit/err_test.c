#include "unit.h"

#include "base/err.h"

#include <errno.h>

static void setting_gives_back_the_code(void **state)
{
    (void)state;
    struct sr_error error;
    assert_int_equal(err_set(&error, -ENOENT, "open %s", "x"), -ENOENT);
    assert_int_equal(error.code, -ENOENT);
    assert_string_equal(error.text, "open x");
}

static void callers_put_their_words_in_front(void **state)
{
    (void)state;
    struct sr_error error;
    err_set(&error, -EACCES, "open /home/u/.claude: %s", err_reason(-EACCES));
    assert_int_equal(err_wrap(&error, "list %s", "sessions"), -EACCES);
    assert_string_equal(error.text, "list sessions: open /home/u/.claude: permission denied");
}

static void without_an_error_the_code_comes_back(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, -EIO, "read"), -EIO);
}

static void a_long_text_is_cut_and_ends(void **state)
{
    (void)state;
    struct sr_error error;
    char words[3 * sizeof error.text];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    err_set(&error, -EIO, "%s", words);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    err_wrap(&error, "%s", words);
    assert_true(strlen(error.text) < sizeof error.text);
    err_wrap(&error, "outermost");
    assert_memory_equal(error.text, "outermost: xxx", 14);
}

static void reasons_stand_in_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(err_reason(-ENOENT), "no such file or directory");
    assert_string_equal(err_reason(ENOENT), "no such file or directory");
    assert_string_equal(err_reason(-99999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_gives_back_the_code),
        cmocka_unit_test(callers_put_their_words_in_front),
        cmocka_unit_test(without_an_error_the_code_comes_back),
        cmocka_unit_test(a_long_text_is_cut_and_ends),
        cmocka_unit_test(reasons_stand_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
