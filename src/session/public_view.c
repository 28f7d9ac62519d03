#include "session/public_view.h"

#include "base/err.h"
#include "platform/process/pidref.h"
#include "session/evidence/context_usage.h"
#include "session/evidence/moment.h"
#include "session/stores/gone.h"
#include "session/unseen.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static double cpu_percent(const struct proc *proc, const struct proc_stat *stat)
{
    int64_t alive_ms = wall_now().ms - proc_start_time(proc, stat->start_ticks).ms;
    if (alive_ms <= 0)
        return -1;
    return (double)stat->cpu_ticks * 1000.0 / (double)proc->ticks_per_s * 100.0 / (double)alive_ms;
}

static void show_attachments(struct arena *a, const struct session *s, struct sr_session *out)
{
    struct sr_attachment *all = arena_alloc(a, (s->attachment_count + 1) * sizeof *all);
    for (size_t i = 0; i < s->attachment_count; i++) {
        const struct live *live = s->attachments[i].live;
        all[i] = (struct sr_attachment){live->stat.pid, live->stat.start_ticks,
                                        s->attachments[i].role, live->tty};
    }
    out->attachments = all;
    out->attachment_count = s->attachment_count;
}

const struct sr_attachment *sr_session_owner(const struct sr_session *session)
{
    for (size_t i = 0; i < session->attachment_count; i++)
        if (session->attachments[i].role == SR_ROLE_OWNER)
            return &session->attachments[i];
    return NULL;
}

static void show_process(const struct snapshot *snap, const struct session *s,
                         struct sr_session *out)
{
    const struct live *live = s->live;
    const struct agent_registration *r = s->registration;
    out->agent = live->agent->name;
    out->pid = live->stat.pid;
    out->ppid = live->stat.ppid;
    out->uid = (int)live->status.uid;
    out->started_at_ms = proc_start_time(&snap->proc, live->stat.start_ticks).ms;
    out->start_ticks = live->stat.start_ticks;
    out->version = r && r->version ? r->version : s->activity.tail.version;
    out->entrypoint = r ? r->entrypoint : NULL;
    if (!out->entrypoint && live->environment_known && !live->parent_session_id)
        out->entrypoint =
            agent_variable(&live->environment, live->agent->process->entrypoint_variable);
    out->kind = agent_kind(live->agent, r ? r->kind : NULL, out->entrypoint, &live->argv);
    if (out->kind == SR_KIND_UNKNOWN && live->tty)
        out->kind = SR_KIND_INTERACTIVE;
    out->tty = live->tty;
    out->job_id = r && out->kind == SR_KIND_BACKGROUND ? r->job_id : NULL;
    out->multiplexer = live->multiplexer;
    out->current = live->current;
    out->parent_pid = live->parent_session;
    out->parent_session_id = live->parent_session_id;
    out->container = live->container;
    if (live->container && live->status.innermost_pid != live->stat.pid)
        out->container_pid = live->status.innermost_pid;
    out->cpu_percent = cpu_percent(&snap->proc, &live->stat);
    out->rss_bytes = live->stat.rss_bytes;
    out->children = live->children;
    out->child_count = live->child_count;
}

/* The session names its parent's process even where the chain of parents is broken. */
static void show_parent(const struct snapshot *snap, size_t live_count, struct sr_session *out)
{
    for (size_t i = 0; i < live_count; i++) {
        const struct sr_session *other = &snap->shown.sessions[i];
        if (other == out)
            continue;
        if (out->parent_pid == 0 && other->session_id && out->pid &&
            str_equals(other->session_id, out->parent_session_id))
            out->parent_pid = other->pid;
        if (out->parent_pid == other->pid && !out->parent_session_id)
            out->parent_session_id = other->session_id;
    }
}

static struct lookup look_at_directory(const struct stores *stores, const char *directory)
{
    struct stat st;
    if (!stores_enter(stores, directory))
        return lookup_unknown(-ETIMEDOUT, directory);
    struct lookup seen = lookup_of(stat(directory, &st) < 0 ? -errno : 0, directory);
    stores_leave(stores);
    return seen;
}

