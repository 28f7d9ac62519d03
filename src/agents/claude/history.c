#include "agents/claude/history.h"

#include "base/io/fs.h"
#include "base/json.h"
#include "jsonl/line_filter.h"
#include "jsonl/lines.h"

#include <stdlib.h>
#include <string.h>

#define HISTORY "history.jsonl"

enum {
    END_READ = 128 * 1024,         /* a prompt with what was pasted takes 1 kB at most */
    PIECE = 1024 * 1024,           /* of the whole */
    LINE_LIMIT = 64 * 1024 * 1024, /* what is longer is no prompt */
    UUID_LENGTH = 36,
};

/*
 * Commands of the client, of the shell, and notes need not become records, or not before they are
 * over; and /clear stands with the session that it ends.
 */
static bool is_said_to_model(struct sv display)
{
    return display.n && !strchr("/!#", display.p[0]);
}

static bool add_pasted(void *context, struct sv key, const struct json_value *value)
{
    struct buf *out = context;
    struct sv text;
    (void)key;
    if (json_string(json_get(value, "content"), &text)) {
        if (out->n)
            buf_adds(out, "\n");
        buf_add(out, text.p, text.n);
    }
    return true;
}

/* "pastedContents":{"1":{"id":1,"type":"text","content":"..."}} */
static const char *pasted_of(struct arena *a, const struct json_value *root)
{
    BUF_RELEASE struct buf all = {0};
    json_each(json_get(root, "pastedContents"), add_pasted, &all);
    return all.n ? arena_strndup(a, all.p, all.n) : NULL;
}

/* Returns: the line is a prompt; its time, where it has one, is taken note of in any case. */
static bool read_prompt(struct arena *a, struct sv line, struct agent_prompt *out)
{
    const struct json_value *root;
    struct sv id, display;
    *out = (struct agent_prompt){0};
    if (json_parse(a, line, &root) < 0 || !json_integer(json_get(root, "timestamp"), &out->at.ms))
        return false;
    if (!json_string(json_get(root, "sessionId"), &id) || !str_is_uuid(id) ||
        !json_string(json_get(root, "display"), &display))
        return false;
    out->session_id = arena_strndup(a, id.p, id.n);
    out->text = arena_strndup(a, display.p, display.n);
    out->pasted = pasted_of(a, root);
    out->cwd = json_copy_text(a, root, "project");
    out->is_said_to_model = is_said_to_model(display);
    return true;
}

static void add_prompt(struct arena *a, struct agent_prompts *out,
                       const struct agent_prompt *prompt)
{
    *ARENA_PUSH(a, out->items, out->count, out->capacity) = *prompt;
}

/* ---- the end of it ------------------------------------------------------------------------ */

/* As fs_open_file; -ENOLINK: it is a link to what is not there. */
static int open_history(const struct agent_store *store, struct fs_file *file)
{
    int r = fs_open_file(store->fd, HISTORY, file);
    return r == -ENOENT ? fs_why_absent(store->fd, HISTORY) : r;
}

