#include "agents/claude/request.h"

#include "agents/claude/reply.h"
#include "base/io/digest.h"
#include "base/json.h"
#include "base/uuid.h"
#include "salvage/json_texts.h"
#include "salvage/memory_search.h"
#include "salvage/secrets.h"

#include <stdlib.h>
#include <string.h>

/* Where the messages of a body begin. */
static const struct sv mark = {"\"messages\":[{\"role\":", 20};
static const char reminder[] = "<system-reminder>", reminder_end[] = "</system-reminder>";
/* How the first prompt behind a compaction begins. */
static const char continued[] = "This session is being continued from a previous conversation";

struct message {
    const struct json_value *json;
    char key[DIGEST_TEXT_SIZE]; /* of what was said, however it was put */
    size_t copies;              /* how many places in memory have it */
};

/* A request of the session's, without what the client puts in itself. */
struct body {
    const struct json_text *text;
    const struct json_value *messages;
    struct message *said;
    size_t count, capacity;
    bool is_subagents;
    bool asks_user; /* it is surely of the conversation itself */
    bool is_compacted;
};

struct recall {
    const struct agent_recall_request *request;
    struct arena *arena;
    struct body *bodies;
    size_t count, capacity;
    struct body *last;
    struct agent_recall *out;
};

static bool contains(struct sv text, const char *word)
{
    return sv_find(text, 0, sv_of(word)) < text.n;
}

/* ---- what is said in a message ------------------------------------------------------------- */

static bool is_put_in(const struct json_value *block)
{
    struct sv text = json_text_at(block, "text");
    while (text.n && strchr(" \n", text.p[text.n - 1]))
        text.n--;
    return sv_is(json_text_at(block, "type"), "text") && sv_starts_with(text, sv_of(reminder)) &&
           sv_ends_with(text, sv_of(reminder_end));
}

struct copying {
    struct json_document *document;
    struct json_node *to;
    struct arena *arena;
    bool redacts;
    size_t redacted;
};

static void copy_value(struct copying *c, const char *key, const struct json_value *v);

static bool copy_member(void *context, struct sv key, const struct json_value *v)
{
    struct copying *c = context;
    if (!sv_is(key, "cache_control")) /* it moves from request to request */
        copy_value(c, arena_strndup(c->arena, key.p, key.n), v);
    return true;
}

/* A name tells of a value too: {"API_KEY": "..."}. Returns: the text as it may be kept. */
static struct sv redacted(struct copying *c, const char *key, struct sv text)
{
    BUF_RELEASE struct buf named = {0}, out = {0};
    size_t name = 0;
    if (!c->redacts)
        return text;
    if (key) {
        buf_addf(&named, "%s: ", key);
        name = named.n;
    }
    buf_add(&named, text.p, text.n);
    size_t count = secrets_redact((struct sv){named.p ? named.p : "", named.n}, &out);
    if (count == 0)
        return text;
    c->redacted += count;
    bool keeps_name = name <= out.n && memcmp(out.p, named.p, name) == 0;
    struct sv kept = sv_slice((struct sv){out.p, out.n}, keeps_name ? name : 0, out.n);
    return (struct sv){arena_strndup(c->arena, kept.p, kept.n), kept.n};
}

/* Depth is bounded by json_texts. */
static void copy_value(struct copying *c, const char *key,
                       const struct json_value *v) // NOLINT(misc-no-recursion)
{
    struct json_node *outer = c->to;
    struct sv text;
    if (json_is_object(v)) {
        c->to = json_put_object(c->document, outer, key);
        json_each(v, copy_member, c);
    } else if (json_is_array(v)) {
        c->to = json_put_array(c->document, outer, key);
        for (const struct json_value *item = json_first(v); item; item = json_next(v, item))
            copy_value(c, NULL, item);
    } else if (json_string(v, &text)) {
        json_put_text(c->document, outer, key, redacted(c, key, text));
    } else {
        json_put_value(c->document, outer, key, v);
    }
    c->to = outer;
}

/* Puts the content there, as blocks. Returns: how many. */
static size_t copy_content(struct copying *c, const struct json_value *content, bool with_thinking)
{
    struct json_node *outer = c->to;
    struct sv text;
    size_t count = 0;
    c->to = json_put_array(c->document, outer, "content");
    if (json_string(content, &text)) {
        struct json_node *block = json_put_object(c->document, c->to, NULL);
        json_put_string(c->document, block, "type", "text");
        json_put_text(c->document, block, "text", redacted(c, NULL, text));
        count++;
    } else if (json_is_array(content)) {
        for (const struct json_value *b = json_first(content); b; b = json_next(content, b)) {
            if (is_put_in(b) || (!with_thinking && contains(json_text_at(b, "type"), "thinking")))
                continue;
            copy_value(c, NULL, b);
            count++;
        }
    }
    c->to = outer;
    return count;
}

