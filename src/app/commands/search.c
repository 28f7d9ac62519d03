/*
 * --search: what was said in any session or backup. Changes nothing but the
 * index, which is its own.
 */
#include "app/commands/commands.h"

#include "app/meter.h"
#include "search/feed.h"
#include "search/query.h"
#include "search/update.h"
#include "session/resume.h"
#include "view/search.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 20,  /* messages shown at first */
    BATCH = 32, /* whose texts are in memory at one time */
    PROMPT_BATCH = 4096,
    SAME_PROMPT_MS = 2000,           /* between a prompt in the history and its record */
    PROMPT_BYTES = 64 * 1024 * 1024, /* of the end of a history */
    RESULT_BYTES = 1024 * 1024,      /* of the beginning of a tool's result */
    LOCK_PATIENCE_MS = 30000,        /* then what the index has already is searched */
};

struct work {
    struct context *context;
    const struct stores *stores;
    struct sources sources;
    struct index ix;
    int64_t *roots; /* of the index, in the order of sources.roots */
    struct buf match;
    struct meter meter;
    struct index_hit *found;
    size_t found_count;
    struct view_hit *hits;
    size_t hit_count, hit_capacity;
    struct view_hit_session *sessions;
    int64_t *session_rows;        /* of the index */
    struct sr_snapshot *way_back; /* how each is brought back, as a listing says; NULL: not known */
    size_t session_count, session_capacity;
    struct view_search view;
};

static void move_meter(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct work *w = context;
    meter_move(&w->meter, done_bytes, total_bytes);
}

static void say_waiting(void *context)
{
    struct work *w = context;
    if (!w->context->options->quiet)
        context_complain("waiting for another search, which brings the index up to date");
}

/* ---- the index ---------------------------------------------------------------------------- */

static int look_up(struct work *w, struct sr_error *error)
{
    struct update update = {
        .ix = &w->ix, .sources = &w->sources, .progress = move_meter, .context = w};
    size_t limit = w->context->options->all ? SIZE_MAX : PAGE;
    int r = 0;
    w->roots = update_roots(&w->ix, &w->sources);
    if (w->ix.lock >= 0) {
        meter_begin(&w->meter, w->context->shows_progress);
        r = update_run(&update, w->roots, error);
        meter_end(&w->meter);
    }
    w->view.is_incomplete = w->ix.lock < 0;
    if (r == 0) {
        w->view.found = index_search(&w->ix, (struct sv){w->match.p, w->match.n}, w->roots,
                                     w->sources.root_count, limit, &w->sources.arena, &w->found,
                                     &w->found_count);
        r = index_code(&w->ix, error);
    }
    return r;
}

/* A broken index is found out by using it; it is made anew once. */
static int look_up_or_rebuild(struct work *w, struct sr_error *error)
{
    int r = 0;
    if (w->ix.lock >= 0 && index_is_mostly_stale(&w->ix))
        r = index_rebuild(&w->ix, "most of it was of transcripts that are gone", error);
    if (r == 0)
        r = look_up(w, error);
    if (r == -EBADMSG && w->ix.lock >= 0 && !w->ix.made_anew) {
        char why[sizeof error->text];
        memcpy(why, error->text, sizeof why);
        r = index_rebuild(&w->ix, why, error);
        if (r == 0)
            r = look_up(w, error);
    }
    return r;
}

static void tell_of_index(const struct work *w)
{
    if (w->context->options->quiet)
        return;
    if (w->ix.made_anew)
        context_complainf("the index was rebuilt from the transcripts: %s", w->ix.made_anew);
    if (w->view.is_incomplete)
        context_complain("another search is still bringing the index up to date: what it has not "
                         "read yet is not found");
}

/* ---- what was found ----------------------------------------------------------------------- */

/* A hit with its text, read again from where it stands. */
struct loaded {
    const struct index_hit *hit;
    struct view_hit shown;
    struct index_place place;
    const char *backup; /* path, where that is one */
    const char *stray;  /* path, where the client does not look */
    struct buf words;
};

