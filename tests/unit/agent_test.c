#include "scratch.h"

#include "agents/agent.h"

static struct agent_listings listings;

static struct fs_name *list(size_t *count)
{
    struct fs_name *names;
    assert_int_equal(agent_list_folder(&listings, AT_FDCWD, scratch("folder"), &names, count), 0);
    return names;
}

static void a_folder_is_listed_again_only_when_it_changed(void **state)
{
    (void)state;
    size_t count;
    scratch_put("folder/a", "");
    list(&count);
    assert_int_equal(count, 1);
    scratch_put("folder/b", ""); /* perhaps within the same tick of the clock */
    list(&count);
    assert_int_equal(count, 2);
    usleep(2100 * 1000); /* from now on the folder is old enough to be believed */
    struct fs_name *names = list(&count);
    assert_ptr_equal(list(&count), names);
    scratch_put("folder/c", "");
    list(&count);
    assert_int_equal(count, 3);
    agent_listings_release(&listings);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_folder_is_listed_again_only_when_it_changed),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
