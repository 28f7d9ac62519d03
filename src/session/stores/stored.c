#include "session/stores/stored.h"

#include <stdlib.h>
#include <string.h>

/*
 * Sessions that name each other as the one that goes on: A was sent to the
 * background, where it is B, and so on. A chain is followed for so many links.
 */
enum { CHAIN_LIMIT = 1000 };

/* A transcript, and the store it is in. */
struct item {
    struct store *store;
    struct agent_transcript transcript;
    struct last_message last;
    struct wall at;       /* that it is sorted by */
    size_t behind;        /* links to the end of its chain: of one time, the end stands first */
    struct session *live; /* that has it: not listed, but may go on with others */
    struct item *next;    /* that goes on with it */
    const char *continues;
    enum sr_continuation continuation;
    bool is_asked_for, is_near, is_read, is_archived, is_linked;
};

struct items {
    struct item *items;
    size_t count, capacity;
    struct item **by_id; /* all of them */
};

/* ---- listing ------------------------------------------------------------------------------ */

static struct session *holder(struct session *live, size_t count, const struct store *store,
                              const char *session_id)
{
    for (size_t i = 0; i < count; i++)
        if (live[i].store == store && str_equals(live[i].session_id, session_id))
            return &live[i];
    return NULL;
}

static bool is_asked_for(const struct sr_options *options, const char *session_id)
{
    for (size_t i = 0; i < options->stored_prefix_count; i++)
        if (agent_id_begins(session_id, options->stored_prefixes[i]))
            return true;
    return options->stored_prefix_count == 0;
}

static void list_store(const struct sr_options *options, struct store *store, struct session *live,
                       size_t live_count, struct arena *a, struct items *list)
{
    struct agent_transcript *transcripts;
    size_t n;
    store->agent->stored->list_all(&store->io, &transcripts, &n); /* the store's problems say what
                                                             is not in it */
    for (size_t i = 0; i < n; i++) {
        *ARENA_PUSH(a, list->items, list->count, list->capacity) = (struct item){
            .store = store,
            .transcript = transcripts[i],
            .at = transcripts[i].modified_at,
            .live = holder(live, live_count, store, transcripts[i].session_id),
            .is_asked_for = is_asked_for(options, transcripts[i].session_id),
        };
    }
}

static struct sv folder_of(const struct item *item)
{
    return agent_folder_of(item->store->agent, item->transcript.path);
}

static bool shares_folder(const struct item *a, const struct item *b)
{
    return a->store == b->store && sv_equals(folder_of(a), folder_of(b));
}

/* A folder's items stand together, as they were listed. */
static void mark_near(struct items *list, const struct sr_options *options)
{
    for (size_t from = 0, to; from < list->count; from = to) {
        bool is_near = false;
        for (to = from; to < list->count && shares_folder(&list->items[from], &list->items[to]);
             to++)
            is_near |= list->items[to].is_asked_for;
        for (size_t i = from; i < to; i++)
            list->items[i].is_near = is_near && !options->lists_stored_alone;
    }
}

/* What is not readable is sorted by its file's time; whoever reads it more closely complains. */
static void read_end(const struct stores *stores, struct item *item)
{
    struct wall archived_at;
    if (item->is_read || !stores_enter(stores, item->store->io.path))
        return;
    item->is_read = true;
    if (activity_read_last(item->store, &item->transcript, &item->last) == 0 &&
        wall_known(item->last.at))
        item->at = item->last.at;
    item->is_archived = agent_is_archived(item->store->agent, &item->store->io, &item->transcript,
                                          &archived_at) == FACT_YES;
    /* what a person typed later brings it back (2.1.332) */
    struct tail_result tail;
    if (item->is_archived && wall_known(archived_at) && item->at.ms > archived_at.ms &&
        activity_read_tail(item->store, &item->transcript, &tail) == 0 &&
        tail.prompt_at.ms > archived_at.ms)
        item->is_archived = false;
    stores_leave(stores);
}

static void read_ends(const struct stores *stores, struct items *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].is_near)
            read_end(stores, &list->items[i]);
}

/* ---- chains ------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
    int order = strcmp(x->transcript.session_id, y->transcript.session_id);
    return order ? order : strcmp(x->transcript.path, y->transcript.path);
}

/* The client looks beside the transcript, for a file with a conversation in it (2.1.332). Where
 * none is, another folder may have it. */
static struct item *successor(const struct stores *stores, const struct items *list,
                              const struct item *of)
{
    size_t from = 0, to = list->count;
    struct item *elsewhere = NULL;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(list->by_id[middle]->transcript.session_id, of->last.continued_in) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < list->count &&
           str_equals(list->by_id[from]->transcript.session_id, of->last.continued_in);
         from++) {
        struct item *item = list->by_id[from];
        if (item->store != of->store)
            continue;
        read_end(stores, item);
        if (wall_known(item->last.at) && shares_folder(item, of))
            return item;
        if (wall_known(item->last.at) && !elsewhere)
            elsewhere = item;
    }
    return elsewhere;
}

