#include "view/outcome/act.h"

#include "backup/backup_dir.h"
#include "base/json.h"
#include "view/json.h"

static struct json_node *begin(struct json_document **document, const struct sr_session *session,
                               const struct sr_act *act, const char *done, const char *why)
{
    struct json_node *root = view_json_begin(document);
    struct json_document *d = *document;
    json_put_integer(d, root, "pid", session->pid);
    json_put_string(d, root, "session_id", session->session_id);
    json_put_string(d, root, "outcome",
                    act->was_done       ? done
                    : act->was_refused  ? "refused"
                    : act->was_declined ? "declined"
                                        : "failed");
    json_put_string(d, root, "error", why);
    return root;
}

static void put_backup(struct json_document *d, struct json_node *root, const struct sr_act *act,
                       const char *pending_dir)
{
    BUF_RELEASE struct buf path = {0};
    if (act->has_transcript)
        buf_addf(&path, "%s/%s" BACKUP_TRANSCRIPT, pending_dir, act->backup.stem);
    json_put_string(d, root, "backup", path.p);
}

void view_json_kill(struct buf *out, const struct sr_session *session, const struct sr_kill *k,
                    const char *why, const char *const *resume_commands,
                    size_t resume_command_count, const char *pending_dir)
{
    struct json_document *d;
    struct json_node *root = begin(&d, session, &k->act, "killed", why);
    json_put_bool(d, root, "by_force", k->by_force);
    put_backup(d, root, &k->act, pending_dir);
    json_put_bool(d, root, "backup_complete", k->is_backup_complete);
    json_put_integer(d, root, "survivors", (int64_t)k->survivor_count);
    struct json_node *commands = json_put_array(d, root, "resume_commands");
    for (size_t i = 0; i < resume_command_count; i++)
        json_put_string(d, commands, NULL, resume_commands[i]);
    json_finish(d, root, false, out);
}

void view_json_revive(struct buf *out, const struct sr_session *session, const struct sr_revive *v,
                      const char *why, const char *pending_dir)
{
    struct json_document *d;
    struct json_node *root = begin(&d, session, &v->act, "revived", why);
    json_put_string(d, root, "cause", session->cause);
    json_put_string(d, root, "push", v->push);
    json_put_string(d, root, "movement", v->moved[0] ? v->moved : NULL);
    json_put_integer(d, root, "pushes_given", (int64_t)v->tried);
    put_backup(d, root, &v->act, pending_dir);
    json_finish(d, root, false, out);
}