/*
 * A client looks in the folder of the directory that it is started in, links resolved (2.1.110 to
 * 2.1.332). Where they cannot be resolved, it is not known to look where the session is.
 */
static bool leads_elsewhere(struct snapshot *snap, const struct session *s, const char *directory)
{
    char real[PATH_MAX];
    if (!session_has_transcript(s) || !stores_enter(&snap->stores, directory))
        return false;
    bool is_resolved = realpath(directory, real) != NULL;
    stores_leave(&snap->stores);
    const char *folder =
        is_resolved ? agent_project_folder(s->store->agent, &s->store->io, real) : "";
    size_t n = strlen(folder);
    return !is_resolved || strncmp(s->transcript.path, folder, n) != 0 ||
           s->transcript.path[n] != '/';
}

/* The process whose directory is the session's, while it is in no record. */
static const struct live *where_it_works(const struct session *s)
{
    for (size_t i = 0; i < s->attachment_count; i++)
        if (s->attachments[i].role == SR_ROLE_UI)
            return s->attachments[i].live;
    return s->live && s->live->role == AGENT_SERVER ? NULL : s->live;
}

static void show_directory(struct snapshot *snap, const struct session *s, bool can_read,
                           struct sr_session *out)
{
    const char *hint = s->registration ? s->registration->cwd : NULL;
    struct head head = {0};
    out->cwd = hint;
    if (can_read && session_has_transcript(s) &&
        activity_read_head(s->store, &s->transcript, &head) == 0) {
        out->cwd = activity_directory(s->store, &s->transcript, &head, &s->activity.tail, hint);
        out->first_prompt = head.prompt;
        out->forked_from = head.forked_from;
    }
    const char *cwd;
    const struct live *works = where_it_works(s);
    if (!out->cwd && works && !session_has_transcript(s) &&
        proc_read_cwd(&snap->proc, works->stat.pid, &snap->arena, &cwd) == 0)
        out->cwd = cwd;
    if (!out->cwd || s->live)
        return;
    struct lookup seen = look_at_directory(&snap->stores, out->cwd);
    out->cwd_is_gone = seen.state == LOOKUP_ABSENT;
    if (seen.state == LOOKUP_UNKNOWN)
        out->cwd_is_unknown =
            seen.code == -ETIMEDOUT ? "its file system does not answer" : err_reason(seen.code);
    out->cwd_is_elsewhere = !out->cwd_is_gone && leads_elsewhere(snap, s, out->cwd);
}

/* The client looks for it beside the transcript. What cannot be looked at is not said. */
static enum sr_continuation look_for(const struct session *s, const char *session_id)
{
    struct sv folder = agent_folder_of(s->store->agent, s->transcript.path);
    const char *beside = arena_printf(s->store->io.arena, "%.*s/%s%s", (int)folder.n, folder.p,
                                      session_id, s->store->agent->stored->suffix);
    struct agent_transcript found;
    struct stat st;
    if (!s->store->agent->records && fstatat(s->store->io.fd, beside, &st, 0) == 0 && st.st_size)
        return SR_CONTINUED;
    struct lookup seen = s->store->agent->stored->find(&s->store->io, session_id, NULL, &found);
    return seen.state == LOOKUP_UNKNOWN                     ? SR_NOT_CONTINUED
           : seen.state == LOOKUP_FOUND && found.size_bytes ? SR_CONTINUED_ELSEWHERE
                                                            : SR_CONTINUATION_MISSING;
}

static void show_way(const struct session *s, struct sr_session *out)
{
    const struct tail_result *tail = &s->activity.tail;
    out->continued_in = s->continued_in;
    out->continuation = s->continuation;
    out->continues = s->continues;
    out->is_archived = s->is_archived;
    if (s->live && s->activity.is_known && tail->continued_in) {
        out->continued_in = tail->continued_in;
        out->continuation = look_for(s, tail->continued_in);
    }
    out->holds_no_conversation = s->activity.is_known && tail->holds_no_conversation;
    if (str_equals(out->forked_from, s->session_id))
        out->forked_from = NULL;
}

