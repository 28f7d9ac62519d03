/*
 * What a session waits for, ended: the processes of a tool or a hook that will
 * not end by themselves, one that holds a tool's output, an MCP server. The
 * client is told of it as of any end of a process: the turn goes on, with the
 * output so far (doc/reviving.md).
 *
 * Each process is pinned before it is signalled. A client never runs in the
 * same process group as its tools; its MCP servers do, so that they are
 * found by their parents.
 */
#include "control/revive.h"

#include "base/utf8.h"
#include "control/process_tree.h"
#include "platform/process/ancestry.h"
#include "platform/process/process_table.h"
#include "platform/socket/listener.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    STEP_MS = 50,
    KILL_WAIT_MS = 5000,
    /* The client writes down what has become of a tool within 0.1 s, and asks its model. */
    TURN_WAIT_MS = 10000,
    COMMAND_COLUMNS = 60,
};

/* ---- who is meant ------------------------------------------------------------------------- */

struct victims {
    struct pidref *items;
    size_t count, capacity;
    struct buf names; /* "cat (pid 4711, cat input), sh (pid 4710, sh -c ...)" */
    bool any_listens; /* somebody may want it: not ended without having been asked about */
};

static void release(struct victims *v)
{
    for (size_t i = 0; i < v->count; i++)
        pidref_close(&v->items[i]);
    v->count = 0;
    buf_release(&v->names);
}

/* Of the group of the root, where that is not the client's own; and what the root has started. */
static bool is_meant(const struct process_table *all, const struct proc_stat *root,
                     const struct proc_stat *client, const struct proc_stat *stat)
{
    bool in_group = root->pgrp != client->pgrp && stat->pgrp == root->pgrp;
    return in_group || process_table_is_below(all, stat, root->pid) == FACT_YES;
}

/* Whether this program runs below a process. */
static enum fact is_above_us(const struct revive *r, const struct proc_stat *stat)
{
    struct ancestry up;
    if (ancestry_begin(&up, r->subject.proc, r->options->look->own_pid) < 0)
        return FACT_UNKNOWN;
    enum fact found = ancestry_find(&up, stat->pid);
    return found == FACT_UNKNOWN ? ancestry_can_lead_to(&up, stat) : found;
}

/* Returns: NULL, or why this one may not be ended, whatever belongs to it. */
static const char *why_not(const struct revive *r, struct arena *a, const struct process_table *all,
                           const struct proc_stat *stat)
{
    const struct sr_snapshot *snapshot = r->subject.snapshot;
    struct proc_status status;
    enum fact is_above = is_above_us(r, stat);
    if (is_above != FACT_NO)
        return is_above == FACT_YES
                   ? "this program runs below it"
                   : "this program may run below it: a parent of it cannot be read";
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (snapshot->sessions[i].pid == stat->pid)
            return "it is a session of its own";
    enum fact is_session = process_tree_is_session(r->subject.proc, a, stat);
    if (is_session == FACT_YES)
        return "it is a session of its own"; /* of an agent or a config directory not looked at */
    if (proc_read_status(r->subject.proc, stat->pid, &status) < 0)
        return "whose it is cannot be read";
    if (status.uid != geteuid())
        return "it belongs to another user";
    if (is_session == FACT_UNKNOWN)
        return "whether it is a session of its own cannot be told";
    if (process_table_hides_child(all, stat->pid) != FACT_NO)
        return "what it has started cannot be read";
    return status.tracer ? "a debugger holds it" : NULL;
}

/* Returns: whether it listens somewhere. */
static bool add_name(struct revive *r, const struct proc_stat *stat,
                     const struct listener_list *listeners, struct buf *out)
{
    struct proc_strings argv;
    BUF_RELEASE struct buf command = {0};
    buf_addf(out, "%s%s (pid %d", out->n ? ", " : "", stat->name, (int)stat->pid);
    if (proc_read_argv(r->subject.proc, stat->pid, &r->arena, &argv) == 0)
        for (size_t i = 0; i < argv.count; i++)
            buf_addf(&command, "%s%s", i ? " " : "", argv.items[i]);
    if (command.n) {
        buf_adds(out, ", ");
        utf8_add_printable(out, (struct sv){command.p, command.n}, COMMAND_COLUMNS);
    }
    bool known;
    const struct listener *l =
        listener_of(r->subject.proc, stat->pid, &r->arena, listeners, &known);
    if (l)
        buf_addf(out, ", listens on %s", l->name);
    buf_adds(out, ")");
    return l != NULL;
}

