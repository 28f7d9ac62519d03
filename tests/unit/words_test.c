/* Each value of a public enumeration has a word of its own; what is out of range has the word of
 * what is not known. */
#include "session_rescue.h"

#include "unit.h"

#define WORDS(word_of, last)                                    \
    do {                                                        \
        const char *words[(last) + 2];                          \
        for (int i = 0; i <= (last) + 1; i++)                   \
            words[i] = word_of((unsigned)i);                    \
        are_distinct(words, (last) + 1);                        \
        assert_string_equal_or_null(words[(last) + 1], *words); \
    } while (0)

static void assert_string_equal_or_null(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

static void are_distinct(const char *const *words, int count)
{
    for (int i = 0; i < count; i++) {
        assert_true(i == 0 || (words[i] && *words[i]));
        for (int j = 0; j < i; j++)
            assert_true(!words[j] || strcmp(words[i], words[j]) != 0);
    }
}

static void each_value_has_its_own(void **state)
{
    (void)state;
    WORDS(sr_mapping_word, SR_MAPPED_BY_LOG);
    WORDS(sr_certainty_word, SR_EXACT);
    WORDS(sr_kind_word, SR_KIND_SERVER);
    WORDS(sr_verdict_word, SR_STARTING);
    WORDS(sr_persistence_word, SR_PERSISTENCE_NONE);
    WORDS(sr_continuation_word, SR_CONTINUED_IN_A_CIRCLE);
}

/* They are in JSON, which others read. */
static void the_words_stay(void **state)
{
    (void)state;
    assert_string_equal(sr_mapping_word(SR_MAPPED_BY_CHILD_ENVIRONMENT), "child-environment");
    assert_string_equal(sr_certainty_word(SR_AMBIGUOUS), "ambiguous");
    assert_string_equal(sr_kind_word(SR_KIND_UNKNOWN), "unknown");
    assert_string_equal(sr_verdict_word(SR_ORPHANED), "orphaned");
    assert_string_equal(sr_persistence_word(SR_PERSISTENCE_BEHIND), "behind");
    assert_null(sr_persistence_word(SR_PERSISTENCE_UNKNOWN));
    assert_string_equal(sr_continuation_word(SR_CONTINUED), "there");
    assert_null(sr_continuation_word(SR_NOT_CONTINUED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_has_its_own),
        cmocka_unit_test(the_words_stay),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