/* Thinking is left out of older messages. Returns: false: there is nothing in it but what the
 * client put in. */
static bool find_key(struct arena *a, const struct json_value *message,
                     char key[static DIGEST_TEXT_SIZE])
{
    BUF_RELEASE struct buf text = {0};
    struct copying c = {.document = json_document_new(), .arena = a};
    struct digest digest;
    struct json_node *root = c.to = json_object(c.document);
    json_put_text(c.document, root, "role", json_text_at(message, "role"));
    size_t count = copy_content(&c, json_get(message, "content"), false);
    json_finish(c.document, root, true, &text);
    digest_init(&digest);
    digest_add(&digest, text.p, text.n);
    digest_end(&digest, key);
    return count > 0;
}

/* ---- the requests of the session ----------------------------------------------------------- */

static void read_tools(const struct json_value *tools, struct body *out)
{
    for (const struct json_value *t = json_first(tools); t; t = json_next(tools, t))
        out->asks_user = out->asks_user || sv_is(json_text_at(t, "name"), "AskUserQuestion");
}

static bool is_of_a_subagent(const struct json_value *system)
{
    bool found = false;
    if (json_is_array(system))
        for (const struct json_value *b = json_first(system); b && !found; b = json_next(system, b))
            found = contains(json_text_at(b, "text"), "cc_is_subagent=true");
    return found;
}

/* Returns: it is one of the session's, of a turn. */
static bool read_body(struct recall *r, const struct json_text *text, struct body *out)
{
    const struct json_value *root;
    if (!text->is_whole || json_parse(r->arena, text->text, &root) < 0)
        return false;
    const struct json_value *tools = json_get(root, "tools");
    *out = (struct body){.text = text, .messages = json_get(root, "messages")};
    if (!json_is_array(tools) || !json_is_array(out->messages) || json_length(tools) == 0 ||
        !contains(json_text(json_path(root, "metadata", "user_id", NULL)), r->request->session_id))
        return false;
    read_tools(tools, out);
    out->is_subagents = is_of_a_subagent(json_get(root, "system"));
    for (const struct json_value *m = json_first(out->messages); m;
         m = json_next(out->messages, m)) {
        struct message said = {.json = m};
        struct sv role = json_text_at(m, "role");
        if ((sv_is(role, "user") || sv_is(role, "assistant")) && find_key(r->arena, m, said.key))
            *ARENA_PUSH(r->arena, out->said, out->count, out->capacity) = said;
    }
    if (out->count) {
        const struct json_value *content = json_get(out->said[0].json, "content");
        struct sv first = json_text(content);
        for (const struct json_value *b = json_is_array(content) ? json_first(content) : NULL;
             b && !first.n; b = json_next(content, b))
            first = is_put_in(b) ? first : json_text_at(b, "text");
        out->is_compacted = sv_starts_with(first, sv_of(continued));
    }
    return out->count > 0;
}

/* Later, or else surer. */
static bool is_later(const struct body *a, const struct body *b)
{
    if (a->is_subagents != b->is_subagents)
        return b->is_subagents;
    if (a->asks_user != b->asks_user)
        return a->asks_user;
    if (a->is_compacted != b->is_compacted)
        return a->is_compacted;
    return a->count != b->count ? a->count > b->count : a->text->copy_count > b->text->copy_count;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(struct message *const *)a)->key, (*(struct message *const *)b)->key);
}

static struct message **sorted(struct arena *a, struct body *body)
{
    struct message **items = arena_alloc(a, (body->count + 1) * sizeof *items);
    for (size_t i = 0; i < body->count; i++)
        items[i] = &body->said[i];
    qsort(items, body->count, sizeof *items, by_key);
    return items;
}

/* Counts in how many places each message of the last request stands, and collects those that only
 * others have. */
