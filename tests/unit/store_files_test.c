#include "scratch.h"

#include "agents/store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena;
static struct problems problems;
static struct agent_store store;

static void open_store(void)
{
    problems = (struct problems){.arena = &arena};
    store = (struct agent_store){.fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                 .path = scratch_path,
                                 .arena = &arena,
                                 .problems = &problems};
    assert_true(store.fd >= 0);
}

static int teardown(void **state)
{
    close(store.fd);
    arena_release(&arena);
    return scratch_teardown(state);
}

static const char *keys_are_secret(const char *path)
{
    return str_ends_with(path, ".key") ? "holds a secret" : NULL;
}

static void what_is_no_file_of_the_session_is_left_out_and_said(void **state)
{
    (void)state;
    scratch_put("s/a.jsonl", "{}\n");
    scratch_put("s/below/b", "text");
    scratch_put("s/own.key", "secret");
    scratch_put("other", "not of the session");
    assert_int_equal(symlink("../other", scratch("s/link")), 0);
    assert_int_equal(mkfifo(scratch("s/fifo"), 0600), 0);
    open_store();
    struct agent_files files = {.arena = &arena, .outside = -1};
    store_add_file(&store, "s/a.jsonl", AGENT_FILE_TRANSCRIPT, &files);
    store_add_tree(&store, "s", AGENT_FILE_OWN, keys_are_secret, &files);
    assert_int_equal(files.count, 2); /* the transcript once, and what lies deeper */
    assert_string_equal(files.items[0].name, "s/a.jsonl");
    assert_true(files.items[0].is_lines);
    assert_int_equal(files.items[0].seen.size_bytes, 3);
    assert_string_equal(files.items[1].name, "s/below/b");
    assert_int_equal(files.items[1].kind, AGENT_FILE_OWN);
    assert_false(files.items[1].is_lines);
    assert_int_equal(files.left_out_count, 3);
    for (size_t i = 0; i < files.left_out_count; i++)
        assert_int_equal(files.left_out[i].is_lost, str_ends_with(files.left_out[i].path, "link"));
}

static void what_cannot_be_read_is_not_absent(void **state)
{
    (void)state;
    struct fs_name *names;
    size_t count;
    struct agent_transcript t = {.size_bytes = 7};
    scratch_put("folder/file", "12345");
    assert_int_equal(symlink("nowhere", scratch("gone")), 0);
    open_store();
    assert_int_equal(store_list(&store, "folder", &names, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_int_equal(store_list(&store, "none", &names, &count).state, LOOKUP_ABSENT);
    assert_int_equal(problems.count, 0);
    assert_int_equal(store_list(&store, "gone", &names, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(problems.count, 1);
    assert_int_equal(store_look_at(&store, "folder", &t).state, LOOKUP_UNKNOWN);
    assert_int_equal(store_look_at(&store, "none/file", &t).state, LOOKUP_ABSENT);
    assert_int_equal(t.size_bytes, 7);
    assert_int_equal(store_look_at(&store, "folder/file", &t).state, LOOKUP_FOUND);
    assert_int_equal(t.size_bytes, 5);
}

static void a_database_is_opened_by_its_path_only_where_it_is_that_file(void **state)
{
    (void)state;
    scratch_put("a.db", "");
    scratch_put("piped.db", "");
    scratch_put("folder.db/x", "");
    scratch_put("elsewhere/other.db", "");
    assert_int_equal(mkfifo(scratch("piped.db-wal"), 0600), 0);
    assert_int_equal(mkfifo(scratch("pipe.db"), 0600), 0);
    assert_int_equal(symlink("a.db", scratch("link.db")), 0);
    assert_int_equal(symlink("loop.db", scratch("loop.db")), 0);
    open_store();
    assert_int_equal(store_look_at_database(&store, "a.db"), 0);
    assert_int_equal(store_look_at_database(&store, "link.db"), 0);
    assert_int_equal(store_look_at_database(&store, "none.db"), -ENOENT);
    assert_int_equal(store_look_at_database(&store, "piped.db"), -ENXIO);
    assert_int_equal(store_look_at_database(&store, "pipe.db"), -ENXIO);
    assert_int_equal(store_look_at_database(&store, "folder.db"), -EISDIR);
    assert_int_equal(store_look_at_database(&store, "loop.db"), -ELOOP);
    /* below another root its path leads elsewhere, or nowhere */
    store.path = scratch("elsewhere");
    assert_int_equal(store_look_at_database(&store, "a.db"), -EXDEV);
    scratch_put("elsewhere/a.db", "");
    assert_int_equal(store_look_at_database(&store, "a.db"), -EXDEV);
    if (geteuid() == 0) { /* who would be shown what is not his */
        store.path = scratch_path;
        assert_int_equal(lchown(scratch("link.db"), 1234, 1234), 0);
        assert_int_equal(store_look_at_database(&store, "link.db"), -EXDEV);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_is_no_file_of_the_session_is_left_out_and_said),
        IN_SCRATCH(what_cannot_be_read_is_not_absent),
        IN_SCRATCH(a_database_is_opened_by_its_path_only_where_it_is_that_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
