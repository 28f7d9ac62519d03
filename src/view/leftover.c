#include "view/leftover.h"

#include "base/json.h"
#include "base/utf8.h"
#include "view/conversation/conversation.h"
#include "view/html.h"
#include "view/json.h"
#include "view/left.h"

static const struct {
    const char *who, *kind, *title;
} kinds[] = {
    [LEFTOVER_PROMPT] = {"user", "prompt", "user"},
    [LEFTOVER_REPORT] = {"agent", "report", "subagent"},
    [LEFTOVER_RESULT] = {"tool", "tool-result", "result of a tool"},
    [LEFTOVER_LIST] = {"agent", "todo-list", "things to do"},
};

/* ---- Markdown ----------------------------------------------------------------------------- */

static void add_title(struct buf *out, const struct view_leftover *v)
{
    char time[WALL_TEXT_SIZE];
    utf8_adds_between(out, "# Session ", v->session_id, ", what else is left\n\n- ");
    view_add_left(out, v->left);
    buf_adds(out, "\n- missing: ");
    if (wall_known(v->since)) {
        if (wall_known(v->until))
            buf_addf(out, "what was said before the beginning of the backup, at %s, and ",
                     wall_format(v->until, time));
        buf_addf(out,
                 "what was said after the backup was taken, at %s, but for what follows, in order "
                 "of time\n\n",
                 wall_format(v->since, time));
    } else {
        buf_adds(out, "what the agent said and did, and what it answered; there is what follows, "
                      "in order of time\n\n");
    }
}

static void add_item(struct buf *out, const struct leftover_item *i)
{
    char time[WALL_TEXT_SIZE], size[STR_SIZE_TEXT];
    buf_addf(out, "## %s", kinds[i->kind].title);
    if (i->name)
        utf8_adds_between(out, " ", i->name, "");
    buf_addf(out, ", %s", wall_known(i->at) ? wall_format(i->at, time) : "at no known time");
    if (i->kind == LEFTOVER_RESULT && i->size_bytes >= 0)
        buf_addf(out, ", %s", str_format_size(i->size_bytes, size));
    buf_adds(out, "\n\n");
    if (i->size_bytes < 0)
        buf_adds(out, "*It could not be read.*\n");
    else if (i->kind == LEFTOVER_PROMPT || i->kind == LEFTOVER_REPORT)
        view_add_lines(out, i->text, "");
    else
        view_add_fenced(out, i->text);
    if (i->size_bytes > (int64_t)i->text.n && i->kind == LEFTOVER_RESULT)
        utf8_adds_between(out, "*The beginning of ", i->path, "; -v shows more.*\n");
    buf_adds(out, "\n");
}

static void add_file(struct buf *out, const struct leftover_file *f)
{
    utf8_adds_between(out, "- ", f->path ? f->path : f->name, "");
    if (!f->path)
        buf_adds(out, ", whose name is not known");
    if (f->version_count)
        buf_addf(out, " (%zu earlier version%s)", f->version_count,
                 f->version_count == 1 ? "" : "s");
    buf_adds(out, "\n");
}

void view_markdown_leftover(struct buf *out, const struct view_leftover *v)
{
    add_title(out, v);
    for (size_t i = 0; i < v->item_count; i++)
        add_item(out, &v->items[i]);
    if (!v->file_count)
        return;
    buf_adds(out, "## files that were changed\n\n");
    for (size_t i = 0; i < v->file_count; i++)
        add_file(out, &v->files[i]);
    buf_adds(out, "\n");
}

void view_html_leftover(struct buf *out, const struct view_leftover *v)
{
    BUF_RELEASE struct buf text = {0};
    view_markdown_leftover(&text, v);
    buf_adds(out, "<pre>");
    html_add(out, (struct sv){text.p, text.n});
    buf_adds(out, "</pre>\n");
}

/* ---- JSON --------------------------------------------------------------------------------- */

static struct json_node *begin(struct json_document *d, const struct view_leftover *v,
                               struct wall at, const char *who, const char *kind)
{
    struct json_node *root = json_object(d);
    json_put_string(d, root, "schema", VIEW_SCHEMA);
    json_put_string(d, root, "session_id", v->session_id);
    json_put_time(d, root, "at", at);
    json_put_string(d, root, "who", who);
    json_put_string(d, root, "kind", kind);
    return root;
}

static void put_item(struct buf *out, const struct view_leftover *v, const struct leftover_item *i)
{
    struct json_document *d = json_document_new();
    struct json_node *root = begin(d, v, i->at, kinds[i->kind].who, kinds[i->kind].kind);
    json_put_string(d, root, "name", i->name);
    json_put_string(d, root, "file", i->path);
    json_put_count(d, root, "size_bytes", i->size_bytes);
    json_put_text(d, root, "text", i->text);
    json_finish(d, root, true, out);
}

void view_json_leftover(struct buf *out, const struct view_leftover *v)
{
    struct json_document *d = json_document_new();
    struct json_node *root = begin(d, v, v->since, "client", "left");
    view_put_left(d, root, v->left);
    struct json_node *files = json_put_array(d, root, "changed_files");
    for (size_t i = 0; i < v->file_count; i++) {
        struct json_node *file = json_put_object(d, files, NULL);
        json_put_string(d, file, "path", v->files[i].path);
        json_put_string(d, file, "name", v->files[i].name);
        json_put_integer(d, file, "versions", (int64_t)v->files[i].version_count);
    }
    json_finish(d, root, true, out);
    for (size_t i = 0; i < v->item_count; i++)
        put_item(out, v, &v->items[i]);
}
