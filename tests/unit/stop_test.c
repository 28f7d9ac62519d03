/*
 * The process under test is sleep(1) below a name that only the client has, in a config directory
 * of its own: a session in which nothing was said yet.
 */
#include "live.h"

#include "control/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* In place of the library's: from the first wait for a process on, which comes in steps, there is
 * no memory for it. The kernel's list of connections is waited for before that, for up to a second.
 */
enum { STEP_MS = 100 };

static const char id[] = "0c0c0c0c-1111-4222-8333-444444444444";

static bool waits_fail, has_waited;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    has_waited = waits_fail && (has_waited || (timeout_ms > 0 && timeout_ms <= STEP_MS));
    if (!has_waited)
        return (int)syscall(SYS_poll, fds, count, timeout_ms);
    errno = ENOMEM;
    return -1;
}

struct scene {
    char root[64], program[128], config[128], pending[128];
    pid_t pid;
    struct sr_options look;
    const char *config_dirs[1];
    struct sr_export_options backup;
    struct sr_act_options options;
    struct sr_snapshot *snapshot;
    const struct sr_session *session;
    struct sr_kill result;
    struct sr_error error;
    /* what is answered, and what was asked */
    uid_t uid;         /* that the session runs as; 0: ours */
    bool has_terminal; /* that of the process which asks, look.own_pid */
    pid_t beside;      /* that process */
    bool answers[6];
    int asked[6];
    struct buf told;
};

static bool answer(void *context, enum sr_question question, const char *text)
{
    struct scene *s = context;
    (void)text;
    s->asked[question]++;
    return s->answers[question];
}

static void listen_to(void *context, const char *line)
{
    struct scene *s = context;
    buf_addf(&s->told, "%s\n", line);
}

static void copy(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
        assert_int_equal(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

static void make_dir(const char *root, const char *name)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.root = "/tmp/stop-test-XXXXXX"};
    if (!mkdtemp(s.root))
        return -1;
    static const char *const dirs[] = {"claude", "claude/versions", "config", "config/projects",
                                       "config/sessions"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        make_dir(s.root, dirs[i]);
    snprintf(s.program, sizeof s.program, "%s/claude/versions/2.1.197", s.root);
    snprintf(s.config, sizeof s.config, "%s/config", s.root);
    snprintf(s.pending, sizeof s.pending, "%s/pending", s.root);
    copy("/bin/sleep", s.program);
    /* by its end the program is known for a client (agents/claude/program.h) */
    FILE *end = fopen(s.program, "a");
    assert_non_null(end);
    fputs("\n---- Bun! ----\n", end);
    fclose(end);
    s.config_dirs[0] = s.config;
    s.look = (struct sr_options){
        .config_dirs = s.config_dirs,
        .config_dir_count = 1,
        .default_config_dir = s.config,
        .standard_config_dir = s.config,
        .own_pid = getpid(),
    };
    s.backup = (struct sr_export_options){.pending_dir = s.pending, .why = "kill"};
    s.options = (struct sr_act_options){
        .look = &s.look,
        .timeout_minutes = 10,
        .backup = &s.backup,
        .grace_ms = 30000,
        .ask = answer,
        .tell = listen_to,
        .context = &s,
    };
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    char command[128];
    if (s->beside)
        live_end(s->beside); /* the session goes with it */
    else if (s->pid)
        live_end(s->pid);
    sr_snapshot_free(s->snapshot);
    buf_release(&s->told);
    snprintf(command, sizeof command, "rm -r %s", s->root);
    return system(command);
}

static _Noreturn void be_session(const struct scene *s, bool ignores_sigterm)
{
    char variable[160];
    snprintf(variable, sizeof variable, "CLAUDE_CONFIG_DIR=%s", s->config);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!s->has_terminal)
        setsid();
    if (s->uid && setuid(s->uid) < 0)
        _exit(1);
    signal(SIGTERM, ignores_sigterm ? SIG_IGN : SIG_DFL);
    execle(s->program, s->program, "120", (char *)NULL,
           (char *[]){variable, (char[]){"HOME=/nonexistent"}, NULL});
    _exit(1);
}

