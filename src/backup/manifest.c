#include "backup/manifest.h"

#include "base/clock.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

static const char *const kind_words[] = {"transcript", "own",     "shared", "lines",
                                         "record",     "outside", "salvage"};

enum { KINDS = sizeof kind_words / sizeof *kind_words };

/* ---- writing ------------------------------------------------------------------------------ */

static void put_process(struct json_document *d, struct json_node *root, const struct sr_session *s)
{
    if (!s || s->pid == 0) {
        json_put_null(d, root, "process");
        return;
    }
    struct json_node *p = json_put_object(d, root, "process");
    json_put_integer(d, p, "pid", s->pid);
    json_put_time(d, p, "started_at", (struct wall){s->started_at_ms});
    json_put_integer(d, p, "start_ticks", (int64_t)s->start_ticks);
    json_put_string(d, p, "version", s->version);
    json_put_string(d, p, "kind", sr_kind_word(s->kind));
    json_put_string(d, p, "tty", s->tty);
    json_put_string(d, p, "verdict", sr_verdict_word(s->verdict));
    json_put_string(d, p, "cause", s->cause);
}

static struct json_node *parts_node(struct json_document *d, const struct manifest_file *f)
{
    struct json_node *parts = json_array(d);
    for (size_t i = 0; i < f->part_count; i++) {
        const struct manifest_part *p = &f->parts[i];
        struct json_node *node = json_put_object(d, parts, NULL);
        json_put_string(d, node, "kind", p->kind);
        json_put_string(d, node, "sure", p->sureness);
        json_put_string(d, node, "encoding", p->is_json ? "json" : "plain");
        json_put_integer(d, node, "offset_bytes", p->offset_bytes);
        json_put_integer(d, node, "size_bytes", p->size_bytes);
        json_put_string(d, node, "sha256", p->sha256);
    }
    return parts;
}

static struct json_node *file_node(struct json_document *d, const struct manifest_file *f)
{
    const struct copied *c = &f->copied;
    struct json_node *node = json_object(d);
    json_put_string(d, node, "name", f->name);
    json_put_string(d, node, "kind", f->is_torn_tail ? "torn-tail" : kind_words[f->kind]);
    json_put_string(d, node, "sha256", c->sha256);
    json_put_integer(d, node, "size_bytes", c->size_bytes);
    json_put_string(d, node, "source", f->source);
    json_put_string(d, node, "read_back", readback_word(c->read_back));
    if (f->kind == AGENT_FILE_SALVAGE)
        json_put(d, node, "parts", parts_node(d, f));
    if (f->is_torn_tail || f->kind == AGENT_FILE_SALVAGE)
        return node;
    json_put_integer(d, node, "source_size_bytes", c->source.size_bytes);
    json_put_integer(d, node, "source_mtime_ns", c->source.mtime_ns);
    json_put_integer(d, node, "source_ctime_ns", c->source.ctime_ns);
    json_put_integer(d, node, "source_device", (int64_t)c->source.device);
    json_put_integer(d, node, "source_inode", (int64_t)c->source.inode);
    json_put_string(d, node, "state", copy_state_word(c->state));
    json_put_bool(d, node, "last_line_is_whole", c->ends_in_newline);
    json_put_integer(d, node, "torn_bytes", c->torn_bytes);
    return node;
}