/* The last bytes, from the beginning of a line. Owner: the arena. */
static int read_end(const struct agent_store *store, int64_t end_bytes, struct sv *text,
                    bool *is_whole)
{
    struct fs_file file;
    int r = open_history(store, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;
    int64_t from = file.size_bytes > end_bytes ? file.size_bytes - end_bytes : 0;
    size_t room = (size_t)(file.size_bytes - from);
    char *bytes = arena_alloc(store->arena, room + 1);
    ssize_t n = fs_read_at(fd, bytes, room, from);
    if (n < 0)
        return (int)n;
    *text = (struct sv){bytes, (size_t)n};
    *is_whole = from == 0;
    struct sv torn;
    if (from)
        sv_cut_line(text, &torn);
    return 0;
}

int claude_read_prompts(const struct agent_store *store, struct agent_prompts *out)
{
    struct sv text;
    struct agent_prompts found = {0};
    int r = read_end(store, END_READ, &text, &found.is_whole);
    if (r < 0)
        return r;
    struct lines lines = lines_of(text, 0);
    struct line line;
    /* without its newline it is being written, or was torn */
    while (lines_next(&lines, &line) && line.has_newline) {
        struct agent_prompt prompt;
        bool is_prompt = read_prompt(store->arena, line.text, &prompt);
        if (!found.is_whole && !wall_known(found.known_since) && wall_known(prompt.at))
            found.known_since = prompt.at;
        if (is_prompt && prompt.is_said_to_model)
            add_prompt(store->arena, &found, &prompt);
    }
    *out = found;
    return 0;
}

/* ---- whose they are ----------------------------------------------------------------------- */

/* A line's own id: inside a text its quotes would be escaped. Returns: false where it has none. */
static bool id_of(struct sv line, struct sv *id)
{
    static const struct sv key = {CLAUDE_HISTORY_KEY, sizeof CLAUDE_HISTORY_KEY - 1};
    size_t at = sv_find(line, 0, key);
    if (at == line.n)
        return false;
    for (at += key.n; at < line.n && strchr(" \t:", line.p[at]);)
        at++;
    if (line.n - at < UUID_LENGTH + 2 || line.p[at] != '"' || line.p[at + 1 + UUID_LENGTH] != '"')
        return false;
    *id = sv_slice(line, at + 1, at + 1 + UUID_LENGTH);
    return true;
}

/* Not parsed: for the count alone, of what may be thousands of lines. */
static void count_line(struct arena *a, struct sv line, struct agent_prompted **items,
                       size_t *count, size_t *capacity)
{
    struct sv id;
    if (!id_of(line, &id))
        return;
    struct agent_prompted *last = *count ? &(*items)[*count - 1] : NULL;
    if (last && sv_equals(sv_of(last->session_id), id)) { /* most stand together */
        last->count++;
        return;
    }
    if (!str_is_uuid(id))
        return;
    *ARENA_PUSH(a, *items, *count, *capacity) =
        (struct agent_prompted){arena_strndup(a, id.p, id.n), 1};
}

static int by_id(const void *a, const void *b)
{
    const struct agent_prompted *x = a, *y = b;
    return strcmp(x->session_id, y->session_id);
}

struct lookup claude_list_prompted(const struct agent_store *store, int64_t end_bytes,
                                   struct agent_prompted **out, size_t *count, bool *is_whole)
{
    struct agent_prompted *items = NULL;
    size_t n = 0, capacity = 0, kept = 0;
    struct sv text = {0};
    ARENA_RELEASE struct arena scratch = {0};
    struct agent_store io = *store;
    io.arena = &scratch;
    *is_whole = true;
    struct lookup seen = lookup_of(read_end(&io, end_bytes, &text, is_whole), HISTORY);
    if (seen.state == LOOKUP_UNKNOWN)
        *is_whole = false;
    struct lines lines = lines_of(text, 0);
    struct line line;
    while (lines_next(&lines, &line) && line.has_newline)
        count_line(store->arena, line.text, &items, &n, &capacity);
    if (n)
        qsort(items, n, sizeof *items, by_id);
    for (size_t i = 0; i < n; i++) {
        if (kept && str_equals(items[kept - 1].session_id, items[i].session_id))
            items[kept - 1].count += items[i].count;
        else
            items[kept++] = items[i];
    }
    *out = items;
    *count = kept;
    return seen;
}

/* ---- all of them -------------------------------------------------------------------------- */

static void add_lines(struct arena *a, struct sv text, struct agent_prompts *out)
{
    struct lines lines = lines_of(text, 0);
    struct line line;
    while (lines_next(&lines, &line)) {
        struct agent_prompt prompt;
        if (read_prompt(a, line.text, &prompt))
            add_prompt(a, out, &prompt);
    }
}

const char *claude_history_mark(struct arena *a, const char *session_id)
{
    return arena_printf(a, "\"%s\"", session_id);
}

struct lookup claude_read_all_prompts(const struct agent_store *store, const char *session_id,
                                      int64_t end_bytes, struct agent_prompts *out)
{
    struct line_filter marked = {.key = {0}, .mark = SV(CLAUDE_HISTORY_KEY), .limit = LINE_LIMIT};
    struct fs_file file;
    BUF_RELEASE struct buf taken = {0};
    *out = (struct agent_prompts){0};
    int r = open_history(store, &file);
    if (r < 0)
        return lookup_of(r, HISTORY);
    FS_CLOSE int fd = file.fd;
    if (session_id) {
        marked.key = SV(CLAUDE_HISTORY_KEY);
        marked.mark = sv_of(claude_history_mark(store->arena, session_id));
    }
    struct fs_pieces p = {.fd = fd, .size = PIECE};
    p.offset = file.size_bytes > end_bytes ? file.size_bytes - end_bytes : 0;
    bool is_whole = p.offset == 0; /* else what is left of the first line is no prompt */
    for (struct sv piece; fs_next_piece(&p, &piece);) {
        taken.n = 0;
        line_filter_feed(&marked, piece, &taken);
        add_lines(store->arena, (struct sv){taken.p, taken.n}, out);
    }
    r = fs_end_pieces(&p);
    out->is_whole = is_whole && r == 0 && !marked.too_long;
    line_filter_release(&marked);
    return lookup_of(r, HISTORY);
}
