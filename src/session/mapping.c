#include "session/mapping.h"

#include "base/err.h"
#include "base/io/fs.h"
#include "session/evidence/moment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    CANDIDATE_LIMIT = 8,
    /* Between the start of the process and what the client says of it: startedAt is taken once
     * its runtime is up (0.2 to 3 s seen), and the kernel counts starts in ticks. */
    START_SLACK_MS = 2000,
    START_DELAY_MS = 60000,
    /* A change of status and the record of what caused it are written within 0.1 s of each
     * other; the client's queue of records adds at most 0.1 s. */
    STATUS_SLACK_MS = 2000,
};

/* ---- what could not be looked at ---------------------------------------------------------- */

/* Something that tells which session it is could not be read; said once. */
static void miss(struct session *s, struct lookup seen)
{
    if (seen.state != LOOKUP_UNKNOWN || s->which.state == LOOKUP_UNKNOWN)
        return;
    s->which = seen;
    live_note(s->live, s->store->io.arena, "it is not known for sure which session it is: %s: %s",
              seen.where, err_reason(seen.code));
}

/* Nobody says from outside. */
static void miss_any(struct session *s, struct arena *a, const char *why)
{
    s->which = lookup_unknown(-ENOTSUP, why);
    live_note(s->live, a, "it is not known which session it is: %s", why);
}

/* The same of a path below the store. */
static void miss_path(struct session *s, int code, const char *path)
{
    miss(s,
         lookup_unknown(code, arena_printf(s->store->io.arena, "%s/%s", s->store->io.path, path)));
}

/* ---- the registry ------------------------------------------------------------------------ */

/* Clients before 2.1.197 publish no procStart: their startedAt must fit the process instead. */
bool mapping_fits_start(const struct agent_registration *r, const struct proc *proc,
                        uint64_t start_ticks)
{
    if (r->start_ticks)
        return r->start_ticks == start_ticks;
    int64_t started = proc_start_time(proc, start_ticks).ms;
    return wall_known(r->started_at) && r->started_at.ms >= started - START_SLACK_MS &&
           r->started_at.ms <= started + START_DELAY_MS;
}

/* A client in a container publishes the pid that it has in there. */
static bool names_process(const struct agent_registration *r, const struct live *live)
{
    return r->pid == live->stat.pid || (live->container && r->pid == live->status.innermost_pid);
}

static const struct agent_registration *registration_of(struct session *s, const struct proc *proc)
{
    if (!session_can_read_store(s))
        return NULL;
    for (size_t i = 0; i < s->store->registration_count; i++) {
        const struct agent_registration *r = &s->store->registrations[i];
        if (!names_process(r, s->live))
            continue;
        if (r->code == 0 && mapping_fits_start(r, proc, s->live->stat.start_ticks))
            return r;
        if (r->code < 0)
            miss_path(s, r->code, r->file);
    }
    if (s->store->registration_count == 0)
        miss(s, s->store->registry);
    return NULL;
}

/* ---- claims ------------------------------------------------------------------------------- */

static bool is_claimed(const struct session *sessions, size_t count, const struct session *but,
                       const char *session_id)
{
    for (size_t i = 0; i < count; i++)
        if (&sessions[i] != but && str_equals(sessions[i].session_id, session_id))
            return true;
    return false;
}

static void map_to(struct session *s, const char *session_id, enum sr_mapping by,
                   enum sr_certainty certainty)
{
    s->session_id = session_id;
    s->mapped_by = by;
    s->certainty = certainty;
}

static void map_to_none_of(struct session *s, const char **candidates, size_t count)
{
    map_to(s, NULL, SR_MAPPED_BY_NOTHING, SR_AMBIGUOUS);
    s->candidates = candidates;
    s->candidate_count = count;
}

/* ---- transcripts that a process can have written ------------------------------------------ */