static int by_place(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = strcmp(x->session_id, y->session_id);
    if (order == 0 && x->root != y->root)
        order = x->root < y->root ? -1 : 1;
    return order ? order : strcmp(x->path, y->path);
}

/* The source that a place of the index is in. */
static const struct source *source_of(const struct work *w, const struct index_place *place)
{
    struct source key = {.path = place->path, .session_id = place->session_id};
    while (key.root < w->sources.root_count && w->roots[key.root] != place->root)
        key.root++;
    return w->sources.count
               ? bsearch(&key, w->sources.items, w->sources.count, sizeof key, by_place)
               : NULL;
}

static bool load_from(struct work *w, const struct index_place *place, const struct source *source,
                      struct loaded *out)
{
    struct arena scratch = {0}, *a = &w->sources.arena;
    struct fs_file file;
    struct event e;
    struct message m;
    const struct source_root *root = &w->sources.roots[source->root];
    if (sources_open(&w->sources, source, &file) < 0)
        return false;
    FS_CLOSE int fd = file.fd;
    bool found = feed_read_record(source->agent->reader, fd, place->offset, out->hit->key, &scratch,
                                  &e, &m) == 0;
    if (found) {
        const char *path = arena_printf(a, "%s/%s", root->path,
                                        source->rows ? source->agent->records->file : source->path);
        message_add_words(&e, &m, FEED_WORDS_MAX, &out->words);
        out->place = *place;
        out->backup = root->is_backups ? path : NULL;
        out->stray = source->is_stray ? path : NULL;
        out->shown = (struct view_hit){
            .at = e.at,
            .speaker = message_speaker(&e),
            .kind = e.kind,
            .is_subagent = e.is_sidechain || source->is_subagent,
            .uuid = e.uuid.n ? arena_strndup(a, e.uuid.p, e.uuid.n) : NULL,
            .file = path,
            .offset = place->offset,
        };
    }
    arena_release(&scratch);
    return found;
}

/* Where words are looked for first: what the client reads, where it does not look, the backups. */
enum rank { READ, STRAY, BACKUP, RANKS };

static enum rank rank_of(const struct work *w, const struct source *source)
{
    return w->sources.roots[source->root].is_backups ? BACKUP : source->is_stray ? STRAY : READ;
}

/* From the first place that can be read. */
static bool load(struct work *w, const struct index_hit *hit, struct loaded *out)
{
    struct index_place *places;
    size_t count;
    *out = (struct loaded){.hit = hit};
    index_places(&w->ix, hit, w->roots, w->sources.root_count, &w->sources.arena, &places, &count);
    for (enum rank rank = READ; rank < RANKS; rank++)
        for (size_t root = 0; root < w->sources.root_count; root++)
            for (size_t i = 0; i < count; i++) {
                if (places[i].root != w->roots[root])
                    continue;
                const struct source *source = source_of(w, &places[i]);
                if (source && rank_of(w, source) == rank && load_from(w, &places[i], source, out))
                    return true;
            }
    return false;
}

/* What stands where the client does not look is brought back by its file, whatever else there is
 * of the session. */
static size_t session_of(struct work *w, const struct loaded *l)
{
    size_t i = 0;
    while (i < w->session_count && (w->session_rows[i] != l->hit->session ||
                                    !str_equals(w->sessions[i].stray_path, l->stray)))
        i++;
    if (i == w->session_count) {
        w->session_rows[i] = l->hit->session;
        w->sessions[i] =
            (struct view_hit_session){.id = l->place.session_id, .stray_path = l->stray};
        w->session_count++;
    }
    if (l->backup && !w->sessions[i].backup)
        w->sessions[i].backup = l->backup;
    return i;
}

