#include "unit.h"

#include "search/query.h"

#include <errno.h>

static void gives(const char *words, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(query_parse(&words, 1, &out, NULL), 0);
    assert_string_equal(out.p, expected);
    buf_release(&out);
}

static void words_must_all_be_there(void **state)
{
    (void)state;
    gives("marmalade", "\"marmalade\"");
    gives("  orange\tmarmalade ", "\"orange\" AND \"marmalade\"");
}

static void arguments_are_joined(void **state)
{
    (void)state;
    const char *const words[] = {"orange", "marmalade jam"};
    struct buf out = {0};
    assert_int_equal(query_parse(words, 2, &out, NULL), 0);
    assert_string_equal(out.p, "\"orange\" AND \"marmalade\" AND \"jam\"");
    buf_release(&out);
}

static void phrases_stay_together(void **state)
{
    (void)state;
    gives("\"orange marmalade\" jam", "\"orange marmalade\" AND \"jam\"");
    gives("\"never closed", "\"never closed\"");
}

static void a_star_begins_words(void **state)
{
    (void)state;
    gives("marm*", "\"marm*\" *");
    gives("\"orange marm\"* jam", "\"orange marm\" * AND \"jam\"");
}

/* What SQLite would take for its own. */
static void nothing_is_syntax(void **state)
{
    (void)state;
    gives("a OR b", "\"a\" AND \"OR\" AND \"b\"");
    gives("text:a NEAR(a^b) -c", "\"text:a\" AND \"NEAR(a^b)\" AND \"-c\"");
    gives("it\"s", "\"it\"\"s\"");
}

static void signs_alone_are_passed_over(void **state)
{
    (void)state;
    gives("a -> b", "\"a\" AND \"b\"");
}

static void characters_written_together_are_words(void **state)
{
    (void)state;
    gives("日本", "\"日\x1f本\x1f\"");
    gives("한국어", "\"한국어\"");
}

static void nothing_to_look_for_is_an_error(void **state)
{
    (void)state;
    static const char *const empty[] = {"", "  ", "\"\"", "*", "-> ()", "\"\"\"\""};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct buf out = {0};
        assert_int_equal(query_parse(&empty[i], 1, &out, NULL), -EINVAL);
        assert_int_equal(out.n, 0);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_must_all_be_there),
        cmocka_unit_test(arguments_are_joined),
        cmocka_unit_test(phrases_stay_together),
        cmocka_unit_test(a_star_begins_words),
        cmocka_unit_test(nothing_is_syntax),
        cmocka_unit_test(signs_alone_are_passed_over),
        cmocka_unit_test(characters_written_together_are_words),
        cmocka_unit_test(nothing_to_look_for_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