/* Where a client keeps the sessions it starts: by the registry, else by its working directory.
 * Returns: NULL where that cannot be read, and in *code why. */
static const char *folder_of(const struct session *s, const struct proc *proc, int *code)
{
    struct arena *a = s->store->io.arena;
    const char *cwd = s->registration ? s->registration->cwd : NULL;
    *code = cwd ? 0 : proc_read_cwd(proc, s->live->stat.pid, a, &cwd);
    if (*code < 0)
        return NULL;
    return agent_project_folder(s->live->agent, &s->store->io, cwd);
}

static const char *folder_of_or_miss(struct session *s, const struct proc *proc)
{
    int code;
    const char *folder = folder_of(s, proc, &code);
    if (!folder)
        miss(s, lookup_unknown(code, arena_printf(s->store->io.arena, "/proc/%d/cwd",
                                                  (int)s->live->stat.pid)));
    return folder;
}

/* Something was begun in the folder since; or it is not known whether. */
static bool may_have_changed_since(struct session *s, const char *folder, struct wall since)
{
    struct stat st;
    if (fstatat(s->store->io.fd, folder, &st, 0) < 0) {
        struct lookup seen = lookup_of(-errno, NULL);
        if (seen.state == LOOKUP_UNKNOWN)
            miss_path(s, seen.code, folder);
        return seen.state == LOOKUP_UNKNOWN;
    }
    return fs_file_of(&st).mtime_ms > since.ms;
}

/* The transcripts in a folder written to since `since` that no other process claims: those that
 * can be seen. */
static size_t written_since(const struct session *sessions, size_t count, struct session *s,
                            const char *folder, struct wall since, struct agent_transcript **out)
{
    struct agent_transcript *all;
    size_t n, kept = 0;
    miss(s, s->live->agent->stored->list_folder(&s->store->io, folder, &all, &n));
    for (size_t i = 0; i < n; i++)
        if (all[i].modified_at.ms >= since.ms && !is_claimed(sessions, count, s, all[i].session_id))
            all[kept++] = all[i];
    agent_sort_newest_first(all, kept);
    *out = all;
    return kept;
}

static const char **ids_of(struct arena *a, const struct agent_transcript *transcripts,
                           size_t *count)
{
    const char **ids = arena_alloc(a, CANDIDATE_LIMIT * sizeof *ids);
    if (*count > CANDIDATE_LIMIT)
        *count = CANDIDATE_LIMIT;
    for (size_t i = 0; i < *count; i++)
        ids[i] = transcripts[i].session_id;
    return ids;
}

/* Processes that say nothing, or nothing new, of the session they are in. */
static bool is_unregistered(const struct session *s)
{
    return s->registration == NULL;
}

static bool registers_once(const struct session *s)
{
    return s->registration && !s->registration->status;
}

/* Another process of such a kind could have written what is in this folder. */
static bool has_rival_process(const struct session *sessions, size_t count, const struct session *s,
                              const struct proc *proc, const char *folder,
                              bool (*is_of_kind)(const struct session *))
{
    for (size_t i = 0; i < count; i++) {
        const struct session *other = &sessions[i];
        if (other == s || other->store != s->store || !is_of_kind(other))
            continue;
        int code;
        const char *its = folder_of(other, proc, &code);
        if (!its || str_equals(its, folder))
            return true;
    }
    return false;
}

/* ---- an id that went stale ---------------------------------------------------------------- */

/*
 * The registry names session A. Clients before 2.1.197 write it once, at their
 * start, and go on in another transcript after /clear or /resume (2.1.110,
 * seen); later ones rewrite it, and publish a status. A rival B is a
 * transcript in the same folder that was written to since A's was and since
 * the registry was, by the same kind and version of client, that no other
 * process claims and no client closed: a clean exit leaves metadata behind the
 * last word of the conversation.
 */
struct rival {
    struct agent_transcript transcript;
    struct head head;
    struct activity activity;
};

