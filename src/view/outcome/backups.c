#include "view/outcome/backups.h"

#include "agents/agent.h"
#include "backup/backup_dir.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "view/json.h"

enum { ID_COLUMNS = 8 };

static const char *files_word(size_t count)
{
    return count == 1 ? "file" : "files";
}

/* ---- --export ----------------------------------------------------------------------------- */

static const char *outcome_word(const struct view_export *row)
{
    static const char *const words[] = {"exported", "already exported", "would export"};
    return row->code < 0 ? "failed" : words[row->result.outcome];
}

static void add_remarks(struct buf *out, const struct sr_export *e)
{
    char size[STR_SIZE_TEXT];
    if (e->outcome != SR_ALREADY_EXPORTED && e->grown_bytes > 0)
        buf_addf(out, ", %s more than in the last backup", str_format_size(e->grown_bytes, size));
    if (e->outcome != SR_ALREADY_EXPORTED && e->grown_bytes == 0)
        buf_adds(out, ", as long as in the last backup");
    if (e->outcome != SR_ALREADY_EXPORTED && e->grown_bytes < -1)
        buf_addf(out, ", %s less than in the last backup", str_format_size(-e->grown_bytes, size));
    if (e->last_line_is_torn)
        buf_adds(out, "; its last line breaks off");
    size_t unread = e->lost_count - e->has_no_transcript; /* which is counted as lost */
    if (unread)
        buf_addf(out, "; incomplete: %zu %s could not be read", unread, files_word(unread));
    if (e->was_rewritten)
        buf_adds(out, "; NOT STABLE: it was rewritten each time it was read, export it again");
}

void view_text_exports(struct buf *out, const struct view_export *rows, size_t count,
                       const char *pending_dir)
{
    for (size_t i = 0; i < count; i++) {
        const struct sr_export *e = &rows[i].result;
        char size[STR_SIZE_TEXT];
        buf_addf(out, "%s %.*s", outcome_word(&rows[i]), ID_COLUMNS,
                 agent_telling_id(rows[i].session_id));
        if (rows[i].code < 0) {
            utf8_adds_between(out, ": ", rows[i].why, "\n");
            continue;
        }
        if (e->has_no_transcript)
            buf_addf(out, ": no transcript, %zu %s (%s", e->file_count, files_word(e->file_count),
                     str_format_size(e->total_bytes, size));
        else
            buf_addf(out, " (%s in %zu %s", str_format_size(e->total_bytes, size), e->file_count,
                     files_word(e->file_count));
        add_remarks(out, e);
        utf8_adds_between(out, ")\n  ", pending_dir, "");
        if (e->stem[0])
            buf_addf(out, "/%s.%s", e->stem,
                     e->has_no_transcript ? "files" : &BACKUP_TRANSCRIPT[1]);
        buf_adds(out, "\n");
        if (e->lost_count)
            utf8_adds_between(out, "  not in it: ", e->lost, "\n");
        if (e->fuller_stem[0])
            buf_addf(out, "  an earlier backup holds %s more, and is kept: %s\n",
                     e->fuller_bytes > e->size_bytes
                         ? str_format_size(e->fuller_bytes - e->size_bytes, size)
                         : "whole records",
                     e->fuller_stem);
        if (e->unread_stem[0])
            buf_addf(out,
                     "  whether an earlier backup holds more is not known: %s" BACKUP_TRANSCRIPT
                     ": %s\n",
                     e->unread_stem, err_reason(e->unread_code));
        if (e->salvage[0]) {
            utf8_adds_between(out, "  ", e->salvage, "");
            if (e->salvaged_count && e->stem[0])
                buf_addf(out, ", in %s.salvage.md", e->stem);
            buf_adds(out, "\n");
        }
    }
}

static void put_path(struct json_document *d, struct json_node *to, const char *key,
                     const char *folder, const char *stem)
{
    BUF_RELEASE struct buf path = {0};
    buf_addf(&path, "%s/%s" BACKUP_TRANSCRIPT, folder, stem);
    json_put_string(d, to, key, stem[0] ? path.p : NULL);
}

