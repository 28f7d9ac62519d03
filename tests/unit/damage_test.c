#include "unit.h"

#include "conversation/loader/client_version.h"
#include "repair/damage.h"

#include <stdio.h>

static int64_t version(const char *text)
{
    return client_version(sv_of(text));
}

static void versions_are_in_order(void **state)
{
    (void)state;
    static const char *const ascending[] = {"0.2.9",   "1.0.0",   "2.0.76", "2.1.9",
                                            "2.1.110", "2.1.197", "2.2.0",  "10.0.0"};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(version(ascending[i - 1]) < version(ascending[i]));
    assert_true(version("2.1.30-beta.1") == version("2.1.30"));
}

static void what_is_no_version_is_not_known(void **state)
{
    (void)state;
    static const char *const others[] = {"",           "2",     "2.1",     "2.1.",
                                         "a.b.c",      "2..1",  "-2.1.30", "2.100.0",
                                         "2.1.100000", "2.1.x", "2.-1.0"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (version(others[i]) != 0)
            fail_msg("'%s' is taken for a version", others[i]);
}

static void each_refusal_names_its_damage(void **state)
{
    (void)state;
    size_t with_refusal = 0;
    for (unsigned kind = 0; kind < DAMAGE_KINDS; kind++) {
        char text[512];
        if (!damages[kind].refusal)
            continue;
        with_refusal++;
        snprintf(text, sizeof text, "API Error: 400 messages.3: %s, it said",
                 damages[kind].refusal);
        assert_true(damage_named_by(sv_of(text)) & 1ull << kind);
    }
    assert_true(with_refusal > 0);
    assert_int_equal(damage_named_by(SV("API Error: 400 due to tool use concurrency issues.")),
                     1ull << DAMAGE_UNANSWERED_TOOL | 1ull << DAMAGE_ORPHAN_RESULT);
    assert_true(damage_named_by(SV("`thinking` blocks cannot be modified")) &
                1ull << DAMAGE_STALE_THINKING);
    assert_true(damage_named_by(SV("Invalid `signature` in `thinking` block")) &
                1ull << DAMAGE_STALE_THINKING);
    assert_int_equal(damage_named_by(SV("thinking about it")), 0);
    assert_int_equal(damage_named_by(SV("Overloaded")), 0);
    assert_int_equal(damage_named_by(SV("")), 0);
}

static void every_kind_has_its_words(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < DAMAGE_KINDS; kind++) {
        assert_non_null(damages[kind].word);
        assert_non_null(damages[kind].what);
        if (!damages[kind].client || !damages[kind].loss || !damages[kind].origin ||
            !damages[kind].run)
            fail_msg("%s is not explained: what the client does with it, what is lost, what "
                     "leaves it behind, what to run",
                     damages[kind].word);
        if (damages[kind].cure != DAMAGE_CURE_NONE && damages[kind].run == DAMAGE_RUN_NONE_KNOWN)
            fail_msg("%s can be mended, and what is to be run is not known", damages[kind].word);
        for (unsigned other = 0; other < kind; other++)
            assert_string_not_equal(damages[kind].word, damages[other].word);
    }
    assert_string_equal(damage_severity_word(DAMAGE_HURTS), "hurts");
    assert_string_equal(damage_cure_word(DAMAGE_CURE_REPLACE), "replace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_in_order),
        cmocka_unit_test(what_is_no_version_is_not_known),
        cmocka_unit_test(each_refusal_names_its_damage),
        cmocka_unit_test(every_kind_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
