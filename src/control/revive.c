#include "control/revive.h"

#include "session/evidence/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What holds a session, and who knows what to push there. */
static const struct {
    const char *cause;
    int (*plan)(struct revive *r, struct sr_error *error);
} causes[] = {
    {"reply-stalled", remedy_plan_connections},    {"no-reply", remedy_plan_connections},
    {"compaction-stuck", remedy_plan_connections}, {"job-control", remedy_plan_continue},
    {"tool-blocked-on-input", remedy_plan_tool},   {"tool-stuck", remedy_plan_tool},
    {"pipe-held", remedy_plan_pipe_holder},        {"mcp-stuck", remedy_plan_server},
    {"terminal-not-read", remedy_plan_reader},
};

enum { CAUSE_COUNT = sizeof causes / sizeof *causes, NO_CAUSE = -1 };

/* Returns: its place in the table, NO_CAUSE where nothing can be pushed for it. */
static int cause_of(const struct sr_session *s)
{
    if (s->verdict != SR_HUNG && s->verdict != SR_STOPPED)
        return NO_CAUSE;
    for (int i = 0; i < (int)CAUSE_COUNT; i++)
        if (str_equals(s->cause, causes[i].cause))
            return i;
    return NO_CAUSE;
}

bool sr_can_revive(const struct sr_session *session)
{
    /* what is to be ended is not known where that is not the advice */
    bool lacks_target =
        str_equals(session->cause, "mcp-stuck") && !str_equals(session->advice, "kill-child");
    const struct agent *agent = session->agent ? agent_by_name(session->agent) : NULL;
    int cause = cause_of(session);
    if (session->pid <= 0 || !agent || !agent->control || cause == NO_CAUSE || lacks_target)
        return false;
    return agent->control->asks_again || causes[cause].plan != remedy_plan_connections;
}

struct remedy *remedy_add(struct revive *r, const struct remedy_kind *kind,
                          enum remedy_purpose purpose)
{
    struct remedy *p = ARENA_PUSH(&r->arena, r->pushes, r->count, r->capacity);
    p->kind = kind;
    p->purpose = purpose;
    p->other.fd = -1;
    return p;
}

const struct evidence *revive_evidence(const struct revive *r)
{
    return r->subject.inside->evidence;
}

