/* Which program of a name is run, with and without rights. */
#include "live.h"
#include "scratch.h"

#include "platform/process/program.h"

enum { NOBODY = 65534 };

/* A program "sh" and, of a name that no system has, "sr-planted". */
static int plant(void **state)
{
    if (scratch_setup(state) < 0)
        return -1;
    const char *const names[] = {"first/README", "second/sh", "second/sr-planted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scratch_put(names[i], "#!/bin/sh\n");
    return chmod(scratch_path, 0755) | chmod(scratch("second/sh"), 0755) |
           chmod(scratch("second/sr-planted"), 0755);
}

static const char *search_path(void)
{
    return arena_printf(&scratch_arena, "::.:relative:%s:/nowhere:%s", scratch("first"),
                        scratch("second"));
}

static bool is_found_along_the_path(void)
{
    return str_equals(program_find(&scratch_arena, "sh", search_path()), scratch("second/sh")) &&
           !program_find(&scratch_arena, "README", search_path()) &&
           !program_find(&scratch_arena, "sr-planted", "second:.:") &&
           !program_find(&scratch_arena, "sh", NULL);
}

static void look_as_nobody(const void *context)
{
    (void)context;
    _exit(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 && chdir(scratch_path) == 0 &&
                  is_found_along_the_path()
              ? 0
              : 1);
}

static void a_user_finds_what_the_search_path_names(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        assert_true(is_found_along_the_path());
        return;
    }
    int status;
    pid_t child = live_start(look_as_nobody, NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void root_finds_what_root_has_installed(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    const char *found = program_find(&scratch_arena, "sh", search_path());
    assert_true(str_equals(found, "/usr/bin/sh") || str_equals(found, "/bin/sh") ||
                str_equals(found, "/run/current-system/sw/bin/sh"));
    assert_null(program_find(&scratch_arena, "sr-planted", search_path()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_user_finds_what_the_search_path_names, plant,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(root_finds_what_root_has_installed, plant,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
