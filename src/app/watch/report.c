#include "app/watch/report.h"

#include "base/json.h"

#include <errno.h>

/* ---- writing ------------------------------------------------------------------------------ */

static struct json_node *session_node(struct json_document *d, const struct sr_session *s)
{
    struct json_node *node = json_object(d);
    json_put_integer(d, node, "pid", s->pid);
    json_put_integer(d, node, "start", (int64_t)s->start_ticks);
    json_put_string(d, node, "id", s->session_id);
    json_put_string(d, node, "config", s->config_dir);
    json_put_string(d, node, "transcript", s->transcript);
    json_put_integer(d, node, "parts", (int64_t)s->part_count);
    json_put_string(d, node, "cwd", s->cwd);
    json_put_string(d, node, "tty", s->tty);
    json_put_integer(d, node, "size", s->size_bytes);
    json_put_integer(d, node, "verdict", s->verdict);
    json_put_integer(d, node, "persistence", s->persistence);
    json_put_integer(d, node, "unsaved_since", s->unsaved_since_ms);
    json_put_string(d, node, "unsaved_why", s->unsaved_why);
    json_put_string(d, node, "saving", s->saving);
    json_put_string(d, node, "cause", s->cause);
    json_put_string(d, node, "confidence", s->confidence);
    json_put_string(d, node, "advice", s->advice);
    json_put_strings(d, node, "evidence", s->evidence, s->evidence_count);
    json_put_integer(d, node, "tokens", s->context_tokens);
    json_put_integer(d, node, "window", s->context_window);
    json_put_integer(d, node, "activity", s->last_activity_at_ms);
    json_put_integer(d, node, "mapped", s->mapped_by);
    return node;
}

static struct json_node *expiring_node(struct json_document *d, const struct change_expiring *x)
{
    struct json_node *node = json_object(d);
    json_put_string(d, node, "id", x->session_id);
    json_put_string(d, node, "config", x->config_dir);
    json_put_string(d, node, "transcript", x->transcript);
    json_put_integer(d, node, "size", x->size_bytes);
    json_put_integer(d, node, "modified", x->modified_at_ms);
    json_put_integer(d, node, "deleted", x->deleted_at_ms);
    return node;
}

void report_write(const struct report *r, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d), *sessions = json_put_array(d, root, "sessions");
    for (size_t i = 0; i < r->look.session_count; i++)
        json_put(d, sessions, NULL, session_node(d, &r->look.sessions[i]));
    if (r->look.has_expiring) {
        struct json_node *expiring = json_put_array(d, root, "expiring");
        for (size_t i = 0; i < r->look.expiring_count; i++)
            json_put(d, expiring, NULL, expiring_node(d, &r->look.expiring[i]));
    }
    struct json_node *left = json_put_array(d, root, "left");
    for (size_t i = 0; i < r->look.left_count; i++)
        json_put_integer(d, left, NULL, r->look.left[i]);
    json_put_strings(d, root, "problems", r->look.problems, r->look.problem_count);
    json_put_strings(d, root, "stores", r->stores, r->store_count);
    json_put_string(d, root, "blind", r->blind);
    json_finish(d, root, true, out);
}

void report_write_backup(size_t number, const struct change_result *result, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_integer(d, root, "number", (int64_t)number);
    json_put_integer(d, root, "outcome", result->outcome);
    json_put_string(d, root, "backup", result->backup);
    json_put_string(d, root, "error", result->error);
    json_finish(d, root, true, out);
}

/* ---- reading ------------------------------------------------------------------------------ */

