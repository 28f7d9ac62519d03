#include "view/left.h"

#include "base/json.h"

static void add_count(struct buf *out, size_t count, bool is_least, const char *one,
                      const char *several, bool *is_first)
{
    if (!count)
        return;
    buf_addf(out, "%s%s%zu %s", *is_first ? " " : ", ", is_least ? "at least " : "", count,
             count == 1 ? one : several);
    *is_first = false;
}

static void add_backup(struct buf *out, const struct sr_left *left)
{
    char size[STR_SIZE_TEXT];
    if (left->backup && left->backup_bytes == 0)
        buf_addf(out, "; backup: none with the transcript; of what is left: %s", left->backup);
    else if (left->backup)
        buf_addf(out, "; backup: session-rescue --restore %s (%s)", left->backup,
                 str_format_size(left->backup_bytes, size));
    else
        buf_addf(out, "; backup: %s", left->backup_is_unknown ? "not known" : "none");
}

void view_add_left(struct buf *out, const struct sr_left *left)
{
    bool is_first = true;
    buf_adds(out, left->is_sure ? "transcript gone; left:"
                                : "no transcript is seen, and not all could be looked at; left:");
    add_count(out, left->subagent_count, false, "subagent", "subagents", &is_first);
    add_count(out, left->tool_result_count, false, "tool result", "tool results", &is_first);
    add_count(out, left->prompt_count, left->may_have_more, "prompt", "prompts", &is_first);
    add_count(out, left->version_count, false, "earlier version of a file",
              "earlier versions of files", &is_first);
    add_count(out, left->list_count, false, "list of things to do", "lists of things to do",
              &is_first);
    add_count(out, left->other_count, false, "other file", "other files", &is_first);
    if (is_first)
        buf_adds(out, left->may_have_more ? " not known" : " nothing");
    else if (left->may_have_more && !left->prompt_count)
        buf_adds(out, ", and perhaps more that could not be read");
    add_backup(out, left);
}

void view_put_left(struct json_document *d, struct json_node *to, const struct sr_left *left)
{
    if (!left) {
        json_put_null(d, to, "left");
        return;
    }
    struct json_node *node = json_put_object(d, to, "left");
    json_put_bool(d, node, "is_sure", left->is_sure);
    json_put_integer(d, node, "subagents", (int64_t)left->subagent_count);
    json_put_integer(d, node, "tool_results", (int64_t)left->tool_result_count);
    json_put_integer(d, node, "prompts", (int64_t)left->prompt_count);
    json_put_integer(d, node, "file_versions", (int64_t)left->version_count);
    json_put_integer(d, node, "todo_lists", (int64_t)left->list_count);
    json_put_integer(d, node, "other_files", (int64_t)left->other_count);
    json_put_bool(d, node, "may_have_more", left->may_have_more);
    json_put_integer(d, node, "size_bytes", left->size_bytes);
    json_put_string(d, node, "backup", left->backup);
    json_put_count(d, node, "backup_bytes", left->backup ? left->backup_bytes : -1);
    json_put_bool(d, node, "backup_is_known", !left->backup_is_unknown);
}