static struct json_node *export_node(struct json_document *d, const struct view_export *row,
                                     const char *pending_dir)
{
    const struct sr_export *e = &row->result;
    struct json_node *node = json_object(d);
    json_put_string(d, node, "session_id", row->session_id);
    json_put_string(d, node, "result", outcome_word(row));
    json_put_string(d, node, "error", row->code < 0 ? row->why : NULL);
    json_put_string(d, node, "resume_command", row->resume_command);
    json_put_pid(d, node, "pid", row->held_by);
    if (row->code < 0)
        return node;
    put_path(d, node, "backup", pending_dir, e->stem);
    json_put_integer(d, node, "size_bytes", e->size_bytes);
    json_put_integer(d, node, "total_bytes", e->total_bytes);
    json_put_integer(d, node, "files", (int64_t)e->file_count);
    json_put_count(d, node, "grown_bytes", e->grown_bytes);
    json_put_integer(d, node, "lost_files", (int64_t)e->lost_count);
    json_put_string(d, node, "lost", e->lost_count ? e->lost : NULL);
    put_path(d, node, "fuller_backup", pending_dir, e->fuller_stem);
    put_path(d, node, "unread_backup", pending_dir, e->unread_stem);
    json_put_bool(d, node, "is_stable", !e->was_rewritten);
    json_put_bool(d, node, "last_line_is_whole", !e->last_line_is_torn);
    json_put_integer(d, node, "salvaged", (int64_t)e->salvaged_count);
    json_put_string(d, node, "salvage", e->salvage[0] ? e->salvage : NULL);
    return node;
}

static struct json_node *unsaved_node(struct json_document *d, const struct sr_session *s)
{
    struct json_node *node = json_object(d);
    json_put_string(d, node, "session_id", s->session_id);
    json_put_pid(d, node, "pid", s->pid);
    json_put_string(d, node, "persistence", sr_persistence_word(s->persistence));
    json_put_time(d, node, "unsaved_since", (struct wall){s->unsaved_since_ms});
    json_put_string(d, node, "unsaved_why", s->unsaved_why);
    return node;
}

static struct json_node *doubt_node(struct json_document *d, const struct view_doubt *doubt)
{
    struct json_node *node = json_object(d);
    json_put_string(d, node, "session_id", doubt->session->session_id);
    json_put_pid(d, node, "pid", doubt->session->pid);
    json_put_string(d, node, "why", doubt->why);
    return node;
}

void view_json_exports(struct buf *out, const struct view_exports *of, const char *pending_dir)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_string(d, root, "pending_dir", pending_dir);
    struct json_node *exports = json_put_array(d, root, "exports");
    for (size_t i = 0; i < of->count; i++)
        json_put(d, exports, NULL, export_node(d, &of->rows[i], pending_dir));
    struct json_node *lacking = json_put_array(d, root, "unsaved");
    for (size_t i = 0; i < of->unsaved_count; i++)
        json_put(d, lacking, NULL, unsaved_node(d, of->unsaved[i]));
    struct json_node *doubts = json_put_array(d, root, "not_proven_empty");
    for (size_t i = 0; i < of->doubt_count; i++)
        json_put(d, doubts, NULL, doubt_node(d, &of->doubts[i]));
    json_finish(d, root, false, out);
}

/* ---- --verify ----------------------------------------------------------------------------- */

void view_text_verified(struct buf *out, const struct view_verified *rows, size_t count,
                        const char *pending_dir)
{
    size_t sound = 0;
    for (size_t i = 0; i < count; i++) {
        const struct verified *v = &rows[i].result;
        char size[STR_SIZE_TEXT];
        if (v->verdict == VERIFY_LACKING)
            buf_addf(out, "incomplete: %zu %s  %s", v->manifest.lost_count,
                     files_word(v->manifest.lost_count), rows[i].stem);
        else
            buf_addf(out, "%-16s  %s", verify_word(v->verdict), rows[i].stem);
        if (verify_holds(v))
            buf_addf(out, " (%s in %zu %s)", str_format_size(v->total_bytes, size), v->file_count,
                     files_word(v->file_count));
        buf_adds(out, "\n");
        for (size_t j = 0; j < v->finding_count; j++) {
            utf8_adds_between(out, "  ", v->findings[j].file, " ");
            utf8_adds_between(out, "", v->findings[j].what, "\n");
        }
        sound += verify_is_all(v);
    }
    if (count == 0)
        buf_adds(out, "No backups in ");
    else
        buf_addf(out, "%zu of %zu verified in ", sound, count);
    utf8_adds_between(out, "", pending_dir, "\n");
}