static enum sr_config_dir_use config_dir_use(const struct sr_options *options,
                                             const struct store *store)
{
    struct sr_usual_home usual = stores_usual_home(options, store->agent);
    if (str_equals(store->io.path, usual.named))
        return SR_CONFIG_DIR_AS_IS;
    if (!store->is_standard)
        return SR_CONFIG_DIR_SET;
    if (!str_equals(usual.named, usual.standard))
        return SR_CONFIG_DIR_UNSET;
    /* a home that is named from here leads elsewhere from there */
    return usual.standard && *usual.standard == '/' ? SR_CONFIG_DIR_AS_IS : SR_CONFIG_DIR_SET;
}

/* Of what is no file of its own there is no path that leads to it alone. */
static void show_parts(struct arena *a, const struct session *s, struct sr_session *out)
{
    const struct agent_records *records = s->store->agent->records;
    struct sr_part *part = arena_alloc(a, sizeof *part);
    const char *path = records ? records->file : s->transcript.path;
    *part = (struct sr_part){
        .kind = records ? records->kind : "file",
        .path = arena_printf(a, "%s/%s", s->store->io.path, path),
        .key = records ? s->session_id : NULL,
    };
    if (!records)
        out->transcript = part->path;
    out->parts = part;
    out->part_count = 1;
}

static void show_session(struct snapshot *snap, const struct sr_options *options,
                         const struct session *s, struct sr_session *out)
{
    struct arena *a = &snap->arena;
    out->agent = s->store ? s->store->agent->name : out->agent;
    out->session_id = s->session_id;
    if (s->live && s->session_id && str_equals(s->session_id, options->own_session_id))
        out->current = true;
    out->mapped_by = s->mapped_by;
    out->mapping_certainty = s->certainty;
    out->candidates = s->candidates;
    out->candidate_count = s->candidate_count;
    if (s->store) {
        out->config_dir = s->store->io.path;
        out->config_dir_use = config_dir_use(options, s->store);
    } else if (s->live) {
        out->config_dir = s->live->config_dir;
    }
    out->home = (struct sr_home){out->agent, out->config_dir};
    show_attachments(a, s, out);
    if (session_has_transcript(s)) {
        show_parts(a, s, out);
        out->size_bytes = s->transcript.size_bytes;
    }
    struct wall last = s->activity.is_known ? s->activity.last_at : (struct wall){0};
    if (!wall_known(last) && session_has_transcript(s))
        last = s->transcript.modified_at;
    if (wall_known(last)) {
        out->last_activity_at_ms = last.ms;
        struct wall moment = s->live ? moment_of(snap, s, last) : last;
        out->silent_s = (snap->shown.taken_at_ms - moment.ms) / 1000;
        if (out->silent_s < 0) /* the clock was set back */
            out->silent_s = 0;
    }
}

static void show_fullness(const struct sr_options *options, const struct session *s,
                          struct sr_session *out)
{
    const struct agent *agent = s->store->agent;
    const char *asked =
        s->live ? agent_asked_model(agent, &s->live->argv,
                                    s->live->environment_known ? &s->live->environment : NULL)
                : NULL;
    struct context_usage f = context_usage_of(agent, &s->activity.tail,
                                              asked ? asked : s->store->settings.model, options);
    out->context_tokens = f.tokens;
    out->context_window = f.window;
    out->context_percent = f.percent;
}

/* What is odd about a session, a sentence each. */
struct notes {
    struct arena *arena;
    const char **items;
    size_t count, capacity;
};

__attribute__((format(printf, 2, 3))) static void note(struct notes *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *ARENA_PUSH(n->arena, n->items, n->count, n->capacity) = arena_vprintf(n->arena, format, args);
    va_end(args);
}

