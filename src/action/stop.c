#include "action/stop.h"

#include "action/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WATCH_STEP_MS = 100,
    /* A client that ends cleanly takes 65 ms; its tools end with it. */
    HELPERS_END_MS = 2000,
    HELPERS_GRACE_MS = 5000,
    /* From SIGKILL to the end of a client with 300 MB, on a machine that swaps. */
    KILL_WAIT_MS = 5000,
};

__attribute__((format(printf, 2, 3))) static void tell(const struct stop *s, const char *format,
                                                       ...)
{
    if (!s->options->tell)
        return;
    char line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    s->options->tell(s->options->context, line);
}

static bool ask(const struct stop *s, enum sr_kill_question question, const char *text)
{
    return s->options->ask && s->options->ask(s->options->context, question, text);
}

static long long grace_s(const struct stop *s)
{
    return (long long)((s->options->grace_ms + 999) / 1000);
}

/* ---- what may not be ended ---------------------------------------------------------------- */

/* Returns: pid is this program, or above it. */
static bool is_in_own_line(const struct proc *proc, pid_t own, pid_t pid)
{
    struct proc_stat stat;
    while (own > 0 && own != pid) {
        if (proc_read_stat(proc, own, &stat) < 0)
            return false;
        own = stat.ppid;
    }
    return own == pid;
}

