/* Config directories, opened once each, by whoever names them. */
#include "session/stores/stores.h"

#include "session/stores/watched.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct stores stores;
static struct problems problems;
static char entered[4000];

static void begin(const struct sr_options *o)
{
    problems = (struct problems){.arena = &scratch_arena};
    stores = (struct stores){.arena = &scratch_arena, .problems = &problems, .options = o};
    scratch_put("config/settings.json", "{}\n");
    entered[0] = '\0';
}

static void note(void *context, const char *path)
{
    (void)context;
    strcat(strcat(entered, path ? path : "-"), " ");
}

static void two_names_of_one_directory_are_one_store(void **state)
{
    (void)state;
    const char *dirs[] = {scratch("config"), scratch("link")};
    const struct sr_options o = {
        .config_dirs = dirs, .config_dir_count = 2, .standard_config_dir = scratch("config")};
    begin(&o);
    assert_int_equal(symlink("config", scratch("link")), 0);
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 2);
    assert_int_equal(stores.count, 1);
    assert_true(stores.items[0]->wanted);
    assert_true(stores.items[0]->is_standard);
    assert_string_equal(stores.items[0]->io.path, scratch("config"));
    stores_open_asked(&stores, &agent_opencode); /* another agent's look at it is another */
    assert_int_equal(stores.count, 2);
    int fd = stores.items[0]->io.fd;
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    stores_close(&stores);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void one_that_cannot_be_opened_stays_with_the_reason(void **state)
{
    (void)state;
    const char *dirs[] = {scratch("none"), scratch("config/settings.json")};
    struct sr_options o = {.config_dirs = dirs, .config_dir_count = 2};
    begin(&o);
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 0);
    assert_int_equal(stores.count, 2);
    assert_int_equal(stores.items[0]->code, -ENOENT);
    assert_int_equal(stores.items[1]->code, -ENOTDIR);
    assert_int_equal(problems.count, 2);
    /* a usual one that nobody has made is no problem */
    o = (struct sr_options){.default_config_dir = scratch("none")};
    begin(&o);
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 0);
    assert_int_equal(problems.count, 0);
    /* a place that is not known, where there is a usual one, is one */
    o = (struct sr_options){.standard_config_dir = scratch("config")};
    begin(&o);
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 0);
    assert_int_equal(problems.count, 1);
}

static void what_is_read_is_announced_and_what_is_stuck_is_not_read(void **state)
{
    (void)state;
    const char *dir = scratch("config");
    struct sr_options o = {.config_dirs = &dir, .config_dir_count = 1, .entering = note};
    begin(&o);
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 1);
    assert_string_equal(entered, world_name("%s - ", dir));
    stores_close(&stores);
    o.skipped_paths = &dir;
    o.skipped_path_count = 1;
    begin(&o);
    assert_false(watched_enter(&o, dir));
    assert_true(watched_enter(&o, scratch("other")));
    entered[0] = '\0';
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 0);
    assert_string_equal(entered, "");
    assert_int_equal(stores.items[0]->code, -ETIMEDOUT);
    assert_int_equal(stores.items[0]->io.fd, -1);
    assert_int_equal(problems.count, 1);
}

/* A process names it from where it was started. */
static void of_a_process_it_is_where_that_process_is(void **state)
{
    (void)state;
    const struct sr_options o = {0};
    struct proc proc;
    struct live live = {.agent = &agent_claude, .config_dir = "config", .stat.pid = 4711};
    begin(&o);
    WORLD_CLIENT(4711, "");
    assert_int_equal(unlink(scratch("proc/4711/cwd")), 0);
    assert_int_equal(symlink(scratch("."), scratch("proc/4711/cwd")), 0);
    assert_int_equal(proc_open(&proc, scratch("proc"), NULL), 0);
    struct store *s = stores_of(&stores, &proc, &live);
    assert_int_equal(s->code, 0);
    assert_true(s->wanted);
    assert_ptr_equal(stores_of(&stores, &proc, &live), s);
    live.stat.pid = 4712; /* not known where */
    s = stores_of(&stores, &proc, &live);
    assert_true(s->code < 0);
    assert_string_equal(s->io.path, "config of pid 4712");
    assert_int_equal(problems.count, 1);
    live.config_dir = NULL;
    assert_null(stores_of(&stores, &proc, &live));
    proc_close(&proc);
    stores_close(&stores);
}

/* Where the user has named some, another's is opened, and not listed. */
static void one_that_was_not_asked_for_is_not_wanted(void **state)
{
    (void)state;
    const char *dir = scratch("config");
    const struct sr_options o = {.config_dirs = &dir, .config_dir_count = 1};
    struct proc proc;
    struct live live = {.agent = &agent_claude, .config_dir = scratch("other"), .stat.pid = 1};
    begin(&o);
    scratch_put("other/sessions/7.json", "{\"pid\":7");
    scratch_put("proc/stat", "btime 1\n");
    assert_int_equal(proc_open(&proc, scratch("proc"), NULL), 0);
    struct store *s = stores_of(&stores, &proc, &live);
    assert_int_equal(s->code, 0);
    assert_false(s->wanted);
    assert_int_equal(s->registration_count, 0);
    assert_int_equal(problems.count, 0);
    proc_close(&proc);
    stores_close(&stores);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(two_names_of_one_directory_are_one_store),
        IN_WORLD(one_that_cannot_be_opened_stays_with_the_reason),
        IN_WORLD(what_is_read_is_announced_and_what_is_stuck_is_not_read),
        IN_WORLD(of_a_process_it_is_where_that_process_is),
        IN_WORLD(one_that_was_not_asked_for_is_not_wanted),
    };
    return cmocka_run_group_tests_name("stores", tests, NULL, NULL);
}
