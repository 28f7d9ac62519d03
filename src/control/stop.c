#include "control/stop.h"

#include "control/keyboard.h"
#include "control/process_tree.h"
#include "control/proof.h"
#include "platform/terminal/terminal_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    WATCH_STEP_MS = 100,
    /* A client that ends cleanly takes 65 ms; its tools end with it. */
    HELPERS_END_MS = 2000,
    HELPERS_GRACE_MS = 5000,
    /* From SIGKILL to the end of a client with 300 MB, on a machine that swaps. */
    KILL_WAIT_MS = 5000,
    /* From fg to the end of a client that SIGTERM waits for: 65 ms, and the shell's own time. */
    FRONT_WAIT_MS = 3000,
};

struct stop {
    struct pinned_session subject;
    const struct sr_session *session;
    const struct sr_act_options *options;
    const struct proof *proof; /* that nothing is lost: set before anything is done */
    struct arena arena;
    const struct sr_session **others; /* that the same process runs, and of which something is
                                         written: they end with it */
    size_t other_count;
    struct process_tree tree;  /* as it was when the plan was made, then again before SIGTERM */
    struct terminal_hold hold; /* fd -1: none */
    struct keyboard keyboard;
    bool can_come_to_front; /* it is stopped, and fg can be typed into its shell */
    bool is_signalled;
    sigset_t mask; /* the caller's, while signals are held back */
    struct sr_kill result;
};

static long long grace_s(const struct stop *s)
{
    return (long long)((s->options->grace_ms + 999) / 1000);
}

/* ---- 1. the backup ------------------------------------------------------------------------ */

static void add_others(const struct stop *s, struct buf *out)
{
    buf_addf(out, "pid %d runs other sessions too, which end with it:", (int)s->subject.ref.pid);
    for (size_t i = 0; i < s->other_count; i++)
        buf_addf(out, " %s",
                 s->others[i]->session_id ? s->others[i]->session_id : "one that is not known");
}

static void describe_save(const struct stop *s, struct buf *out)
{
    buf_addf(out, "back up the session into %s, %sand verify the backup; else stop here",
             s->options->backup->pending_dir,
             s->subject.inside->live->agent->salvage
                 ? "with what only its memory holds of a half reply, "
                 : "");
    if (s->other_count == 0)
        return;
    buf_adds(out, "; the same of these: ");
    add_others(s, out);
}

/* One of which nothing is written yet has nothing to lose; of one whose file its process has open,
 * something is, whatever has become of the name. */
static bool may_lose(const struct session *s)
{
    return session_transcript(s) != LOOKUP_ABSENT || s->mapped_by == SR_MAPPED_BY_DESCRIPTOR;
}

/* Another session of the same process. */
static bool is_other(const struct stop *s, struct sr_snapshot *seen, size_t i,
                     const struct sr_session *but)
{
    return &seen->sessions[i] != but && pinned_session_is_its(&s->subject, &seen->sessions[i]) &&
           may_lose(&snapshot_of(seen)->sessions[i]);
}

static void find_others(struct stop *s)
{
    struct sr_snapshot *seen = s->subject.snapshot;
    s->others = arena_alloc(&s->arena, (seen->session_count + 1) * sizeof *s->others);
    for (size_t i = 0; i < seen->session_count; i++)
        if (is_other(s, seen, i, s->session))
            s->others[s->other_count++] = &seen->sessions[i];
}

static bool was_named(const struct stop *s, const char *session_id)
{
    for (size_t i = 0; i < s->other_count; i++)
        if (str_equals(s->others[i]->session_id, session_id))
            return true;
    return false;
}