void view_json_verified(struct buf *out, const struct view_verified *rows, size_t count,
                        const char *pending_dir)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_string(d, root, "pending_dir", pending_dir);
    struct json_node *backups = json_put_array(d, root, "backups");
    for (size_t i = 0; i < count; i++) {
        const struct verified *v = &rows[i].result;
        struct json_node *node = json_put_object(d, backups, NULL);
        put_path(d, node, "backup", pending_dir, rows[i].stem);
        json_put_string(d, node, "session_id", v->manifest.session_id);
        json_put_string(d, node, "result", verify_word(v->verdict));
        json_put_integer(d, node, "total_bytes", v->total_bytes);
        json_put_integer(d, node, "files", (int64_t)v->file_count);
        json_put_integer(d, node, "lost_files", (int64_t)v->manifest.lost_count);
        struct json_node *findings = json_put_array(d, node, "findings");
        for (size_t j = 0; j < v->finding_count; j++) {
            struct json_node *finding = json_put_object(d, findings, NULL);
            json_put_string(d, finding, "file", v->findings[j].file);
            json_put_string(d, finding, "what", v->findings[j].what);
        }
    }
    json_finish(d, root, false, out);
}

/* ---- --restore ---------------------------------------------------------------------------- */

static size_t count_fate(const struct restore_plan *plan, enum restore_fate fate)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->step_count; i++)
        n += plan->steps[i].fate == fate;
    return n;
}

void view_text_restore(struct buf *out, const struct restore_plan *plan, bool is_done)
{
    size_t written = count_fate(plan, RESTORE_WRITE) + count_fate(plan, RESTORE_APPEND);
    buf_addf(out, "%s %s", is_done ? "restored" : "would restore", plan->session_id);
    if (plan->has_new_id)
        buf_addf(out, " (a new id for %s%s)", plan->old_id,
                 is_done ? ", which was replaced in every record" : "");
    utf8_adds_between(out, " below ", plan->config_dir, "");
    buf_addf(out, ": %zu %s\n", written, files_word(written));
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct restore_step *step = &plan->steps[i];
        buf_addf(out, "  %-18s  ", restore_fate_word(step->fate));
        utf8_adds_printable(out, step->to ? step->to : step->from);
        if (step->why)
            utf8_adds_between(out, " ", step->why, "");
        buf_adds(out, "\n");
    }
    const struct manifest *m = &plan->verified.manifest;
    for (size_t i = 0; i < m->left_out_count; i++) {
        if (!m->left_out[i].is_lost)
            continue;
        buf_addf(out, "  %-18s  ", "not in the backup");
        utf8_adds_printable(out, m->left_out[i].path);
        utf8_adds_between(out, ": ", m->left_out[i].why, "\n");
    }
    if (!plan->verified.manifest.files[0].copied.ends_in_newline)
        buf_adds(out, "  note: the transcript's last line breaks off, as it did in the session\n");
    if (plan->salvaged.n)
        buf_addf(out,
                 "  %-18s  the salvaged half of a reply, as two records behind the transcript\n",
                 is_done ? "appended" : "append");
}

void view_json_restore(struct buf *out, const struct restore_plan *plan, bool is_done,
                       const char *resume_command, const char *caution)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d), *files = json_array(d);
    json_put_string(d, root, "session_id", plan->session_id);
    json_put_string(d, root, "old_session_id", plan->has_new_id ? plan->old_id : NULL);
    json_put_integer(d, root, "ids_rewritten", (int64_t)plan->ids_rewritten);
    json_put_string(d, root, "config_dir", plan->config_dir);
    json_put_string(d, root, "cwd", plan->cwd);
    json_put_bool(d, root, "is_done", is_done);
    json_put_integer(d, root, "salvaged_bytes", (int64_t)plan->salvaged.n);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct restore_step *step = &plan->steps[i];
        struct json_node *node = json_put_object(d, files, NULL);
        json_put_string(d, node, "file", step->to ? step->to : step->from);
        json_put_string(d, node, "what", restore_fate_word(step->fate));
        json_put_string(d, node, "why", step->why);
    }
    json_put(d, root, "files", files);
    json_put_integer(d, root, "lost_files", (int64_t)plan->verified.manifest.lost_count);
    json_put_string(d, root, "resume_command", resume_command);
    json_put_string(d, root, "caution", caution);
    json_finish(d, root, false, out);
}