static bool is_rival(struct session *s, const struct agent_transcript *t, struct rival *out)
{
    const struct agent_registration *r = s->registration;
    out->transcript = *t;
    if (str_equals(t->session_id, r->session_id))
        return false;
    int code = activity_read_head(s->store, t, &out->head);
    /* what we may not read it may not write, as it is our user's: one of another user */
    if (code < 0 && code != -ENODATA && code != -ENOENT && code != -EACCES)
        miss_path(s, code, t->path);
    if (code < 0 || out->head.only_sidechain)
        return false;
    if ((r->entrypoint && out->head.entrypoint &&
         !str_equals(r->entrypoint, out->head.entrypoint)) ||
        (r->version && out->head.version && !str_equals(r->version, out->head.version)))
        return false;
    activity_read(s->store, t, &out->activity);
    if (!out->activity.is_known)
        miss_path(s, -EIO, t->path);
    return out->activity.is_known && !out->activity.tail.ends_in_metadata;
}

/* The registry's status changes within moments of what causes it in the right transcript. */
static bool moved_with_status(const struct session *s, const struct activity *activity)
{
    return activity->is_known &&
           llabs(activity->last_at.ms - s->registration->status_at.ms) <= STATUS_SLACK_MS;
}

static void note_stale(struct session *s, const struct rival *rival)
{
    live_note(s->live, s->store->io.arena,
              "the registry names session %s, but session %s in the same directory was written to "
              "since, and no other process has it",
              s->registration->session_id, rival->transcript.session_id);
}

