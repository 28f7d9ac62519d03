/*
 * --context: what was said in sessions, files and backups. Changes nothing.
 * The copies of a session, its transcript and its backups, are read as one.
 */
#include "app/commands/commands.h"

#include "agents/agent.h"
#include "app/leftover.h"
#include "app/records.h"
#include "app/select/backups.h"
#include "app/select/selection.h"
#include "backup/backup_dir.h"
#include "base/io/fs.h"
#include "session/discover.h"
#include "view/conversation/conversation.h"
#include "view/html.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OUT_BYTES = 256 * 1024 };

/* One conversation: the files that hold it, the live transcript first, then the newest backup. */
struct talk {
    const char *session_id;
    const char *subagent;      /* NULL: the session's own */
    const struct agent *agent; /* NULL: as its first file says */
    const struct agent_store *store;
    const struct agent_transcript *rows; /* its first file is none: as struct records has it */
    const char **files;
    size_t file_count, file_capacity;
};

struct work {
    struct context *context;
    struct sr_snapshot *snapshot;
    struct talk *talks;
    size_t talk_count, talk_capacity;
    struct view_leftover *leftovers; /* of sessions whose transcript is gone */
    size_t leftover_count, leftover_capacity;
    bool has_gaps;
    bool may_lack; /* not all could be looked at */
};

static struct talk *talk_of(struct work *w, const char *session_id, const char *subagent)
{
    for (size_t i = 0; i < w->talk_count; i++)
        if (str_equals(w->talks[i].session_id, session_id) &&
            str_equals(w->talks[i].subagent, subagent))
            return &w->talks[i];
    struct talk *talk = ARENA_PUSH(&w->context->arena, w->talks, w->talk_count, w->talk_capacity);
    talk->session_id = session_id;
    talk->subagent = subagent;
    return talk;
}

static void add_file(struct work *w, struct talk *talk, const char *path)
{
    for (size_t i = 0; i < talk->file_count; i++)
        if (str_equals(talk->files[i], path))
            return;
    *ARENA_PUSH(&w->context->arena, talk->files, talk->file_count, talk->file_capacity) = path;
}

/* What a store has of a session; subagent: NULL for the session's own. */
static void add_records(struct work *w, const struct store *store, const char *session_id,
                        const char *subagent, const struct agent_transcript *of)
{
    struct arena *a = &w->context->arena;
    struct talk *talk = talk_of(w, session_id, subagent);
    struct agent_transcript *rows = arena_alloc(a, sizeof *rows);
    *rows = *of;
    talk->agent = store->agent;
    talk->store = &store->io;
    talk->rows = store->agent->records && !talk->file_count ? rows : talk->rows;
    add_file(w, talk,
             arena_printf(a, "%s/%s", store->io.path,
                          store->agent->records ? store->agent->records->file : of->path));
}

static void add_subagents(struct work *w, const struct store *store, const char *session_id,
                          const struct agent_transcript *of)
{
    struct agent_transcript *subagents;
    size_t count = 0;
    if (w->context->options->all)
        agent_list_subagents(store->agent, &store->io, of, &subagents, &count);
    for (size_t i = 0; i < count; i++)
        add_records(w, store, session_id, str_basename(subagents[i].path), &subagents[i]);
}

/* The store in which a path was found, and what it is below that; NULL: none that was looked at. */
static const struct store *store_of(const struct work *w, const struct sr_home *home,
                                    const char *path, const char **below)
{
    const struct stores *stores = &snapshot_of(w->snapshot)->stores;
    for (size_t i = 0; i < stores->count; i++) {
        const struct store *store = stores->items[i];
        size_t n = strlen(store->io.path);
        if (store->code || !stores_is_home(store, home) || !str_starts_with(path, store->io.path) ||
            path[n] != '/')
            continue;
        *below = path + n + 1;
        return store;
    }
    return NULL;
}