/* A process on a terminal, and the session below it. */
static void begin_on_one_terminal(struct scene *s)
{
    int master, told[2];
    assert_int_equal(pipe(told), 0);
    s->beside = forkpty(&master, NULL, NULL, NULL);
    assert_true(s->beside >= 0);
    if (s->beside == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pid_t session = fork();
        if (session == 0)
            be_session(s, false);
        if (write(told[1], &session, sizeof session) != sizeof session)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], &s->pid, sizeof s->pid), sizeof s->pid);
    s->look.own_pid = s->beside;
}

/* What its client publishes of it: it has done nothing since it was started. */
static void publish(const struct scene *s)
{
    char path[160];
    struct proc_stat stat;
    struct proc proc = live_proc();
    assert_int_equal(proc_read_stat(&proc, s->pid, &stat), 0);
    proc_close(&proc);
    snprintf(path, sizeof path, "%s/sessions/%d.json", s->config, (int)s->pid);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    long long now_ms = (long long)wall_now().ms;
    fprintf(f,
            "{\"pid\":%d,\"sessionId\":\"%s\",\"cwd\":\"/\",\"startedAt\":%lld,"
            "\"procStart\":\"%llu\",\"kind\":\"interactive\",\"version\":\"2.1.197\","
            "\"status\":\"idle\",\"updatedAt\":%lld,\"statusUpdatedAt\":%lld}",
            (int)s->pid, id, now_ms, (unsigned long long)stat.start_ticks, now_ms, now_ms - 300);
    assert_int_equal(fclose(f), 0);
}

/* Starts the session and finds it. */
static void begin(struct scene *s, bool ignores_sigterm)
{
    if (s->has_terminal) {
        begin_on_one_terminal(s);
    } else {
        s->pid = fork();
        assert_true(s->pid >= 0);
        if (s->pid == 0)
            be_session(s, ignores_sigterm);
    }
    until(live_runs(s->pid, s->program));
    publish(s);
    for (int left = 200; !s->session && left > 0; left--) {
        sr_snapshot_free(s->snapshot);
        assert_int_equal(sr_detect_processes(&s->look, &s->snapshot, &s->error), 0);
        for (size_t i = 0; i < s->snapshot->session_count; i++)
            if (s->snapshot->sessions[i].pid == s->pid)
                s->session = &s->snapshot->sessions[i];
        usleep(LIVE_STEP_US);
    }
    assert_non_null(s->session);
}

/* The session as the library handed it out, for a test to say otherwise. */
static struct sr_session *changed(struct scene *s)
{
    return (struct sr_session *)s->session;
}

static int stop(struct scene *s)
{
    int r = sr_kill_process(s->snapshot, s->session, &s->options, &s->result, &s->error);
    if (r < 0)
        print_message("%s\n", s->error.text);
    return r;
}

static bool lives(const struct scene *s)
{
    return s->beside ? kill(s->pid, 0) == 0 : waitpid(s->pid, NULL, WNOHANG) == 0;
}

static void assert_refused(struct scene *s, int code)
{
    for (int force = 0; force < 2; force++) {
        s->options.force = force;
        assert_int_equal(stop(s), code);
        assert_true(s->result.act.was_refused);
        assert_false(s->result.act.was_done);
        assert_true(lives(s));
    }
    assert_int_equal(s->asked[SR_ASK_SESSION], 0);
}

static void a_session_ends_after_a_yes(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    s->answers[SR_ASK_SESSION] = true;
    assert_int_equal(stop(s), 0);
    assert_true(s->result.act.was_done);
    assert_false(s->result.by_force);
    assert_false(s->result.act.has_transcript);
    assert_int_equal(s->asked[SR_ASK_SESSION], 1);
    assert_int_equal(s->asked[SR_ASK_BY_FORCE], 0);
    int status;
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    s->pid = 0;
}

