#include "session/stores/gone.h"

#include "session/activity.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* of the history: of a plain listing, and where one session is asked for */
    END_BYTES = 1024 * 1024,
    ALL_BYTES = 256 * 1024 * 1024,
};

/* A session that is gone, and the store that it was in: what is sorted before it is looked at. */
struct item {
    struct store *store;
    struct agent_trace trace; /* folder NULL: prompts alone are left */
    bool is_sure;
};

struct search {
    struct snapshot *snap;
    const struct sr_options *options;
    const struct session *live;
    size_t live_count;
    struct item *items;
    size_t count, capacity;
    struct agent_listings listings;
};

/* By a process; or its transcript lies where the client does not look, and is not gone. */
static bool is_held(const struct search *q, const struct store *store, const char *id)
{
    for (size_t i = 0; i < q->snap->shown.stray_count; i++)
        if (str_equals(q->snap->shown.strays[i].session_id, id) &&
            stores_is_home(store, &q->snap->shown.strays[i].home))
            return true;
    for (size_t i = 0; i < q->live_count; i++)
        if (q->live[i].store == store && str_equals(q->live[i].session_id, id))
            return true;
    return false;
}

static void add(struct search *q, struct store *store, const struct agent_trace *trace,
                bool is_sure)
{
    *ARENA_PUSH(&q->snap->arena, q->items, q->count, q->capacity) =
        (struct item){store, *trace, is_sure};
}

static int by_id(const void *a, const void *b)
{
    const struct agent_trace *x = a, *y = b;
    return strcmp(x->session_id, y->session_id);
}

static bool is_known(const struct agent_traces *t, const char *id)
{
    struct agent_trace key = {.session_id = id};
    return (t->with_transcript_count &&
            bsearch(&id, t->with_transcript, t->with_transcript_count, sizeof id, str_compare)) ||
           (t->count && bsearch(&key, t->items, t->count, sizeof key, by_id));
}

static bool begins_as_asked(const struct sr_options *o, const char *id)
{
    for (size_t i = 0; i < o->stored_prefix_count; i++)
        if (agent_id_begins(id, o->stored_prefixes[i]))
            return true;
    return false;
}

/* Those of which prompts alone are left: listed where they are asked for, else counted. */
static void find_prompted(struct search *q, struct store *store, const struct agent_traces *traces,
                          bool is_sure)
{
    struct sr_snapshot *shown = &q->snap->shown;
    struct agent_prompted *prompted;
    size_t count;
    bool is_whole, is_named = q->options->stored_prefix_count > 0;
    struct lookup seen = agent_list_prompted(
        store->agent, &store->io, is_named ? ALL_BYTES : END_BYTES, &prompted, &count, &is_whole);
    if (seen.state == LOOKUP_UNKNOWN) {
        is_whole = false;
        problems_add(
            &q->snap->problems,
            arena_printf(&q->snap->arena, "%s/%s", store->io.path, store->agent->history->file),
            seen.code, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        const char *id = prompted[i].session_id;
        if (is_known(traces, id) || is_held(q, store, id))
            continue;
        if (!is_named)
            shown->prompted_count++;
        else if (begins_as_asked(q->options, id))
            add(q, store, &(struct agent_trace){.session_id = id}, is_sure);
    }
    shown->prompted_is_least = shown->prompted_is_least || !is_whole;
}

/* Of each that was asked for something else is there, too. */
static bool all_are_known(const struct sr_options *o, const struct agent_traces *t)
{
    for (size_t i = 0; i < o->stored_prefix_count; i++) {
        const char *prefix = o->stored_prefixes[i];
        bool is_known = false;
        for (size_t j = 0; j < t->with_transcript_count && !is_known; j++)
            is_known = agent_id_begins(t->with_transcript[j], prefix);
        for (size_t j = 0; j < t->count && !is_known; j++)
            is_known = agent_id_begins(t->items[j].session_id, prefix);
        if (!is_known)
            return false;
    }
    return o->stored_prefix_count > 0;
}

static void find_in(struct search *q, struct store *store)
{
    const struct sr_options *o = q->options;
    struct agent_traces traces;
    struct lookup seen = agent_list_traces(store->agent, &store->io, o->stored_prefixes,
                                           o->stored_prefix_count, &traces);
    bool is_sure = seen.state != LOOKUP_UNKNOWN;
    for (size_t i = 0; i < traces.count; i++)
        if (!is_held(q, store, traces.items[i].session_id))
            add(q, store, &traces.items[i], is_sure);
    /* the whole history is read only for who is found nowhere else */
    if (!o->lists_stored_alone && !all_are_known(o, &traces))
        find_prompted(q, store, &traces, is_sure);
}

/* ---- what is left ------------------------------------------------------------------------- */

/* Returns: when one of them was last written. */
static struct wall count_files(const struct agent *agent, const struct agent_files *files,
                               struct sr_left *left)
{
    struct wall newest = {0};
    for (size_t i = 0; i < files->count; i++) {
        const struct agent_file *f = &files->items[i];
        if (f->kind != AGENT_FILE_OWN)
            continue;
        size_t *const counts[AGENT_PARTS] = {
            [AGENT_PART_OTHER] = &left->other_count,
            [AGENT_PART_SUBAGENT] = &left->subagent_count,
            [AGENT_PART_TOOL_RESULT] = &left->tool_result_count,
            [AGENT_PART_VERSION] = &left->version_count,
            [AGENT_PART_LIST] = &left->list_count,
        };
        size_t *count = counts[agent_part_of(agent, f->name)];
        if (count)
            (*count)++;
        left->size_bytes += f->seen.size_bytes;
        if (f->seen.mtime_ms > newest.ms)
            newest.ms = f->seen.mtime_ms;
    }
    for (size_t i = 0; i < files->left_out_count; i++)
        left->may_have_more = left->may_have_more || files->left_out[i].is_lost;
    return newest;
}

/* The directory that a subagent's records name. */
static const char *cwd_of_subagent(const struct store *store, const struct agent_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct agent_transcript of = {.path = files->items[i].name};
        struct head head;
        if (agent_part_of(store->agent, of.path) == AGENT_PART_SUBAGENT &&
            activity_read_head(store, &of, &head) == 0 && head.cwd_count)
            return head.cwds[0];
    }
    return NULL;
}

