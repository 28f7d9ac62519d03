#include "view/outcome/reviving.h"

#include "backup/backup_dir.h"
#include "base/json.h"
#include "view/json.h"

static const char *outcome_word(const struct sr_revive *v)
{
    if (v->act.was_done)
        return "revived";
    return v->act.was_refused ? "refused" : v->act.was_declined ? "declined" : "failed";
}

void view_json_reviving(struct buf *out, const struct sr_session *session,
                        const struct sr_revive *v, const char *why, const char *pending_dir)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_string(d, root, "schema", VIEW_SCHEMA);
    json_put_integer(d, root, "pid", session->pid);
    json_put_string(d, root, "session_id", session->session_id);
    json_put_string(d, root, "outcome", outcome_word(v));
    json_put_string(d, root, "error", why);
    json_put_string(d, root, "cause", session->cause);
    json_put_string(d, root, "push", v->push);
    json_put_string(d, root, "movement", v->moved[0] ? v->moved : NULL);
    json_put_integer(d, root, "pushes_given", (int64_t)v->tried);
    struct buf backup = {0};
    if (v->act.has_transcript)
        buf_addf(&backup, "%s/%s" BACKUP_TRANSCRIPT, pending_dir, v->act.backup.stem);
    json_put_string(d, root, "backup", backup.p);
    json_finish(d, root, false, out);
    buf_release(&backup);
}