static void it_lives_on_after_a_no(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    assert_int_equal(stop(s), -ECANCELED);
    assert_true(s->result.act.was_declined);
    assert_true(lives(s));
}

static void nobody_to_ask_is_a_no(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    s->options.ask = NULL;
    assert_int_equal(stop(s), -EPERM);
    assert_true(s->result.act.was_refused);
    assert_true(lives(s));
}

static void force_needs_nobody(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    s->options.ask = NULL;
    s->options.force = true;
    assert_int_equal(stop(s), 0);
    assert_true(s->result.act.was_done);
}

/* It lives, and the kernel has no memory to wait for it by. */
static void what_cannot_be_waited_for_is_not_said_to_have_ended(void **state)
{
    struct scene *s = *state;
    begin(s, true);
    s->options.grace_ms = 200;
    s->options.force = true;
    waits_fail = true;
    int r = stop(s);
    waits_fail = false;
    assert_int_equal(r, -EIO);
    assert_false(s->result.act.was_done);
    assert_false(s->result.by_force); /* nothing shows that it does not end on SIGTERM */
    assert_non_null(strstr(s->error.text, "whether it has ended cannot be told"));
    assert_null(strstr(s->error.text, "runs on"));
    assert_true(!s->told.n || !strstr(s->told.p, "has ended"));
    assert_true(lives(s));
}

static void a_stopped_one_is_continued_to_its_end(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    kill(s->pid, SIGSTOP);
    s->options.force = true;
    assert_int_equal(stop(s), 0);
    assert_true(s->result.act.was_done);
    assert_false(s->result.by_force);
}

static void sigkill_takes_a_second_yes(void **state)
{
    struct scene *s = *state;
    begin(s, true);
    s->options.grace_ms = 200;
    s->answers[SR_ASK_SESSION] = true;
    assert_int_equal(stop(s), -ETIMEDOUT);
    assert_int_equal(s->asked[SR_ASK_BY_FORCE], 1);
    assert_false(s->result.act.was_done);
    assert_non_null(strstr(s->error.text, "kill failed"));
    assert_non_null(strstr(s->error.text, "runs on"));
    assert_true(lives(s));

    s->answers[SR_ASK_BY_FORCE] = true;
    assert_int_equal(stop(s), 0);
    assert_true(s->result.by_force);
    assert_int_equal(s->asked[SR_ASK_BY_FORCE], 2);
}

static void force_is_the_second_yes_too(void **state)
{
    struct scene *s = *state;
    begin(s, true);
    s->options.grace_ms = 200;
    s->options.force = true;
    assert_int_equal(stop(s), 0);
    assert_true(s->result.by_force);
    assert_int_equal(s->asked[SR_ASK_BY_FORCE], 0);
}

static void another_process_with_its_pid_is_refused(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    changed(s)->start_ticks++;
    assert_refused(s, -ESRCH);
}

static void the_current_session_is_refused(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    changed(s)->current = true;
    assert_refused(s, -EPERM);
}

static void the_session_that_we_are_a_tool_of_is_refused(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    changed(s)->session_id = "00000000-0000-4000-8000-000000000001";
    s->look.own_session_id = "00000000-0000-4000-8000-000000000001";
    assert_refused(s, -EPERM);
}

/* As if the asking process ran below the session, with no other sign of it. */
static void what_is_above_us_is_refused(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    s->look.own_pid = s->pid;
    assert_refused(s, -EPERM);
}

/* It is found by its terminal as well, should the listing have missed it. */
static void what_is_on_our_terminal_is_refused(void **state)
{
    struct scene *s = *state;
    s->has_terminal = true;
    begin(s, false);
    assert_true(s->session->current);
    changed(s)->current = false;
    assert_refused(s, -EPERM);
    assert_non_null(strstr(s->error.text, "on this terminal"));
}