/* A copy in the snapshot's arena. */
static const char *kept(struct search *q, const char *text)
{
    return text ? arena_strdup(&q->snap->arena, text) : NULL;
}

static const char *place_of(struct search *q, const struct item *item)
{
    const char *folder = item->trace.folder;
    return folder && item->trace.is_beside
               ? arena_printf(&q->snap->arena, "%s/%s%s", item->store->io.path, folder,
                              item->store->agent->stored->suffix)
               : NULL;
}

static void describe(struct search *q, const struct item *item, struct session *out)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct store *store = item->store;
    struct agent_store io = store->io;
    struct agent_files files;
    struct agent_prompts prompts;
    struct agent_transcript of = {.session_id = item->trace.session_id};
    struct sr_left *left = arena_alloc(&q->snap->arena, sizeof *left);
    int64_t end_bytes = q->options->stored_prefix_count ? ALL_BYTES : END_BYTES;
    io.arena = &scratch;
    *left = (struct sr_left){.is_sure = item->is_sure, .place = place_of(q, item)};
    store->agent->bundle->list_files(&io, &of, "", &q->listings, &files);
    struct wall written_at = count_files(store->agent, &files, left);
    struct lookup seen =
        agent_read_all_prompts(store->agent, &io, of.session_id, end_bytes, &prompts);
    left->prompt_count = prompts.count;
    if (seen.state == LOOKUP_UNKNOWN || (seen.state == LOOKUP_FOUND && !prompts.is_whole))
        left->may_have_more = true;
    const struct agent_prompt *last = prompts.count ? &prompts.items[prompts.count - 1] : NULL;
    bool is_after = last && last->at.ms > written_at.ms;
    *out = (struct session){
        .store = store,
        .session_id = of.session_id,
        .mapped_by = SR_MAPPED_BY_STORE,
        .certainty = SR_EXACT,
        .which = lookup_found(),
        .has_transcript = item->is_sure ? lookup_absent() : lookup_unknown(0, NULL),
        .left = left,
        .left_at = is_after ? last->at : written_at,
        .left_cwd = kept(q, last && last->cwd ? last->cwd : cwd_of_subagent(store, &files)),
        .left_prompt = kept(q, prompts.count ? prompts.items[0].text : NULL),
    };
    agent_files_release(&files);
}

/* Asked where no store is being read: the backups may lie on a disk that does not answer. */
static void find_backup(const struct sr_options *options, const struct session *s)
{
    struct sr_left *left = (struct sr_left *)s->left;
    if (options->find_backup)
        left->backup_is_unknown = !options->find_backup(options->context, s->session_id,
                                                        &left->backup, &left->backup_bytes);
}

static int newest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int64_t s = x->trace.modified_at.ms, t = y->trace.modified_at.ms;
    if (s != t)
        return s < t ? 1 : -1;
    return strcmp(x->trace.session_id, y->trace.session_id);
}

void gone_find(struct snapshot *snap, const struct sr_options *options, const struct session *live,
               size_t live_count, struct session **found, size_t *found_count)
{
    struct search q = {.snap = snap, .options = options, .live = live, .live_count = live_count};
    for (size_t i = 0; i < snap->stores.count; i++) {
        struct store *store = snap->stores.items[i];
        if (!store->wanted || store->code < 0 || !stores_enter(&snap->stores, store->io.path))
            continue;
        find_in(&q, store);
        stores_leave(&snap->stores);
    }
    if (q.count)
        qsort(q.items, q.count, sizeof *q.items, newest_first);
    size_t shown = q.count < options->gone_limit ? q.count : options->gone_limit,
           before = *found_count;
    struct session *all = arena_alloc(&snap->arena, (before + shown + 1) * sizeof *all);
    if (before)
        memcpy(all, *found, before * sizeof *all);
    for (size_t i = 0; i < shown; i++) {
        if (!stores_enter(&snap->stores, q.items[i].store->io.path))
            continue;
        describe(&q, &q.items[i], &all[(*found_count)++]);
        stores_leave(&snap->stores);
        find_backup(options, &all[*found_count - 1]);
    }
    agent_listings_release(&q.listings);
    snap->shown.gone_count = q.count;
    *found = all;
}

void gone_show(const struct snapshot *snap, const struct session *s, struct sr_session *out)
{
    out->left = s->left;
    out->cwd = s->left_cwd;
    out->first_prompt = s->left_prompt;
    if (!wall_known(s->left_at))
        return;
    out->last_activity_at_ms = s->left_at.ms;
    out->silent_s = (snap->shown.taken_at_ms - s->left_at.ms) / 1000;
    if (out->silent_s < 0) /* the clock was set back */
        out->silent_s = 0;
}
