#include "unit.h"

#include "view/plain_words.h"

static void assert_plain(const char *sentence, const char *expected)
{
    BUF_RELEASE struct buf out = {0};
    plain_words_add(&out, sv_of(sentence));
    assert_string_equal(out.n ? out.p : "", expected);
}

static void words_and_numbers_of_its_own_stay(void **state)
{
    (void)state;
    assert_plain("a tool runs since 12.5 s, and 3 processes wake",
                 "a tool runs since 12.5 s, and 3 processes wake");
    assert_plain("", "");
}

static void what_is_not_its_own_is_left_out(void **state)
{
    (void)state;
    assert_plain("waits for /home/me/a.key, of zoe", "waits for [...] of [...]");
    assert_plain("it says \"hunter2 hunter3\"", "it says [...]");
    assert_plain("the number 1234567890 is too long", "the [...] is too long");
}

/* Once, of these the words and numbers stayed that its own sentences have, too. */
static void what_others_said_is_left_out_to_its_end(void **state)
{
    (void)state;
    assert_plain("its screen shows: yes you write 4711", "its screen shows: [...]");
    assert_plain("the last request failed: no session for user 4711",
                 "the last request failed: [...]");
    assert_plain("a limit is reached, in the client's words: wait 5 hours",
                 "a limit is reached, in the [...] words: [...]");
    assert_plain("tool Read has been open for 5 s", "tool [...] has been open for 5 s");
    assert_plain("press Escape, or Ctrl C; an MCP server",
                 "press Escape, or Ctrl C; an MCP server");
}

/* Once, they stayed: they are numbers. */
static void neither_a_process_nor_a_session_is_named(void **state)
{
    (void)state;
    assert_plain("process 4711 runs its turns, and process 4712 draws it",
                 "process [...] runs its turns, and process [...] draws it");
    assert_plain("of a client with pid 4711, of any session",
                 "of a client with pid [...] of any session");
    assert_plain("it continues session 12345678", "it continues session [...]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_numbers_of_its_own_stay),
        cmocka_unit_test(what_is_not_its_own_is_left_out),
        cmocka_unit_test(what_others_said_is_left_out_to_its_end),
        cmocka_unit_test(neither_a_process_nor_a_session_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