static void another_users_process_is_refused_for_root_too(void **state)
{
    struct scene *s = *state;
    if (geteuid() != 0)
        skip(); /* nobody else could start one */
    s->uid = 65534;
    assert_int_equal(chmod(s->root, 0755), 0);
    assert_int_equal(chmod(s->program, 0755), 0);
    char path[128];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/claude%s", s->root, i ? "/versions" : "");
        assert_int_equal(chmod(path, 0755), 0);
    }
    begin(s, false);
    assert_refused(s, -EPERM);
    assert_non_null(strstr(s->error.text, "belongs to user 65534"));
}

static void one_that_is_traced_is_refused(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    pid_t tracer = fork();
    if (tracer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        ptrace(PTRACE_SEIZE, s->pid, NULL, NULL);
        for (;;)
            pause();
    }
    struct proc proc = live_proc();
    struct proc_status status;
    until(proc_read_status(&proc, s->pid, &status) == 0 && status.tracer == tracer);
    assert_refused(s, -EPERM);
    live_end(tracer);
    proc_close(&proc);
}

static void one_that_became_another_session_is_left_alone(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    /* what was listed is not what a second look finds */
    const char *candidates[] = {"00000000-0000-4000-8000-000000000001"};
    s->options.force = true;
    changed(s)->candidates = candidates;
    changed(s)->candidate_count = 0;
    changed(s)->session_id = "00000000-0000-4000-8000-000000000002";
    assert_int_equal(stop(s), -EAGAIN);
    assert_true(s->result.act.was_refused);
    assert_true(lives(s));
}

static void one_that_is_not_hung_any_more_is_left_alone(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    s->options.force = true;
    changed(s)->verdict = SR_HUNG;
    assert_int_equal(stop(s), -EAGAIN);
    assert_true(s->result.act.was_refused);
    assert_non_null(strstr(s->error.text, "no longer hung"));
    assert_true(lives(s));
}

static void without_a_backup_nothing_is_signalled(void **state)
{
    struct scene *s = *state;
    begin(s, false);
    const char *candidates[] = {"00000000-0000-4000-8000-000000000001"};
    changed(s)->candidates = candidates; /* no such transcript: it cannot be saved */
    changed(s)->candidate_count = 1;
    s->answers[SR_ASK_SESSION] = true;
    for (int force = 0; force < 2; force++) {
        s->options.force = force;
        assert_int_equal(stop(s), -EPERM);
        assert_true(s->result.act.was_refused);
        assert_non_null(strstr(s->error.text, "is gone"));
        assert_true(lives(s));
    }
    assert_int_equal(s->asked[SR_ASK_SESSION], 0);
}

static void the_plan_is_told_and_changes_nothing(void **state)
{
    struct scene *s = *state;
    struct buf text = {0};
    begin(s, false);
    s->backup.dry_run = true;
    assert_int_equal(
        stop_session(s->snapshot, s->session, &s->options, &text, &s->result, &s->error), 0);
    assert_non_null(strstr(text.p, "1. back up"));
    assert_non_null(strstr(text.p, "4. send SIGTERM to pid "));
    assert_non_null(strstr(text.p, "ask before SIGKILL"));
    assert_true(lives(s));
    assert_int_equal(access(s->pending, F_OK), -1);
    buf_release(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_session_ends_after_a_yes),
        TEST(it_lives_on_after_a_no),
        TEST(nobody_to_ask_is_a_no),
        TEST(force_needs_nobody),
        TEST(what_cannot_be_waited_for_is_not_said_to_have_ended),
        TEST(a_stopped_one_is_continued_to_its_end),
        TEST(sigkill_takes_a_second_yes),
        TEST(force_is_the_second_yes_too),
        TEST(another_process_with_its_pid_is_refused),
        TEST(the_current_session_is_refused),
        TEST(the_session_that_we_are_a_tool_of_is_refused),
        TEST(what_is_above_us_is_refused),
        TEST(what_is_on_our_terminal_is_refused),
        TEST(another_users_process_is_refused_for_root_too),
        TEST(one_that_is_traced_is_refused),
        TEST(one_that_became_another_session_is_left_alone),
        TEST(one_that_is_not_hung_any_more_is_left_alone),
        TEST(without_a_backup_nothing_is_signalled),
        TEST(the_plan_is_told_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
