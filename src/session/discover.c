#include "session/discover.h"

#include "platform/host.h"
#include "platform/terminal/tty.h"
#include "session/mapping.h"
#include "session/owners.h"
#include "session/public_view.h"
#include "session/stores/gone.h"
#include "session/stores/stored.h"
#include "session/stores/strays.h"
#include "session/unseen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct snapshot *snapshot_of(struct sr_snapshot *shown)
{
    return (struct snapshot *)shown;
}

/* One that is found has its place from there, where its environment cannot be read. */
static bool is_known(struct live_list *list, const struct agent_registration *r,
                     const struct store *store)
{
    for (size_t i = 0; i < list->count; i++) {
        struct live *live = &list->items[i];
        if (live->stat.pid != r->pid)
            continue;
        if (!live->config_dir && live->stat.start_ticks == r->start_ticks)
            live->config_dir = store->io.path;
        return true;
    }
    return false;
}

/* Processes that only their registration gives away: run under an unusual program. */
static void add_registered(const struct processes_request *q, struct stores *stores,
                           struct live_list *list)
{
    for (size_t i = 0; i < stores->count; i++) {
        const struct store *store = stores->items[i];
        for (size_t j = 0; j < store->registration_count; j++) {
            const struct agent_registration *r = &store->registrations[j];
            if (r->start_ticks && !r->is_spare && !is_known(list, r, store))
                processes_add_registered(q, store->agent, store->io.path, (pid_t)r->pid,
                                         r->start_ticks, list);
        }
    }
}

/* But for one that draws what another runs, a client runs the turns itself. One that has ended, and
 * was not collected, has part in nothing. */
static void attach(struct arena *a, struct session *s)
{
    if (s->live->stat.state == 'Z' || s->live->stat.state == 'X')
        return;
    struct attachment *one = arena_alloc(a, sizeof *one);
    *one = (struct attachment){s->live, s->live->role == AGENT_UI ? SR_ROLE_UI : SR_ROLE_OWNER};
    s->attachments = one;
    s->attachment_count = 1;
}

/*
 * The sessions of live processes in wanted stores. A process whose config
 * directory is not known is listed unless the user asked for certain ones.
 */
static size_t gather_live(struct snapshot *snap, const struct processes_request *q,
                          struct live_list *list, struct session *sessions)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct live *live = &list->items[i];
        struct store *store = stores_of(&snap->stores, &snap->proc, live);
        if (!store && q->options->config_dir_count)
            problems_add(q->problems, arena_printf(q->arena, "/proc/%d", (int)live->stat.pid),
                         -ENODATA, "a client whose config directory is not known: not listed");
        if (store ? !store->wanted : q->options->config_dir_count > 0)
            continue;
        processes_describe(q, live);
        sessions[n] = (struct session){.live = live, .store = store};
        attach(&snap->arena, &sessions[n++]);
    }
    return n;
}

/* A file with a line that is no record was read all the same, and a namesake is no session. */
static bool hides_sessions(const struct sr_problem *p)
{
    return p->code != -EBADMSG && p->code != -ENOEXEC;
}

const char *snapshot_doubt(const struct snapshot *snap)
{
    for (size_t i = 0; i < snap->problems.count; i++)
        if (hides_sessions(&snap->problems.items[i]))
            return snap->problems.items[i].text;
    return NULL;
}

/* A store may be below one: /proc/PID/root. */
static bool is_of_process(const struct sr_problem *p)
{
    return str_starts_with(p->path, "/proc") && !strstr(p->path, "/root/");
}

const char *snapshot_doubt_of_processes(const struct snapshot *snap)
{
    for (size_t i = 0; i < snap->problems.count; i++)
        if (is_of_process(&snap->problems.items[i]) && hides_sessions(&snap->problems.items[i]))
            return snap->problems.items[i].text;
    return NULL;
}

/* No process keeps from seeing a transcript. */
static bool may_hide_transcripts(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        if (!is_of_process(&problems->items[i]) && hides_sessions(&problems->items[i]))
            return true;
    return false;
}

/* Programs that are called as a client is, and are none that is known: said, and not listed. */
static void tell_namesakes(struct snapshot *snap, const struct sr_options *options,
                           const struct live_list *list)
{
    for (size_t i = 0; i < list->namesake_count; i++) {
        const struct live *live = &list->namesakes[i];
        const struct store *store =
            options->config_dir_count ? stores_of(&snap->stores, &snap->proc, live) : NULL;
        bool is_registered = false;
        for (size_t j = 0; j < list->count; j++)
            is_registered = is_registered || list->items[j].stat.pid == live->stat.pid;
        if (is_registered || (store ? !store->wanted : options->config_dir_count > 0))
            continue;
        problems_add(&snap->problems, arena_printf(&snap->arena, "/proc/%d", (int)live->stat.pid),
                     -ENOEXEC,
                     arena_printf(&snap->arena,
                                  "%s is called as %s is, and is no program of it that is known: "
                                  "left out",
                                  live->exe, live->agent->name));
    }
}