/* One that the process has begun since is neither backed up nor agreed to. */
static int check_others(struct stop *s, const struct pinned_session_now *now,
                        struct sr_error *error)
{
    for (size_t i = 0; i < now->snapshot->session_count; i++) {
        const char *id = now->snapshot->sessions[i].session_id;
        if (!is_other(s, now->snapshot, i, now->session) || was_named(s, id))
            continue;
        s->result.act.was_refused = true;
        return err_set(error, -EAGAIN,
                       "refused: pid %d has begun to run another session (%s), which is not backed "
                       "up: look again",
                       (int)s->subject.ref.pid, id ? id : "not known");
    }
    return 0;
}

/* Nothing is lost by the end of any of them; the proofs are of now, and the files stay. */
static int save_others(struct stop *s, struct sr_error *error)
{
    int r = 0;
    /* What was given up is the session that was named: ids of others may begin alike. */
    struct sr_act_options options = *s->options;
    options.without_backup = options.without_backup ? "" : NULL;
    for (size_t i = 0; i < s->other_count && r == 0; i++) {
        struct sr_act result = {0};
        struct proof *proof;
        struct pinned_session other = {.snapshot = s->subject.snapshot,
                                       .session = s->others[i],
                                       .options = &options,
                                       .result = &result};
        r = pinned_session_pin(&other, error);
        if (r == 0 && (r = proof_make(&other, &proof, error)) == 0)
            proof_release(proof);
        s->result.act.was_refused = s->result.act.was_refused || result.was_refused;
        pinned_session_release(&other);
    }
    return r;
}

/* Who named one session has not named those. */
static int refuse_unnamed(struct stop *s, struct sr_error *error)
{
    BUF_RELEASE struct buf text = {0};
    if (s->other_count == 0 || !s->options->force)
        return 0;
    add_others(s, &text);
    return pinned_session_refuse(
        &s->subject, error,
        "%s; --force ends no session that was not named: without it, this is asked", text.p);
}

static int ask_about_others(struct stop *s, struct sr_error *error)
{
    BUF_RELEASE struct buf text = {0};
    if (s->other_count == 0)
        return 0;
    add_others(s, &text);
    pinned_session_tell(&s->subject, "%s", text.p);
    bool is_meant = pinned_session_ask(&s->subject, SR_ASK_OTHERS, text.p);
    if (is_meant)
        return 0;
    s->result.act.was_declined = true;
    return err_set(error, -ECANCELED, "not killed: pid %d runs on", (int)s->subject.ref.pid);
}

/* ---- 2. the question ---------------------------------------------------------------------- */

static void describe_question(const struct stop *s, struct buf *out)
{
    buf_adds(out, s->options->force ? "ask nobody (--force)" : "ask whether to go on");
}

static int run_question(struct stop *s, struct sr_error *error)
{
    if (s->options->force || pinned_session_ask(&s->subject, SR_ASK_SESSION, NULL))
        return 0;
    s->result.act.was_declined = true;
    return err_set(error, -ECANCELED, "not killed: pid %d runs on", (int)s->subject.ref.pid);
}

/* ---- 3. still the same? ------------------------------------------------------------------- */

static void describe_look(const struct stop *s, struct buf *out)
{
    buf_addf(out, "look again: go on only if pid %d is still the same process and session%s",
             (int)s->subject.ref.pid, s->session->verdict == SR_HUNG ? ", and still hung" : "");
}

static int look_again(struct stop *s, struct sr_error *error)
{
    struct pinned_session_now now;
    bool was_hung = s->session->verdict == SR_HUNG;
    int r = pinned_session_look_again(&s->subject, s->proof, was_hung, &now, error);
    if (r < 0)
        return r;
    if (was_hung && now.session->verdict != SR_HUNG) {
        s->result.act.was_refused = true;
        r = err_set(error, -EAGAIN, "refused: pid %d is no longer hung (%s, %s)",
                    (int)s->subject.ref.pid, sr_verdict_word(now.session->verdict),
                    now.session->cause);
    }
    if (r == 0)
        r = check_others(s, &now, error);
    pinned_session_forget(&now);
    return r;
}