/* Where the conversation is now, and where it came from. */
static void add_way_notes(const struct sr_session *s, struct notes *notes)
{
    static const char *const went_on[] = {
        [SR_CONTINUED] = "which has what was said since",
        [SR_CONTINUED_ELSEWHERE] = "which lies in another folder and has what was said since",
        [SR_CONTINUATION_MISSING] = "of which no conversation is there: what was said since is not "
                                    "here",
        [SR_CONTINUED_IN_A_CIRCLE] = "which leads back to this one: which of them is the last is "
                                     "not known",
    };
    if (s->continued_in && s->continuation)
        note(notes, "it continues as session %s, %s", s->continued_in, went_on[s->continuation]);
    if (s->continues)
        note(notes, "it continues session %s", s->continues);
    if (s->forked_from)
        note(notes, "it is a fork, a copy that went its own way, of session %s", s->forked_from);
    if (s->is_archived)
        note(notes, "it is archived: the client's own list leaves it out");
}

/* Another of them has started it: that one is named. */
static bool is_below_another(const struct snapshot *snap, const struct survivor *p)
{
    for (size_t i = 0; i < snap->survivor_count; i++)
        if (snap->survivors[i].pid == p->ppid &&
            str_equals(snap->survivors[i].session_id, p->session_id))
            return true;
    return false;
}

/* What its tools started, and nobody ended: it works on in the session's directory. */
static void add_survivor_notes(struct snapshot *snap, const struct session *s, struct notes *notes)
{
    for (size_t i = 0; !s->live && s->session_id && i < snap->survivor_count; i++) {
        const struct survivor *p = &snap->survivors[i];
        if (p->agent == s->store->agent && str_equals(p->session_id, s->session_id) &&
            !is_below_another(snap, p))
            note(notes,
                 "%s (pid %d), which a tool of it started, outlived the client "
                 "and still runs",
                 p->name, (int)p->pid);
    }
}

/* No process has it, as far as can be seen. */
static bool is_nobodys(const struct session *s, const struct sr_session *out)
{
    return !s->live && s->session_id && !out->owner_count && !out->owners_not_known;
}

/* It names a process that is known not to be the one of that number now. */
static bool is_left_by(const struct proc *proc, const struct agent_lock *lock)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, (pid_t)lock->pid, &stat);
    if (r < 0)
        return r == -ESRCH && pidref_is_there(proc, (pid_t)lock->pid) == FACT_NO;
    return wall_known(lock->at) && proc_start_time(proc, stat.start_ticks).ms > lock->at.ms;
}

/* Returns: why a process may have locked a session's file that nobody is seen to have; NULL: none
 * has. */
static const char *why_writer_is_not_known(struct snapshot *snap, const struct session *s)
{
    for (size_t i = 0; i < snap->live_count; i++) {
        const struct session *other = &snap->sessions[i];
        if (other->store == s->store && other->which.state == LOOKUP_UNKNOWN)
            return other->which.where ? arena_printf(&snap->arena, "%s: %s", other->which.where,
                                                     err_reason(other->which.code))
                                      : "the files that a process has open cannot be read";
    }
    return snapshot_doubt_of_processes(snap);
}

/* Files that its last processes left. */
static void add_lock_notes(struct snapshot *snap, const struct session *s, struct notes *notes)
{
    struct agent_lock *locks;
    size_t count;
    if (session_can_read_store(s) && stores_enter(&snap->stores, s->store->io.path)) {
        agent_list_locks(s->store->agent, &s->store->io, s->session_id, &locks, &count);
        stores_leave(&snap->stores);
        for (size_t i = 0; i < count; i++) {
            const char *doubt = locks[i].pid ? NULL : why_writer_is_not_known(snap, s);
            if (doubt)
                note(notes, "whether a process has %s locked is not known: %s", locks[i].path,
                     doubt);
            else if (!locks[i].pid)
                note(notes, "%s is left: no process seen here has it locked", locks[i].path);
            else if (snap->proc.is_live && is_left_by(&snap->proc, &locks[i]))
                note(notes, "%s is left: process %lld, which it names, does not run here",
                     locks[i].path, (long long)locks[i].pid);
        }
    }
    for (size_t i = 0; i < snap->gone_client_count; i++)
        if (snap->gone_clients[i].store == s->store &&
            str_equals(snap->gone_clients[i].registration->session_id, s->session_id))
            note(notes, "%s is left: process %lld, which it names, is gone",
                 snap->gone_clients[i].registration->file,
                 (long long)snap->gone_clients[i].registration->pid);
}

