#include "view/outcome/ending.h"

#include "backup/backup_dir.h"
#include "base/json.h"
#include "view/json.h"

#include <stdio.h>

static const char *outcome_word(const struct sr_kill *k)
{
    if (k->act.was_done)
        return "killed";
    return k->act.was_refused ? "refused" : k->act.was_declined ? "declined" : "failed";
}

void view_json_ending(struct buf *out, const struct sr_session *session, const struct sr_kill *k,
                      const char *why, const char *const *resume_commands,
                      size_t resume_command_count, const char *pending_dir)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_string(d, root, "schema", VIEW_SCHEMA);
    json_put_integer(d, root, "pid", session->pid);
    json_put_string(d, root, "session_id", session->session_id);
    json_put_string(d, root, "outcome", outcome_word(k));
    json_put_string(d, root, "error", why);
    json_put_bool(d, root, "by_force", k->by_force);
    struct buf backup = {0};
    if (k->act.has_transcript)
        buf_addf(&backup, "%s/%s" BACKUP_TRANSCRIPT, pending_dir, k->act.backup.stem);
    json_put_string(d, root, "backup", backup.p);
    json_put_bool(d, root, "backup_complete", k->is_backup_complete);
    json_put_integer(d, root, "survivors", (int64_t)k->survivor_count);
    struct json_node *commands = json_array(d);
    for (size_t i = 0; i < resume_command_count; i++)
        json_put_string(d, commands, NULL, resume_commands[i]);
    json_put(d, root, "resume_commands", commands);
    json_finish(d, root, false, out);
    buf_release(&backup);
}