static int find_tree(struct stop *s, struct sr_error *error)
{
    struct process_tree_request request = {
        .proc = s->subject.proc,
        .arena = &s->arena,
        .agent = s->subject.inside->live->agent,
        .pid = s->subject.ref.pid,
        .session_id = s->session->session_id,
        .own_pid = s->options->look->own_pid,
    };
    struct process_tree tree;
    int r = process_tree_find(&request, &tree);
    if (r < 0)
        return err_set(error, r, "record what pid %d has started: %s", (int)s->subject.ref.pid,
                       err_reason(r));
    process_tree_release(&s->tree);
    s->tree = tree;
    return 0;
}

static int run_look(struct stop *s, struct sr_error *error)
{
    int r = pinned_session_check(&s->subject, error);
    if (r == 0)
        r = look_again(s, error);
    if (r == 0)
        r = find_tree(s, error);
    if (r < 0)
        return r;
    r = terminal_hold_open(s->subject.proc, s->subject.ref.pid, &s->hold);
    if (r < 0 && r != -ENXIO)
        pinned_session_tell(&s->subject,
                            "the terminal of pid %d cannot be held open to be put in order: %s",
                            (int)s->subject.ref.pid, err_reason(r));
    return pinned_session_check(&s->subject, error);
}

/* ---- 4. the end --------------------------------------------------------------------------- */

/* It was stopped, and the shell that started it has taken the terminal: when it puts that in order
 * as it ends, it is stopped again (SIGTTOU), but for where the shell brings it to the front. */
static bool find_way_to_front(struct stop *s)
{
    struct proc_stat now;
    return pidref_look(&s->subject.ref, s->subject.proc, &now) == 0 && now.state == 'T' &&
           !keyboard_is_in_front(&now) && !keyboard_why_not_fg(&s->subject, &s->arena, &now) &&
           keyboard_find(&s->subject, &s->arena, &s->keyboard);
}

static void describe_end(const struct stop *s, struct buf *out)
{
    struct proc_stat now;
    bool is_stopped = pidref_look(&s->subject.ref, s->subject.proc, &now) == 0 && now.state == 'T';
    int pid = (int)s->subject.ref.pid;
    if (s->can_come_to_front)
        buf_addf(out, "send SIGTERM to pid %d, type fg into the shell on %s, %s,", pid,
                 s->session->tty, keyboard_way(&s->keyboard));
    else
        buf_addf(out, "send SIGTERM%s to pid %d", is_stopped ? " and SIGCONT" : "", pid);
    buf_addf(out, " and wait %lld s; ", grace_s(s));
    buf_adds(out, s->options->force ? "then SIGKILL (--force)" : "then ask before SIGKILL");
}

/* Until the end, SIGINT is a wish to wait no longer, and a lost terminal no reason to stop half
 * way. */
static void hold_signals_back(struct stop *s)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGPIPE);
    sigprocmask(SIG_BLOCK, &held, &s->mask);
    s->is_signalled = true;
}

static bool take_interrupt(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    return sigtimedwait(&interrupt, NULL, &(struct timespec){0}) == SIGINT;
}

/* Sends SIGCONT whenever it is stopped: a stopped process does not act on SIGTERM, and one in the
 * background stops again (SIGTTOU) when it puts its terminal in order. Returns: has it ended? */
static enum fact wait_for_end(const struct pidref *ref, const struct proc *proc, int64_t ms)
{
    struct awake begin = awake_now();
    enum fact ended;
    do {
        struct proc_stat now;
        ended = pidref_wait(ref, WATCH_STEP_MS);
        if (ended == FACT_YES)
            break;
        if (pidref_look(ref, proc, &now) == 0 && now.state == 'T')
            pidref_signal(ref, SIGCONT);
        if (take_interrupt())
            break;
    } while (awake_now().ns - begin.ns < ms * 1000000);
    return ended;
}

