#include "unit.h"

#include "jsonl/string_span.h"

/* Both, with the text at every place of a chunk, as its end may be one. */
static void assert_ends(const char *text, size_t plain, size_t sound)
{
    for (size_t before = 0; before < 40; before++) {
        struct buf b = {0};
        buf_fill(&b, 'x', before);
        buf_adds(&b, text);
        const char *from = b.p, *end = b.p + b.n;
        assert_int_equal(string_span_end(from, end) - from, before + plain);
        assert_int_equal(string_span_end_sound(from, end) - from, before + sound);
        buf_release(&b);
    }
}

static void a_string_ends_at_its_quote(void **state)
{
    (void)state;
    assert_ends("\"", 0, 0);
    assert_ends("abc\" and what follows it, which is long enough", 3, 3);
    assert_ends("nothing ends it", 15, 15);
    assert_ends("a\x7f", 2, 2);
    assert_ends("a\nb", 1, 1);
    assert_ends("a\x1f", 1, 1);
}

static void whole_escapes_and_characters_are_passed_over(void **state)
{
    (void)state;
    assert_ends("a\\n\\\"\\\\\\u001b\"", 1, 13);
    assert_ends("\\u00e9\\uD83D\\uDE00\"", 0, 18);
    assert_ends("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", 0, 9);
    assert_ends("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"", 0, 10);
}

static void what_cannot_be_sent_is_stopped_at(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\\u0000",
        "\\ud83d",
        "\\ud83dx\\ude00",
        "\\ude00",
        "\\ud83d\\u0041",
        "\\ud83d\\ud83d",
        "\xc0\x80",
        "\xc1\xbf",
        "\xed\xa0\xbd",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\x80",
        "\xff",
        "\xe2\x28\xa1",
        "\xc3(",
        "\xf0\x9f\x98(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_ends(bad[i], 0, 0);
    assert_ends("\\x41", 0, 0);
    assert_ends("\\u00g0", 0, 0);
}

/* What may go on behind the end is left for the next bytes. */
static void what_is_cut_is_stopped_at(void **state)
{
    (void)state;
    static const char *const cut[] = {
        "\\", "\\u", "\\u00e", "\\ud83d\\u", "\\ud83d\\ude0", "\xc3", "\xe2\x82", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        assert_ends(cut[i], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_ends_at_its_quote),
        cmocka_unit_test(whole_escapes_and_characters_are_passed_over),
        cmocka_unit_test(what_cannot_be_sent_is_stopped_at),
        cmocka_unit_test(what_is_cut_is_stopped_at),
    };
    return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
