#include "session/live_owner.h"

#include "base/str.h"
#include "session/unseen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_named(const struct live_owner_request *q, const char *id)
{
    return id && (str_equals(id, q->session_id) || str_equals(id, q->own_id));
}

/* A client takes the path of a transcript, too: claude --resume /dir/x.jsonl. One whose file is
 * called as all are is known by its folder. */
static bool names_file(const struct session *s, const char *path)
{
    struct sv id;
    const char *name = str_basename(path);
    bool is_own = !agent_names_transcript(path, &id) || id.p >= name;
    for (size_t i = 0; s->live && i < s->live->argv.count; i++)
        if (str_equals(s->live->argv.items[i], path) ||
            (is_own && str_equals(str_basename(s->live->argv.items[i]), name)))
            return true;
    return false;
}

static bool owns(const struct live_owner_request *q, const struct sr_session *shown,
                 const struct session *inside)
{
    return is_named(q, shown->session_id) || (q->path && str_equals(shown->transcript, q->path)) ||
           (q->path && names_file(inside, q->path));
}

/* Of what cannot be read the folder is not known. */
static const char *folder_of(const struct session *s, const char *cwd, struct arena *scratch)
{
    struct problems problems = {.arena = scratch};
    struct agent_store none = {.fd = -1, .path = "", .arena = scratch, .problems = &problems};
    struct agent_store in = s->store ? s->store->io : none;
    in.arena = scratch;
    in.problems = &problems;
    return agent_project_folder(s->live->agent, &in, cwd);
}

/* Which session it has is not known: one of several, any of its directory's, or, where what would
 * tell could not be read, any at all. */
static bool may_own(const struct live_owner_request *q, const struct sr_session *shown,
                    const struct session *inside, struct arena *scratch)
{
    for (size_t i = 0; i < shown->candidate_count; i++)
        if (is_named(q, shown->candidates[i]))
            return true;
    bool may_have_more = !shown->session_id || inside->is_held;
    if (may_have_more && inside->which.state == LOOKUP_UNKNOWN)
        return true;
    if (inside->has_none)
        return false;
    if (shown->session_id || shown->candidate_count || !q->path)
        return false;
    if (!shown->cwd || !inside->live)
        return true;
    const char *folder = folder_of(inside, shown->cwd, scratch);
    const char *at = strstr(q->path, folder);
    return at && at[strlen(folder)] == '/';
}

static void look_through(const struct live_owner_request *q, const struct snapshot *snap,
                         struct live_owner *out)
{
    ARENA_RELEASE struct arena scratch = {0};
    for (size_t i = 0; i < snap->shown.session_count && !out->is_sure; i++) {
        const struct sr_session *s = &snap->shown.sessions[i];
        bool is_sure = s->pid && owns(q, s, &snap->sessions[i]);
        if (!is_sure && (out->pid || !s->pid || !may_own(q, s, &snap->sessions[i], &scratch)))
            continue;
        *out = (struct live_owner){.pid = s->pid, .is_sure = is_sure};
        snprintf(out->where, sizeof out->where, "%s", s->tty ? s->tty : "no terminal");
    }
}

/* Returns: what keeps from knowing that nobody has it; NULL: nothing. */
static const char *why_not_known(const struct live_owner_request *q, const struct snapshot *snap)
{
    size_t at = 0;
    const struct unseen *u = unseen_next(snap, NULL, q->session_id, &at);
    if (!u)
        u = unseen_next(snap, NULL, q->own_id, (at = 0, &at));
    if (u)
        return u->why;
    return snap->may_lack_others ? snapshot_doubt(snap) : NULL;
}

int live_owner_find(const struct live_owner_request *q, struct live_owner *out,
                    struct sr_error *error)
{
    struct sr_options look = *q->look;
    struct sr_snapshot *snapshot;
    look.stored_limit = 0;
    look.stored_prefix_count = 0;
    look.agent = q->agent->name;
    int r = sr_detect_processes(&look, &snapshot, error);
    if (r < 0)
        return err_wrap(error, "look for a live owner");
    struct live_owner found = {0};
    look_through(q, snapshot_of(snapshot), &found);
    const char *doubt = found.pid ? NULL : why_not_known(q, snapshot_of(snapshot));
    if (doubt)
        r = err_set(error, -ENODATA,
                    "refused: whether a process has the session cannot be told: %s", doubt);
    else
        *out = found;
    sr_snapshot_free(snapshot);
    return r;
}