void manifest_write(const struct manifest *m, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_string(d, root, "schema", MANIFEST_SCHEMA);
    json_put_string(d, root, "tool", m->tool);
    json_put_time(d, root, "taken_at", m->taken_at);
    json_put_string(d, root, "host", m->host);
    json_put_string(d, root, "why", m->why);
    json_put_string(d, root, "agent", m->agent);
    json_put_string(d, root, "session_id", m->session_id);
    json_put_string(d, root, "cwd", m->cwd);
    json_put_string(d, root, "config_dir", m->config_dir);
    put_process(d, root, m->process);

    struct json_node *files = json_put_array(d, root, "files");
    for (size_t i = 0; i < m->file_count; i++)
        json_put(d, files, NULL, file_node(d, &m->files[i]));

    struct json_node *left_out = json_put_array(d, root, "left_out");
    for (size_t i = 0; i < m->left_out_count; i++) {
        struct json_node *node = json_put_object(d, left_out, NULL);
        json_put_string(d, node, "path", m->left_out[i].path);
        json_put_string(d, node, "why", m->left_out[i].why);
        json_put_bool(d, node, "is_lost", m->left_out[i].is_lost);
    }
    json_finish(d, root, false, out);
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool parse_part(struct arena *a, const struct json_value *v, struct manifest_part *out)
{
    const char *sha256 = json_copy_text(a, v, "sha256");
    out->kind = json_copy_text(a, v, "kind");
    out->sureness = json_copy_text(a, v, "sure");
    out->is_json = str_equals(json_copy_text(a, v, "encoding"), "json");
    out->offset_bytes = json_number(v, "offset_bytes");
    out->size_bytes = json_number(v, "size_bytes");
    if (!out->kind || !out->sureness || !sha256 || strlen(sha256) != DIGEST_TEXT_SIZE - 1)
        return false;
    memcpy(out->sha256, sha256, DIGEST_TEXT_SIZE);
    return out->offset_bytes >= 0 && out->size_bytes >= 0;
}

static bool parse_parts(struct arena *a, const struct json_value *parts, struct manifest_file *out)
{
    struct manifest_part *items = NULL;
    size_t capacity = 0;
    for (const struct json_value *v = json_is_array(parts) ? json_first(parts) : NULL; v;
         v = json_next(parts, v))
        if (!parse_part(a, v, ARENA_PUSH(a, items, out->part_count, capacity)))
            return false;
    out->parts = items;
    return true;
}

static bool parse_file(struct arena *a, const struct json_value *v, struct manifest_file *out)
{
    const char *kind = json_copy_text(a, v, "kind"), *state = json_copy_text(a, v, "state");
    const char *sha256 = json_copy_text(a, v, "sha256");
    struct copied *c = &out->copied;
    out->name = json_copy_text(a, v, "name");
    out->source = json_copy_text(a, v, "source");
    out->is_torn_tail = str_equals(kind, "torn-tail");
    size_t k = 0;
    while (k < KINDS && !str_equals(kind, kind_words[k]))
        k++;
    if (!out->name || !sha256 || strlen(sha256) != DIGEST_TEXT_SIZE - 1 ||
        (k == KINDS && !out->is_torn_tail))
        return false;
    out->kind = out->is_torn_tail ? AGENT_FILE_RECORD : (enum agent_file_kind)k;
    memcpy(c->sha256, sha256, DIGEST_TEXT_SIZE);
    c->size_bytes = json_number(v, "size_bytes");
    c->source.size_bytes = json_number(v, "source_size_bytes");
    c->source.mtime_ns = json_number(v, "source_mtime_ns");
    c->source.ctime_ns = json_number(v, "source_ctime_ns");
    c->source.device = (uint64_t)json_number(v, "source_device");
    c->source.inode = (uint64_t)json_number(v, "source_inode");
    c->ends_in_newline = json_is_true(json_get(v, "last_line_is_whole"));
    c->torn_bytes = json_number(v, "torn_bytes");
    c->state = str_equals(state, "grew")       ? COPY_GREW
               : str_equals(state, "unstable") ? COPY_UNSTABLE
               : str_equals(state, "missing")  ? COPY_MISSING
                                               : COPY_STABLE;
    return c->size_bytes >= 0 && parse_parts(a, json_get(v, "parts"), out);
}

int manifest_parse(struct arena *a, struct sv text, struct manifest *out, const char **wrong)
{
    const struct json_value *root;
    struct manifest m = {0};
    *wrong = "not valid JSON";
    if (text.n == 0 || json_parse(a, text, &root) < 0)
        return -EBADMSG;
    *wrong = "not a manifest of schema " MANIFEST_SCHEMA;
    if (!str_equals(json_copy_text(a, root, "schema"), MANIFEST_SCHEMA))
        return -EBADMSG;
    m.agent = json_copy_text(a, root, "agent");
    m.session_id = json_copy_text(a, root, "session_id");
    m.cwd = json_copy_text(a, root, "cwd");
    m.config_dir = json_copy_text(a, root, "config_dir");
    m.tool = json_copy_text(a, root, "tool");
    m.host = json_copy_text(a, root, "host");
    m.why = json_copy_text(a, root, "why");
    const char *taken_at = json_copy_text(a, root, "taken_at");
    if (taken_at)
        wall_parse(sv_of(taken_at), &m.taken_at);
    *wrong = "names no session";
    if (!m.agent || !m.session_id || !agent_is_id(sv_of(m.session_id)))
        return -EBADMSG;

    const struct json_value *files = json_get(root, "files");
    *wrong = "its list of files cannot be read";
    if (!json_is_array(files))
        return -EBADMSG;
    for (const struct json_value *v = json_first(files); v; v = json_next(files, v))
        if (!parse_file(a, v, ARENA_PUSH(a, m.files, m.file_count, m.file_capacity)))
            return -EBADMSG;
    if (m.file_count == 0 || m.files[0].kind != AGENT_FILE_TRANSCRIPT)
        return -EBADMSG;
    const struct json_value *left_out = json_get(root, "left_out");
    struct agent_left_out *items = NULL;
    size_t capacity = 0;
    for (const struct json_value *v = json_is_array(left_out) ? json_first(left_out) : NULL; v;
         v = json_next(left_out, v)) {
        struct agent_left_out *slot = ARENA_PUSH(a, items, m.left_out_count, capacity);
        const char *path = json_copy_text(a, v, "path"), *why = json_copy_text(a, v, "why");
        *slot = (struct agent_left_out){path ? path : "", why ? why : "",
                                        json_is_true(json_get(v, "is_lost"))};
        m.lost_count += slot->is_lost;
    }
    m.left_out = items;
    *out = m;
    return 0;
}
