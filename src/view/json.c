#include "view/json.h"

#include "base/clock.h"
#include "base/json.h"
#include "session/resume.h"
#include "view/left.h"

static void put_process(struct json_document *d, struct json_node *to, const struct sr_session *s)
{
    json_put_string(d, to, "agent", s->agent);
    json_put_pid(d, to, "pid", s->pid);
    json_put_pid(d, to, "ppid", s->ppid);
    json_put_count(d, to, "uid", s->uid);
    json_put_time(d, to, "started_at", (struct wall){s->started_at_ms});
    json_put_string(d, to, "version", s->version);
    json_put_string(d, to, "kind", s->kind == SR_KIND_UNKNOWN ? NULL : sr_kind_word(s->kind));
    json_put_string(d, to, "entrypoint", s->entrypoint);
    json_put_string(d, to, "tty", s->tty);
    if (s->multiplexer.kind) {
        struct json_node *m = json_put_object(d, to, "multiplexer");
        json_put_string(d, m, "kind", s->multiplexer.kind);
        json_put_string(d, m, "server", s->multiplexer.server);
        json_put_string(d, m, "pane", s->multiplexer.pane);
    } else {
        json_put_null(d, to, "multiplexer");
    }
    json_put_bool(d, to, "current", s->current);
    json_put_pid(d, to, "parent_pid", s->parent_pid);
    json_put_string(d, to, "parent_session_id", s->parent_session_id);
    json_put_string(d, to, "container", s->container);
    json_put_pid(d, to, "container_pid", s->container_pid);
}

static void put_attachments(struct json_document *d, struct json_node *to,
                            const struct sr_session *s)
{
    const struct sr_attachment *owner = sr_session_owner(s);
    struct json_node *uis = json_array(d);
    for (size_t i = 0; i < s->attachment_count; i++)
        if (s->attachments[i].role == SR_ROLE_UI)
            json_put_integer(d, uis, NULL, s->attachments[i].pid);
    json_put_pid(d, to, "owner_pid", owner ? owner->pid : 0);
    json_put(d, to, "ui_pids", uis);
}

static void put_parts(struct json_document *d, struct json_node *to, const struct sr_session *s)
{
    struct json_node *parts = json_put_array(d, to, "parts");
    for (size_t i = 0; i < s->part_count; i++) {
        struct json_node *part = json_put_object(d, parts, NULL);
        json_put_string(d, part, "kind", s->parts[i].kind);
        json_put_string(d, part, "path", s->parts[i].path);
        json_put_string(d, part, "key", s->parts[i].key);
    }
}

static void put_session(struct json_document *d, struct json_node *to, const struct sr_session *s)
{
    json_put_string(d, to, "session_id", s->session_id);
    struct json_node *mapping = json_put_object(d, to, "mapping");
    json_put_string(d, mapping, "by", sr_mapping_word(s->mapped_by));
    json_put_string(d, mapping, "confidence", sr_certainty_word(s->mapping_certainty));
    json_put_strings(d, mapping, "candidates", s->candidates, s->candidate_count);

    struct json_node *twins = json_put_array(d, to, "twins");
    for (size_t i = 0; i < s->twin_count; i++)
        json_put_integer(d, twins, NULL, s->twins[i]);
    put_attachments(d, to, s);

    json_put_string(d, to, "transcript", s->transcript);
    put_parts(d, to, s);
    json_put_count(d, to, "size_bytes", s->size_bytes);
    json_put_string(d, to, "cwd", s->cwd);
    if (!s->cwd || s->pid || s->left || s->cwd_is_unknown)
        json_put_null(d, to, "cwd_gone");
    else
        json_put_bool(d, to, "cwd_gone", s->cwd_is_gone);
    json_put_string(d, to, "config_dir", s->config_dir);
    json_put_string(d, to, "first_prompt", s->first_prompt);
    json_put_time(d, to, "last_activity_at", (struct wall){s->last_activity_at_ms});
    json_put_count(d, to, "silent_s", s->silent_s);
    view_put_left(d, to, s->left);
}

static void put_judgement(struct json_document *d, struct json_node *to, const struct sr_session *s)
{
    /* a listing of what can be resumed judges nothing */
    json_put_string(d, to, "verdict", s->cause ? sr_verdict_word(s->verdict) : NULL);
    json_put_string(d, to, "cause", s->cause);
    json_put_string(d, to, "confidence", s->confidence);
    json_put_strings(d, to, "evidence", s->evidence, s->evidence_count);
    json_put_string(d, to, "advice", s->advice);
    json_put_string(d, to, "persistence", sr_persistence_word(s->persistence));
    json_put_time(d, to, "unsaved_since", (struct wall){s->unsaved_since_ms});
    json_put_string(d, to, "unsaved_why", s->unsaved_why);
}

