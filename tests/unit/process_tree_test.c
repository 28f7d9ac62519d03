#include "live.h"

#include "control/process_tree.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/socket.h>

#define SESSION "00000000-0000-4000-8000-00000000abcd"

/*
 * A "client" with one child, which is what the test says; it tells its child's
 * pid, and that of the grandchild, once these are what they shall be.
 */
typedef void be_child(void);

struct scene {
    struct proc proc;
    struct arena arena;
    pid_t client, child, grandchild;
    struct process_tree tree;
};

static int ready[2];

static _Noreturn void rest(void)
{
    if (write(ready[1], "r", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/* As the client starts a tool: a session of its own, standard input from nowhere. */
static void leave_terminal(void)
{
    setsid();
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    close(null);
}

static void be_tool(void)
{
    leave_terminal();
    rest();
}

static void be_tool_with_child(void)
{
    leave_terminal();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        rest();
    }
    for (;;)
        pause();
}

static void listen_here(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, 1) < 0)
        _exit(1);
}

static void be_server_with_child(void)
{
    leave_terminal();
    listen_here();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int fd = 3; fd < 64; fd++) /* not the server's socket */
            if (fd != ready[1])
                close(fd);
        rest();
    }
    for (;;)
        pause();
}

static void read_terminal(void)
{
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
        _exit(1);
    setsid();
    dup2(slave, 0);
    rest();
}

/* Another agent's client, as a tool may start one: a shell by that name. */
static char other_agent[] = "/tmp/process-tree-test-XXXXXX/opencode";

static void be_another_agent(void)
{
    char words[64];
    leave_terminal();
    snprintf(words, sizeof words, "echo >&%d; sleep 100 >/dev/null 2>&1", ready[1]);
    execl(other_agent, "opencode", "-c", words, (char *)NULL);
    _exit(1);
}

/* As a package of npm's starts one: what waits for it passes SIGTERM on. */
static void be_launcher(void)
{
    leave_terminal();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_another_agent();
    }
    for (;;)
        pause();
}

/* A shell that waits for such a launcher. */
static void be_above_launcher(void)
{
    leave_terminal();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_launcher();
    }
    for (;;)
        pause();
}

static void await(struct scene *s)
{
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    pid_t *pids;
    size_t count;
    assert_int_equal(proc_read_children(&s->proc, s->client, &s->arena, &pids, &count), 0);
    assert_int_equal(count, 1);
    s->child = pids[0];
    assert_int_equal(proc_read_children(&s->proc, s->child, &s->arena, &pids, &count), 0);
    s->grandchild = count ? pids[0] : 0;
}

static struct scene *begin(be_child *what)
{
    static struct scene s;
    s = (struct scene){.proc = live_proc()};
    assert_int_equal(pipe(ready), 0);
    s.client = fork();
    assert_true(s.client >= 0);
    if (s.client == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            what();
        }
        for (;;)
            pause();
    }
    await(&s);
    struct process_tree_request request = {.proc = &s.proc,
                                           .arena = &s.arena,
                                           .agent = &agent_claude,
                                           .pid = s.client,
                                           .session_id = SESSION,
                                           .own_pid = getpid()};
    assert_int_equal(process_tree_find(&request, &s.tree), 0);
    return &s;
}

static void end(struct scene *s)
{
    if (s->grandchild)
        kill(s->grandchild, SIGKILL);
    kill(s->child, SIGKILL);
    live_end(s->client);
    process_tree_release(&s->tree);
    arena_release(&s->arena);
    proc_close(&s->proc);
    close(ready[0]);
    close(ready[1]);
}

static const struct descendant *member(const struct scene *s, pid_t pid)
{
    for (size_t i = 0; i < s->tree.count; i++)
        if (s->tree.items[i].ref.pid == pid)
            return &s->tree.items[i];
    fail_msg("%d is not in the tree", (int)pid);
    return NULL;
}

static void what_a_tool_runs_is_a_helper(void **state)
{
    (void)state;
    struct scene *s = begin(be_tool_with_child);
    assert_true(s->grandchild > 0);
    assert_int_equal(s->tree.count, 2);
    assert_null(member(s, s->child)->wanted);
    assert_null(member(s, s->grandchild)->wanted);
    assert_int_equal(pidref_has_ended(&member(s, s->child)->ref), FACT_NO);
    end(s);
}