static int show_batch(struct work *w, const struct index_hit *hits, size_t count)
{
    struct loaded loaded[BATCH];
    struct sv texts[BATCH];
    const char *snippets[BATCH];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += load(w, &hits[i], &loaded[n]);
        if (n)
            texts[n - 1] = (struct sv){loaded[n - 1].words.p, loaded[n - 1].words.n};
    }
    int r =
        index_snippets((struct sv){w->match.p, w->match.n}, texts, n, &w->sources.arena, snippets);
    for (size_t i = 0; i < n; i++) {
        buf_release(&loaded[i].words);
        if (r < 0 || !snippets[i])
            continue;
        struct view_hit *hit = &w->hits[w->hit_count++];
        *hit = loaded[i].shown;
        hit->snippet = snippets[i];
        hit->session = session_of(w, &loaded[i]);
    }
    return r;
}

/* A session's together, in the order of its newest message. */
static int by_session(const void *a, const void *b)
{
    const struct view_hit *x = a, *y = b;
    if (x->session != y->session)
        return x->session < y->session ? -1 : 1;
    return x->at.ms < y->at.ms ? 1 : x->at.ms > y->at.ms ? -1 : 0;
}

/* ---- what else is left of sessions without a transcript
 * -------------------------------------------------- */

/* A transcript in a store, and not a subagent's: a backup's may lack something. */
static bool is_main(const struct work *w, const struct source *source)
{
    return !w->sources.roots[source->root].is_backups && !source->is_subagent;
}

/* Then what was said in it is found there. The sources of a session stand together. */
static bool has_transcript(const struct work *w, const char *session_id)
{
    const struct sources *s = &w->sources;
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(s->items[middle].session_id, session_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->count && str_equals(s->items[low].session_id, session_id); low++)
        if (is_main(w, &s->items[low]))
            return true;
    return false;
}

static size_t session_called(struct work *w, const char *id)
{
    for (size_t i = 0; i < w->session_count; i++)
        if (str_equals(w->sessions[i].id, id) && !w->sessions[i].stray_path)
            return i;
    struct view_hit_session *slot =
        ARENA_PUSH(&w->sources.arena, w->sessions, w->session_count, w->session_capacity);
    slot->id = id;
    return w->session_count - 1;
}

/* It was found in a backup's transcript. */
static bool is_found_already(const struct work *w, const struct agent_prompt *prompt)
{
    for (size_t i = 0; i < w->hit_count; i++) {
        const struct view_hit *hit = &w->hits[i];
        if (hit->offset >= 0 && hit->speaker == SPEAKER_USER && !hit->is_subagent &&
            llabs(hit->at.ms - prompt->at.ms) <= SAME_PROMPT_MS &&
            str_equals(w->sessions[hit->session].id, prompt->session_id))
            return true;
    }
    return false;
}

static void add_other_hit(struct work *w, const char *session_id, const struct view_hit *hit)
{
    struct view_hit *slot = ARENA_PUSH(&w->sources.arena, w->hits, w->hit_count, w->hit_capacity);
    *slot = *hit;
    slot->session = session_called(w, session_id);
    slot->offset = -1;
    w->view.found++;
}

static void add_prompt_hit(struct work *w, const struct agent_prompt *prompt, const char *file,
                           const char *snippet)
{
    add_other_hit(w, prompt->session_id,
                  &(struct view_hit){
                      .at = prompt->at,
                      .speaker = SPEAKER_USER,
                      .kind = prompt->is_said_to_model ? EVENT_PROMPT : EVENT_COMMAND,
                      .snippet = snippet,
                      .file = file,
                  });
}