static int refuse(struct stop *s, struct sr_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(struct stop *s, struct sr_error *error, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    s->result.was_refused = true;
    return err_set(error, -EPERM, "refused: %s", why);
}

/* Read afresh each time it is asked. */
static int check_may_be_ended(struct stop *s, struct sr_error *error)
{
    const struct sr_options *look = s->options->look;
    const struct sr_session *session = s->session;
    struct proc_stat theirs, own;
    struct proc_status status;
    pid_t pid = s->ref.pid;
    int r = pidref_look(&s->ref, s->proc, &theirs);
    if (r == 0)
        r = proc_read_status(s->proc, pid, &status);
    if (r < 0)
        return err_set(error, r, "pid %d: %s", (int)pid, err_reason(r));
    if (session->current ||
        (session->session_id && str_equals(session->session_id, look->own_session_id)))
        return refuse(s, error, "pid %d is the session that this runs in", (int)pid);
    if (is_in_own_line(s->proc, look->own_pid, pid))
        return refuse(s, error, "pid %d is above this program", (int)pid);
    if (proc_read_stat(s->proc, look->own_pid, &own) < 0)
        return refuse(s, error, "our own terminal cannot be told from that of pid %d", (int)pid);
    if (theirs.tty && theirs.tty == own.tty)
        return refuse(s, error, "pid %d is on this terminal", (int)pid);
    if (status.uid != geteuid())
        return refuse(s, error, "pid %d belongs to user %u; run this as that user", (int)pid,
                      (unsigned)status.uid);
    if (status.tracer || theirs.state == 't')
        return refuse(s, error, "pid %d is held by a debugger (pid %d)", (int)pid,
                      (int)status.tracer);
    return 0;
}

/* ---- 1. the backup ------------------------------------------------------------------------ */

static int save_one(struct stop *s, const char *id, struct sr_error *error)
{
    const struct sr_export_options *o = s->options->backup;
    struct backup_source source;
    struct backup_run run;
    int r = backup_source_of(s->snapshot, s->session, id, o, &source, error);
    if (r < 0)
        return r;
    r = backup_begin(&run, o, error);
    if (r < 0)
        return r;
    r = backup_take(&run, &source, &s->result.backup, error);
    backup_end(&run);
    if (r < 0)
        return r == -ENODATA ? -EIO : r; /* there is a transcript */
    char size[STR_SIZE_TEXT];
    str_format_size(s->result.backup.size_bytes, size);
    tell(s, "%s: %s/%s.jsonl (%s)",
         s->result.backup.outcome == SR_ALREADY_EXPORTED ? "already backed up, verified again"
                                                         : "backed up and verified",
         o->pending_dir, s->result.backup.stem, size);
    if (s->result.backup.lost_count)
        return err_set(error, -EIO,
                       "%s.jsonl is kept, but %zu files of the session could not be read, and "
                       "are not in it: the manifest names them",
                       s->result.backup.stem, s->result.backup.lost_count);
    if (s->result.backup.was_rewritten)
        return err_set(error, -EIO,
                       "%s.jsonl is kept, but files changed under every try to copy them",
                       s->result.backup.stem);
    s->result.has_transcript = true;
    return 0;
}

/* Where it is not known which session it is, all are saved that it may be. */
static int save(struct stop *s, struct sr_error *error)
{
    const struct sr_session *session = s->session;
    int r = 0;
    if (!session_can_read_store(s->inside))
        return err_set(error, -ENODATA, "back up: the config directory of pid %d cannot be read",
                       session->pid);
    for (size_t i = 0; i < session->candidate_count && r == 0; i++)
        r = save_one(s, session->candidates[i], error);
    if (session->candidate_count == 0 && session->session_id)
        r = save_one(s, session->session_id, error);
    if (r == -ENODATA && session->candidate_count == 0)
        r = 0; /* nothing was ever said in it */
    if (r < 0 && error)
        err_wrap(error, "back up");
    return r;
}

static void describe_save(const struct stop *s, struct buf *out)
{
    buf_addf(out, "back up the session into %s, and verify the backup; else stop here",
             s->options->backup->pending_dir);
}

static int run_save(struct stop *s, struct sr_error *error)
{
    int r = save(s, error);
    if (r < 0)
        return r;
    s->result.has_backup = s->result.has_transcript;
    if (!s->result.has_transcript)
        tell(s, "nothing to back up: the session has no transcript yet");
    return 0;
}

/* ---- 2. the question ---------------------------------------------------------------------- */

static void describe_question(const struct stop *s, struct buf *out)
{
    buf_adds(out, s->options->force ? "ask nobody (--force)" : "ask whether to go on");
}

static int run_question(struct stop *s, struct sr_error *error)
{
    if (s->options->force || ask(s, SR_KILL_SESSION, NULL))
        return 0;
    s->result.was_declined = true;
    return err_set(error, -ECANCELED, "not killed: pid %d runs on", (int)s->ref.pid);
}

/* ---- 3. still the same? ------------------------------------------------------------------- */

static void describe_look(const struct stop *s, struct buf *out)
{
    buf_addf(out, "look again: go on only if pid %d is still the same process and session%s",
             (int)s->ref.pid, s->session->verdict == SR_HUNG ? ", and still hung" : "");
}

static bool is_same_session(const struct sr_session *then, const struct sr_session *now)
{
    return str_equals(then->session_id, now->session_id) &&
           then->candidate_count == now->candidate_count;
}

static int compare(struct stop *s, const struct sr_session *now, struct sr_error *error)
{
    int pid = (int)s->ref.pid;
    s->result.was_refused = true;
    if (!now)
        return err_set(error, -EAGAIN, "refused: pid %d is no session any more", pid);
    if (!is_same_session(s->session, now))
        return err_set(error, -EAGAIN, "refused: pid %d has gone over to another session (%s)", pid,
                       now->session_id ? now->session_id : "not known");
    if (s->session->verdict == SR_HUNG && now->verdict != SR_HUNG)
        return err_set(error, -EAGAIN, "refused: pid %d is not hung any more (%s, %s)", pid,
                       sr_verdict_word(now->verdict), now->cause);
    s->result.was_refused = false;
    return 0;
}

static int look_again(struct stop *s, struct sr_error *error)
{
    struct sr_options look = *s->options->look;
    look.entering = NULL; /* from here on nobody begins again from the start */
    look.progress = NULL;
    look.stored_limit = 0;
    struct sr_snapshot *snapshot;
    int r = sr_detect_processes(&look, &snapshot, error);
    if (r < 0)
        return r;
    if (s->session->verdict == SR_HUNG)
        sr_detect_hung_sessions(snapshot, s->options->timeout_minutes);
    const struct sr_session *now = NULL;
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (snapshot->sessions[i].pid == s->ref.pid &&
            snapshot->sessions[i].start_ticks == s->ref.start_ticks)
            now = &snapshot->sessions[i];
    r = compare(s, now, error);
    sr_snapshot_free(snapshot);
    return r;
}

static int find_family(struct stop *s, struct sr_error *error)
{
    struct family_request request = {
        .proc = s->proc,
        .arena = &s->arena,
        .agent = s->inside->live->agent,
        .pid = s->ref.pid,
        .session_id = s->session->session_id,
        .own_pid = s->options->look->own_pid,
    };
    struct family family;
    int r = family_find(&request, &family);
    if (r < 0)
        return err_set(error, r, "record what pid %d has started: %s", (int)s->ref.pid,
                       err_reason(r));
    family_release(&s->family);
    s->family = family;
    return 0;
}

static int run_look(struct stop *s, struct sr_error *error)
{
    int r = check_may_be_ended(s, error);
    if (r == 0)
        r = look_again(s, error);
    if (r == 0)
        r = find_family(s, error);
    if (r < 0)
        return r;
    r = terminal_hold_open(s->proc, s->ref.pid, &s->hold);
    if (r < 0 && r != -ENXIO)
        tell(s, "the terminal of pid %d cannot be held open to be put in order: %s",
             (int)s->ref.pid, err_reason(r));
    return check_may_be_ended(s, error);
}

/* ---- 4. the end --------------------------------------------------------------------------- */

static void describe_end(const struct stop *s, struct buf *out)
{
    struct proc_stat now;
    bool is_stopped = pidref_look(&s->ref, s->proc, &now) == 0 && now.state == 'T';
    buf_addf(out, "send SIGTERM%s to pid %d and wait %lld s; ", is_stopped ? " and SIGCONT" : "",
             (int)s->ref.pid, grace_s(s));
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
 * background stops again (SIGTTOU) when it puts its terminal in order. */
static bool wait_for_end(const struct pidref *ref, const struct proc *proc, int64_t ms)
{
    struct awake begin = awake_now();
    do {
        int ended = pidref_wait(ref, WATCH_STEP_MS);
        struct proc_stat now;
        if (ended || pidref_look(ref, proc, &now) == -ESRCH)
            return true;
        if (now.state == 'T')
            pidref_signal(ref, SIGCONT);
        if (take_interrupt())
            return false;
    } while (awake_now().ns - begin.ns < ms * 1000000);
    return false;
}

static int fail_to_end(const struct stop *s, int code, struct sr_error *error, const char *why)
{
    if (s->result.has_backup)
        return err_set(error, code,
                       "kill failed: pid %d: %s; it runs on, and its backup %s is kept",
                       (int)s->ref.pid, why, s->result.backup.stem);
    return err_set(error, code, "kill failed: pid %d: %s; it runs on", (int)s->ref.pid, why);
}

static void tell_if_unreachable(const struct stop *s)
{
    struct proc_stat now;
    char channel[64];
    if (pidref_look(&s->ref, s->proc, &now) < 0 || now.state != 'D')
        return;
    if (proc_read_text(s->proc, s->ref.pid, "wchan", channel, sizeof channel) <= 0)
        snprintf(channel, sizeof channel, "not known where");
    tell(s,
         "pid %d is inside the kernel (%s), where no signal reaches it, not even SIGKILL: it "
         "ends when that call does",
         (int)s->ref.pid, channel);
}

static int kill_by_force(struct stop *s, struct sr_error *error)
{
    char text[128];
    snprintf(text, sizeof text, "pid %d still runs %lld s after SIGTERM", (int)s->ref.pid,
             grace_s(s));
    tell_if_unreachable(s);
    if (!s->options->force && !ask(s, SR_KILL_BY_FORCE, text))
        return fail_to_end(s, -ETIMEDOUT, error,
                           "does not end on SIGTERM, and SIGKILL was not "
                           "allowed");
    int typed = s->hold.fd >= 0 ? terminal_hold_discard_input(&s->hold) : 0;
    int r = pidref_signal(&s->ref, SIGKILL);
    if (r < 0 && r != -ESRCH)
        return fail_to_end(s, r, error, err_reason(r));
    if (typed)
        tell(s,
             "%d bytes that were typed and never read are thrown away: the shell would run "
             "them",
             typed);
    if (!wait_for_end(&s->ref, s->proc, KILL_WAIT_MS)) {
        tell_if_unreachable(s);
        return fail_to_end(s, -EBUSY, error,
                           "does not end on SIGKILL: it is held inside the "
                           "kernel");
    }
    s->result.by_force = true;
    return 0;
}

static int run_end(struct stop *s, struct sr_error *error)
{
    hold_signals_back(s);
    int r = pidref_signal(&s->ref, SIGTERM);
    if (r < 0 && r != -ESRCH)
        return fail_to_end(s, r, error, err_reason(r));
    if (!wait_for_end(&s->ref, s->proc, s->options->grace_ms)) {
        r = kill_by_force(s, error);
        if (r < 0)
            return r;
    }
    s->result.has_ended = true;
    tell(s, "pid %d has ended%s", (int)s->ref.pid, s->result.by_force ? " by SIGKILL" : "");
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
    int r = save(s, error);
    s->result.is_backup_complete = r == 0;
    if (r < 0)
        err_wrap(error,
                 "pid %d has ended; what it wrote last stands in the transcript alone, all "
                 "before in the backup",
                 (int)s->ref.pid);
    return r;
}

/* ---- 6. those it leaves behind ------------------------------------------------------------ */

static void add_names(const struct stop *s, struct buf *out, bool wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < s->family.count; i++) {
        const struct relative *r = &s->family.items[i];
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

static void describe_family(const struct stop *s, struct buf *out)
{
    buf_adds(out, "end the helpers that are left: ");
    add_names(s, out, false);
    buf_addf(out, "; %s: ", s->options->force ? "leave what may be wanted" : "ask about others");
    add_names(s, out, true);
}

static bool is_alive(const struct stop *s, const struct relative *r)
{
    struct proc_stat now;
    return pidref_look(&r->ref, s->proc, &now) == 0;
}

/* Returns: how many helpers live still, after ms at most. */
static size_t await_helpers(const struct stop *s, int64_t ms)
{
    struct awake begin = awake_now();
    for (;;) {
        size_t alive = 0;
        int64_t left_ms = ms - (awake_now().ns - begin.ns) / 1000000;
        for (size_t i = 0; i < s->family.count; i++) {
            const struct relative *r = &s->family.items[i];
            if (r->wanted || !is_alive(s, r))
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
    for (size_t i = 0; i < s->family.count; i++) {
        const struct relative *r = &s->family.items[i];
        if (r->wanted || !is_alive(s, r))
            continue;
        tell(s, "ending its helper %s (pid %d)", r->name, (int)r->ref.pid);
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
    if (s->options->force || ask(s, SR_KILL_HELPERS, text)) {
        signal_helpers(s, SIGKILL);
        await_helpers(s, KILL_WAIT_MS);
    }
}

static void ask_about_wanted(const struct stop *s, const struct relative *r)
{
    char text[512];
    snprintf(text, sizeof text, "%s (pid %d) %s", r->name, (int)r->ref.pid, r->wanted);
    if (s->options->force || !s->options->ask) {
        tell(s, "left running: %s", text);
    } else if (ask(s, SR_KILL_WANTED, text)) {
        pidref_signal(&r->ref, SIGTERM);
        if (!wait_for_end(&r->ref, s->proc, HELPERS_GRACE_MS))
            tell(s, "it ignores SIGTERM and runs on: %s", text);
    }
}

static int run_family(struct stop *s, struct sr_error *error)
{
    (void)error;
    end_helpers(s);
    for (size_t i = 0; i < s->family.count; i++)
        if (s->family.items[i].wanted && is_alive(s, &s->family.items[i]))
            ask_about_wanted(s, &s->family.items[i]);
    s->result.survivor_count = 0;
    for (size_t i = 0; i < s->family.count; i++)
        s->result.survivor_count += is_alive(s, &s->family.items[i]);
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
    switch (terminal_hold_restore(s->proc, &s->hold, s->result.by_force)) {
    case TERMINAL_WAS_FINE:
    case TERMINAL_IS_GONE:
        break;
    case TERMINAL_RESTORED:
        tell(s, "the terminal %s was left raw, and is in order again", s->session->tty);
        break;
    case TERMINAL_IN_USE:
        tell(s,
             "the terminal %s was left raw, and its shell is not in front: 'reset' there puts it "
             "in order",
             s->session->tty);
        break;
    case TERMINAL_IS_STUCK:
        tell(s, "the terminal %s takes no output: 'reset' there puts it in order once it does",
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
    const struct session *in = s->inside;
    struct stat st;
    if (in->registration &&
        fstatat(in->store->io.fd, in->registration->file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        tell(s, "left behind: %s/%s; clients remove it when they start", in->store->io.path,
             in->registration->file);
    /* A directory on a server that does not answer would hold us as it held the client. */
    if (!s->session->cwd || s->session->verdict == SR_BLOCKED)
        return 0;
    const char *lock = arena_printf(&s->arena, "%s/.git/index.lock", s->session->cwd);
    if (fstatat(AT_FDCWD, lock, &st, AT_SYMLINK_NOFOLLOW) == 0)
        tell(s, "there is %s: if no git runs there, remove it", lock);
    return 0;
}

/* ---- the plan ----------------------------------------------------------------------------- */

static const struct {
    void (*describe)(const struct stop *s, struct buf *out);
    int (*run)(struct stop *s, struct sr_error *error);
} steps[] = {
    {describe_save, run_save},
    {describe_question, run_question},
    {describe_look, run_look},
    {describe_end, run_end},
    {describe_save_again, run_save_again},
    {describe_family, run_family},
    {describe_terminal, run_terminal},
    {describe_leftovers, run_leftovers},
};

int stop_plan(struct stop *s, struct sr_snapshot *snapshot, const struct sr_session *session,
              const struct sr_kill_options *options, struct sr_error *error)
{
    struct snapshot *snap = snapshot_of(snapshot);
    *s = (struct stop){
        .snapshot = snapshot,
        .session = session,
        .options = options,
        .inside = &snap->sessions[session - snapshot->sessions],
        .proc = &snap->proc,
        .ref.fd = -1,
        .hold.fd = -1,
    };
    if (!session->pid)
        return err_set(error, -ESRCH, "session %s has no process", session->session_id);
    int r = pidref_open(s->proc, session->pid, session->start_ticks, &s->ref);
    s->result.was_refused = r == -ESRCH;
    if (r == -ESRCH)
        return err_set(error, r, "refused: pid %d has ended, or is another process by now",
                       session->pid);
    if (r < 0)
        return err_set(error, r, "pin pid %d: %s", session->pid, err_reason(r));
    r = check_may_be_ended(s, error);
    if (r == 0)
        r = find_family(s, error);
    if (r < 0)
        stop_release(s);
    return r;
}

void stop_describe(const struct stop *s, struct buf *out)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        buf_addf(out, "%zu. ", i + 1);
        steps[i].describe(s, out);
        buf_adds(out, "\n");
    }
}

int stop_run(struct stop *s, struct sr_kill *out, struct sr_error *error)
{
    int result = 0;
    if (!s->options->force && !s->options->ask)
        result = refuse(s, error, "there is no terminal to ask on, and no --force");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct sr_error later; /* the first failure is the one that is told */
        bool has_failed = result < 0;
        if (has_failed && !s->result.has_ended)
            break;
        int r = steps[i].run(s, has_failed ? &later : error);
        if (!has_failed)
            result = r;
    }
    *out = s->result;
    return result;
}

void stop_release(struct stop *s)
{
    if (s->is_signalled) {
        while (take_interrupt())
            ;
        sigprocmask(SIG_SETMASK, &s->mask, NULL);
    }
    family_release(&s->family);
    terminal_hold_close(&s->hold);
    pidref_close(&s->ref);
    arena_release(&s->arena);
}

int sr_kill_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                    const struct sr_kill_options *options, struct sr_kill *out,
                    struct sr_error *error)
{
    struct stop stop;
    int r = stop_plan(&stop, snapshot, session, options, error);
    if (r < 0) {
        *out = stop.result;
        return r;
    }
    r = stop_run(&stop, out, error);
    stop_release(&stop);
    return r;
}