static void read_session(struct arena *a, const struct json_value *v, struct sr_session *s)
{
    int64_t verdict = json_number(v, "verdict"), saved = json_number(v, "persistence");
    *s = (struct sr_session){
        .pid = (int)json_number(v, "pid"),
        .start_ticks = (uint64_t)json_number(v, "start"),
        .session_id = json_copy_text(a, v, "id"),
        .config_dir = json_copy_text(a, v, "config"),
        .transcript = json_copy_text(a, v, "transcript"),
        .part_count = json_number(v, "parts") > 0,
        .cwd = json_copy_text(a, v, "cwd"),
        .tty = json_copy_text(a, v, "tty"),
        .size_bytes = json_number(v, "size"),
        .verdict = verdict >= 0 && verdict <= SR_STARTING ? (enum sr_verdict)verdict : SR_UNKNOWN,
        .cause = json_copy_text(a, v, "cause"),
        .confidence = json_copy_text(a, v, "confidence"),
        .advice = json_copy_text(a, v, "advice"),
        .context_tokens = json_number(v, "tokens"),
        .context_window = json_number(v, "window"),
        .context_percent = -1,
        .persistence = saved >= 0 && saved <= SR_PERSISTENCE_NONE ? (enum sr_persistence)saved
                                                                  : SR_PERSISTENCE_UNKNOWN,
        .unsaved_since_ms = json_number(v, "unsaved_since"),
        .unsaved_why = json_copy_text(a, v, "unsaved_why"),
        .saving = json_copy_text(a, v, "saving"),
        .last_activity_at_ms = json_number(v, "activity"),
        .mapped_by = json_number(v, "mapped") == SR_MAPPED_BY_REGISTRY ? SR_MAPPED_BY_REGISTRY
                                                                       : SR_MAPPED_BY_NOTHING,
    };
    s->evidence = json_copy_strings(a, json_get(v, "evidence"), &s->evidence_count);
    if (s->context_tokens > 0 && s->context_window > 0)
        s->context_percent = (double)s->context_tokens * 100.0 / (double)s->context_window;
}

static void read_expiring(struct arena *a, const struct json_value *v, struct change_expiring *x)
{
    *x = (struct change_expiring){
        .session_id = json_copy_text(a, v, "id"),
        .config_dir = json_copy_text(a, v, "config"),
        .transcript = json_copy_text(a, v, "transcript"),
        .size_bytes = json_number(v, "size"),
        .modified_at_ms = json_number(v, "modified"),
        .deleted_at_ms = json_number(v, "deleted"),
    };
}

int report_read(struct arena *a, struct sv text, struct report *out)
{
    const struct json_value *root;
    struct report r = {0};
    if (text.n == 0 || json_parse(a, text, &root) < 0 || !json_is_object(root))
        return -EBADMSG;
    const struct json_value *list = json_get(root, "sessions"), *v;
    struct sr_session *sessions = arena_alloc(a, (json_length(list) + 1) * sizeof *sessions);
    for (v = json_first(list); v; v = json_next(list, v))
        read_session(a, v, &sessions[r.look.session_count++]);
    r.look.sessions = sessions;

    list = json_get(root, "left");
    int64_t *left = arena_alloc(a, (json_length(list) + 1) * sizeof *left);
    for (v = json_first(list); v; v = json_next(list, v))
        r.look.left_count += json_integer(v, &left[r.look.left_count]);
    r.look.left = left;

    list = json_get(root, "expiring");
    struct change_expiring *expiring = arena_alloc(a, (json_length(list) + 1) * sizeof *expiring);
    for (v = json_first(list); v; v = json_next(list, v))
        read_expiring(a, v, &expiring[r.look.expiring_count++]);
    r.look.has_expiring = json_is_array(list);
    r.look.expiring = expiring;
    r.look.problems = json_copy_strings(a, json_get(root, "problems"), &r.look.problem_count);
    r.stores = json_copy_strings(a, json_get(root, "stores"), &r.store_count);
    r.blind = json_copy_text(a, root, "blind");
    *out = r;
    return 0;
}

int report_read_backup(struct arena *a, struct sv line, size_t *number,
                       struct change_result *result)
{
    const struct json_value *root;
    if (line.n == 0 || json_parse(a, line, &root) < 0)
        return -EBADMSG;
    int64_t n = json_number(root, "number"), outcome = json_number(root, "outcome");
    if (n < 0 || outcome < 0 || outcome > CHANGE_FAILED)
        return -EBADMSG;
    *number = (size_t)n;
    *result =
        (struct change_result){(enum change_outcome)outcome, json_copy_text(a, root, "backup"),
                               json_copy_text(a, root, "error")};
    return 0;
}