/* Why none of the named stores is open. */
static int tell_unopened(const struct snapshot *snap, const struct sr_options *options,
                         struct sr_error *error)
{
    if (snap->problems.count)
        return err_set(error, snap->problems.items[0].code, "%s", snap->problems.items[0].text);
    return err_set(error, -EINVAL,
                   "%s: sessions of %s are not looked for there: it is called as the directory of "
                   "another agent",
                   options->config_dirs[0], agent_title(options->agent));
}

static int discover(struct snapshot *snap, const struct sr_options *options, struct sr_error *error)
{
    struct processes_request q = processes_request_of(&snap->proc, &snap->arena, options);
    q.problems = &snap->problems;
    struct live_list list = {0};
    const char *own;
    snap->is_blind =
        !options->proc_path && proc_read_own_namespace(&snap->proc, &snap->arena, &own) < 0;
    if (snap->is_blind)
        problems_add(&snap->problems, "/proc", -ENODATA,
                     "does not show this program itself: which processes there are is not known");
    int r = processes_find(&q, &list);
    if (r < 0)
        return err_set(error, r, "list processes: %s", err_reason(r));

    size_t open = 0;
    for (size_t i = 0; agents[i]; i++)
        if (agent_is_among(agents[i], options->agent))
            open += stores_open_asked(&snap->stores, agents[i]);
    if (options->config_dir_count && open == 0)
        return tell_unopened(snap, options, error);
    add_registered(&q, &snap->stores, &list);
    processes_relate(&q, &list);

    tell_namesakes(snap, options, &list);
    struct session *live = arena_alloc(&snap->arena, (list.count + 1) * sizeof *live);
    size_t live_count = gather_live(snap, &q, &list, live);
    live_count = owners_find(snap, live, live_count, &live);
    mapping_run(live, live_count, &snap->proc, &snap->stores);

    struct stored stored = {0};
    if (options->stored_limit)
        stored_find(&snap->stores, &snap->arena, options->stored_limit, live, live_count, &stored);
    snap->shown.stored_count = stored.all;
    snap->shown.archived_count = stored.archived;
    if (options->looks_for_strays)
        strays_find(snap);
    if (options->gone_limit)
        gone_find(snap, options, live, live_count, &stored.sessions, &stored.count);
    if (snap->proc.is_foreign)
        problems_add(&snap->problems, "/proc", -EXDEV,
                     "it is of another pid namespace than this program: what it shows is listed, "
                     "and nothing is done to it");
    snap->may_lack_others = snapshot_doubt(snap) != NULL;
    snap->shown.may_lack_stored = may_hide_transcripts(&snap->problems);
    unseen_find(snap, &list);
    if (options->stored_limit)
        processes_find_survivors(&q, &list, &snap->survivors, &snap->survivor_count);
    public_view_all(snap, options, live, live_count, stored.sessions, stored.count);
    snap->shown.may_lack_sessions = snapshot_doubt(snap) != NULL;
    if (list.unread_above && list.count && snap->proc.is_live)
        problems_add(&snap->problems,
                     arena_printf(&snap->arena, "/proc/%d", (int)list.unread_above), -EACCES,
                     "a parent of this program that cannot be read: which session this runs in is "
                     "not known");
    return 0;
}

int sr_detect_processes(const struct sr_options *options, struct sr_snapshot **snapshot,
                        struct sr_error *error)
{
    struct snapshot *snap = mem_resize(NULL, sizeof *snap);
    *snap = (struct snapshot){.proc.fd = -1};
    snap->problems.arena = &snap->arena;
    snap->stores =
        (struct stores){.arena = &snap->arena, .problems = &snap->problems, .options = options};
    snap->shown.taken_at_ms = wall_now().ms;
    snap->shown.host = host_name(&snap->arena);

    int r = proc_open(&snap->proc, options->proc_path ? options->proc_path : "/proc", error);
    if (r == 0 && snap->proc.is_live) {
        if (options->sleeps)
            snap->sleeps = *options->sleeps;
        sleeps_note(&snap->sleeps, clock_mark());
    }
    if (r == 0)
        r = discover(snap, options, error);
    if (r < 0) {
        sr_snapshot_free(&snap->shown);
        return r;
    }
    snap->shown.problems = snap->problems.items;
    snap->shown.problem_count = snap->problems.count;
    snap->stores.options = NULL; /* the caller's, and not kept */
    *snapshot = &snap->shown;
    return 0;
}

void sr_snapshot_free(struct sr_snapshot *shown)
{
    if (!shown)
        return;
    struct snapshot *snap = snapshot_of(shown);
    stores_close(&snap->stores);
    proc_close(&snap->proc);
    arena_release(&snap->arena);
    free(snap);
}

int sr_map_tty_to_session(const struct sr_snapshot *snapshot, const char *tty,
                          const struct sr_session **matches, size_t size)
{
    ARENA_RELEASE struct arena scratch = {0};
    const char *wanted = tty_canonical(&scratch, tty);
    int found = wanted ? 0 : -EINVAL;
    for (size_t i = 0; wanted && i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        if (!str_equals(s->tty, wanted))
            continue;
        if ((size_t)found < size)
            matches[found] = s;
        found++;
    }
    return found;
}