static void doubt_registered(struct session *sessions, size_t count, struct session *s,
                             const struct proc *proc)
{
    const struct agent_registration *r = s->registration;
    struct arena *a = s->store->io.arena;
    const char *folder = folder_of_or_miss(s, proc);
    if (!folder || !wall_known(r->changed_at) ||
        !may_have_changed_since(s, folder, (struct wall){r->changed_at.ms + STATUS_SLACK_MS}))
        return;

    struct agent_transcript own = {0}, *written;
    struct lookup found = s->live->agent->stored->find(&s->store->io, r->session_id, r->cwd, &own);
    bool has_own = found.state == LOOKUP_FOUND;
    miss(s, found);
    struct wall since = r->changed_at;
    if (has_own && own.modified_at.ms > since.ms)
        since = own.modified_at;
    since.ms += STATUS_SLACK_MS;
    struct rival *rivals = arena_alloc(a, CANDIDATE_LIMIT * sizeof *rivals);
    const char **ids = arena_alloc(a, (CANDIDATE_LIMIT + 1) * sizeof *ids);
    size_t n = written_since(sessions, count, s, folder, since, &written), kept = 0;
    ids[0] = r->session_id;
    for (size_t i = 0; i < n && kept < CANDIDATE_LIMIT; i++)
        if (is_rival(s, &written[i], &rivals[kept]))
            ids[++kept] = written[i].session_id;
    if (kept == 0)
        return;

    if (r->status) {
        struct activity activity = {0};
        if (has_own)
            activity_read(s->store, &own, &activity);
        if (kept > 1 || moved_with_status(s, &activity) ||
            !moved_with_status(s, &rivals[0].activity))
            return;
        map_to(s, ids[1], SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
    } else if (kept == 1 && rivals[0].head.begins_with_clear &&
               !has_rival_process(sessions, count, s, proc, folder, registers_once)) {
        map_to(s, ids[1], SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
    } else {
        map_to_none_of(s, ids, kept + 1);
    }
    note_stale(s, &rivals[0]);
}

/* ---- the two passes ----------------------------------------------------------------------- */

/* A background tool outlives the session that started it: its word counts against the
 * registry only when it was started after the registry was last written. */
static bool tool_knows_better(const struct session *s, const struct proc *proc)
{
    const struct live *live = s->live;
    const struct agent_registration *r = s->registration;
    if (!live->nested_session_id || str_equals(live->nested_session_id, r->session_id))
        return false;
    struct wall started = proc_start_time(proc, live->stat.start_ticks);
    struct wall changed = moment_on_todays_clock(
        r->changed_at, moment_step_ms(r->started_at, started), started, wall_now());
    return proc_start_time(proc, live->nested_session_start).ms > changed.ms;
}

static void map_by_own_word(struct session *s, const struct proc *proc, struct arena *a)
{
    const struct live *live = s->live;
    s->registration = registration_of(s, proc);
    if (live->role == AGENT_SERVER) {
        miss_any(s, a, "it serves sessions to others");
    } else if (s->registration && tool_knows_better(s, proc)) {
        map_to(s, live->nested_session_id, SR_MAPPED_BY_CHILD_ENVIRONMENT, SR_EXACT);
        live_note(
            s->live, s->store->io.arena,
            "the registry names session %s, but a tool started since then runs for session %s",
            s->registration->session_id, s->session_id);
    } else if (s->registration) {
        map_to(s, s->registration->session_id, SR_MAPPED_BY_REGISTRY, SR_EXACT);
    } else if (live->nested_session_id) {
        map_to(s, live->nested_session_id, SR_MAPPED_BY_CHILD_ENVIRONMENT, SR_LIKELY);
    } else if (live->named_session_id) {
        /* what it was started with; it may have moved on by /clear or /resume */
        map_to(s, live->named_session_id, SR_MAPPED_BY_ARGV, SR_LIKELY);
    }
}

static void map_by_transcript(struct session *sessions, size_t count, struct session *s,
                              const struct proc *proc)
{
    const char *folder = session_can_read_store(s) ? folder_of_or_miss(s, proc) : NULL;
    if (!folder)
        return;
    struct wall since = proc_start_time(proc, s->live->stat.start_ticks);
    struct agent_transcript *found;
    size_t n = written_since(sessions, count, s, folder, since, &found);
    if (n == 0)
        return;
    if (n == 1 && s->which.state != LOOKUP_UNKNOWN &&
        !has_rival_process(sessions, count, s, proc, folder, is_unregistered)) {
        map_to(s, found[0].session_id, SR_MAPPED_BY_TRANSCRIPT, SR_LIKELY);
        return;
    }
    const char **ids = ids_of(s->store->io.arena, found, &n);
    map_to_none_of(s, ids, n);
}

static void find_transcript(struct session *s)
{
    const char *cwd = s->registration ? s->registration->cwd : NULL;
    if (s->session_id && session_can_read_store(s))
        s->has_transcript =
            s->live->agent->stored->find(&s->store->io, s->session_id, cwd, &s->transcript);
}

void mapping_run(struct session *sessions, size_t count, const struct proc *proc,
                 const struct stores *stores)
{
    for (size_t i = 0; i < count; i++) {
        if (sessions[i].is_held)
            continue;
        if (!sessions[i].which.where)
            sessions[i].which = lookup_found();
        map_by_own_word(&sessions[i], proc, stores->arena);
    }
    for (size_t i = 0; i < count; i++) {
        struct session *s = &sessions[i];
        if (!session_can_read_store(s) || !stores_enter(stores, s->store->io.path))
            continue;
        if (s->mapped_by == SR_MAPPED_BY_REGISTRY && !s->live->agent->registry->follows_sessions)
            doubt_registered(sessions, count, s, proc);
        stores_leave(stores);
    }
    for (size_t i = 0; i < count; i++) {
        struct session *s = &sessions[i];
        if (!session_can_read_store(s) || !stores_enter(stores, s->store->io.path))
            continue;
        if (s->certainty == SR_CERTAINTY_NONE && s->live->role != AGENT_SERVER &&
            !s->store->agent->holding)
            map_by_transcript(sessions, count, s, proc);
        find_transcript(s);
        stores_leave(stores);
    }
}