/* Those of sessions without a transcript alone: SQLite says of each whether it matches. */
static int search_prompts_of(struct work *w, const struct store *store)
{
    struct arena *a = &w->sources.arena;
    struct agent_store io = store->io;
    struct agent_prompts prompts;
    struct sv *texts = arena_alloc(a, PROMPT_BATCH * sizeof *texts);
    const char **snippets = arena_alloc(a, PROMPT_BATCH * sizeof *snippets);
    const struct agent_prompt **of = arena_alloc(a, PROMPT_BATCH * sizeof *of);
    const char *file = store->agent->history
                           ? arena_printf(a, "%s/%s", io.path, store->agent->history->file)
                           : NULL,
               *last = NULL;
    bool is_told_elsewhere = false;
    size_t n = 0;
    int r = 0;
    io.arena = a;
    struct lookup seen = agent_read_all_prompts(store->agent, &io, NULL, PROMPT_BYTES, &prompts);
    if (seen.state == LOOKUP_UNKNOWN)
        problems_add(&w->sources.problems, file, seen.code, NULL);
    for (size_t i = 0; i <= prompts.count && r == 0; i++) {
        if (n == PROMPT_BATCH || (i == prompts.count && n)) {
            r = index_snippets((struct sv){w->match.p, w->match.n}, texts, n, a, snippets);
            for (size_t j = 0; j < n && r == 0; j++)
                if (snippets[j] && !is_found_already(w, of[j]))
                    add_prompt_hit(w, of[j], file, snippets[j]);
            n = 0;
        }
        if (i == prompts.count)
            break;
        const struct agent_prompt *p = &prompts.items[i];
        if (!str_equals(last, p->session_id)) /* most stand together */
            is_told_elsewhere = has_transcript(w, p->session_id);
        last = p->session_id;
        if (is_told_elsewhere)
            continue;
        texts[n] = sv_of(p->pasted ? arena_printf(a, "%s\n%s", p->text, p->pasted) : p->text);
        of[n++] = p;
    }
    return r;
}

/* A result of a tool that has a file of its own. */
static int search_result(struct work *w, const struct store *store, const char *session_id,
                         const struct agent_file *f)
{
    struct arena *a = &w->sources.arena;
    struct fs_file file;
    const char *snippet = NULL,
               *path = arena_printf(a, "%s/%s", f->root ? f->root : store->io.path, f->path);
    int opened = fs_open_file_beneath(f->at, f->path, &file);
    if (opened < 0) {
        if (opened != -ENOENT)
            problems_add(&w->sources.problems, path, opened, NULL);
        return 0;
    }
    FS_CLOSE int fd = file.fd;
    char *bytes = mem_resize(NULL, RESULT_BYTES);
    ssize_t n = fs_read_at(fd, bytes, RESULT_BYTES, 0);
    if (n < 0)
        problems_add(&w->sources.problems, path, (int)n, NULL);
    struct sv text = {bytes, n > 0 ? (size_t)n : 0};
    int r = text.n ? index_snippets((struct sv){w->match.p, w->match.n}, &text, 1, a, &snippet) : 0;
    free(bytes);
    if (snippet)
        add_other_hit(w, arena_strdup(a, session_id),
                      &(struct view_hit){
                          .at = {f->seen.mtime_ms},
                          .speaker = SPEAKER_TOOL,
                          .kind = EVENT_TOOL_RESULT,
                          .snippet = snippet,
                          .file = path,
                      });
    return r;
}

/* Those of sessions without a transcript alone. */
static int search_results_of(struct work *w, const struct store *store)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct problems quiet = {.arena = &scratch}; /* the sources have said what cannot be read */
    struct agent_store io = {
        .fd = store->io.fd, .path = store->io.path, .arena = &scratch, .problems = &quiet};
    struct agent_traces traces;
    struct agent_listings listings = {0};
    int r = 0;
    agent_list_traces(store->agent, &io, NULL, 0, &traces);
    for (size_t i = 0; i < traces.count && r == 0; i++) {
        struct agent_transcript gone = {.session_id = traces.items[i].session_id};
        struct agent_files files;
        store->agent->bundle->list_files(&io, &gone, "", &listings, &files);
        for (size_t j = 0; j < files.count && r == 0; j++)
            if (agent_part_of(store->agent, files.items[j].name) == AGENT_PART_TOOL_RESULT)
                r = search_result(w, store, gone.session_id, &files.items[j]);
        agent_files_release(&files);
    }
    agent_listings_release(&listings);
    return r;
}

