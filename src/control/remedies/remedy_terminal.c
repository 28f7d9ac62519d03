/*
 * What a session's terminal takes: to be continued and brought to the front,
 * its raw mode and a size given back, its reader continued, the Escape key.
 */
#include "control/keyboard.h"
#include "control/revive.h"

#include "platform/descriptor.h"
#include "platform/process/process_table.h"
#include "platform/terminal/terminal.h"
#include "platform/terminal/terminal_push.h"
#include "platform/terminal/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_MS = 50,
    /* A client that may not use its terminal is stopped again within milliseconds. */
    STAYS_MS = 1500,
    CONTINUE_WAIT_MS = 5000,
    WRITE_WAIT_MS = 10000,
    ESCAPE_WAIT_MS = 10000,
    /* Below this nothing can be drawn: 145 columns by 1 row was seen after a reconnect. */
    LEAST_ROWS = 3,
    LEAST_COLUMNS = 20,
    USUAL_ROWS = 24,
    USUAL_COLUMNS = 80,
};

static void pause_step(void)
{
    nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
}

static int look(const struct revive *r, struct proc_stat *stat)
{
    return pidref_look(&r->subject.ref, r->subject.proc, stat);
}

/* ---- keys --------------------------------------------------------------------------------- */

/* By which way keys can be typed. other_way: what the user can do where there is none. */
static void find_keyboard(struct revive *r, struct remedy *p, const char *other_way)
{
    struct keyboard k;
    if (!keyboard_find(&r->subject, &r->arena, &k))
        p->blocked = arena_printf(&r->arena,
                                  "no tmux pane is known for its terminal, and TIOCSTI takes "
                                  "CAP_SYS_ADMIN: %s, or sudo session-rescue --revive %d",
                                  other_way, (int)r->subject.ref.pid);
    p->through_tmux = k.through_tmux;
}

static struct keyboard keyboard_of(struct revive *r, const struct remedy *p)
{
    return (struct keyboard){&r->subject, &r->arena, p->through_tmux};
}

static const char *by_which_way(const struct remedy *p)
{
    return keyboard_way(&(struct keyboard){.through_tmux = p->through_tmux});
}

/* ---- stopped by job control --------------------------------------------------------------- */

static int still_stopped(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                         struct sr_error *error)
{
    struct proc_stat stat;
    (void)p;
    (void)now;
    int code = look(r, &stat);
    if (code < 0)
        return err_set(error, code, "pid %d: %s", (int)r->subject.ref.pid, err_reason(code));
    return stat.state == 'T' ? 0 : err_set(error, -EBUSY, "it is not stopped any more");
}

/* It runs, in front of its terminal, and is not stopped again at once. */
static bool stays_up(struct revive *r, struct remedy *p, struct buf *how)
{
    struct awake begin = awake_now();
    int64_t up_since_ns = -1;
    (void)p;
    for (;;) {
        struct proc_stat stat;
        int64_t now_ns = awake_now().ns;
        if (look(r, &stat) < 0)
            return false;
        bool is_up = stat.state != 'T' && keyboard_is_in_front(&stat);
        if (!is_up)
            up_since_ns = -1;
        else if (up_since_ns < 0)
            up_since_ns = now_ns;
        if (is_up && now_ns - up_since_ns >= STAYS_MS * 1000000LL) {
            buf_adds(how, stat.tty ? "it runs again, and has its terminal" : "it runs again");
            return true;
        }
        if (now_ns - begin.ns >= CONTINUE_WAIT_MS * 1000000LL) {
            buf_adds(how, stat.state == 'T' ? "it was stopped again"
                                            : "it runs, and another has its terminal");
            return false;
        }
        pause_step();
    }
}

static void describe_continue(const struct revive *r, const struct remedy *p, struct buf *out)
{
    (void)p;
    buf_addf(out, "send SIGCONT to pid %d", (int)r->subject.ref.pid);
}

static int give_continue(struct revive *r, struct remedy *p, struct sr_error *error)
{
    (void)p;
    int code = pidref_signal(&r->subject.ref, SIGCONT);
    return code < 0 ? err_set(error, code, "SIGCONT: %s", err_reason(code)) : 0;
}

