#include "app/report.h"

#include "base/json.h"

#include <errno.h>

/* ---- writing ------------------------------------------------------------------------------ */

static void put_strings(struct json_document *d, struct json_node *to, const char *key,
                        const char *const *items, size_t count)
{
    struct json_node *array = json_array(d);
    for (size_t i = 0; i < count; i++)
        json_put_string(d, array, NULL, items[i]);
    json_put(d, to, key, array);
}

static struct json_node *session_node(struct json_document *d, const struct sr_session *s)
{
    struct json_node *node = json_object(d);
    json_put_integer(d, node, "pid", s->pid);
    json_put_integer(d, node, "start", (int64_t)s->start_ticks);
    json_put_string(d, node, "id", s->session_id);
    json_put_string(d, node, "config", s->config_dir);
    json_put_string(d, node, "transcript", s->transcript);
    json_put_string(d, node, "cwd", s->cwd);
    json_put_string(d, node, "tty", s->tty);
    json_put_integer(d, node, "size", s->size_bytes);
    json_put_integer(d, node, "verdict", s->verdict);
    json_put_string(d, node, "cause", s->cause);
    json_put_string(d, node, "confidence", s->confidence);
    json_put_string(d, node, "advice", s->advice);
    put_strings(d, node, "evidence", s->evidence, s->evidence_count);
    json_put_integer(d, node, "tokens", s->context_tokens);
    json_put_integer(d, node, "window", s->context_window);
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

static void finish(struct json_document *d, struct json_node *root, struct buf *out)
{
    json_write(d, root, true, out);
    json_document_free(d);
}

void report_write(const struct report *r, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d), *sessions = json_array(d);
    for (size_t i = 0; i < r->look.session_count; i++)
        json_put(d, sessions, NULL, session_node(d, &r->look.sessions[i]));
    json_put(d, root, "sessions", sessions);
    if (r->look.has_expiring) {
        struct json_node *expiring = json_array(d);
        for (size_t i = 0; i < r->look.expiring_count; i++)
            json_put(d, expiring, NULL, expiring_node(d, &r->look.expiring[i]));
        json_put(d, root, "expiring", expiring);
    }
    put_strings(d, root, "problems", r->look.problems, r->look.problem_count);
    put_strings(d, root, "stores", r->stores, r->store_count);
    json_put_string(d, root, "blind", r->blind);
    finish(d, root, out);
}

void report_write_backup(size_t number, const struct change_result *result, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_integer(d, root, "number", (int64_t)number);
    json_put_integer(d, root, "outcome", result->outcome);
    json_put_string(d, root, "backup", result->backup);
    json_put_string(d, root, "error", result->error);
    finish(d, root, out);
}

/* ---- reading ------------------------------------------------------------------------------ */

static const char *text_of(struct arena *a, const struct json_value *object, const char *key)
{
    struct sv s;
    return json_string(json_get(object, key), &s) ? arena_strndup(a, s.p, s.n) : NULL;
}

static int64_t number_of(const struct json_value *object, const char *key)
{
    int64_t n;
    return json_integer(json_get(object, key), &n) ? n : -1;
}

static size_t length_of(const struct json_value *array)
{
    size_t n = 0;
    for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
        n++;
    return n;
}

static const char *const *strings_of(struct arena *a, const struct json_value *array, size_t *count)
{
    const char **items = arena_alloc(a, (length_of(array) + 1) * sizeof *items);
    struct sv s;
    size_t n = 0;
    for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
        if (json_string(v, &s))
            items[n++] = arena_strndup(a, s.p, s.n);
    *count = n;
    return items;
}

static void read_session(struct arena *a, const struct json_value *v, struct sr_session *s)
{
    int64_t verdict = number_of(v, "verdict");
    *s = (struct sr_session){
        .pid = (int)number_of(v, "pid"),
        .start_ticks = (uint64_t)number_of(v, "start"),
        .session_id = text_of(a, v, "id"),
        .config_dir = text_of(a, v, "config"),
        .transcript = text_of(a, v, "transcript"),
        .cwd = text_of(a, v, "cwd"),
        .tty = text_of(a, v, "tty"),
        .size_bytes = number_of(v, "size"),
        .verdict = verdict >= 0 && verdict <= SR_STARTING ? (enum sr_verdict)verdict : SR_UNKNOWN,
        .cause = text_of(a, v, "cause"),
        .confidence = text_of(a, v, "confidence"),
        .advice = text_of(a, v, "advice"),
        .context_tokens = number_of(v, "tokens"),
        .context_window = number_of(v, "window"),
        .context_percent = -1,
    };
    s->evidence = strings_of(a, json_get(v, "evidence"), &s->evidence_count);
    if (s->context_tokens > 0 && s->context_window > 0)
        s->context_percent = (double)s->context_tokens * 100.0 / (double)s->context_window;
}

static void read_expiring(struct arena *a, const struct json_value *v, struct change_expiring *x)
{
    *x = (struct change_expiring){
        .session_id = text_of(a, v, "id"),
        .config_dir = text_of(a, v, "config"),
        .transcript = text_of(a, v, "transcript"),
        .size_bytes = number_of(v, "size"),
        .modified_at_ms = number_of(v, "modified"),
        .deleted_at_ms = number_of(v, "deleted"),
    };
}

int report_read(struct arena *a, struct sv text, struct report *out)
{
    const struct json_value *root;
    struct report r = {0};
    if (text.n == 0 || json_parse(a, text, &root) < 0 || !json_is_object(root))
        return -EBADMSG;
    const struct json_value *list = json_get(root, "sessions"), *v;
    struct sr_session *sessions = arena_alloc(a, (length_of(list) + 1) * sizeof *sessions);
    for (v = json_first(list); v; v = json_next(list, v))
        read_session(a, v, &sessions[r.look.session_count++]);
    r.look.sessions = sessions;

    list = json_get(root, "expiring");
    struct change_expiring *expiring = arena_alloc(a, (length_of(list) + 1) * sizeof *expiring);
    for (v = json_first(list); v; v = json_next(list, v))
        read_expiring(a, v, &expiring[r.look.expiring_count++]);
    r.look.has_expiring = json_is_array(list);
    r.look.expiring = expiring;
    r.look.problems = strings_of(a, json_get(root, "problems"), &r.look.problem_count);
    r.stores = strings_of(a, json_get(root, "stores"), &r.store_count);
    r.blind = text_of(a, root, "blind");
    *out = r;
    return 0;
}

int report_read_backup(struct arena *a, struct sv line, size_t *number,
                       struct change_result *result)
{
    const struct json_value *root;
    if (line.n == 0 || json_parse(a, line, &root) < 0)
        return -EBADMSG;
    int64_t n = number_of(root, "number"), outcome = number_of(root, "outcome");
    if (n < 0 || outcome < 0 || outcome > CHANGE_FAILED)
        return -EBADMSG;
    *number = (size_t)n;
    *result = (struct change_result){(enum change_outcome)outcome, text_of(a, root, "backup"),
                                     text_of(a, root, "error")};
    return 0;
}
