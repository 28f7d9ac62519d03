#include "action/subject.h"

#include "action/proof.h"
#include "platform/tty.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void subject_tell(const struct subject *s, const char *format, ...)
{
    if (!s->tell)
        return;
    char line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    s->tell(s->context, line);
}

int subject_refuse(struct subject *s, struct sr_error *error, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    s->was_refused = true;
    return err_set(error, -EPERM, "refused: %s", why);
}

/* ---- which process ------------------------------------------------------------------------ */

int subject_pin(struct subject *s, struct sr_error *error)
{
    struct snapshot *snap = snapshot_of(s->snapshot);
    int pid = s->session->pid;
    s->inside = &snap->sessions[s->session - s->snapshot->sessions];
    s->proc = &snap->proc;
    s->ref.fd = -1;
    if (!pid)
        return err_set(error, -ESRCH, "session %s has no process", s->session->session_id);
    int r = pidref_open(s->proc, pid, s->session->start_ticks, &s->ref);
    s->was_refused = r == -ESRCH;
    if (r == -ESRCH)
        return err_set(error, r, "refused: pid %d has ended, or is another process by now", pid);
    if (r < 0)
        return err_set(error, r, "pin pid %d: %s", pid, err_reason(r));
    return 0;
}

void subject_release(struct subject *s)
{
    if (s->has_salvage)
        salvage_release(&s->salvage);
    s->has_salvage = false;
    pidref_close(&s->ref);
}

/* ---- what may not be touched -------------------------------------------------------------- */

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

int subject_check(struct subject *s, struct sr_error *error)
{
    const struct sr_session *session = s->session;
    struct proc_stat theirs;
    struct proc_status status;
    struct tty_own terminals;
    pid_t pid = s->ref.pid;
    int r = pidref_look(&s->ref, s->proc, &theirs);
    if (r == 0)
        r = proc_read_status(s->proc, pid, &status);
    if (r < 0)
        return err_set(error, r, "pid %d: %s", (int)pid, err_reason(r));
    if (session->current ||
        (session->session_id && str_equals(session->session_id, s->look->own_session_id)))
        return subject_refuse(s, error, "pid %d is the session that this runs in", (int)pid);
    if (is_in_own_line(s->proc, s->look->own_pid, pid))
        return subject_refuse(s, error, "pid %d is above this program", (int)pid);
    if (tty_find_own(s->proc, s->look->own_pid, &terminals) < 0)
        return subject_refuse(s, error, "our own terminal cannot be told from that of pid %d",
                              (int)pid);
    if (tty_is_own(&terminals, theirs.tty))
        return subject_refuse(s, error, "pid %d is on this terminal", (int)pid);
    if (status.uid != geteuid())
        return subject_refuse(s, error, "pid %d belongs to user %u; run this as that user",
                              (int)pid, (unsigned)status.uid);
    if (status.tracer || theirs.state == 't')
        return subject_refuse(s, error, "pid %d is held by a debugger (pid %d)", (int)pid,
                              (int)status.tracer);
    return 0;
}

/* ---- still the same? ---------------------------------------------------------------------- */

int subject_look_again(struct subject *s, const struct proof *proof, bool judged,
                       struct subject_now *now, struct sr_error *error)
{
    struct sr_options look = *s->look;
    look.entering = NULL; /* from here on nobody begins again from the start */
    look.progress = NULL;
    look.stored_limit = 0;
    struct sr_snapshot *snapshot;
    int r = sr_detect_processes(&look, &snapshot, error);
    if (r < 0)
        return r;
    if (judged)
        sr_detect_hung_sessions(snapshot, s->timeout_minutes);
    const struct sr_session *found = NULL;
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (snapshot->sessions[i].pid == s->ref.pid &&
            snapshot->sessions[i].start_ticks == s->ref.start_ticks)
            found = &snapshot->sessions[i];
    struct subject_now seen = {snapshot, found};
    r = found ? proof_check(proof, s, &seen, error)
              : err_set(error, -EAGAIN, "refused: pid %d is no session any more", (int)s->ref.pid);
    if (r < 0) {
        s->was_refused = true;
        sr_snapshot_free(snapshot);
        return r;
    }
    *now = seen;
    return 0;
}

void subject_forget(struct subject_now *now)
{
    sr_snapshot_free(now->snapshot);
    *now = (struct subject_now){0};
}
