#include "unit.h"

#include "base/io/database.h"

#include <errno.h>
#include <unistd.h>

#define ENDLESS \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

static void what_takes_longer_than_it_may_fails(void **state)
{
    (void)state;
    struct database *db = database_open(":memory:");
    assert_int_equal(database_number(db, -1, "SELECT 1", ""), 1);
    database_limit(db, 1);
    assert_int_equal(database_number(db, -1, ENDLESS, ""), -1);
    assert_int_equal(database_code(db), -ETIMEDOUT);
    database_close(db);
}

/* On a machine that has much to do little is asked of it in that time. */
static void what_waits_for_a_processor_may_take_longer(void **state)
{
    (void)state;
    struct database *db = database_open(":memory:");
    database_limit(db, 500);
    usleep(600 * 1000);
    assert_int_equal(database_number(db, -1,
                                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                                     "n LIMIT 5000) SELECT count(*) FROM n",
                                     ""),
                     5000);
    database_close(db);
}

static void a_database_that_could_not_be_opened_takes_a_limit_too(void **state)
{
    (void)state;
    struct database *db = database_open_foreign("/proc/no-such-file");
    database_limit(db, 1);
    assert_true(database_code(db) < 0);
    database_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_takes_longer_than_it_may_fails),
        cmocka_unit_test(what_waits_for_a_processor_may_take_longer),
        cmocka_unit_test(a_database_that_could_not_be_opened_takes_a_limit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