/* Says what is kept, too. */
static int fail(const struct stop *s, int code, struct sr_error *error, const char *why)
{
    bool is_kept = s->result.act.has_backup;
    return err_set(error, code, "kill failed: pid %d %s%s%s%s", (int)s->subject.ref.pid, why,
                   is_kept ? "; its backup " : "", is_kept ? s->result.act.backup.stem : "",
                   is_kept ? " is kept" : "");
}

static int fail_to_signal(const struct stop *s, int code, struct sr_error *error)
{
    char why[128];
    snprintf(why, sizeof why, "cannot be sent a signal: %s; it runs on", err_reason(code));
    return fail(s, code, error, why);
}

/* A signal was sent, and what came of it cannot be seen: nothing is said of its end, and no
 * stronger one follows. */
static int fail_to_see(const struct stop *s, const char *signal_name, struct sr_error *error)
{
    char why[128];
    snprintf(why, sizeof why, "was sent %s, and whether it has ended cannot be told", signal_name);
    return fail(s, -EIO, error, why);
}

static void tell_if_unreachable(const struct stop *s)
{
    struct proc_stat now;
    char channel[64];
    if (pidref_look(&s->subject.ref, s->subject.proc, &now) < 0 || now.state != 'D')
        return;
    if (proc_read_wait_channel(s->subject.proc, s->subject.ref.pid, channel, sizeof channel) <= 0)
        snprintf(channel, sizeof channel, "not known where");
    pinned_session_tell(
        &s->subject,
        "pid %d is inside the kernel (%s), where no signal reaches it, not even SIGKILL: it "
        "ends when that call does",
        (int)s->subject.ref.pid, channel);
}

static int kill_by_force(struct stop *s, struct sr_error *error)
{
    char text[128];
    snprintf(text, sizeof text, "pid %d still runs %lld s after SIGTERM", (int)s->subject.ref.pid,
             grace_s(s));
    tell_if_unreachable(s);
    if (!s->options->force && !pinned_session_ask(&s->subject, SR_ASK_BY_FORCE, text))
        return fail(s, -ETIMEDOUT, error,
                    "does not end on SIGTERM, and SIGKILL was not allowed: it runs on");
    int typed = s->hold.fd >= 0 ? terminal_hold_discard_input(&s->hold) : 0;
    int r = pidref_signal(&s->subject.ref, SIGKILL);
    if (r < 0 && r != -ESRCH)
        return fail_to_signal(s, r, error);
    if (typed)
        pinned_session_tell(
            &s->subject,
            "%d bytes that were typed and never read are thrown away: the shell would run "
            "them",
            typed);
    enum fact ended = wait_for_end(&s->subject.ref, s->subject.proc, KILL_WAIT_MS);
    if (ended == FACT_UNKNOWN)
        return fail_to_see(s, "SIGKILL", error);
    if (ended != FACT_YES) {
        tell_if_unreachable(s);
        return fail(s, -EBUSY, error,
                    "does not end on SIGKILL: it is held inside the kernel, and runs on");
    }
    s->result.by_force = true;
    return 0;
}

/* The shell continues it in front, where SIGTERM finds it. Returns: has it ended? */
static enum fact end_in_front(struct stop *s)
{
    int r = keyboard_type_fg(&s->keyboard);
    if (r < 0)
        return FACT_NO; /* SIGCONT, then, as without a shell */
    pinned_session_tell(&s->subject, "typed fg into the shell on %s", s->session->tty);
    int64_t ms = s->options->grace_ms < FRONT_WAIT_MS ? s->options->grace_ms : FRONT_WAIT_MS;
    return pidref_wait(&s->subject.ref, ms);
}

