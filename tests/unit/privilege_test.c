/*
 * What is left of root's rights once the program has become a user. Only root
 * can become another: as anybody else these are skipped.
 */
#include "live.h"
#include "scratch.h"

#include "platform/privilege.h"

#include <linux/capability.h>
#include <pthread.h>
#include <sys/syscall.h>

enum { NOBODY = 65534 };

static const struct privilege_user nobody = {"nobody", NOBODY, NOBODY};

/* In a child, where a failed assertion must not go on with the next test. */
#define must(condition)                                               \
    do {                                                              \
        if (!(condition)) {                                           \
            fprintf(stderr, "# line %d: " #condition "\n", __LINE__); \
            _exit(1);                                                 \
        }                                                             \
    } while (0)

static void in_child(void (*run)(const void *context), const void *context)
{
    if (geteuid() != 0)
        skip();
    int status;
    pid_t child = live_start(run, context);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void capabilities(unsigned *effective, unsigned *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
    must(syscall(SYS_capget, &header, words) == 0);
    *effective = words[0].effective;
    *permitted = words[0].permitted;
    must(words[1].effective == 0 && words[1].permitted == 0);
}

static bool has_effective(unsigned bits)
{
    unsigned effective, permitted;
    capabilities(&effective, &permitted);
    return effective == bits;
}

static void become(unsigned kept)
{
    must(privilege_become(&nobody, kept, NULL) == 0);
}

static void has_nothing_of_roots(const void *context)
{
    (void)context;
    become(0);
    unsigned effective, permitted;
    capabilities(&effective, &permitted);
    must(effective == 0 && permitted == 0);
    must(!privilege_is_there(PRIVILEGE_TRACE));
    gid_t groups[4];
    int count = getgroups(4, groups);
    must(count >= 0 && (count == 0 || (count == 1 && groups[0] == NOBODY)));
    must(setuid(0) < 0 && setgid(0) < 0);
    must(getuid() == NOBODY && geteuid() == NOBODY);
}

static void nothing_of_root_is_left(void **state)
{
    (void)state;
    in_child(has_nothing_of_roots, NULL);
}

static void makes_and_opens(const void *context)
{
    const char *folder = context;
    become(PRIVILEGE_TRACE | PRIVILEGE_NETWORK | PRIVILEGE_TYPE);
    must(chdir(folder) == 0);
    int fd = open("theirs", O_CREAT | O_WRONLY | O_EXCL, 0600);
    struct stat st;
    must(fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == NOBODY && st.st_gid == NOBODY);
    must(open("roots", O_RDONLY) < 0 && errno == EACCES);
    must(symlink("roots", "link") == 0 && open("link", O_WRONLY) < 0 && errno == EACCES);
    struct proc proc = live_proc();
    PRIVILEGE_SCOPE(PRIVILEGE_TRACE, &proc, getpid());
    must(open("roots", O_RDONLY) < 0 && errno == EACCES);
}

static void files_are_the_users(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    scratch_put("roots", "x");
    assert_int_equal(chmod(scratch("roots"), 0600), 0);
    assert_int_equal(chown(scratch_path, NOBODY, NOBODY), 0);
    in_child(makes_and_opens, scratch_path);
}

static void raises_one(const void *context)
{
    (void)context;
    bool has_trace = privilege_is_there(PRIVILEGE_TRACE);
    become(PRIVILEGE_TRACE);
    must(has_effective(0));
    must(privilege_is_there(PRIVILEGE_TRACE) == has_trace);
    must(!privilege_is_there(PRIVILEGE_NETWORK));
    struct proc proc = live_proc();
    {
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, &proc, getpid());
        must(has_effective(has_trace ? CAP_TO_MASK(CAP_SYS_PTRACE) : 0));
        errno = EXDEV;
    }
    must(errno == EXDEV);
    must(has_effective(0));
    {
        PRIVILEGE_SCOPE(PRIVILEGE_NETWORK, &proc, getpid()); /* not kept */
        must(has_effective(0));
    }
}

static void a_scope_raises_one_right_and_lays_it_down(void **state)
{
    (void)state;
    in_child(raises_one, NULL);
}

/* Begun before the scope, and looking while it lasts. */
struct onlooker {
    int begin[2];
    bool has_none;
};

static void *look_on(void *context)
{
    struct onlooker *o = context;
    char byte;
    must(read(o->begin[0], &byte, 1) == 1);
    o->has_none = has_effective(0);
    return NULL;
}

static void raises_for_one_thread(const void *context)
{
    (void)context;
    struct proc proc = live_proc();
    struct onlooker o = {.has_none = false};
    pthread_t thread;
    become(PRIVILEGE_TRACE);
    must(pipe(o.begin) == 0 && pthread_create(&thread, NULL, look_on, &o) == 0);
    {
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, &proc, getpid());
        must(write(o.begin[1], "", 1) == 1 && pthread_join(thread, NULL) == 0);
    }
    must(o.has_none);
}

