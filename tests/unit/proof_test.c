/* What gives a session up, and what does not. The other proofs: stop_test.c and the command line's.
 */
#include "scratch.h"

#include "control/proof.h"

#include <errno.h>

static const char id[] = "0c0c0c0c-1111-4222-8333-444444444444";

static int waive(struct sr_session *session, const char *given, bool *was_refused)
{
    struct sr_act result = {.was_refused = true};
    struct pinned_session subject = {.session = session, .result = &result};
    struct sr_error error;
    struct proof *proof = NULL;
    int r = proof_waive(&subject, given, &proof, &error);
    *was_refused = result.was_refused;
    if (r == 0)
        assert_non_null(proof);
    else
        assert_null(proof);
    proof_release(proof);
    return r;
}

static void the_beginning_of_its_id_gives_a_session_up(void **state)
{
    (void)state;
    bool was_refused;
    struct sr_session session = {.pid = 4711, .session_id = id};
    assert_int_equal(waive(&session, "0c0c0c0c", &was_refused), 0);
    assert_false(was_refused);
}

static void nothing_else_does(void **state)
{
    (void)state;
    static const char *const others[] = {"",          "0c0c0c0",  "0c0c0c0c-", "0c0c0c0d",
                                         "1c0c0c0c",  "0C0C0C0C", "yes",       "        ",
                                         "0c0c0c0c ", id};
    struct sr_session session = {.pid = 4711, .session_id = id};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool was_refused;
        assert_int_equal(waive(&session, others[i], &was_refused), -EPERM);
        assert_true(was_refused);
    }
}

static void one_that_is_not_known_has_no_name_to_be_given_up_by(void **state)
{
    (void)state;
    bool was_refused;
    const char *const candidates[] = {id, "0d0d0d0d-1111-4222-8333-444444444444"};
    struct sr_session none = {.pid = 4711}, several = {.pid = 4711,
                                                       .session_id = id,
                                                       .candidates = candidates,
                                                       .candidate_count = 2};
    assert_int_equal(waive(&none, "0c0c0c0c", &was_refused), -EPERM);
    assert_int_equal(waive(&several, "0c0c0c0c", &was_refused), -EPERM);
    assert_true(was_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_beginning_of_its_id_gives_a_session_up),
        cmocka_unit_test(nothing_else_does),
        cmocka_unit_test(one_that_is_not_known_has_no_name_to_be_given_up_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