static int run_end(struct stop *s, struct sr_error *error)
{
    hold_signals_back(s);
    int r = pidref_signal(&s->subject.ref, SIGTERM);
    if (r < 0 && r != -ESRCH)
        return fail_to_signal(s, r, error);
    enum fact ended = FACT_NO;
    if (find_way_to_front(s))
        ended = end_in_front(s);
    if (ended == FACT_NO)
        ended = wait_for_end(&s->subject.ref, s->subject.proc, s->options->grace_ms);
    if (ended != FACT_YES) {
        r = ended == FACT_NO ? kill_by_force(s, error) : fail_to_see(s, "SIGTERM", error);
        if (r < 0)
            return r;
    }
    s->result.act.was_done = true;
    pinned_session_tell(&s->subject, "pid %d has ended%s", (int)s->subject.ref.pid,
                        s->result.by_force ? " by SIGKILL" : "");
    return 0;
}

/* ---- 5. its last words -------------------------------------------------------------------- */

static void describe_save_again(const struct stop *s, struct buf *out)
{
    (void)s;
    buf_adds(out, "back up and verify what the client writes while it ends");
}

static int run_save_again(struct stop *s, struct sr_error *error)
{
    bool had_backup = s->result.act.has_backup;
    int r = proof_save_again(&s->subject, error);
    s->result.is_backup_complete = r == 0;
    int pid = (int)s->subject.ref.pid;
    if (r < 0 && had_backup)
        err_wrap(error,
                 "pid %d has ended; what it wrote last stands in the transcript alone, all "
                 "before in the backup",
                 pid);
    else if (r < 0)
        err_wrap(error, "pid %d has ended, given up by name, and there is no backup of it", pid);
    return r;
}

/* ---- 6. those it leaves behind ------------------------------------------------------------ */

static void add_names(const struct stop *s, struct buf *out, bool wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < s->tree.count; i++) {
        const struct descendant *r = &s->tree.items[i];
        if ((r->wanted != NULL) != wanted)
            continue;
        buf_addf(out, "%s%s (pid %d", n++ ? ", " : "", r->name, (int)r->ref.pid);
        if (wanted)
            buf_addf(out, ", %s", r->wanted);
        buf_adds(out, ")");
    }
    if (n == 0)
        buf_adds(out, "none");
}

static void describe_helpers(const struct stop *s, struct buf *out)
{
    buf_adds(out, "end the helpers that are left: ");
    add_names(s, out, false);
    buf_addf(out, "; %s: ", s->options->force ? "leave what may be wanted" : "ask about others");
    add_names(s, out, true);
    if (s->tree.may_lack)
        buf_addf(out, "; leave what pid %d has started and cannot be read",
                 (int)s->subject.ref.pid);
}

/* As far as is known: one that may live is waited for, and counted. */
static bool may_live(const struct descendant *r)
{
    return pidref_has_ended(&r->ref) != FACT_YES;
}

/* Returns: how many helpers are not known to have ended, after ms at most. */
static size_t await_helpers(const struct stop *s, int64_t ms)
{
    struct awake begin = awake_now();
    for (;;) {
        size_t alive = 0;
        int64_t left_ms = ms - (awake_now().ns - begin.ns) / 1000000;
        for (size_t i = 0; i < s->tree.count; i++) {
            const struct descendant *r = &s->tree.items[i];
            if (r->wanted || !may_live(r))
                continue;
            alive++;
            if (left_ms > 0)
                pidref_wait(&r->ref, left_ms < WATCH_STEP_MS ? left_ms : WATCH_STEP_MS);
        }
        if (alive == 0 || left_ms <= 0)
            return alive;
    }
}

static void signal_helpers(const struct stop *s, int signal_number)
{
    for (size_t i = 0; i < s->tree.count; i++) {
        const struct descendant *r = &s->tree.items[i];
        if (r->wanted || !may_live(r))
            continue;
        pinned_session_tell(&s->subject, "ending its helper %s (pid %d)", r->name, (int)r->ref.pid);
        pidref_signal(&r->ref, signal_number);
        pidref_signal(&r->ref, SIGCONT);
    }
}