static bool is_empty(const struct backup_dir *p, const char *file)
{
    struct stat st;
    return fstatat(p->fd, file, &st, 0) == 0 && st.st_size == 0;
}

/* Of every complete backup of a session, the newest first. One of a session without a transcript
 * holds no conversation. */
static void add_backups(struct work *w, const char *session_id, bool is_gone)
{
    struct context *c = w->context;
    struct backup_dir pending;
    struct backup_dir_entry *entries;
    size_t count = 0;
    if (!c->pending_dir || backup_dir_open(&pending, c->pending_dir, false, NULL) < 0)
        return;
    if (backup_dir_list(&pending, &c->arena, &entries, &count) < 0)
        count = 0;
    for (size_t i = count; i-- > 0;)
        if (entries[i].is_complete && str_equals(entries[i].session_id, session_id)) {
            const char *file = arena_printf(&c->arena, "%s" BACKUP_TRANSCRIPT, entries[i].stem);
            if (!is_gone || !is_empty(&pending, file))
                add_file(w, talk_of(w, session_id, NULL),
                         arena_printf(&c->arena, "%s/%s", c->pending_dir, file));
        }
    backup_dir_close(&pending);
}

/* The session at a path, below a store or elsewhere, and its copies. */
static void add_stray(struct work *w, const struct sr_stray *stray)
{
    const char *below;
    const struct store *store = store_of(w, &stray->home, stray->path, &below);
    struct agent_transcript of = {.session_id = stray->session_id};
    add_file(w, talk_of(w, stray->session_id, NULL), stray->path);
    add_backups(w, stray->session_id, false);
    if (store) {
        of.path = below;
        add_subagents(w, store, stray->session_id, &of);
    }
}

static void add_session(struct work *w, const struct sr_session *shown)
{
    const struct session *s = &snapshot_of(w->snapshot)->sessions[shown - w->snapshot->sessions];
    bool is_there = shown->part_count > 0;
    if (is_there)
        add_records(w, s->store, s->session_id, NULL, &s->transcript);
    add_backups(w, shown->session_id, false);
    if (is_there)
        add_subagents(w, s->store, s->session_id, &s->transcript);
}

/* Told by its backups, and by what else is left. */
static void add_gone(struct work *w, const struct sr_session *s)
{
    struct arena *a = &w->context->arena;
    struct view_leftover *slot =
        ARENA_PUSH(a, w->leftovers, w->leftover_count, w->leftover_capacity);
    leftover_read(w->context, w->snapshot, s, slot);
    add_backups(w, slot->session_id, true);
    struct agent_transcript of = {.session_id = slot->session_id};
    const struct store *store =
        slot->left->place ? store_of(w, &s->home, slot->left->place, &of.path) : NULL;
    if (store)
        add_subagents(w, store, slot->session_id, &of);
}

/* A file is what its name says: a backup's or a session's transcript, or any other. */
static void add_named_file(struct work *w, const char *word)
{
    struct arena *a = &w->context->arena;
    const char *name = str_basename(word);
    struct sv stem = sv_of(name);
    const char *suffix = agent_suffix_of(name);
    stem.n -= suffix ? strlen(suffix) : 0;
    if (backup_dir_is_stem(stem))
        stem = backup_dir_id_of(stem);
    else
        agent_names_transcript(word, &stem);
    add_file(w, talk_of(w, arena_strndup(a, stem.p, stem.n), NULL), arena_strdup(a, word));
}

/* Where more of it is. */
static void tell_way(const struct context *c, const struct sr_session *s)
{
    BUF_RELEASE struct buf text = {0};
    if (s->continued_in)
        buf_addf(&text, "session %s continues as session %s%s", s->session_id, s->continued_in,
                 s->continuation == SR_CONTINUED || s->continuation == SR_CONTINUED_ELSEWHERE
                     ? ": --context of that one has what was said since"
                 : s->continuation == SR_CONTINUATION_MISSING ? ", which is not there"
                                                              : "");
    else if (s->continues)
        buf_addf(&text, "session %s continues session %s", s->session_id, s->continues);
    if (text.n && !c->options->quiet)
        context_complain(text.p);
}