/* Returns: 0; -ESRCH: the root is gone; -EPERM: one of them may not be ended, so that none is. */
static int find_victims(struct revive *r, const struct pidref *root_ref, struct victims *out,
                        struct sr_error *error)
{
    const struct proc *proc = r->subject.proc;
    struct proc_stat root, client;
    struct process_table all;
    struct victims v = {0};
    struct listener_list listeners;
    int code = pidref_look(root_ref, proc, &root);
    if (code == 0)
        code = pidref_look(&r->subject.ref, proc, &client);
    if (code == 0)
        code = process_table_read(proc, &r->arena, &all);
    if (code == 0)
        code = listener_read(proc, root.pid, &r->arena, &listeners);
    if (code < 0)
        return err_set(error, code, "pid %d: %s", (int)root_ref->pid, err_reason(code));
    for (size_t i = 0; i < all.count && code == 0; i++) {
        const struct proc_stat *stat = &all.items[i];
        if (stat->state == 'Z' || stat->pid == client.pid || !is_meant(&all, &root, &client, stat))
            continue;
        const char *why = why_not(r, &r->arena, &all, stat);
        if (why) {
            code = err_set(error, -EPERM, "%s (pid %d) is left alone: %s", stat->name,
                           (int)stat->pid, why);
            break;
        }
        struct pidref ref;
        code = pidref_open(proc, stat->pid, stat->start_ticks, &ref);
        if (code == -ESRCH) {
            code = 0;
            continue;
        }
        if (code < 0) {
            err_set(error, code, "pin %s (pid %d): %s", stat->name, (int)stat->pid,
                    err_reason(code));
            break;
        }
        *ARENA_PUSH(&r->arena, v.items, v.count, v.capacity) = ref;
        v.any_listens |= add_name(r, stat, &listeners, &v.names);
    }
    if (code < 0) {
        release(&v);
        return code;
    }
    *out = v;
    return 0;
}

/* ---- the end ------------------------------------------------------------------------------ */

static void signal_all(const struct victims *v, int number)
{
    for (size_t i = 0; i < v->count; i++) {
        pidref_signal(&v->items[i], number);
        pidref_signal(&v->items[i], SIGCONT); /* a stopped one does not act on it */
    }
}

/* Returns: how many are not known to have ended, after ms at most. */
static size_t await_all(const struct victims *v, int64_t ms)
{
    struct awake begin = awake_now();
    for (;;) {
        size_t alive = 0;
        for (size_t i = 0; i < v->count; i++)
            alive += pidref_wait(&v->items[i], STEP_MS) != FACT_YES;
        if (alive == 0 || awake_now().ns - begin.ns >= ms * 1000000)
            return alive;
    }
}

static int end_all(struct revive *r, const struct victims *v, struct sr_error *error)
{
    signal_all(v, SIGTERM);
    size_t left = await_all(v, r->options->grace_ms);
    if (left == 0)
        return 0;
    BUF_RELEASE struct buf text = {0};
    buf_addf(&text, "%zu of %s ignore SIGTERM", left, v->names.p);
    bool may = r->options->force || pinned_session_ask(&r->subject, SR_ASK_BY_FORCE, text.p);
    if (may) {
        signal_all(v, SIGKILL);
        left = await_all(v, KILL_WAIT_MS);
    }
    return left == 0 ? 0 : err_set(error, -ETIMEDOUT, "%zu of %s run on", left, v->names.p);
}

/* ---- the push ----------------------------------------------------------------------------- */

static void describe(const struct revive *r, const struct remedy *p, struct buf *out)
{
    buf_addf(out, "end %s: SIGTERM, and after %lld s %s; the turn goes on with the output so far",
             p->targets, (long long)((r->options->grace_ms + 999) / 1000),
             r->options->force ? "SIGKILL (--force)" : "ask before SIGKILL");
}

static int verify(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                  struct sr_error *error)
{
    struct proc_stat stat;
    (void)now;
    int code = pidref_look(&p->other, r->subject.proc, &stat);
    if (code == -ESRCH)
        return err_set(error, -ENOENT, "%s (pid %d) has ended", p->other_name, (int)p->other.pid);
    return code < 0 ? err_set(error, -EBUSY, "%s (pid %d) cannot be read: %s", p->other_name,
                              (int)p->other.pid, err_reason(code))
                    : 0;
}