static void put_resume_command(struct json_document *d, struct json_node *to,
                               const struct sr_session *s)
{
    BUF_RELEASE struct buf command = {0};
    int r = resume_add_command(&command, s);
    json_put_string(d, to, "resume_command", r == 0 ? command.p : NULL);
    json_put_string(d, to, "no_command", sr_resume_obstacle(s));
    json_put_string(d, to, "caution", s->caution);
    command.n = 0;
    r = resume_add_attach(&command, s);
    json_put_string(d, to, "attach_command", r == 0 ? command.p : NULL);
}

/* Where the conversation is now, and where it came from. */
static void put_way(struct json_document *d, struct json_node *to, const struct sr_session *s)
{
    json_put_string(d, to, "continued_in", s->continued_in);
    json_put_string(d, to, "continuation", sr_continuation_word(s->continuation));
    json_put_string(d, to, "continues", s->continues);
    json_put_string(d, to, "forked_from", s->forked_from);
    json_put_bool(d, to, "archived", s->is_archived);
}

void view_json_put_strays(struct json_document *d, struct json_node *to, const struct sr_stray *all,
                          size_t count)
{
    struct json_node *strays = json_put_array(d, to, "strays");
    for (size_t i = 0; i < count; i++) {
        const struct sr_stray *stray = &all[i];
        struct json_node *node = json_put_object(d, strays, NULL);
        BUF_RELEASE struct buf command = {0};
        int r = resume_add_move(&command, stray);
        json_put_string(d, node, "session_id", stray->session_id);
        json_put_string(d, node, "path", stray->path);
        json_put_integer(d, node, "size_bytes", stray->size_bytes);
        json_put_string(d, node, "why", stray->why);
        json_put_string(d, node, "found_by", stray->found_by);
        json_put_string(d, node, "move_command", r == 0 ? command.p : NULL);
        json_put_integer(d, node, "rivals", (int64_t)stray->rivals);
    }
}

static struct json_node *session_node(struct json_document *d, const struct sr_session *s)
{
    struct json_node *node = json_object(d);
    put_process(d, node, s);
    put_session(d, node, s);
    put_judgement(d, node, s);
    put_resume_command(d, node, s);
    put_way(d, node, s);
    if (s->cpu_percent < 0)
        json_put_null(d, node, "cpu_percent");
    else
        json_put_real(d, node, "cpu_percent", s->cpu_percent);
    json_put_count(d, node, "rss_bytes", s->rss_bytes);
    json_put_count(d, node, "context_tokens", s->context_tokens);
    json_put_count(d, node, "context_window", s->context_window);
    if (s->context_percent < 0)
        json_put_null(d, node, "context_percent");
    else /* one digit behind the point */
        json_put_real(d, node, "context_percent", (double)(int64_t)(s->context_percent * 10) / 10);

    struct json_node *children = json_put_array(d, node, "children");
    for (size_t i = 0; i < s->child_count; i++) {
        struct json_node *child = json_put_object(d, children, NULL);
        json_put_integer(d, child, "pid", s->children[i].pid);
        json_put_string(d, child, "name", s->children[i].name);
    }
    json_put_strings(d, node, "notes", s->notes, s->note_count);
    json_put_string(d, node, "unfinished", s->unfinished);
    return node;
}

void view_json_put_problems(struct json_document *d, struct json_node *to,
                            const struct sr_problem *all, size_t count)
{
    struct json_node *problems = json_put_array(d, to, "problems");
    for (size_t i = 0; i < count; i++) {
        struct json_node *problem = json_put_object(d, problems, NULL);
        json_put_string(d, problem, "path", all[i].path);
        json_put_string(d, problem, "text", all[i].text);
    }
}

struct json_node *view_json_begin(struct json_document **d)
{
    *d = json_document_new();
    struct json_node *root = json_object(*d);
    json_put_string(*d, root, "schema", VIEW_SCHEMA);
    return root;
}

void view_json_sessions(struct buf *out, const struct sr_snapshot *snapshot, size_t not_asked_for)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_time(d, root, "taken_at", (struct wall){snapshot->taken_at_ms});
    json_put_string(d, root, "host", snapshot->host);

    struct json_node *sessions = json_put_array(d, root, "sessions");
    int64_t live = 0, hung = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        json_put(d, sessions, NULL, session_node(d, s));
        live += s->pid > 0;
        hung += s->verdict == SR_HUNG;
    }

    view_json_put_problems(d, root, snapshot->problems, snapshot->problem_count);

    view_json_put_strays(d, root, snapshot->strays, snapshot->stray_count);

    struct json_node *counts = json_put_object(d, root, "counts");
    json_put_integer(d, counts, "detected", live);
    json_put_integer(d, counts, "hung", hung);
    json_put_integer(d, counts, "not_asked_for", (int64_t)not_asked_for);
    json_put_integer(d, counts, "stored", (int64_t)snapshot->stored_count);
    json_put_integer(d, counts, "gone", (int64_t)snapshot->gone_count);
    json_put_integer(d, counts, "prompts_only", (int64_t)snapshot->prompted_count);
    json_put_bool(d, counts, "prompts_only_is_least", snapshot->prompted_is_least);
    json_put_integer(d, counts, "archived", (int64_t)snapshot->archived_count);

    json_finish(d, root, false, out);
}