/* To the end of its chain: how far that is, and whether there is one. A newer one further back
 * lends its time to the end, so that the end stands first. */
static void follow(struct item *item)
{
    struct item *end = item;
    for (; end->next && item->behind < CHAIN_LIMIT; end = end->next)
        item->behind++;
    if (end->next) {
        item->continuation = SR_CONTINUED_IN_A_CIRCLE;
        item->behind = 0;
        return;
    }
    for (struct item *next = item->next; next; next = next->next)
        if (next->at.ms < item->at.ms)
            next->at = item->at;
}

/* And those behind it, whose ends may have been read for it alone. */
static void link_chain(const struct stores *stores, const struct items *list, struct item *item)
{
    for (; item && item->last.continued_in && !item->is_linked; item = item->next) {
        item->is_linked = true;
        item->next = successor(stores, list, item);
        item->continuation = !item->next                       ? SR_CONTINUATION_MISSING
                             : shares_folder(item, item->next) ? SR_CONTINUED
                                                               : SR_CONTINUED_ELSEWHERE;
        if (item->next)
            item->next->continues = item->transcript.session_id;
    }
}

static void link_items(const struct stores *stores, struct items *list, struct arena *a)
{
    list->by_id = arena_alloc(a, (list->count + 1) * sizeof *list->by_id);
    for (size_t i = 0; i < list->count; i++)
        list->by_id[i] = &list->items[i];
    if (list->count)
        qsort(list->by_id, list->count, sizeof *list->by_id, by_id);
    for (size_t i = 0; i < list->count; i++)
        link_chain(stores, list, &list->items[i]);
    for (size_t i = 0; i < list->count; i++)
        follow(&list->items[i]);
}

/* What belongs to a chain that was asked for is asked for. */
static void ask_for_chains(struct items *list)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < list->count; i++) {
            struct item *item = &list->items[i];
            if (item->next && item->is_asked_for != item->next->is_asked_for)
                changed = item->is_asked_for = item->next->is_asked_for = true;
        }
    }
}

/* ---- all of it ---------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
    const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? 1 : -1;
    if (x->behind != y->behind)
        return x->behind > y->behind ? 1 : -1;
    if (x->transcript.modified_at.ms != y->transcript.modified_at.ms)
        return x->transcript.modified_at.ms < y->transcript.modified_at.ms ? 1 : -1;
    return strcmp(x->transcript.path, y->transcript.path);
}

static struct session session_of(const struct item *item)
{
    return (struct session){
        .store = item->store,
        .session_id = item->transcript.session_id,
        .mapped_by = SR_MAPPED_BY_STORE,
        .certainty = SR_EXACT,
        .which = lookup_found(),
        .has_transcript = lookup_found(),
        .transcript = item->transcript,
        .continued_in = item->last.continued_in,
        .continues = item->continues,
        .continuation = item->continuation,
        .is_archived = item->is_archived,
    };
}

/* Which of them are listed, in order. Returns: how many. */
static size_t choose(const struct items *list, bool hides_archived, struct item **chosen,
                     size_t *archived)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct item *item = &list->items[i];
        if (item->live && item->continues)
            item->live->continues = item->continues;
        if (item->live || !item->is_asked_for)
            continue;
        *archived += item->is_archived && hides_archived;
        if (!item->is_archived || !hides_archived)
            chosen[n++] = item;
    }
    if (n)
        qsort(chosen, n, sizeof(struct item *), newest_first);
    return n;
}

void stored_find(const struct stores *stores, struct arena *a, size_t limit, struct session *live,
                 size_t live_count, struct stored *out)
{
    struct items list = {0};
    for (size_t i = 0; i < stores->count; i++) {
        struct store *store = stores->items[i];
        if (!store->wanted || store->code < 0 || !stores_enter(stores, store->io.path))
            continue;
        list_store(stores->options, store, live, live_count, a, &list);
        stores_leave(stores);
    }
    mark_near(&list, stores->options);
    read_ends(stores, &list);
    link_items(stores, &list, a);
    ask_for_chains(&list);

    *out = (struct stored){0};
    struct item **chosen = arena_alloc(a, (list.count + 1) * sizeof *chosen);
    out->all = choose(&list, stores->options->hides_archived, chosen, &out->archived);
    out->count = out->all < limit ? out->all : limit;
    out->sessions = arena_alloc(a, (out->count + 1) * sizeof *out->sessions);
    for (size_t i = 0; i < out->count; i++)
        out->sessions[i] = session_of(chosen[i]);
}
