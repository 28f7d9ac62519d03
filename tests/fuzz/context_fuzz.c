/*
 * Any bytes as two copies of a transcript, put together and drawn. The first two bytes say where
 * the first copy ends and whether all is unfolded. Nothing of them drives a terminal, whatever way
 * they were drawn; a line of JSON is one that can be read; and no record is drawn twice.
 */
#include "must.h"

#include "agents/claude/events.h"
#include "base/json.h"
#include "jsonl/line_check.h"
#include "view/conversation/conversation.h"

struct copies {
    struct sv files[2];
};

static int fetch(void *context, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    const struct copies *copies = context;
    struct sv file = copies->files[item->file];
    must(item->offset >= 0 && item->length > 0);
    must((size_t)(item->offset + item->length) <= file.n);
    *text = (struct sv){arena_strndup(a, file.p + item->offset, (size_t)item->length),
                        (size_t)item->length};
    return 0;
}

static bool take(void *context, struct buf *out)
{
    (void)context;
    (void)out;
    return true;
}

/* Line ends and tabs are the drawing's own. */
static void must_be_harmless(const struct buf *out)
{
    for (size_t i = 0; i < out->n; i++) {
        unsigned char c = (unsigned char)out->p[i];
        must(c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f));
        /* U+0080 to U+009F, which some terminals act on */
        must(c != 0xc2 || i + 1 == out->n || (unsigned char)out->p[i + 1] >= 0xa0);
    }
}

static void must_be_json_lines(const struct buf *out)
{
    for (size_t from = 0; from < out->n;) {
        struct arena a = {0};
        const struct json_value *root;
        size_t end = sv_find((struct sv){out->p, out->n}, from, SV("\n"));
        must(end < out->n);
        must(json_parse(&a, sv_slice((struct sv){out->p, out->n}, from, end), &root) == 0);
        arena_release(&a);
        from = end + 1;
    }
}

static void must_be_once(const struct conversation *c)
{
    for (size_t i = 0; i < c->count && i < 100; i++)
        for (size_t j = 0; j < i; j++)
            must(c->items[i].id != c->items[j].id);
}

/* Each "<" begins a tag that a ">" ends, before the next one. */
static void must_be_balanced(const struct buf *b)
{
    bool is_open = false;
    for (size_t i = 0; i < b->n; i++) {
        must(b->p[i] != '<' || !is_open);
        must(b->p[i] != '>' || is_open);
        is_open = b->p[i] == '<' || (is_open && b->p[i] != '>');
    }
    must(!is_open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"one", "two"};
    if (size < 2)
        return 0;
    struct sv all = {(const char *)data + 2, size - 2};
    size_t cut = all.n * data[0] / 255;
    struct copies copies = {{sv_slice(all, 0, cut), sv_slice(all, cut, all.n)}};
    struct conversation c;
    struct buf markdown = {0}, json = {0}, page = {0};
    conversation_begin(&c, &event_claude);
    conversation_add(&c, copies.files[0], 0, 0);
    conversation_add(&c, copies.files[1], 0, 1);
    conversation_finish(&c);
    must_be_once(&c);
    struct view_conversation v = {.session_id = "id",
                                  .files = names,
                                  .file_count = 2,
                                  .conversation = &c,
                                  .unfolds = data[1] & 1,
                                  .fetch = fetch,
                                  .take = take,
                                  .context = &copies};
    must(view_markdown_conversation(&markdown, &v) == 0);
    must_be_harmless(&markdown);
    must(view_json_conversation(&json, &v) == 0);
    must_be_harmless(&json);
    must_be_json_lines(&json);
    json.n = 0;
    must(view_cusf_conversation(&json, &v) == 0);
    must_be_harmless(&json);
    must_be_json_lines(&json);
    must(view_html_conversation(&page, &v) == 0);
    must_be_harmless(&page);
    must_be_balanced(&page);
    conversation_release(&c);
    buf_release(&page);
    buf_release(&markdown);
    buf_release(&json);
    return 0;
}