const struct evidence *revive_evidence_now(const struct pinned_session_now *now)
{
    return snapshot_of(now->snapshot)->sessions[now->session - now->snapshot->sessions].evidence;
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* A session that moves, and one that waits for its user, is not pushed. */
static int refuse_to_push(struct revive *r, struct sr_error *error)
{
    const struct sr_session *s = r->session;
    int pid = (int)r->subject.ref.pid;
    switch (s->verdict) {
    case SR_WAITING:
        return pinned_session_refuse(&r->subject, error,
                                     "pid %d waits for you (%s): answer it on its terminal", pid,
                                     s->cause);
    case SR_HUNG:
    case SR_STOPPED:
    case SR_BLOCKED:
    case SR_ORPHANED:
        return err_set(error, -EOPNOTSUPP,
                       "pid %d is %s (%s), and no push is known for that; to end it with its "
                       "conversation kept: session-rescue --kill %d",
                       pid, sr_verdict_word(s->verdict), s->cause, pid);
    default:
        return pinned_session_refuse(&r->subject, error, "pid %d is not hung (%s, %s)", pid,
                                     sr_verdict_word(s->verdict), s->cause);
    }
}

/* It ends a turn: there must be one that hangs. */
static int plan_escape(struct revive *r, int cause, struct sr_error *error)
{
    bool is_mid_turn = cause != NO_CAUSE && r->session->verdict == SR_HUNG &&
                       causes[cause].plan != remedy_plan_reader;
    return is_mid_turn ? remedy_plan_escape(r, error) : refuse_to_push(r, error);
}

static int plan_pushes(struct revive *r, struct sr_error *error)
{
    int cause = cause_of(r->session);
    int code = 0;
    if (!revive_evidence(r))
        return err_set(error, -EINVAL, "pid %d was not judged", (int)r->subject.ref.pid);
    if (r->options->escape)
        code = plan_escape(r, cause, error);
    else if (cause != NO_CAUSE)
        code = causes[cause].plan(r, error);
    /* What is wrong with the terminal is not what holds a session that is held by something else.
     */
    bool is_held = r->session->verdict == SR_HUNG || r->session->verdict == SR_BLOCKED ||
                   r->session->verdict == SR_ORPHANED;
    if (code == 0 && !r->options->escape && (cause != NO_CAUSE || !is_held))
        remedy_plan_terminal(r);
    if (code == -EAGAIN)
        r->result.act.was_refused = true;
    if (code < 0)
        return code;
    return r->count ? 0 : refuse_to_push(r, error);
}

static void release(struct revive *r)
{
    for (size_t i = 0; i < r->count; i++)
        pidref_close(&r->pushes[i].other);
    pinned_session_release(&r->subject);
    arena_release(&r->arena);
}

static int prepare(struct revive *r, struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct sr_error *error)
{
    *r = (struct revive){
        .subject = {.snapshot = snapshot,
                    .session = session,
                    .options = options,
                    .result = &r->result.act},
        .session = session,
        .options = options,
    };
    int code = pinned_session_pin(&r->subject, error);
    if (code == 0)
        code = plan_pushes(r, error);
    if (code < 0)
        release(r);
    return code;
}

static void add_push(const struct revive *r, const struct remedy *p, struct buf *out)
{
    if (p->blocked)
        buf_adds(out, "not possible as this user: ");
    p->kind->describe(r, p, out);
    if (p->blocked)
        buf_addf(out, " (%s)", p->blocked);
}

static void describe(const struct revive *r, struct buf *out)
{
    buf_addf(out,
             "1. back up the session into %s, and verify the backup; else stop here\n"
             "2. %s\n",
             r->options->backup->pending_dir,
             r->options->force ? "ask nobody (--force)" : "ask whether to go on");
    for (size_t i = 0; i < r->count; i++) {
        buf_addf(out, "%zu. look again, and if all is as it was: ", i + 3);
        add_push(r, &r->pushes[i], out);
        buf_adds(out, "\n");
    }
    buf_addf(out,
             "%zu. stop at the first that moves pid %d; if none does, say so, and change no more\n",
             r->count + 3, (int)r->subject.ref.pid);
}

/* ---- carrying it out ---------------------------------------------------------------------- */

/* What takes more than the user may do is said before anything is done. */
static int check_possible(struct revive *r, struct sr_error *error)
{
    for (size_t i = 0; i < r->count; i++)
        if (!r->pushes[i].blocked)
            return 0;
    return pinned_session_refuse(&r->subject, error, "nothing of the plan is possible: %s",
                                 r->pushes[0].blocked);
}

static int ask_about_plan(struct revive *r, struct sr_error *error)
{
    for (size_t i = 0; i < r->count; i++) {
        BUF_RELEASE struct buf line = {0};
        add_push(r, &r->pushes[i], &line);
        pinned_session_tell(&r->subject, "%s%s", i ? "then: " : "plan: ", line.p);
    }
    if (r->options->force || pinned_session_ask(&r->subject, SR_ASK_SESSION, NULL))
        return 0;
    r->result.act.was_declined = true;
    return err_set(error, -ECANCELED, "nothing was done: pid %d is as it was",
                   (int)r->subject.ref.pid);
}

/* Is it still held by what the plan was made for? Returns: as a push's verify. */
static int look_again(struct revive *r, struct remedy *p, const struct proof *proof,
                      struct sr_error *error)
{
    struct pinned_session_now now;
    int pid = (int)r->subject.ref.pid;
    int code = pinned_session_check(&r->subject, error);
    if (code == 0)
        code = pinned_session_look_again(&r->subject, proof, true, &now, error);
    if (code < 0)
        return code;
    int then_cause = cause_of(r->session), now_cause = cause_of(now.session);
    if (p->purpose == REMEDY_FOR_CAUSE &&
        (now_cause == NO_CAUSE || causes[now_cause].plan != causes[then_cause].plan)) {
        r->result.act.was_refused = r->result.tried == 0;
        code = err_set(error, -EAGAIN, "refused: pid %d is no longer hung for that reason (%s, %s)",
                       pid, sr_verdict_word(now.session->verdict), now.session->cause);
    }
    if (code == 0)
        code = p->kind->verify(r, p, &now, error);
    pinned_session_forget(&now);
    int check = code == 0 ? pinned_session_check(&r->subject, error) : 0;
    return check < 0 ? check : code;
}

static void note_success(struct revive *r, const struct remedy *p, const struct buf *how)
{
    const char *text = how->n ? how->p : "";
    pinned_session_tell(&r->subject, "it moves: %s", text);
    if (r->result.push && p->purpose != REMEDY_FOR_CAUSE)
        return; /* what was put in order besides */
    r->result.push = p->kind->word;
    snprintf(r->result.moved, sizeof r->result.moved, "%s", text);
}

/* Gives one push. Returns: 1 it has helped, 0 not, or why no other may be given either. */
static int push(struct revive *r, struct remedy *p, const struct proof *proof,
                struct sr_error *error)
{
    struct sr_error why = {0};
    BUF_RELEASE struct buf text = {0};
    int code = look_again(r, p, proof, &why);
    if (code == -EBUSY || code == -ENOENT) {
        pinned_session_tell(&r->subject, "left out: %s", why.text);
        return 0;
    }
    if (code != 0)
        return code > 0 ? 1 : err_set(error, code, "%s", why.text);
    p->kind->describe(r, p, &text);
    pinned_session_tell(&r->subject, "%s", text.p);
    text.n = 0;
    progress_check_mark(&r->progress, &r->subject);
    code = p->kind->give(r, p, &why);
    bool has_helped = false;
    if (code == 0) {
        r->result.tried++;
        has_helped = p->kind->helped(r, p, &text);
        if (has_helped)
            note_success(r, p, &text);
        else
            pinned_session_tell(&r->subject, "no movement%s%s", text.n ? ": " : "",
                                text.n ? text.p : "");
    } else {
        pinned_session_tell(&r->subject, "left out: %s", why.text);
    }
    progress_check_release(&r->progress);
    return has_helped;
}

static int push_in_turn(struct revive *r, const struct proof *proof, struct sr_error *error)
{
    bool is_done[REMEDY_PURPOSES] = {false}, is_wanted[REMEDY_PURPOSES] = {false};
    for (size_t i = 0; i < r->count; i++) {
        struct remedy *p = &r->pushes[i];
        is_wanted[p->purpose] = true;
        if (p->blocked || is_done[p->purpose])
            continue;
        int code = push(r, p, proof, error);
        if (code < 0)
            return code;
        is_done[p->purpose] = code > 0;
    }
    int pid = (int)r->subject.ref.pid;
    bool is_all = true;
    for (size_t i = 0; i < REMEDY_PURPOSES; i++)
        is_all = is_all && (is_done[i] || !is_wanted[i]);
    r->result.act.was_done = is_all;
    if (is_all)
        return 0;
    return err_set(error, -ETIMEDOUT,
                   "revive failed: pid %d: %zu of %zu pushes given, and it does not move; to end "
                   "it with its conversation kept: session-rescue --kill %d",
                   pid, r->result.tried, r->count, pid);
}

__attribute__((nonnull(1, 2))) static int run(struct revive *r, const struct proof *proof,
                                              struct sr_error *error)
{
    int code = ask_about_plan(r, error);
    if (code == 0)
        code = push_in_turn(r, proof, error);
    return code;
}

int revive_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct buf *plan, struct sr_revive *out,
                   struct sr_error *error)
{
    struct revive revive;
    struct proof *proof;
    int code = prepare(&revive, snapshot, session, options, error);
    bool is_planned = code == 0;
    if (is_planned && plan) {
        code = proof_foresee(&revive.subject, error);
        if (code == 0)
            describe(&revive, plan);
    } else if (is_planned && (code = check_possible(&revive, error)) == 0 &&
               (code = proof_make(&revive.subject, &proof, error)) == 0) {
        code = run(&revive, proof, error);
        proof_release(proof);
    }
    *out = revive.result;
    if (is_planned)
        release(&revive);
    return code;
}

int sr_revive_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_act_options *options, struct sr_revive *out,
                      struct sr_error *error)
{
    return revive_session(snapshot, session, options, NULL, out, error);
}