static const struct remedy_kind continue_it = {"continue", describe_continue, still_stopped,
                                               give_continue, stays_up};

/* ---- behind a shell that has taken the terminal ------------------------------------------- */

static void describe_fg(const struct revive *r, const struct remedy *p, struct buf *out)
{
    buf_addf(out, "type fg into the shell on %s, %s", r->session->tty, by_which_way(p));
}

static int verify_fg(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                     struct sr_error *error)
{
    struct proc_stat stat;
    int code = still_stopped(r, p, now, error);
    if (code != 0)
        return code;
    code = look(r, &stat);
    const char *why =
        code < 0 ? err_reason(code) : keyboard_why_not_fg(&r->subject, &r->arena, &stat);
    return why ? err_set(error, -EBUSY, "%s", why) : 0;
}

static int give_fg(struct revive *r, struct remedy *p, struct sr_error *error)
{
    struct keyboard k = keyboard_of(r, p);
    int code = keyboard_type_fg(&k);
    return code < 0 ? err_set(error, code, "type fg: %s", err_reason(code)) : 0;
}

static const struct remedy_kind bring_to_front = {"foreground", describe_fg, verify_fg, give_fg,
                                                  stays_up};

int remedy_plan_continue(struct revive *r, struct sr_error *error)
{
    struct proc_stat stat;
    int code = look(r, &stat);
    if (code < 0)
        return err_set(error, code, "pid %d: %s", (int)r->subject.ref.pid, err_reason(code));
    if (keyboard_is_in_front(&stat)) {
        remedy_add(r, &continue_it, REMEDY_FOR_CAUSE);
        return 0;
    }
    /* SIGCONT alone: it would be stopped again as soon as it uses its terminal. */
    struct remedy *p = remedy_add(r, &bring_to_front, REMEDY_FOR_CAUSE);
    const char *why = keyboard_why_not_fg(&r->subject, &r->arena, &stat);
    if (why)
        p->blocked = arena_printf(&r->arena, "%s: bring it back there with fg yourself", why);
    else
        find_keyboard(r, p, "type fg there yourself");
    return 0;
}

/* ---- raw mode ----------------------------------------------------------------------------- */

/* Something that the client has started reads from its terminal: an editor. */
static bool may_have_other_reader(struct revive *r, const struct proc_stat *client)
{
    const struct proc *proc = r->subject.proc;
    struct process_table all;
    if (process_table_read(proc, &r->arena, &all) < 0)
        return true;
    for (size_t i = 0; i < all.count; i++) {
        const struct proc_stat *stat = &all.items[i];
        const char *target;
        if (process_table_is_below(&all, stat, client->pid) == FACT_NO)
            continue;
        if (process_table_hides_child(&all, stat->pid) != FACT_NO)
            return true;
        if (stat->pid != client->pid && stat->tty == client->tty &&
            stat->pgrp == client->tty_pgrp &&
            (proc_read_input(proc, stat->pid, &r->arena, &target) < 0 ||
             tty_canonical(&r->arena, target)))
            return true;
    }
    return false;
}

/* It is in front, and its terminal is as for a shell command. */
static enum fact lost_raw_mode(struct revive *r)
{
    struct proc_stat stat;
    struct terminal t;
    if (r->session->kind != SR_KIND_INTERACTIVE ||
        !agent_keeps_raw_mode(r->subject.inside->live->agent))
        return FACT_NO;
    if (look(r, &stat) < 0)
        return FACT_UNKNOWN;
    if (!stat.tty || stat.state == 'T' || stat.tty_pgrp != stat.pgrp)
        return FACT_NO;
    if (terminal_read(r->subject.proc, stat.pid, stat.tty, &t) < 0)
        return FACT_UNKNOWN;
    return t.canonical && !may_have_other_reader(r, &stat) ? FACT_YES : FACT_NO;
}

/* Of a fault that a push is for. Returns: as its verify. */
static int still_needed(enum fact is_there, struct sr_error *error)
{
    if (is_there == FACT_UNKNOWN)
        return err_set(error, -EBUSY, "its terminal cannot be read any more");
    return is_there == FACT_YES ? 0 : 1;
}