static void end_helpers(struct stop *s)
{
    char text[64];
    if (await_helpers(s, HELPERS_END_MS) == 0)
        return;
    signal_helpers(s, SIGTERM);
    size_t left = await_helpers(s, HELPERS_GRACE_MS);
    if (left == 0)
        return;
    snprintf(text, sizeof text, "%zu of its helpers ignore SIGTERM", left);
    if (s->options->force || pinned_session_ask(&s->subject, SR_ASK_HELPERS, text)) {
        signal_helpers(s, SIGKILL);
        await_helpers(s, KILL_WAIT_MS);
    }
}

static void ask_about_wanted(const struct stop *s, const struct descendant *r)
{
    char text[512];
    snprintf(text, sizeof text, "%s (pid %d) %s", r->name, (int)r->ref.pid, r->wanted);
    if (s->options->force || !s->options->ask) {
        pinned_session_tell(&s->subject, "left running: %s", text);
    } else if (pinned_session_ask(&s->subject, SR_ASK_WANTED, text)) {
        pidref_signal(&r->ref, SIGTERM);
        enum fact ended = wait_for_end(&r->ref, s->subject.proc, HELPERS_GRACE_MS);
        if (ended != FACT_YES)
            pinned_session_tell(&s->subject,
                                ended == FACT_NO ? "it ignores SIGTERM and runs on: %s"
                                                 : "it was sent SIGTERM, and may run on: %s",
                                text);
    }
}

static int run_helpers(struct stop *s, struct sr_error *error)
{
    (void)error;
    end_helpers(s);
    for (size_t i = 0; i < s->tree.count; i++)
        if (s->tree.items[i].wanted && may_live(&s->tree.items[i]))
            ask_about_wanted(s, &s->tree.items[i]);
    if (s->tree.may_lack)
        pinned_session_tell(
            &s->subject, "left alone: what pid %d had started and cannot be read; it may still run",
            (int)s->subject.ref.pid);
    s->result.survivor_count = 0;
    for (size_t i = 0; i < s->tree.count; i++)
        s->result.survivor_count += may_live(&s->tree.items[i]);
    return 0;
}

/* ---- 7. its terminal ---------------------------------------------------------------------- */

static void describe_terminal(const struct stop *s, struct buf *out)
{
    if (s->session->tty)
        buf_addf(out, "put the terminal %s in order, if it is left raw and the shell is back",
                 s->session->tty);
    else
        buf_adds(out, "no terminal to put in order");
}

static int run_terminal(struct stop *s, struct sr_error *error)
{
    (void)error;
    if (s->hold.fd < 0)
        return 0;
    switch (terminal_hold_restore(s->subject.proc, &s->hold, s->result.by_force)) {
    case TERMINAL_WAS_FINE:
    case TERMINAL_IS_GONE:
        break;
    case TERMINAL_RESTORED:
        pinned_session_tell(&s->subject, "the terminal %s was left raw, and is in order again",
                            s->session->tty);
        break;
    case TERMINAL_IN_USE:
        pinned_session_tell(
            &s->subject,
            "the terminal %s was left raw, and its shell is not in front: 'reset' there puts it "
            "in order",
            s->session->tty);
        break;
    case TERMINAL_IS_STUCK:
        pinned_session_tell(
            &s->subject,
            "the terminal %s takes no output: 'reset' there puts it in order once it does",
            s->session->tty);
        break;
    }
    return 0;
}

/* ---- 8. files it leaves behind ------------------------------------------------------------ */

static void describe_leftovers(const struct stop *s, struct buf *out)
{
    (void)s;
    buf_adds(out, "name the registry and lock files that are left, removing none; then the resume "
                  "command");
}