static int give(struct revive *r, struct remedy *p, struct sr_error *error)
{
    struct victims v;
    int code = find_victims(r, &p->other, &v, error);
    if (code < 0)
        return code;
    if (r->options->force && v.any_listens)
        code = err_set(error, -EBUSY, "%s may be wanted: without --force it is asked about",
                       v.names.p);
    else if (!r->options->force && !pinned_session_ask(&r->subject, SR_ASK_END, v.names.p))
        code = err_set(error, -ECANCELED, "%s stays running, as you answered", v.names.p);
    else
        code = end_all(r, &v, error);
    release(&v);
    return code;
}

static bool helped(struct revive *r, struct remedy *p, struct buf *how)
{
    (void)p;
    int seen = progress_check_watch(&r->progress, MOVED_ANYHOW, TURN_WAIT_MS);
    progress_check_describe(&r->progress, how);
    return seen > 0;
}

static const struct remedy_kind end_tool = {"end-tool", describe, verify, give, helped};
static const struct remedy_kind end_server = {"end-server", describe, verify, give, helped};

/* ---- the plan ----------------------------------------------------------------------------- */

/* start_ticks: of the process as it was seen, which may be minutes ago. */
static int add(struct revive *r, const struct remedy_kind *kind, pid_t pid, uint64_t start_ticks,
               struct sr_error *error)
{
    struct proc_stat stat;
    struct pidref ref;
    struct victims v;
    int code = pidref_open(r->subject.proc, pid, start_ticks, &ref);
    if (code == -ESRCH)
        return err_set(error, code, "pid %d has ended since it was seen", (int)pid);
    if (code < 0)
        return err_set(error, code, "pid %d: %s", (int)pid, err_reason(code));
    code = pidref_look(&ref, r->subject.proc, &stat);
    if (code < 0)
        err_set(error, code, "pid %d: %s", (int)pid, err_reason(code));
    else
        code = find_victims(r, &ref, &v, error);
    if (code < 0) {
        pidref_close(&ref);
        return code;
    }
    struct remedy *p = remedy_add(r, kind, REMEDY_FOR_CAUSE);
    p->other = ref;
    p->other_name = arena_strdup(&r->arena, stat.name);
    p->targets = arena_strdup(&r->arena, v.names.p ? v.names.p : stat.name);
    release(&v);
    return 0;
}

/* The process that the client itself has started, on the way up from one of a tool's. Returns:
 * FACT_NO where that one is gone, or belongs to the client no more. */
static enum fact below_client(const struct revive *r, const struct worker *w, struct proc_stat *out)
{
    struct ancestry up;
    pid_t client = r->subject.ref.pid;
    int code = ancestry_begin(&up, r->subject.proc, w->pid);
    if (code == -ESRCH)
        return pidref_is_there(r->subject.proc, w->pid) == FACT_NO ? FACT_NO : FACT_UNKNOWN;
    if (code < 0)
        return FACT_UNKNOWN;
    if (up.at.start_ticks != w->start_ticks)
        return FACT_NO;
    while (up.at.ppid != client)
        if (!ancestry_up(&up))
            return ancestry_end(&up);
    if (up.is_hidden)
        return FACT_UNKNOWN;
    *out = up.at;
    return FACT_YES;
}

static bool is_stuck(const struct worker *w)
{
    return w->doing == WORKER_WANTS_INPUT || w->doing == WORKER_STOPPED ||
           w->doing == WORKER_QUIET || (w->doing == WORKER_PROGRESSES && w->is_search);
}

int remedy_plan_tool(struct revive *r, struct sr_error *error)
{
    const struct evidence *e = revive_evidence(r);
    bool is_known = true;
    for (size_t i = 0; i < e->worker_count; i++) {
        struct proc_stat root = {0};
        enum fact is_there =
            is_stuck(&e->workers[i]) ? below_client(r, &e->workers[i], &root) : FACT_NO;
        if (is_there == FACT_YES)
            return add(r, &end_tool, root.pid, root.start_ticks, error);
        is_known = is_known && is_there == FACT_NO;
    }
    return err_set(error, -EOPNOTSUPP,
                   is_known ? "the process that holds the tool of pid %d is gone"
                            : "which process holds the tool of pid %d cannot be read",
                   (int)r->subject.ref.pid);
}

/* ---- what a hook or a tool has left behind ------------------------------------------------- */