static int newest_first(const void *a, const void *b)
{
    const struct view_hit *x = a, *y = b;
    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? 1 : -1;
    return x->offset < y->offset ? 1 : x->offset > y->offset ? -1 : 0;
}

/* The newest of all, and the sessions in their order. */
static void merge(struct work *w, size_t limit)
{
    struct arena *a = &w->sources.arena;
    struct view_hit_session *sessions = arena_alloc(a, (w->session_count + 1) * sizeof *sessions);
    size_t *place = arena_alloc(a, (w->session_count + 1) * sizeof *place), count = 0;
    qsort(w->hits, w->hit_count, sizeof *w->hits, newest_first);
    if (w->hit_count > limit)
        w->hit_count = limit;
    for (size_t i = 0; i < w->hit_count; i++) {
        struct view_hit *hit = &w->hits[i];
        if (!place[hit->session]) {
            sessions[count] = w->sessions[hit->session];
            place[hit->session] = ++count;
        }
        hit->session = place[hit->session] - 1;
    }
    w->sessions = sessions;
    w->session_count = count;
}

static int search_leftovers(struct work *w)
{
    size_t before = w->hit_count;
    int r = 0;
    for (size_t i = 0; i < w->stores->count && r == 0; i++) {
        const struct store *store = w->stores->items[i];
        if (!store->wanted || store->code < 0)
            continue;
        r = search_prompts_of(w, store);
        if (r == 0)
            r = search_results_of(w, store);
    }
    if (w->hit_count > before)
        merge(w, w->context->options->all ? SIZE_MAX : PAGE);
    return r;
}

/* ---- the way back ------------------------------------------------------------------------- */

static void tell_way_back(struct arena *a, const struct sr_session *s, struct view_hit_session *to)
{
    BUF_RELEASE struct buf command = {0};
    to->backup = NULL;
    to->left = s->left;
    to->cwd = s->cwd;
    to->held_by = s->pid ? s->pid : s->owner_count ? s->owners[0] : 0;
    to->notes = s->notes;
    to->note_count = s->note_count;
    to->no_command = sr_resume_obstacle(s);
    if (resume_add_command(&command, s) == 0)
        to->command = arena_strdup(a, command.p);
    command.n = 0;
    if (resume_add_attach(&command, s) == 0)
        to->attach = arena_strdup(a, command.p);
}

/* to: of a session's words, where the client looks or not. */
static void tell_stray(const struct sr_stray *stray, struct view_hit_session *to)
{
    char *path = to->stray_path ? realpath(stray->path, NULL) : NULL;
    if (path && str_equals(path, to->stray_path))
        to->stray = stray;
    free(path);
    if (!to->stray_path && !stray->found_by)
        to->is_astray = true;
}

/* How each session is brought back, as a listing says. */
static void find_ways_back(struct work *w)
{
    struct arena *a = &w->sources.arena;
    struct sr_options look = w->context->look;
    struct sr_snapshot *snapshot = NULL;
    const char **ids = arena_alloc(a, (w->session_count + 1) * sizeof *ids);
    for (size_t i = 0; i < w->session_count; i++)
        ids[i] = w->sessions[i].id;
    look.stored_prefixes = ids;
    look.stored_prefix_count = w->session_count;
    look.stored_limit = look.gone_limit = SIZE_MAX;
    look.looks_for_strays = true;
    if (!w->session_count || sr_detect_processes(&look, &snapshot, NULL) < 0)
        return;
    w->way_back = snapshot;
    for (size_t i = 0; i < w->session_count; i++) {
        struct view_hit_session *to = &w->sessions[i];
        for (size_t j = 0; j < snapshot->session_count && !to->stray_path; j++)
            if (str_equals(snapshot->sessions[j].session_id, to->id))
                tell_way_back(a, &snapshot->sessions[j], to);
        for (size_t j = 0; j < snapshot->stray_count; j++)
            if (str_equals(snapshot->strays[j].session_id, to->id))
                tell_stray(&snapshot->strays[j], to);
    }
}

