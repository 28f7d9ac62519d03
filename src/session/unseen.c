#include "session/unseen.h"

#include "platform/process/pidref.h"
#include "session/mapping.h"

#include <errno.h>
#include <limits.h>

/* PROC_PID_INIT_INO of linux/proc_ns.h. */
#define FIRST_NAMESPACE "pid:[4026531836]"

/* A start is counted in ticks, from a clock that is set now and then. */
enum { CLOCK_SLACK_MS = 60000 };

struct look {
    struct snapshot *snap;
    const struct live_list *list;
    const char *own_namespace; /* NULL: not known */
};

/* What a torn entry says of its client's start is not known; it was not written before that. */
static bool fits_start(const struct look *l, const struct agent_registration *r,
                       uint64_t start_ticks)
{
    return r->code == 0 ? mapping_fits_start(r, &l->snap->proc, start_ticks)
                        : proc_start_time(&l->snap->proc, start_ticks).ms <=
                              r->changed_at.ms + CLOCK_SLACK_MS;
}

static bool is_its(const struct look *l, const struct agent_registration *r,
                   const struct live *live)
{
    return (r->pid == live->stat.pid || r->pid == live->status.innermost_pid) &&
           fits_start(l, r, live->stat.start_ticks);
}

static bool is_seen(const struct look *l, const struct agent_registration *r)
{
    for (size_t i = 0; i < l->list->count; i++)
        if (is_its(l, r, &l->list->items[i]))
            return true;
    return false;
}

/* A process with that number is what the entry means, or may be. */
static enum fact is_process(const struct look *l, const struct agent_registration *r, pid_t pid)
{
    struct live live = {0};
    int code = proc_read_stat(&l->snap->proc, pid, &live.stat);
    if (code < 0)
        return code == -ESRCH && pidref_is_there(&l->snap->proc, pid) == FACT_NO ? FACT_NO
                                                                                 : FACT_UNKNOWN;
    if (live.stat.state == 'Z' || live.stat.state == 'X' ||
        !fits_start(l, r, live.stat.start_ticks))
        return FACT_NO;
    return FACT_YES;
}

/* Of a container's client, where its host looks: by the number that it has in there. */
static enum fact is_in_container(const struct look *l, const struct agent_registration *r)
{
    pid_t *pids;
    size_t count;
    struct proc_stat first;
    struct live live = {0};
    const struct proc *proc = &l->snap->proc;
    if (proc_list(proc, &l->snap->arena, &pids, &count) < 0)
        return FACT_UNKNOWN;
    enum fact found = FACT_NO;
    for (size_t i = 0; i < count; i++) {
        int code = proc_read_stat(proc, pids[i], &live.stat);
        if (code == 0 && live.stat.state == 'Z')
            continue;
        if (code == 0)
            code = proc_read_status(proc, pids[i], &live.status);
        if (code == 0 && is_its(l, r, &live))
            return FACT_YES;
        if (code < 0 && code != -ESRCH)
            found = FACT_UNKNOWN;
    }
    /* hidepid: what is not shown may be there */
    return proc_read_stat(proc, 1, &first) == 0 ? found : FACT_UNKNOWN;
}

static bool is_of_earlier_boot(const struct look *l, const struct agent_registration *r)
{
    int64_t boot = l->snap->proc.boot.ms;
    return wall_known(r->changed_at) && r->changed_at.ms < boot && r->started_at.ms < boot &&
           r->status_at.ms < boot;
}

/* Returns: why the process of an entry may live; NULL: it does not. */
static const char *why_may_live(const struct look *l, const struct agent_registration *r)
{
    const char *own = l->own_namespace;
    bool is_ours = own && (r->pid_namespace ? str_equals(r->pid_namespace, own)
                                            : str_equals(own, FIRST_NAMESPACE));
    enum fact lives = is_ours ? is_process(l, r, (pid_t)r->pid) : FACT_NO;
    /* a torn entry does not say of which namespace it is */
    if (lives == FACT_NO && (!is_ours || r->code < 0))
        lives = str_equals(own, FIRST_NAMESPACE) ? is_in_container(l, r)
                : is_of_earlier_boot(l, r)       ? FACT_NO
                                                 : FACT_UNKNOWN;
    if (lives == FACT_NO)
        return NULL;
    return lives == FACT_YES || is_ours
               ? "which may run, and cannot be looked at"
               : "which is not seen, and may run outside of this pid namespace; if that client "
                 "has ended, remove the file";
}

static void look_at(const struct look *l, const struct store *store,
                    const struct agent_registration *r, struct unseen **items, size_t *capacity)
{
    struct snapshot *snap = l->snap;
    bool is_torn =
        r->code == -EBADMSG && wall_known(r->changed_at) && r->pid > 0 && r->pid <= INT_MAX;
    if ((r->code < 0 && !is_torn) || r->is_spare || is_seen(l, r))
        return;
    const char *why = why_may_live(l, r);
    if (!why && r->code == 0)
        *ARENA_PUSH(&snap->arena, snap->gone_clients, snap->gone_client_count,
                    snap->gone_client_capacity) =
            (struct unseen){.store = store, .registration = r};
    if (!why)
        return;
    const char *path = arena_printf(&snap->arena, "%s/%s", store->io.path, r->file);
    const char *text =
        is_torn ? arena_printf(&snap->arena,
                               "is torn: it may be of a client with pid %d, of any session, %s",
                               (int)r->pid, why)
                : arena_printf(&snap->arena, "names pid %d as the client of session %s, %s",
                               (int)r->pid, r->session_id, why);
    *ARENA_PUSH(&snap->arena, *items, snap->unseen_count, *capacity) =
        (struct unseen){store, r, arena_printf(&snap->arena, "%s: %s", path, text)};
    problems_add(&snap->problems, path, -ENODATA, text);
}

void unseen_find(struct snapshot *snap, const struct live_list *list)
{
    struct look l = {.snap = snap, .list = list};
    struct unseen *items = NULL;
    size_t capacity = 0;
    if (!snap->proc.is_live)
        return;
    proc_read_own_namespace(&snap->proc, &snap->arena, &l.own_namespace);
    for (size_t i = 0; i < snap->stores.count; i++) {
        const struct store *store = snap->stores.items[i];
        for (size_t j = 0; j < store->registration_count; j++)
            look_at(&l, store, &store->registrations[j], &items, &capacity);
    }
    snap->unseen = items;
}

const struct unseen *unseen_next(const struct snapshot *snap, const char *store,
                                 const char *session_id, size_t *at)
{
    while (session_id && *at < snap->unseen_count) {
        const struct unseen *u = &snap->unseen[(*at)++];
        if ((u->registration->code < 0 || str_equals(u->registration->session_id, session_id)) &&
            (!store || str_equals(u->store->io.path, store)))
            return u;
    }
    return NULL;
}