static enum fact is_in_group_of(const struct revive *r, const struct proc_stat *stat, pid_t pid)
{
    struct proc_stat other;
    if (proc_read_stat(r->subject.proc, pid, &other) < 0)
        return FACT_UNKNOWN;
    return other.pgrp == stat->pgrp ? FACT_YES : FACT_NO;
}

/* It is ended with its group: that must be its own, or left over from what is gone. Returns: NULL,
 * or whose it is. */
static const char *whose_group(struct revive *r, const struct proc_stat *holder)
{
    struct proc_stat leader;
    enum fact is_clients = is_in_group_of(r, holder, r->subject.ref.pid);
    enum fact is_ours = is_in_group_of(r, holder, r->options->look->own_pid);
    if (is_clients == FACT_YES)
        return "that of the session itself";
    if (is_ours == FACT_YES)
        return "that of this program";
    if (is_clients != FACT_NO || is_ours != FACT_NO)
        return "not known: this program or the session cannot be read";
    if (holder->pgrp == holder->pid)
        return NULL;
    if (proc_read_stat(r->subject.proc, holder->pgrp, &leader) < 0)
        return pidref_is_there(r->subject.proc, holder->pgrp) == FACT_NO
                   ? NULL
                   : arena_printf(&r->arena, "led by pid %d, which cannot be read",
                                  (int)holder->pgrp);
    if (leader.state == 'Z')
        return NULL;
    return arena_printf(&r->arena, "led by %s (pid %d)", leader.name, (int)leader.pid);
}

static int verify_holder(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                         struct sr_error *error)
{
    struct proc_stat stat;
    int code = verify(r, p, now, error);
    if (code == 0)
        code = pidref_look(&p->other, r->subject.proc, &stat);
    const char *whose = code == 0 ? whose_group(r, &stat) : NULL;
    return whose ? err_set(error, -EBUSY, "%s (pid %d) is left alone: its process group is %s",
                           stat.name, (int)stat.pid, whose)
                 : code;
}

static const struct remedy_kind end_pipe_holder = {"end-pipe-holder", describe, verify_holder, give,
                                                   helped};

/* What is ended is a process group: is that of a holder planned for already? */
static bool is_planned(const struct revive *r, const struct proc_stat *stat)
{
    struct proc_stat planned;
    for (size_t i = 0; i < r->count; i++)
        if (r->pushes[i].kind == &end_pipe_holder &&
            pidref_look(&r->pushes[i].other, r->subject.proc, &planned) == 0 &&
            planned.pgrp == stat->pgrp)
            return true;
    return false;
}

/* One push for each group: the client goes on when the last of them has ended. */
int remedy_plan_pipe_holder(struct revive *r, struct sr_error *error)
{
    const struct evidence *e = revive_evidence(r);
    int code = 0;
    for (size_t i = 0; i < e->pipe_holder_count && code == 0; i++) {
        const struct pipe_holder *h = &e->pipe_holders[i];
        struct proc_stat stat;
        bool is_it = proc_read_stat(r->subject.proc, h->pid, &stat) == 0 &&
                     stat.start_ticks == h->start_ticks;
        if (is_it && is_planned(r, &stat))
            continue;
        const char *whose = is_it ? whose_group(r, &stat) : NULL;
        if (whose)
            return pinned_session_refuse(
                &r->subject, error,
                "pid %d is held up by %s (pid %d), whose process group is %s: "
                "end it yourself (kill %d)",
                (int)r->subject.ref.pid, stat.name, h->pid, whose, h->pid);
        code = add(r, &end_pipe_holder, h->pid, h->start_ticks, error);
    }
    return code;
}

/* ---- an MCP server ------------------------------------------------------------------------ */

/* The one that is known for having been asked: else none is taken for it. */
int remedy_plan_server(struct revive *r, struct sr_error *error)
{
    const struct evidence *e = revive_evidence(r);
    BUF_RELEASE struct buf names = {0};
    for (size_t i = 0; i < e->server_count; i++) {
        if (e->servers[i].asked_by)
            return add(r, &end_server, e->servers[i].pid, e->servers[i].start_ticks, error);
        buf_addf(&names, "%s%s (pid %d)", i ? ", " : "", e->servers[i].name, e->servers[i].pid);
    }
    return err_set(error, -EOPNOTSUPP,
                   "which of the servers of pid %d answers %s cannot be told: %s; end that one "
                   "yourself (kill PID)",
                   (int)r->subject.ref.pid, e->open_tool, names.n ? names.p : "none seen");
}
