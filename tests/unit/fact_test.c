#include "unit.h"

#include "base/fact.h"

static void what_nobody_has_filled_in_is_not_known(void **state)
{
    (void)state;
    enum fact fact = 0;
    struct lookup lookup = {0};
    assert_int_equal(fact, FACT_UNKNOWN);
    assert_int_equal(lookup.state, LOOKUP_UNKNOWN);
}

static void only_what_is_not_there_is_absent(void **state)
{
    (void)state;
    assert_int_equal(lookup_of(0, "p").state, LOOKUP_FOUND);
    assert_int_equal(lookup_of(7, "p").state, LOOKUP_FOUND);
    assert_int_equal(lookup_of(-ENOENT, "p").state, LOOKUP_ABSENT);
    assert_int_equal(lookup_of(-ENOTDIR, "p").state, LOOKUP_ABSENT);
    static const int others[] = {EACCES, EPERM, EIO, ELOOP, EMFILE, ENOMEM, ESTALE, ETIMEDOUT};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct lookup l = lookup_of(-others[i], "p");
        assert_int_equal(l.state, LOOKUP_UNKNOWN);
        assert_int_equal(l.code, -others[i]);
        assert_string_equal(l.where, "p");
    }
}

static void two_places_are_absent_only_where_both_were_looked_into(void **state)
{
    (void)state;
    struct lookup unknown = lookup_unknown(-EIO, "q");
    assert_int_equal(lookup_either(lookup_absent(), lookup_absent()).state, LOOKUP_ABSENT);
    assert_int_equal(lookup_either(lookup_absent(), unknown).state, LOOKUP_UNKNOWN);
    assert_int_equal(lookup_either(unknown, lookup_absent()).code, -EIO);
    assert_int_equal(lookup_either(unknown, lookup_found()).state, LOOKUP_FOUND);
    assert_int_equal(lookup_either(lookup_found(), unknown).state, LOOKUP_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_has_filled_in_is_not_known),
        cmocka_unit_test(only_what_is_not_there_is_absent),
        cmocka_unit_test(two_places_are_absent_only_where_both_were_looked_into),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