static void describe_raw(const struct revive *r, const struct remedy *p, struct buf *out)
{
    (void)p;
    buf_addf(out, "put the terminal %s back into raw mode%s", r->session->tty,
             r->session->verdict == SR_STOPPED ? ", if the client does not do so itself"
                                               : ": it holds keys back until Enter");
}

static int verify_raw(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                      struct sr_error *error)
{
    (void)p;
    (void)now;
    return still_needed(lost_raw_mode(r), error);
}

static int give_raw(struct revive *r, struct remedy *p, struct sr_error *error)
{
    struct proc_stat stat;
    (void)p;
    int code = look(r, &stat);
    if (code == 0)
        code = terminal_make_raw(r->subject.proc, stat.pid, stat.tty);
    return code < 0
               ? err_set(error, code, "set the modes of %s: %s", r->session->tty, err_reason(code))
               : 0;
}

static bool is_raw_now(struct revive *r, struct remedy *p, struct buf *how)
{
    (void)p;
    if (lost_raw_mode(r) != FACT_NO)
        return false;
    buf_adds(how, "its terminal is raw again");
    return true;
}

static const struct remedy_kind raw_mode = {"raw-mode", describe_raw, verify_raw, give_raw,
                                            is_raw_now};

/* ---- size --------------------------------------------------------------------------------- */

/* Whether it has a size that nothing can be drawn on, which is not the same as none. */
static enum fact has_degenerate_size(struct revive *r, struct terminal *t)
{
    struct proc_stat stat;
    if (look(r, &stat) < 0)
        return FACT_UNKNOWN;
    if (!stat.tty)
        return FACT_NO;
    if (terminal_read(r->subject.proc, stat.pid, stat.tty, t) < 0)
        return FACT_UNKNOWN;
    return (t->rows > 0 && t->rows < LEAST_ROWS) || (t->columns > 0 && t->columns < LEAST_COLUMNS)
               ? FACT_YES
               : FACT_NO;
}

static void describe_size(const struct revive *r, const struct remedy *p, struct buf *out)
{
    buf_addf(out, "give the terminal %s a size of %d rows and %d columns, and the client SIGWINCH",
             r->session->tty, p->rows, p->columns);
}

static int verify_size(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                       struct sr_error *error)
{
    struct terminal t;
    (void)p;
    (void)now;
    return still_needed(has_degenerate_size(r, &t), error);
}

static int give_size(struct revive *r, struct remedy *p, struct sr_error *error)
{
    struct proc_stat stat;
    int code = look(r, &stat);
    if (code == 0)
        code = terminal_set_size(r->subject.proc, stat.pid, stat.tty, p->rows, p->columns);
    if (code == 0)
        code = pidref_signal(&r->subject.ref, SIGWINCH); /* it may not be in front */
    return code < 0
               ? err_set(error, code, "set the size of %s: %s", r->session->tty, err_reason(code))
               : 0;
}

static bool has_size_now(struct revive *r, struct remedy *p, struct buf *how)
{
    struct terminal t;
    if (has_degenerate_size(r, &t) != FACT_NO)
        return false;
    buf_addf(how, "its terminal has %d rows and %d columns", p->rows, p->columns);
    return true;
}

static const struct remedy_kind window_size = {"window-size", describe_size, verify_size, give_size,
                                               has_size_now};

void remedy_plan_terminal(struct revive *r)
{
    struct terminal t;
    if (has_degenerate_size(r, &t) == FACT_YES) {
        struct remedy *p = remedy_add(r, &window_size, REMEDY_FOR_SIZE);
        p->rows = t.rows < LEAST_ROWS ? USUAL_ROWS : t.rows;
        p->columns = t.columns < LEAST_COLUMNS ? USUAL_COLUMNS : t.columns;
    }
    /* A shell that was in front in between leaves it as it needs it itself, and 2.1.197 does not
     * set it again when it was stopped by SIGSTOP. */
    bool comes_back = r->session->verdict == SR_STOPPED && r->count && !r->pushes[0].blocked;
    if (lost_raw_mode(r) == FACT_YES || comes_back)
        remedy_add(r, &raw_mode, REMEDY_FOR_MODES);
}