/* Its transcripts that lie where the client does not look. Returns: whether there are any. */
static bool add_strays(struct work *w, const struct which *which)
{
    bool is_there = false;
    for (size_t i = 0; i < w->snapshot->stray_count; i++) {
        const struct sr_stray *stray = &w->snapshot->strays[i];
        if (!which_names_stray(which, stray))
            continue;
        is_there = true;
        context_complainf("%s lies where the client does not look; --resume %s tells what to do",
                          stray->path, which->word);
        add_stray(w, stray);
    }
    return is_there;
}

/* The session of that name, or, where there is none, its backup. */
static int add_named(struct work *w, const struct which *which, struct buf *listed,
                     struct sr_error *error)
{
    struct context *c = w->context;
    const struct sr_session *s;
    const char *folder, *stem;
    int r = which_find(which, w->snapshot, &s, listed, error);
    if (r >= 0 && !s->session_id)
        return err_set(error, -ENODATA, "it is not known which session '%s' is", which->word);
    if (r >= 0 && s->left) {
        add_gone(w, s);
    } else if (r >= 0) {
        tell_way(c, s);
        add_session(w, s);
    }
    if (r == -ENOENT && add_strays(w, which))
        return 0;
    if (r == -ENOENT && which->kind == WHICH_SESSION && c->pending_dir &&
        backups_find(&c->arena, c->pending_dir, which->word, &folder, &stem, NULL) == 0) {
        add_backups(w, backup_dir_id_of(sv_of(stem)).p, false);
        return 0;
    }
    return r;
}

/* Returns: 0 or negative errno, and then it has complained. */
static int add_word(struct work *w, const char *word)
{
    struct context *c = w->context;
    struct which which;
    BUF_RELEASE struct buf listed = {0};
    struct sr_error error;
    if (which_is_file(word)) {
        add_named_file(w, word);
        return 0;
    }
    if (backup_dir_is_stem(sv_of(word)) && c->pending_dir) {
        add_named_file(w, arena_printf(&c->arena, "%s/%s" BACKUP_TRANSCRIPT, c->pending_dir, word));
        return 0;
    }
    int r = which_parse(&c->arena, word, &which, &error);
    if (r == 0)
        r = add_named(w, &which, &listed, &error);
    if (r != 0)
        context_complain_of(error.text, &listed);
    return r < 0 ? r : 0;
}

/* Returns: 0 or negative errno, and then it has complained. */
static int find_talks(struct work *w)
{
    const struct options *o = w->context->options;
    struct arena *a = &w->context->arena;
    const char **prefixes = arena_alloc(a, (o->which_count + 1) * sizeof *prefixes);
    struct which which;
    struct sr_error error;
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; i < o->which_count; i++)
        if (!which_is_file(o->which[i]) && which_parse(a, o->which[i], &which, NULL) == 0 &&
            which.kind == WHICH_SESSION)
            prefixes[count++] = which.prefix;
    w->context->look.stored_prefixes = prefixes;
    w->context->look.stored_prefix_count = count;
    w->context->look.stored_limit = w->context->look.gone_limit = count ? SIZE_MAX : 0;
    w->context->look.looks_for_strays = count > 0;
    if ((r = sr_detect_processes(&w->context->look, &w->snapshot, &error)) < 0) {
        context_complain(error.text);
        return r;
    }
    context_print_problems(w->context, w->snapshot);
    w->may_lack = w->snapshot->may_lack_sessions;
    for (size_t i = 0; i < o->which_count && r == 0; i++)
        r = add_word(w, o->which[i]);
    for (size_t i = 0; o->which_count == 0 && i < w->snapshot->session_count; i++)
        if (w->snapshot->sessions[i].session_id && w->snapshot->sessions[i].part_count)
            add_session(w, &w->snapshot->sessions[i]);
    return r;
}