static void other_threads_have_nothing(void **state)
{
    (void)state;
    in_child(raises_for_one_thread, NULL);
}

static void sleeps_as_set_uid(const void *context)
{
    (void)context;
    must(setresuid(NOBODY, 0, 0) == 0);
    for (;;)
        pause();
}

static void raises_for_own_alone(const void *context)
{
    pid_t set_uid = *(const pid_t *)context;
    struct proc proc = live_proc();
    struct proc_status status;
    until(proc_read_status(&proc, set_uid, &status) == 0 && status.real_uid == NOBODY);
    become(PRIVILEGE_TRACE);
    must(privilege_check(&proc, getpid()) == 0);
    const pid_t others[] = {1, getppid(), set_uid};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        must(privilege_check(&proc, others[i]) == -EPERM);
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, &proc, others[i]);
        must(has_effective(0));
    }
    must(privilege_check(&proc, 4194304) == -ESRCH);
}

static void nothing_is_raised_for_another_users_process(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t set_uid = live_start(sleeps_as_set_uid, NULL);
    in_child(raises_for_own_alone, &set_uid);
    live_end(set_uid);
}

static void hides(const void *context)
{
    must(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
    must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(write(*(const int *)context, "", 1) == 1);
    for (;;)
        pause();
}

/* A process that may not be traced stands in for one under Yama: both ask for CAP_SYS_PTRACE. */
static void takes_a_descriptor(const void *context)
{
    pid_t pid = *(const pid_t *)context;
    struct proc proc = live_proc();
    become(PRIVILEGE_TRACE);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    must(pidfd >= 0);
    must(syscall(SYS_pidfd_getfd, pidfd, 0, 0) < 0 && errno == EPERM);
    {
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, &proc, pid);
        must(syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0);
    }
    must(syscall(SYS_pidfd_getfd, pidfd, 0, 0) < 0 && errno == EPERM);
}

static void a_raised_right_is_one_that_works(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    if (geteuid() != 0 || !privilege_is_there(PRIVILEGE_TRACE))
        skip();
    assert_int_equal(pipe(ready), 0);
    pid_t hidden = live_start(hides, &ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    in_child(takes_a_descriptor, &hidden);
    live_end(hidden);
    close(ready[0]);
    close(ready[1]);
}

static void runs_a_program(const void *context)
{
    (void)context;
    become(PRIVILEGE_TRACE | PRIVILEGE_TYPE);
    execl("/bin/sh", "sh", "-c",
          "test \"$(id -u)\" = 65534 && "
          "grep -q '^CapPrm:[^1-9a-f]*$' /proc/self/status && "
          "grep -q '^CapEff:[^1-9a-f]*$' /proc/self/status",
          (char *)NULL);
    must(false);
}

static void a_program_that_is_run_has_no_rights(void **state)
{
    (void)state;
    in_child(runs_a_program, NULL);
}

static void nothing_is_raised_where_nothing_is_kept(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct privilege_scope scope = privilege_raise(PRIVILEGE_TRACE, &proc, getpid());
    assert_false(scope.is_raised); /* root has it in effect, others have nothing */
    privilege_drop(&scope);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_root_is_left),
        cmocka_unit_test_setup_teardown(files_are_the_users, scratch_setup, scratch_teardown),
        cmocka_unit_test(a_scope_raises_one_right_and_lays_it_down),
        cmocka_unit_test(other_threads_have_nothing),
        cmocka_unit_test(nothing_is_raised_for_another_users_process),
        cmocka_unit_test(a_raised_right_is_one_that_works),
        cmocka_unit_test(a_program_that_is_run_has_no_rights),
        cmocka_unit_test(nothing_is_raised_where_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