static void the_client_itself_and_we_are_not_in_it(void **state)
{
    (void)state;
    struct scene *s = begin(be_tool);
    assert_int_equal(s->tree.count, 1);
    assert_int_equal(s->tree.items[0].ref.pid, s->child);
    end(s);
}

/* Asked about a process above us, we and what is above us are spared. */
static void our_own_line_is_spared(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct arena arena = {0};
    struct process_tree tree;
    struct process_tree_request request = {.proc = &proc,
                                           .arena = &arena,
                                           .agent = &agent_claude,
                                           .pid = getppid(),
                                           .session_id = SESSION,
                                           .own_pid = getpid()};
    assert_int_equal(process_tree_find(&request, &tree), 0);
    for (size_t i = 0; i < tree.count; i++)
        assert_int_not_equal(tree.items[i].ref.pid, getpid());
    process_tree_release(&tree);
    arena_release(&arena);
    proc_close(&proc);
}

static void a_server_is_wanted_and_so_is_what_it_runs(void **state)
{
    (void)state;
    struct scene *s = begin(be_server_with_child);
    assert_non_null(member(s, s->child)->wanted);
    assert_non_null(strstr(member(s, s->child)->wanted, "listens on port "));
    assert_non_null(member(s, s->grandchild)->wanted);
    assert_non_null(strstr(member(s, s->grandchild)->wanted, "belongs to "));
    end(s);
}

static void one_that_reads_a_terminal_is_wanted(void **state)
{
    (void)state;
    struct scene *s = begin(read_terminal);
    assert_non_null(member(s, s->child)->wanted);
    assert_non_null(strstr(member(s, s->child)->wanted, "reads the terminal pts/"));
    end(s);
}

static void a_session_of_another_agent_is_wanted_and_what_started_it(void **state)
{
    (void)state;
    char command[128], *name = strrchr(other_agent, '/');
    *name = '\0';
    assert_non_null(mkdtemp(other_agent));
    *name = '/';
    snprintf(command, sizeof command, "cp /bin/sh %s", other_agent);
    assert_int_equal(system(command), 0);
    struct scene *s = begin(be_another_agent);
    assert_string_equal(member(s, s->child)->wanted, "is a session of its own");
    end(s);
    s = begin(be_launcher);
    assert_string_equal(member(s, s->grandchild)->wanted, "is a session of its own");
    assert_non_null(member(s, s->child)->wanted);
    assert_non_null(strstr(member(s, s->child)->wanted, "a session of its own"));
    end(s);
    s = begin(be_above_launcher); /* the session is the grandchild's child */
    assert_non_null(member(s, s->grandchild)->wanted);
    assert_non_null(member(s, s->child)->wanted);
    assert_non_null(strstr(member(s, s->child)->wanted, "a session of its own"));
    end(s);
    unlink(other_agent);
    *name = '\0';
    rmdir(other_agent);
}

static void one_that_left_the_tree_is_wanted(void **state)
{
    (void)state;
    setenv("CLAUDE_CODE_SESSION_ID", SESSION, 1);
    pid_t stray = fork();
    if (stray == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sleep", "sleep", "100",
              (char *)NULL); /* the environment is what exec was given */
        _exit(1);
    }
    unsetenv("CLAUDE_CODE_SESSION_ID");
    struct proc proc = live_proc();
    until(live_runs(stray, "sleep"));
    struct scene *s = begin(be_tool);
    assert_non_null(member(s, stray)->wanted);
    assert_null(member(s, s->child)->wanted);
    end(s);
    live_end(stray);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_tool_runs_is_a_helper),
        cmocka_unit_test(the_client_itself_and_we_are_not_in_it),
        cmocka_unit_test(our_own_line_is_spared),
        cmocka_unit_test(a_server_is_wanted_and_so_is_what_it_runs),
        cmocka_unit_test(one_that_reads_a_terminal_is_wanted),
        cmocka_unit_test(a_session_of_another_agent_is_wanted_and_what_started_it),
        cmocka_unit_test(one_that_left_the_tree_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