/* ---- its reader --------------------------------------------------------------------------- */

static void describe_reader(const struct revive *r, const struct remedy *p, struct buf *out)
{
    buf_addf(out, "send SIGCONT to %s (pid %d), which reads the terminal %s and is stopped",
             p->other_name, (int)p->other.pid, r->session->tty);
}

static int verify_reader(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                         struct sr_error *error)
{
    struct proc_stat stat;
    (void)now;
    int code = pidref_look(&p->other, r->subject.proc, &stat);
    if (code == -ESRCH)
        return err_set(error, -ENOENT, "%s (pid %d) is gone", p->other_name, (int)p->other.pid);
    if (code < 0)
        return err_set(error, -EBUSY, "%s (pid %d) cannot be read: %s", p->other_name,
                       (int)p->other.pid, err_reason(code));
    return stat.state == 'T' ? 0
                             : err_set(error, -EBUSY, "%s (pid %d) is not stopped any more",
                                       p->other_name, (int)p->other.pid);
}

static int give_reader(struct revive *r, struct remedy *p, struct sr_error *error)
{
    (void)r;
    int code = pidref_signal(&p->other, SIGCONT);
    return code < 0
               ? err_set(error, code, "SIGCONT to pid %d: %s", (int)p->other.pid, err_reason(code))
               : 0;
}

/* It has left the call that it was in: the main thread uses the CPU again. */
static bool writes_again(struct revive *r, struct remedy *p, struct buf *how)
{
    struct awake begin = awake_now();
    struct proc_stat first, stat;
    (void)p;
    if (look(r, &first) < 0)
        return false;
    while (awake_now().ns - begin.ns < WRITE_WAIT_MS * 1000000LL) {
        if (look(r, &stat) < 0)
            return false;
        if (stat.cpu_ticks > first.cpu_ticks + 1) {
            buf_adds(how, "what it writes is read, and it goes on");
            return true;
        }
        pause_step();
    }
    return false;
}

static const struct remedy_kind continue_reader = {"continue-reader", describe_reader,
                                                   verify_reader, give_reader, writes_again};

/* Returns: NULL, or why it is not ours to be continued. */
static const char *why_not_this_reader(struct revive *r, const struct descriptor_holder *holder)
{
    struct proc_status status;
    if (proc_read_status(r->subject.proc, holder->pid, &status) < 0)
        return "it cannot be looked at";
    if (status.uid != geteuid())
        return arena_printf(&r->arena, "it belongs to user %u", (unsigned)status.uid);
    return status.tracer ? "a debugger holds it" : NULL;
}

static void add_reader(struct revive *r, const struct descriptor_holder *holder)
{
    struct pidref ref;
    if (pidref_open(r->subject.proc, holder->pid, holder->start_ticks, &ref) < 0)
        return;
    struct remedy *p = remedy_add(r, &continue_reader, REMEDY_FOR_CAUSE);
    p->other = ref;
    p->other_name = arena_strdup(&r->arena, holder->name);
    p->blocked = why_not_this_reader(r, holder);
}

int remedy_plan_reader(struct revive *r, struct sr_error *error)
{
    struct descriptor_holders holders;
    BUF_RELEASE struct buf names = {0};
    const char *tty = r->session->tty;
    if (!tty || !str_starts_with(tty, "pts/"))
        return err_set(error, -EOPNOTSUPP,
                       "nobody reads its terminal, and it is no pseudo terminal");
    int code = descriptor_find_pty_masters(r->subject.proc, (unsigned)strtoul(tty + 4, NULL, 10),
                                           &r->arena, &holders);
    if (code < 0)
        return err_set(error, code, "find the reader of %s: %s", tty, err_reason(code));
    for (size_t i = 0; i < holders.count; i++) {
        struct proc_stat stat;
        const struct descriptor_holder *h = &holders.items[i];
        if (h->pid == r->subject.ref.pid || proc_read_stat(r->subject.proc, h->pid, &stat) < 0)
            continue;
        buf_addf(&names, "%s%s (pid %d)", names.n ? ", " : "", h->name, (int)h->pid);
        if (stat.state == 'T')
            add_reader(r, h);
    }
    if (r->count == 0)
        code = err_set(error, -EOPNOTSUPP,
                       names.n ? "the reader of %s runs and does not read: %s; go on in its "
                                 "window, or attach to it"
                               : "nobody that can be seen has the other end of %s%s",
                       tty, names.n ? names.p : "");
    return code;
}