/* Drawing, and what it draws from. */
struct showing {
    struct records records;
    int status; /* of printing */
};

static int fetch(void *context, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    struct showing *s = context;
    return records_read(&s->records, item, a, text);
}

static bool take(void *context, struct buf *out)
{
    struct showing *s = context;
    if (out->n >= OUT_BYTES)
        s->status = context_print(out);
    return s->status == 0;
}

/* Returns: how many files were read. */
static size_t read_files(struct work *w, const struct talk *talk, struct records *records,
                         struct conversation *c)
{
    size_t read = 0;
    for (size_t i = 0; i < talk->file_count; i++) {
        int r = records_add(records, i, c);
        read += r == 0;
        if (r < 0) {
            context_complainf("read %s: %s", talk->files[i], err_reason(r));
            w->has_gaps = true;
        }
    }
    conversation_finish(c);
    w->has_gaps = w->has_gaps || c->gap_count;
    for (size_t i = 0; i < c->gap_count && !w->context->options->quiet; i++)
        context_complainf("%s: %lld bytes at byte %lld are not a record, and are not shown",
                          talk->files[c->gaps[i].file], (long long)c->gaps[i].length,
                          (long long)c->gaps[i].offset);
    return read;
}

/* How a conversation is written, and what stands once before and after all of them. */
struct format {
    const char *name;
    size_t (*draw)(struct buf *out, const struct view_conversation *v);
    /* What is left of a session without a transcript; NULL: it has no place in it. */
    void (*draw_left)(struct buf *out, const struct view_leftover *v);
    void (*begin)(const struct work *w, struct buf *out);
    void (*end)(struct buf *out);
};

static void begin_html(const struct work *w, struct buf *out)
{
    BUF_RELEASE struct buf title = {0};
    if (w->talk_count)
        buf_addf(&title, "Session %s%s", w->talks[0].session_id,
                 w->talk_count > 1 ? " and others" : "");
    html_begin(out, title.n ? title.p : "session-rescue");
}

static void begin_cusf(const struct work *w, struct buf *out)
{
    (void)w;
    view_cusf_begin(out, wall_now(), "session-rescue " SR_VERSION);
}

static const struct format *format_of(const struct options *o)
{
    static const struct format formats[] = {
        {"md", view_markdown_conversation, view_markdown_leftover, NULL, NULL},
        {"html", view_html_conversation, view_html_leftover, begin_html, html_end},
        {"json", view_json_conversation, view_json_leftover, NULL, NULL},
        {"cusf", view_cusf_conversation, NULL, begin_cusf, NULL},
    };
    const char *name = o->format ? o->format : o->json ? "json" : "md";
    size_t i = 0;
    while (!str_equals(formats[i].name, name))
        i++;
    return &formats[i];
}

/* Whose records they are; NULL: it has no file, and no agent is known. */
static const struct agent *agent_of(const struct talk *talk)
{
    return talk->agent || !talk->file_count ? talk->agent : agent_of_file(talk->files[0]);
}

