#include "control/pinned_session.h"

#include "control/proof.h"
#include "platform/process/ancestry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void pinned_session_tell(const struct pinned_session *s, const char *format, ...)
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

bool pinned_session_ask(const struct pinned_session *s, enum sr_question question, const char *text)
{
    return s->options->ask && s->options->ask(s->options->context, question, text);
}

int pinned_session_refuse(struct pinned_session *s, struct sr_error *error, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    s->result->was_refused = true;
    return err_set(error, -EPERM, "refused: %s", why);
}

/* ---- which process ------------------------------------------------------------------------ */

int pinned_session_pin(struct pinned_session *s, struct sr_error *error)
{
    struct snapshot *snap = snapshot_of(s->snapshot);
    int pid = s->session->pid;
    s->inside = &snap->sessions[s->session - s->snapshot->sessions];
    s->proc = &snap->proc;
    s->ref.fd = -1;
    if (!pid)
        return err_set(error, -ESRCH, "session %s has no process", s->session->session_id);
    const struct agent *agent = s->inside->live->agent;
    if (!agent->control)
        return pinned_session_refuse(
            s, error, "how to end or revive a session of %s without loss is not known",
            agent->title);
    int r = pidref_open(s->proc, pid, s->session->start_ticks, &s->ref);
    s->result->was_refused = r == -ESRCH;
    if (r == -ESRCH)
        return err_set(error, r, "refused: pid %d has ended, or is another process by now", pid);
    if (r == -EXDEV)
        return pinned_session_refuse(
            s, error,
            "/proc is of another pid namespace than this program, where pid %d may be another "
            "process: run this where the session runs",
            pid);
    if (r < 0)
        return err_set(error, r, "pin pid %d: %s", pid, err_reason(r));
    return pinned_session_check(s, error);
}

void pinned_session_release(struct pinned_session *s)
{
    if (s->has_salvage)
        salvage_memory_release(&s->salvage);
    buf_release(&s->accepted);
    s->has_salvage = false;
    pidref_close(&s->ref);
}

/* ---- what may not be touched -------------------------------------------------------------- */

/* Neither above this program, nor on a terminal of those above it, as far up as there is anybody.
 */
static int check_line(struct pinned_session *s, const struct proc_stat *theirs,
                      struct sr_error *error)
{
    struct ancestry up;
    int pid = (int)theirs->pid;
    int r = ancestry_begin(&up, s->proc, s->options->look->own_pid);
    if (r < 0)
        return pinned_session_refuse(s, error, "pid %d, this program, cannot be read: %s",
                                     (int)s->options->look->own_pid, err_reason(r));
    do {
        if (up.at.pid == theirs->pid || up.at.ppid == theirs->pid)
            return pinned_session_refuse(s, error, "pid %d is an ancestor of this program", pid);
        if (ancestry_is_on_terminal(&up, theirs))
            return pinned_session_refuse(s, error, "pid %d is on this terminal", pid);
    } while (ancestry_up(&up));
    if (ancestry_can_lead_to(&up, theirs) != FACT_NO)
        return pinned_session_refuse(
            s, error,
            "pid %d, a parent of this program, cannot be read: pid %d may be "
            "above it, or on its terminal",
            (int)up.unread, pid);
    return 0;
}

int pinned_session_check(struct pinned_session *s, struct sr_error *error)
{
    const struct sr_session *session = s->session;
    struct proc_stat theirs;
    struct proc_status status;
    pid_t pid = s->ref.pid;
    int r = pidref_look(&s->ref, s->proc, &theirs);
    if (r == 0)
        r = proc_read_status(s->proc, pid, &status);
    if (r < 0)
        return err_set(error, r, "pid %d: %s", (int)pid, err_reason(r));
    if (session->current ||
        (session->session_id && str_equals(session->session_id, s->options->look->own_session_id)))
        return pinned_session_refuse(s, error, "pid %d is the session that this program runs in",
                                     (int)pid);
    r = check_line(s, &theirs, error);
    if (r < 0)
        return r;
    if (status.uid != geteuid())
        return pinned_session_refuse(s, error, "pid %d belongs to user %u; run this as that user",
                                     (int)pid, (unsigned)status.uid);
    if (status.tracer || theirs.state == 't')
        return pinned_session_refuse(s, error, "pid %d is held by a debugger (pid %d)", (int)pid,
                                     (int)status.tracer);
    return 0;
}

/* ---- still the same? ---------------------------------------------------------------------- */

bool pinned_session_is_its(const struct pinned_session *s, const struct sr_session *session)
{
    return session->pid == s->ref.pid && session->start_ticks == s->ref.start_ticks;
}

/* A look that has not found it is no proof that it is none. */
static int tell_missing(const struct pinned_session *s, struct sr_snapshot *seen,
                        struct sr_error *error)
{
    int pid = (int)s->ref.pid;
    if (pidref_has_ended(&s->ref) == FACT_YES)
        return err_set(error, -EAGAIN, "refused: pid %d has ended", pid);
    const char *doubt = snapshot_doubt(snapshot_of(seen));
    return doubt ? err_set(error, -ENODATA,
                           "refused: whether pid %d is still a session cannot be told: %s", pid,
                           doubt)
                 : err_set(error, -EAGAIN, "refused: pid %d is no longer a session", pid);
}

int pinned_session_look_again(struct pinned_session *s, const struct proof *proof, bool judged,
                              struct pinned_session_now *now, struct sr_error *error)
{
    struct sr_options look = *s->options->look;
    look.entering = NULL; /* from here on nobody begins again from the start */
    look.progress = NULL;
    look.stored_limit = 0;
    struct sr_snapshot *snapshot;
    int r = sr_detect_processes(&look, &snapshot, error);
    if (r < 0)
        return r;
    if (judged)
        sr_detect_hung_sessions(snapshot, s->options->timeout_minutes);
    const struct sr_session *found = NULL;
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (pinned_session_is_its(s, &snapshot->sessions[i]) &&
            (!found || str_equals(snapshot->sessions[i].session_id, s->session->session_id)))
            found = &snapshot->sessions[i];
    struct pinned_session_now seen = {snapshot, found};
    r = found ? proof_check(proof, s, &seen, error) : tell_missing(s, snapshot, error);
    if (r < 0) {
        s->result->was_refused = true;
        sr_snapshot_free(snapshot);
        return r;
    }
    *now = seen;
    return 0;
}

void pinned_session_forget(struct pinned_session_now *now)
{
    sr_snapshot_free(now->snapshot);
    *now = (struct pinned_session_now){0};
}