/* ---- Escape ------------------------------------------------------------------------------- */

static void describe_escape(const struct revive *r, const struct remedy *p, struct buf *out)
{
    buf_addf(out,
             "press Escape on %s, %s: the turn ends, what has come of the reply is written down, "
             "and the prompt is back",
             r->session->tty, by_which_way(p));
}

/* By how often it wakes up or, where that tells nothing, by what it takes of a CPU. */
static bool spinner_turns(const struct evidence *e)
{
    double turns = e->timing->spinner_wakeups_per_s, rests = e->timing->resting_percent;
    if (turns > 0)
        return e->wakeups_per_s >= turns;
    return rests > 0 && e->was_sampled && e->main_cpu_percent > rests;
}

/* By the client's own word, by its spinner, and by what is on its screen. */
static int check_no_dialog(struct revive *r, const struct evidence *e, struct sr_error *error)
{
    struct keyboard k = {.subject = &r->subject, .arena = &r->arena};
    struct proc_stat stat;
    bool is_busy =
        e->status == CLIENT_BUSY || (e->status == CLIENT_SAYS_NOTHING && spinner_turns(e));
    if (!is_busy)
        return pinned_session_refuse(
            &r->subject, error,
            "a dialog may be on the screen of pid %d: Escape would be an answer",
            (int)r->subject.ref.pid);
    if (look(r, &stat) < 0 || !stat.tty || stat.tty_pgrp != stat.pgrp)
        return pinned_session_refuse(&r->subject, error, "pid %d is not in front of a terminal",
                                     (int)r->subject.ref.pid);
    const struct agent *agent = r->subject.inside->live->agent;
    if (!agent->control->shows_dialog)
        return pinned_session_refuse(&r->subject, error, "which dialogs %s draws is not known",
                                     agent->title);
    const char *screen = keyboard_screen(&k);
    if (!screen && e->status != CLIENT_BUSY && e->timing->spinner_wakeups_per_s <= 0)
        return pinned_session_refuse(&r->subject, error,
                                     "the screen of pid %d cannot be read: a dialog may be on it",
                                     (int)r->subject.ref.pid);
    if (screen && agent->control->shows_dialog(screen))
        return pinned_session_refuse(
            &r->subject, error, "a dialog is on the screen of pid %d: Escape would be an answer",
            (int)r->subject.ref.pid);
    return 0;
}

static int verify_escape(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                         struct sr_error *error)
{
    (void)p;
    return check_no_dialog(r, revive_evidence_now(now), error);
}

static int give_escape(struct revive *r, struct remedy *p, struct sr_error *error)
{
    static const char *const keys[] = {"Escape", NULL};
    struct keyboard k = keyboard_of(r, p);
    int code = keyboard_type(&k, keys, "\x1b");
    return code < 0 ? err_set(error, code, "press Escape: %s", err_reason(code)) : 0;
}

static bool wrote_it_down(struct revive *r, struct remedy *p, struct buf *how)
{
    (void)p;
    int seen = progress_check_watch(&r->progress, MOVED_TRANSCRIPT, ESCAPE_WAIT_MS);
    progress_check_describe(&r->progress, how);
    return seen > 0;
}

static const struct remedy_kind escape = {"escape", describe_escape, verify_escape, give_escape,
                                          wrote_it_down};

int remedy_plan_escape(struct revive *r, struct sr_error *error)
{
    int code = check_no_dialog(r, revive_evidence(r), error);
    if (code < 0)
        return code;
    find_keyboard(r, remedy_add(r, &escape, REMEDY_FOR_CAUSE), "press it there yourself");
    return 0;
}