static void compare_bodies(struct recall *r)
{
    struct message **index = sorted(r->arena, r->last);
    struct copying c = {.document = json_document_new(), .arena = r->arena, .redacts = true};
    struct json_node *root = json_array(c.document);
    BUF_RELEASE struct buf text = {0};
    struct body all = {0};
    for (size_t i = 0; i < r->last->count; i++)
        r->last->said[i].copies = r->last->text->copy_count;
    for (size_t i = 0; i < r->count; i++) {
        struct body *b = &r->bodies[i];
        for (size_t j = 0; b != r->last && j < b->count; j++) {
            struct message *m = &b->said[j];
            struct message **same = bsearch(&m, index, r->last->count, sizeof *index, by_key);
            if (same)
                (*same)->copies += b->text->copy_count;
            else
                *ARENA_PUSH(r->arena, all.said, all.count, all.capacity) = *m;
        }
    }
    struct message **others = sorted(r->arena, &all);
    for (size_t i = 0; i < all.count; i++)
        others[i]->copies = i > 0 && strcmp(others[i]->key, others[i - 1]->key) == 0;
    for (size_t i = 0; i < all.count; i++) /* in the order in which they stand there */
        if (!all.said[i].copies) {
            c.to = root;
            copy_value(&c, NULL, all.said[i].json);
            r->out->other_count++;
        }
    json_finish(c.document, root, true, &text);
    if (r->out->other_count)
        r->out->others = (struct sv){arena_strndup(r->arena, text.p, text.n), text.n};
}

/* ---- as records ---------------------------------------------------------------------------- */

/* The same id for the same record of the same session, each time. */
static void derive_id(const struct recall *r, size_t number, char id[static UUID_TEXT_SIZE])
{
    uuid_derive(arena_printf(r->arena, "%s/%zu", r->request->new_id, number), id);
}

struct record {
    size_t number;
    const char *role, *sure, *from;
    const struct json_value *content; /* NULL: text */
    struct sv text;
    bool has_calls;
};

static void put_usage(struct json_document *d, struct json_node *message)
{
    static const char *const names[] = {"input_tokens", "output_tokens",
                                        "cache_creation_input_tokens", "cache_read_input_tokens"};
    struct json_node *usage = json_put_object(d, message, "usage");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_put_integer(d, usage, names[i], 0);
}

static void add_record(struct recall *r, const struct record *record, struct buf *out)
{
    const struct agent_recall_request *q = r->request;
    char id[UUID_TEXT_SIZE], parent[UUID_TEXT_SIZE], at[WALL_TEXT_SIZE];
    struct copying c = {.document = json_document_new(), .arena = r->arena, .redacts = true};
    struct json_document *d = c.document;
    struct json_node *root = json_object(d);
    derive_id(r, record->number, id);
    if (record->number)
        derive_id(r, record->number - 1, parent);
    json_put_string(d, root, "parentUuid", record->number ? parent : NULL);
    json_put_bool(d, root, "isSidechain", false);
    json_put_string(d, root, "type", record->role);
    struct json_node *message = c.to = json_put_object(d, root, "message");
    json_put_string(d, message, "role", record->role);
    if (str_equals(record->role, "assistant")) {
        json_put_string(d, message, "id", id);
        json_put_string(d, message, "type", "message");
        json_put_string(d, message, "model", "<synthetic>");
        json_put_string(d, message, "stop_reason", record->has_calls ? "tool_use" : "end_turn");
        json_put_null(d, message, "stop_sequence");
        put_usage(d, message);
    }
    if (record->content) {
        copy_content(&c, record->content, true);
    } else {
        struct json_node *block = json_put_object(d, json_put_array(d, message, "content"), NULL);
        json_put_string(d, block, "type", "text");
        json_put_text(d, block, "text", redacted(&c, NULL, record->text));
    }
    json_put_string(d, root, "uuid", id);
    json_put_string(d, root, "timestamp",
                    wall_format((struct wall){q->began.ms + (int64_t)record->number}, at));
    claude_put_origin(d, root, q->new_id, q->cwd, q->version);
    struct json_node *salvaged = json_put_object(d, root, "salvaged");
    json_put_string(d, salvaged, "sure", record->sure);
    json_put_string(d, salvaged, "from", record->from);
    json_put_string(d, salvaged, "session", q->session_id);
    json_finish(d, root, true, out);
    r->out->redacted += c.redacted;
}

static bool has_calls(const struct json_value *content)
{
    bool found = false;
    if (json_is_array(content))
        for (const struct json_value *b = json_first(content); b && !found;
             b = json_next(content, b))
            found = sv_is(json_text_at(b, "type"), "tool_use");
    return found;
}