/* Returns: 0, or an exit status. */
static int show(struct work *w, const struct talk *talk)
{
    const struct options *o = w->context->options;
    const struct agent *agent = agent_of(talk);
    struct showing s = {.records = {talk->files, agent, talk->store, talk->rows, .fd = -1}};
    struct conversation c;
    BUF_RELEASE struct buf out = {0};
    size_t lost = 0;
    if (!agent) {
        context_complainf("session %s: there is nothing to be read of it", talk->session_id);
        return EXIT_FAILED;
    }
    if (!agent->reader->read_message) {
        context_complainf("session %s: %s: --context does not read its records", talk->session_id,
                          agent->name);
        return EXIT_FAILED;
    }
    conversation_begin(&c, agent->reader);
    c.client_version = o->client_version;
    size_t read = read_files(w, talk, &s.records, &c);
    struct view_conversation v = {.session_id = talk->session_id,
                                  .subagent = talk->subagent,
                                  .files = talk->files,
                                  .file_count = talk->file_count,
                                  .conversation = &c,
                                  .number = (size_t)(talk - w->talks) + 1,
                                  .unfolds = o->verbose,
                                  .fetch = fetch,
                                  .take = take,
                                  .context = &s};
    size_t undated = o->since_ms ? conversation_drop_before(&c, (struct wall){o->since_ms}) : 0;
    if (undated && !o->quiet)
        context_complainf("session %s: when %zu of its records were written is not known: they are "
                          "shown, too",
                          talk->session_id, undated);
    if (o->last > 0)
        v.first = view_conversation_last(&v, (size_t)o->last);
    if (read)
        lost = format_of(o)->draw(&out, &v);
    if (s.status == 0)
        s.status = read ? context_print(&out) : EXIT_FAILED;
    if (lost) {
        context_complainf("%zu records were rewritten while they were read, and are not shown",
                          lost);
        w->has_gaps = true;
    }
    conversation_release(&c);
    records_end(&s.records);
    return s.status;
}

/* Returns: 0, or an exit status. */
static int show_leftover(const struct work *w, const struct view_leftover *v)
{
    struct buf out = {0};
    const struct format *format = format_of(w->context->options);
    if (!format->draw_left) {
        context_complainf("session %s: its transcript is gone, and what else is left is no "
                          "conversation: --format md shows it",
                          v->session_id);
        return 0;
    }
    format->draw_left(&out, v);
    return context_print(&out);
}

static int show_all(struct work *w)
{
    const struct options *o = w->context->options;
    bool has_none = w->talk_count + w->leftover_count == 0;
    if (has_none && !o->quiet)
        context_complain(w->may_lack ? "no session with a transcript is seen to be active, and not "
                                       "all could be looked at: name one"
                                     : "no session with a transcript is active: name one");
    int status = EXIT_FINE;
    const struct format *format = format_of(o);
    BUF_RELEASE struct buf around = {0};
    if (format->begin && !has_none) {
        format->begin(w, &around);
        status = context_print(&around);
    }
    for (size_t i = 0; i < w->talk_count; i++) {
        int shown = show(w, &w->talks[i]);
        status = shown ? shown : status;
    }
    for (size_t i = 0; i < w->leftover_count; i++) {
        int shown = show_leftover(w, &w->leftovers[i]);
        status = shown ? shown : status;
        w->has_gaps = true;
    }
    if (format->end && !has_none) {
        format->end(&around);
        int shown = context_print(&around);
        status = shown ? shown : status;
    }
    bool may_lack = w->may_lack && o->which_count == 0;
    return status ? status : w->has_gaps || may_lack ? EXIT_ATTENTION : EXIT_FINE;
}

static int run(struct context *context)
{
    struct work w = {.context = context};
    if (context->pending_dir && !context_answers(context, context->pending_dir))
        context->pending_dir = NULL;
    int r = find_talks(&w), status;
    if (r == 0)
        status = show_all(&w);
    else if (r == -ENOENT && w.may_lack)
        status = EXIT_ATTENTION;
    else
        status = r == -EINVAL || r == -ENOENT || r == -EEXIST || r == -ENODATA ? EXIT_USAGE
                                                                               : EXIT_FAILED;
    sr_snapshot_free(w.snapshot);
    return status;
}

static int check(const struct options *o, struct sr_error *error)
{
    if (o->json && o->format && !str_equals(o->format, "json"))
        return err_set(error, -EINVAL, "--json and --format %s do not go together", o->format);
    return 0;
}

const struct command command_context = {
    .name = "context",
    .words = "[WHICH...|FILE...|BACKUP...]",
    ANY_NUMBER,
    .help = "what was said, as Markdown; copies and backups as one",
    .run = run,
    .check = check,
    .options = (const char *const[]){"all", "client-version", "format", "since", "last", NULL},
};
