#include "app/select/named.h"

#include "app/select/which.h"
#include "platform/host.h"
#include "platform/process/pidref.h"
#include "platform/process/proc.h"
#include "view/left.h"
#include "view/text.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

/* Sessions that no process has: said with what to do. Returns: whether there are such. */
static bool complain_if_stored(const struct context *c, const struct which *w)
{
    struct sr_options look = c->look;
    struct sr_snapshot *snapshot;
    const struct sr_session *s;
    BUF_RELEASE struct buf text = {0}, listed = {0};
    look.stored_prefixes = &w->prefix;
    look.stored_prefix_count = 1;
    look.stored_limit = look.gone_limit = SIZE_MAX;
    if (!w->prefix || sr_detect_processes(&look, &snapshot, NULL) < 0)
        return false;
    int r = which_find(w, snapshot, &s, &listed, NULL);
    bool is_one = r >= 0 && !s->pid;
    if (is_one && s->owner_count) {
        context_complainf("pid %d may have session %s: name it by its pid", s->owners[0],
                          s->session_id);
    } else if (is_one) {
        char age[VIEW_AGE_TEXT];
        buf_addf(&text,
                 snapshot->may_lack_sessions
                     ? "no process is seen that has session %s, and not all could be looked at"
                     : "session %s has no process",
                 s->session_id);
        if (s->left) {
            buf_adds(&text, ": ");
            view_add_left(&text, s->left);
        } else if (s->silent_s >= 0)
            buf_addf(&text, " (written to %s ago)", view_age(s->silent_s, age));
        if (!s->left)
            buf_addf(&text, "; --resume %s gives the command that resumes it", s->session_id);
        context_complain(text.p);
    } else if (r == -EEXIST) {
        buf_addf(&text,
                 "no process is seen that has one of the sessions that '%s' names:", w->word);
        context_complain_of(text.p, &listed);
    }
    sr_snapshot_free(snapshot);
    return is_one || r == -EEXIST;
}

static const char *user_of(struct context *c, uid_t uid)
{
    struct host_user user;
    return host_find_user(&c->arena, uid, &user) ? user.name
                                                 : arena_printf(&c->arena, "uid %u", (unsigned)uid);
}

/* What a pid is that is no session's: said, with the sessions that there are where it is one that
 * could have been meant. Returns: an exit status. */
static int complain_of_pid(struct context *c, const struct which *w, const char *text,
                           const struct buf *listed)
{
    struct proc proc;
    struct proc_stat stat = {0};
    struct proc_status its;
    struct sr_error error;
    int r = proc_open(&proc, "/proc", NULL);
    if (r < 0)
        return 0;
    r = proc_read_status(&proc, w->pid, &its);
    if (r == 0)
        r = proc_read_stat(&proc, w->pid, &stat);
    /* where /proc hides what is another user's, a file that is not there is no proof */
    bool is_none = r < 0 && pidref_is_there(&proc, w->pid) == FACT_NO;
    bool is_hidden = r < 0 && !is_none;
    proc_close(&proc);
    if (is_none)
        err_set(&error, r, "there is no process %d", w->pid);
    else if (is_hidden)
        err_set(&error, r, "process %d cannot be read: %s", w->pid, err_reason(r));
    else if (geteuid() != 0 && its.uid != geteuid())
        err_set(&error, -EPERM, "refused: process %d belongs to %s, another user", w->pid,
                user_of(c, its.uid));
    else
        err_set(&error, 0, "process %d is %s, of %s: %s", w->pid, stat.name, user_of(c, its.uid),
                text);
    context_complain_of(error.text, error.code == 0 ? listed : &(struct buf){0});
    if (is_hidden) /* it may be a session */
        return EXIT_FAILED;
    return error.code == -EPERM ? EXIT_REFUSED : EXIT_USAGE;
}

int named_complain(struct context *c, const struct which *w, int code, const char *text,
                   const struct buf *listed)
{
    int status = 0;
    if (code == -ENOENT && complain_if_stored(c, w))
        return EXIT_USAGE;
    if (code == -ENOENT && w->kind == WHICH_PID)
        status = complain_of_pid(c, w, text, listed);
    if (status)
        return status;
    context_complain_of(text, listed);
    return EXIT_USAGE;
}

int named_with(struct context *context, named_run *run)
{
    const struct options *o = context->options;
    struct sr_snapshot *snapshot;
    struct which which;
    struct sr_error error;
    if (which_parse(&context->arena, o->which[0], &which, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);
    if (!context_has_folders(context))
        return EXIT_FAILED;
    if (!context_look(context, &snapshot))
        return EXIT_FAILED;
    sr_detect_hung_sessions(snapshot, o->timeout_minutes);
    const struct sr_session *found;
    BUF_RELEASE struct buf listed = {0};
    int r = which_find(&which, snapshot, &found, &listed, &error);
    int status = r < 0 ? named_complain(context, &which, r, error.text, &listed)
                       : run(context, snapshot, found);
    bool may_be_there = r == -ENOENT && which.kind != WHICH_PID && snapshot->may_lack_sessions;
    if (may_be_there && status == EXIT_USAGE)
        status = EXIT_FAILED;
    sr_snapshot_free(snapshot);
    return status;
}

size_t named_count_running(const struct sr_snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->session_count; i++)
        count += snapshot->sessions[i].pid > 0;
    return count;
}