static int run_leftovers(struct stop *s, struct sr_error *error)
{
    (void)error;
    const struct session *in = s->subject.inside;
    struct stat st;
    if (in->registration &&
        fstatat(in->store->io.fd, in->registration->file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        pinned_session_tell(
            &s->subject, "left behind: %s/%s%s", in->store->io.path, in->registration->file,
            in->live->agent->registry->is_swept ? "; clients remove it when they start" : "");
    /* A directory on a server that does not answer would hold us as it held the client. */
    if (!s->session->cwd || s->session->verdict == SR_BLOCKED)
        return 0;
    const char *lock = arena_printf(&s->arena, "%s/.git/index.lock", s->session->cwd);
    if (fstatat(AT_FDCWD, lock, &st, AT_SYMLINK_NOFOLLOW) == 0)
        pinned_session_tell(&s->subject, "there is %s: if no git runs there, remove it", lock);
    return 0;
}

/* ---- the plan ----------------------------------------------------------------------------- */

static const struct {
    void (*describe)(const struct stop *s, struct buf *out);
    int (*run)(struct stop *s, struct sr_error *error);
} steps[] = {
    {describe_save, NULL}, /* proof_make */
    {describe_question, run_question},
    {describe_look, run_look},
    {describe_end, run_end},
    {describe_save_again, run_save_again},
    {describe_helpers, run_helpers},
    {describe_terminal, run_terminal},
    {describe_leftovers, run_leftovers},
};

static void release(struct stop *s)
{
    if (s->is_signalled) {
        while (take_interrupt())
            ;
        sigprocmask(SIG_SETMASK, &s->mask, NULL);
    }
    process_tree_release(&s->tree);
    terminal_hold_close(&s->hold);
    pinned_session_release(&s->subject);
    arena_release(&s->arena);
}

static int prepare(struct stop *s, struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct sr_error *error)
{
    *s = (struct stop){
        .subject = {.snapshot = snapshot,
                    .session = session,
                    .options = options,
                    .result = &s->result.act},
        .session = session,
        .options = options,
        .hold.fd = -1,
    };
    int r = pinned_session_pin(&s->subject, error);
    if (r == 0)
        r = find_tree(s, error);
    if (r == 0)
        find_others(s);
    s->can_come_to_front = r == 0 && find_way_to_front(s);
    if (r < 0)
        release(s);
    return r;
}

static void describe(const struct stop *s, struct buf *out)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        buf_addf(out, "%zu. ", i + 1);
        steps[i].describe(s, out);
        buf_adds(out, "\n");
    }
}

/*
 * Does all steps but the first, the backup. Before SIGTERM is sent, the first failure ends it;
 * after that it does the rest and returns the first failure. From SIGTERM on, SIGINT ends only the
 * wait, and SIGTERM and SIGHUP to this program are held back until the end.
 */
__attribute__((nonnull(1, 2))) static int run(struct stop *s, const struct proof *proof,
                                              struct sr_error *error)
{
    int result = 0;
    s->proof = proof;
    for (size_t i = 1; i < sizeof steps / sizeof *steps; i++) {
        struct sr_error later; /* the first failure is the one that is told */
        bool has_failed = result < 0;
        if (has_failed && !s->result.act.was_done)
            break;
        int r = steps[i].run(s, has_failed ? &later : error);
        if (!has_failed)
            result = r;
    }
    return result;
}

int stop_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                 const struct sr_act_options *options, struct buf *plan, struct sr_kill *out,
                 struct sr_error *error)
{
    struct stop stop;
    struct proof *proof;
    int r = prepare(&stop, snapshot, session, options, error);
    bool is_planned = r == 0;
    if (is_planned)
        r = refuse_unnamed(&stop, error);
    if (r == 0 && plan) {
        r = proof_foresee(&stop.subject, error);
        if (r == 0)
            describe(&stop, plan);
    } else if (r == 0 && (r = proof_make(&stop.subject, &proof, error)) == 0) {
        r = save_others(&stop, error);
        if (r == 0)
            r = ask_about_others(&stop, error);
        if (r == 0)
            r = run(&stop, proof, error);
        proof_release(proof);
    }
    *out = stop.result;
    if (is_planned)
        release(&stop);
    return r;
}

int sr_kill_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                    const struct sr_act_options *options, struct sr_kill *out,
                    struct sr_error *error)
{
    return stop_session(snapshot, session, options, NULL, out, error);
}