static void add_messages(struct recall *r, struct buf *out)
{
    for (size_t i = 0; i < r->last->count; i++) {
        const struct message *m = &r->last->said[i];
        bool is_sure = m->copies > 1;
        const struct json_value *content = json_get(m->json, "content");
        const struct record record = {
            .number = i,
            .role = sv_is(json_text_at(m->json, "role"), "user") ? "user" : "assistant",
            .sure =
                memory_search_sureness_word(is_sure ? MEMORY_SEARCH_SURE : MEMORY_SEARCH_LIKELY),
            .from = is_sure ? "requests in memory, two copies or more" : "one request in memory",
            .content = content,
            .text = json_text(content),
            .has_calls = has_calls(content),
        };
        add_record(r, &record, out);
        r->out->sure_count += is_sure;
    }
    r->out->message_count = r->last->count;
}

/* ---- what came after it -------------------------------------------------------------------- */

/* A text of the stream is new when no request has it. */
static bool is_sent(void *context, struct sv json)
{
    const struct recall *r = context;
    for (size_t i = 0; i < r->count; i++)
        if (sv_find(r->bodies[i].text->text, 0, json) < r->bodies[i].text->text.n)
            return true;
    return false;
}

/* Returns: the one that is the reply to the last request; NULL: that cannot be told. */
static struct memory_search_text *only_reply(struct memory_search_found *found)
{
    struct memory_search_text *reply = NULL;
    for (size_t i = 0; i < found->count; i++) {
        struct memory_search_text *t = &found->items[i];
        if (t->kind != MEMORY_SEARCH_REPLY)
            continue;
        if (reply || t->sureness == MEMORY_SEARCH_UNSURE)
            return NULL;
        reply = t;
    }
    return reply;
}

/* A reply that has not ended is one that its user stopped. */
static void add_reply(struct recall *r, struct buf *out)
{
    struct memory_search_search search = *r->request->search;
    const struct message *last = &r->last->said[r->last->count - 1];
    search.is_on_disk = is_sent;
    search.context = r;
    r->out->found = arena_alloc(r->arena, sizeof *r->out->found);
    memory_search_find(&search, r->arena, r->out->found);
    struct memory_search_text *reply = only_reply(r->out->found);
    if (!reply || !sv_is(json_text_at(last->json, "role"), "user"))
        return;
    struct record record = {
        .number = r->last->count,
        .role = "assistant",
        .sure = memory_search_sureness_word(reply->sureness),
        .from = reply->why,
        .text = reply->text,
    };
    add_record(r, &record, out);
    if (r->request->is_in_turn) {
        record.number++;
        record.role = "user";
        record.from = "the end of the memory that was read: the reply may go on";
        record.text = SV("[Request interrupted by user]");
        add_record(r, &record, out);
    }
    r->out->has_reply = true;
    r->out->message_count++;
    r->out->sure_count += reply->sureness == MEMORY_SEARCH_SURE;
}

static void keep_request(struct recall *r)
{
    BUF_RELEASE struct buf text = {0};
    struct copying c = {.document = json_document_new(), .arena = r->arena, .redacts = true};
    struct json_node *root = c.to = json_array(c.document);
    for (const struct json_value *m = json_first(r->last->messages); m;
         m = json_next(r->last->messages, m))
        copy_value(&c, NULL, m);
    json_finish(c.document, root, true, &text);
    r->out->request = (struct sv){arena_strndup(r->arena, text.p, text.n), text.n};
}

bool claude_recall(const struct agent_recall_request *request, struct arena *a,
                   struct agent_recall *out)
{
    struct recall r = {.request = request, .arena = a, .out = out};
    struct json_texts texts;
    BUF_RELEASE struct buf records = {0};
    *out = (struct agent_recall){0};
    json_texts_find(request->search->runs, request->search->run_count, mark, a, &texts);
    for (size_t i = 0; i < texts.count; i++) {
        struct body body;
        if (read_body(&r, &texts.items[i], &body))
            *ARENA_PUSH(a, r.bodies, r.count, r.capacity) = body;
    }
    for (size_t i = 0; i < r.count; i++)
        if (!r.last || is_later(&r.bodies[i], r.last))
            r.last = &r.bodies[i];
    if (!r.last || r.last->is_subagents)
        return false;
    compare_bodies(&r);
    keep_request(&r);
    add_messages(&r, &records);
    add_reply(&r, &records);
    out->copy_count = r.last->text->copy_count;
    out->records = (struct sv){arena_strndup(a, records.p, records.n), records.n};
    return true;
}