/* What is odd about the transcript's end, named; none of it is damage that a listing judges. */
static void show_notes(struct snapshot *snap, const struct sr_options *options,
                       const struct session *s, struct sr_session *out)
{
    const struct tail_oddities *odd = &s->activity.tail.oddities;
    const struct tail_oversized *big = &s->activity.tail.oversized;
    struct notes notes = {.arena = &snap->arena};
    for (size_t i = 0; s->live && i < s->live->note_count; i++)
        note(&notes, "%s", s->live->notes[i]);
    if (s->has_transcript.state == LOOKUP_FOUND && s->transcript.listed)
        out->danger = s->transcript.listed->danger;
    if (out->danger)
        note(&notes, "%s", out->danger);
    if (s->live && s->live->exe_deleted)
        note(&notes, "its program file was replaced or removed since it started");
    if (s->session_id && s->has_transcript.state == LOOKUP_UNKNOWN && s->has_transcript.where)
        note(&notes, "whether it has a transcript is not known: %s: %s", s->has_transcript.where,
             err_reason(s->has_transcript.code));
    if (odd->last_line_is_torn)
        note(&notes, "the transcript's last line breaks off at byte %lld%s",
             (long long)odd->torn_offset, s->live ? " (a write may be under way)" : "");
    if (odd->nul_lines)
        note(&notes, "%zu lines at the transcript's end hold NULs", odd->nul_lines);
    if (odd->crlf_lines)
        note(&notes, "the transcript's lines end in CRLF");
    if (odd->glued_lines + odd->unparsable_lines)
        note(&notes, "%zu lines at the transcript's end are damaged, the first at byte %lld",
             odd->glued_lines + odd->unparsable_lines, (long long)odd->first_bad_offset);
    if (big->is_there)
        note(&notes, "a line at the transcript's end is longer than %lld bytes",
             (long long)big->length_at_least);
    const struct unseen *unseen;
    for (size_t at = 0;
         !s->live && (unseen = unseen_next(snap, out->config_dir, s->session_id, &at));)
        note(&notes, "%s", unseen->why);
    if (out->cwd_is_gone)
        note(&notes, "its directory %s is gone", out->cwd);
    if (out->cwd_is_unknown)
        note(&notes, "whether its directory %s is there is not known: %s", out->cwd,
             out->cwd_is_unknown);
    add_survivor_notes(snap, s, &notes);
    if (is_nobodys(s, out)) {
        if (s->activity.is_known && !out->continued_in)
            out->unfinished = tail_lacks(s->store->agent->reader, &s->activity.tail, &snap->arena);
        if (out->unfinished)
            note(&notes, "its last turn was not finished: %s", out->unfinished);
        if (out->caution)
            note(&notes, "%s", out->caution);
        if (!options->lists_stored_alone)
            add_lock_notes(snap, s, &notes);
    }
    add_way_notes(out, &notes);
    out->notes = notes.items;
    out->note_count = notes.count;
}

/* Its directory may be on a mount that does not answer. */
static void show_caution(struct snapshot *snap, const struct session *s, struct sr_session *out)
{
    const struct agent *agent = s->store->agent;
    const char *cwd = out->cwd_is_gone ? NULL : out->cwd;
    if (!agent->commands->caution || !session_has_transcript(s) ||
        !stores_enter(&snap->stores, s->store->io.path))
        return;
    out->caution = agent->commands->caution(&s->store->io, cwd);
    stores_leave(&snap->stores);
}

/* Processes that have a session: by its id, or as one of several that could not be told apart. */
static bool may_have(const struct sr_session *s, const char *session_id, bool also_candidates)
{
    if (str_equals(s->session_id, session_id))
        return true;
    for (size_t i = 0; also_candidates && i < s->candidate_count; i++)
        if (str_equals(s->candidates[i], session_id))
            return true;
    return false;
}