static int show(struct work *w, struct sr_error *error)
{
    struct arena *a = &w->sources.arena;
    int r = 0;
    w->hit_capacity = w->session_capacity = w->found_count + 1;
    w->hits = arena_alloc(a, w->hit_capacity * sizeof *w->hits);
    w->sessions = arena_alloc(a, w->session_capacity * sizeof *w->sessions);
    w->session_rows = arena_alloc(a, (w->found_count + 1) * sizeof *w->session_rows);
    for (size_t i = 0; i < w->found_count && r == 0; i += BATCH)
        r = show_batch(w, &w->found[i], w->found_count - i < BATCH ? w->found_count - i : BATCH);
    if (r == 0)
        r = search_leftovers(w);
    if (r < 0)
        return err_set(error, r, "highlight what was found: %s", err_reason(r));
    if (w->hit_count)
        qsort(w->hits, w->hit_count, sizeof *w->hits, by_session);
    find_ways_back(w);
    return index_code(&w->ix, error);
}

static int print(struct work *w)
{
    struct buf out = {0};
    struct context *c = w->context;
    w->view.hits = w->hits;
    w->view.hit_count = w->hit_count;
    w->view.sessions = w->sessions;
    w->view.session_count = w->session_count;
    w->view.made_anew = w->ix.made_anew;
    for (size_t i = 0; i < w->sources.problems.count; i++)
        w->view.may_lack = w->view.may_lack || w->sources.problems.items[i].code != -EBADMSG;
    if (c->options->json)
        view_json_search(&out, &w->view, w->sources.problems.items, w->sources.problems.count);
    else
        view_text_search(&out, &w->view, &c->style);
    for (size_t i = 0; i < w->sources.problems.count && !c->options->quiet; i++)
        context_complain(w->sources.problems.items[i].text);
    tell_of_index(w);
    int status = context_print(&out);
    return status == 0 && w->view.may_lack ? EXIT_ATTENTION : status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static int search(struct work *w, struct sr_error *error)
{
    int r = index_open(&w->ix, w->context->index_dir, LOCK_PATIENCE_MS, say_waiting, w, error);
    if (r < 0)
        return r;
    r = look_up_or_rebuild(w, error);
    if (r == 0)
        r = show(w, error);
    int status = r < 0 ? r : print(w);
    if (w->way_back)
        sr_snapshot_free(w->way_back);
    index_close(&w->ix);
    return status;
}

static const char *joined(struct arena *a, const char *const *words, size_t count)
{
    const char *all = "";
    for (size_t i = 0; i < count; i++)
        all = arena_printf(a, "%s%s%s", all, i ? " " : "", words[i]);
    return all;
}

static int run(struct context *context)
{
    const struct options *o = context->options;
    struct work w = {.context = context};
    struct sr_error error;
    struct sr_snapshot *snapshot;
    if (query_parse(o->which, o->which_count, &w.match, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);
    w.view.words = joined(&context->arena, o->which, o->which_count);
    if (!context->index_dir)
        return context_fail("no home directory is known: give --index-dir", EXIT_FAILED);
    if (!context_answers(context, context->index_dir))
        return EXIT_FAILED;
    if (!context_look(context, &snapshot))
        return EXIT_FAILED;
    bool has_backups = context->pending_dir && context_answers(context, context->pending_dir);
    w.stores = &snapshot_of(snapshot)->stores;
    sources_list(&w.sources, snapshot, has_backups ? context->pending_dir : NULL);
    int status = search(&w, &error);
    if (status < 0) {
        context_complain(error.text);
        status = EXIT_FAILED;
    }
    sources_release(&w.sources);
    sr_snapshot_free(snapshot);
    buf_release(&w.match);
    return status;
}

const struct command command_search = {
    .name = "search",
    .words = "WORDS...",
    .at_least = 1,
    .at_most = SIZE_MAX,
    .takes = "the words to look for",
    .help = "what was said in any session or backup, the newest first",
    .run = run,
    .options = (const char *const[]){"all", "index-dir", NULL},
};
