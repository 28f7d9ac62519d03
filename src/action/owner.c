#include "action/owner.h"

#include "base/str.h"
#include "session/discover.h"

#include <string.h>

static bool is_named(const struct owner_request *q, const char *id)
{
    return id && (str_equals(id, q->session_id) || str_equals(id, q->own_id));
}

/* A client takes the path of a transcript, too: claude --resume /dir/x.jsonl. */
static bool names_file(const struct session *s, const char *path)
{
    const char *name = str_basename(path);
    for (size_t i = 0; s->live && i < s->live->argv.count; i++)
        if (str_equals(s->live->argv.items[i], path) ||
            str_equals(str_basename(s->live->argv.items[i]), name))
            return true;
    return false;
}

static bool owns(const struct owner_request *q, const struct sr_session *shown,
                 const struct session *inside)
{
    bool may = is_named(q, shown->session_id) || str_equals(shown->transcript, q->path) ||
               names_file(inside, q->path);
    for (size_t i = 0; i < shown->candidate_count; i++)
        may = may || is_named(q, shown->candidates[i]);
    return may;
}

int owner_find(const struct owner_request *q, int *pid, struct sr_error *error)
{
    struct sr_options look = *q->look;
    struct sr_snapshot *snapshot;
    look.stored_limit = 0;
    look.stored_prefix_count = 0;
    int r = sr_detect_processes(&look, &snapshot, error);
    if (r < 0)
        return err_wrap(error, "look for a live owner");
    const struct snapshot *inside = snapshot_of(snapshot);
    *pid = 0;
    for (size_t i = 0; i < snapshot->session_count && !*pid; i++)
        if (snapshot->sessions[i].pid && owns(q, &snapshot->sessions[i], &inside->sessions[i]))
            *pid = snapshot->sessions[i].pid;
    sr_snapshot_free(snapshot);
    return 0;
}