static bool has_too(const struct sr_session *other, const struct sr_session *s)
{
    return other != s && s->session_id && str_equals(other->config_dir, s->config_dir) &&
           may_have(other, s->session_id, s->pid == 0);
}

/* Twins of a live session, possible owners of a stored one. The live ones stand first. */
static void show_others(struct snapshot *snap, size_t live_count, struct sr_session *out)
{
    const struct sr_session *all = snap->shown.sessions;
    size_t count = 0, n = 0;
    for (size_t i = 0; i < live_count; i++)
        count += has_too(&all[i], out);
    if (!out->pid)
        count += snap->unseen_count;
    int *pids = count ? arena_alloc(&snap->arena, count * sizeof *pids) : NULL;
    for (size_t i = 0; i < live_count && n < count; i++)
        if (has_too(&all[i], out))
            pids[n++] = all[i].pid;
    const struct unseen *u;
    for (size_t at = 0;
         !out->pid && (u = unseen_next(snap, out->config_dir, out->session_id, &at));)
        pids[n++] = (int)u->registration->pid;
    if (out->pid) {
        out->twins = pids;
        out->twin_count = n;
    } else {
        out->owners = pids;
        out->owner_count = n;
        out->owners_not_known = snap->is_blind;
    }
}

static void show_one(struct snapshot *snap, const struct sr_options *options, struct session *s,
                     struct sr_session *out)
{
    bool is_listed_alone = options->lists_stored_alone && !s->live;
    bool can_read = session_can_read_store(s) && !is_listed_alone &&
                    stores_enter(&snap->stores, s->store->io.path);
    *out = (struct sr_session){
        .uid = -1,
        .started_at_ms = -1,
        .cpu_percent = -1,
        .rss_bytes = -1,
        .size_bytes = -1,
        .last_activity_at_ms = -1,
        .silent_s = -1,
        .context_tokens = -1,
        .context_window = -1,
        .context_percent = -1,
        .unsaved_since_ms = -1,
    };
    if (can_read && session_has_transcript(s))
        activity_read(s->store, &s->transcript, &s->activity);
    out->is_unreadable = can_read && session_has_transcript(s) && !s->activity.is_known;
    if (s->live)
        show_process(snap, s, out);
    show_session(snap, options, s, out);
    if (s->activity.is_known)
        show_fullness(options, s, out);
    if (s->left)
        gone_show(snap, s, out);
    else
        show_directory(snap, s, can_read, out);
    if (can_read && !s->left)
        show_way(s, out);
    if (s->live && can_read) {
        persistence_read(&snap->proc, s, &s->saving);
        persistence_show(s, &snap->arena);
    }
    stores_leave(&snap->stores);
    if (can_read && !s->left)
        show_caution(snap, s, out);
}

void public_view_all(struct snapshot *snap, const struct sr_options *options,
                     const struct session *live, size_t live_count, const struct session *stored,
                     size_t stored_count)
{
    size_t total = live_count + stored_count;
    struct sr_session *shown = arena_alloc(&snap->arena, (total + 1) * sizeof *shown);
    snap->sessions = arena_alloc(&snap->arena, (total + 1) * sizeof *snap->sessions);
    snap->live_count = live_count;
    for (size_t i = 0; i < total; i++) {
        snap->sessions[i] = i < live_count ? live[i] : stored[i - live_count];
        snap->sessions[i].shown = &shown[i];
        show_one(snap, options, &snap->sessions[i], &shown[i]);
        if (options->progress)
            options->progress(options->context, i + 1, total);
    }
    snap->shown.sessions = shown;
    snap->shown.session_count = total;
    for (size_t i = 0; i < total; i++) {
        show_parent(snap, live_count, &shown[i]);
        show_others(snap, live_count, &shown[i]);
        show_notes(snap, options, &snap->sessions[i], &shown[i]);
    }
}
