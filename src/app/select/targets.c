#include "app/select/targets.h"

#include "agents/agent.h"
#include "app/select/selection.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "view/left.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void add(struct context *c, struct targets *t, struct target target)
{
    *ARENA_PUSH(&c->arena, t->items, t->count, t->capacity) = target;
}

/* A twin, or one that was named twice, is there already. */
static void add_once(struct context *c, struct targets *t, struct target target)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_equals(t->items[i].path, target.path) &&
            (!target.rows_in || str_equals(t->items[i].session_id, target.session_id)))
            return;
    add(c, t, target);
}

static int owner_of(const struct sr_session *s)
{
    return s->pid ? s->pid : s->owner_count ? s->owners[0] : 0;
}

/* The process is not known to have this session, only to have one of several. */
static bool is_unsure(const struct sr_snapshot *snapshot, int pid, const char *session_id)
{
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (pid && snapshot->sessions[i].pid == pid)
            return !str_equals(snapshot->sessions[i].session_id, session_id);
    return pid != 0; /* its entry in the registry alone is seen */
}

static struct target target_of(const struct targets *t, const struct sr_session *s)
{
    return (struct target){
        .path = s->transcript,
        .session_id = s->session_id,
        .session = s,
        .agent = agent_by_name(s->agent),
        .live_pid = owner_of(s),
        .owner_is_unsure = is_unsure(t->snapshot, owner_of(s), s->session_id),
    };
}

/* Its records are in no file, and can be checked all the same. */
static bool has_rows(const struct targets *t, const struct sr_session *s)
{
    const struct agent *agent = agent_by_name(s->agent);
    return t->takes_gone && !s->transcript && s->part_count && s->session_id && s->config_dir &&
           agent && agent->records && agent->records->check;
}

static struct target target_of_rows(const struct targets *t, const struct sr_session *s)
{
    struct target target = target_of(t, s);
    target.path = s->parts[0].path;
    target.rows_in = s->config_dir;
    return target;
}

/* One whose transcript is gone, once. */
static void add_gone(struct context *c, struct targets *t, const struct sr_session *s)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].left == s->left)
            return;
    add(c, t,
        (struct target){.path = s->left->place, .session_id = s->session_id, .left = s->left});
}

/* Of thousands that no process has, each is listed once. */
static void add_all(struct context *c, struct targets *t)
{
    for (size_t i = 0; i < t->snapshot->session_count; i++) {
        const struct sr_session *s = &t->snapshot->sessions[i];
        if (s->transcript && s->pid)
            add_once(c, t, target_of(t, s));
        else if (s->transcript)
            add(c, t, target_of(t, s));
        else if (has_rows(t, s))
            add_once(c, t, target_of_rows(t, s));
        else if (s->left)
            add_gone(c, t, s);
    }
}

static bool is_same_file(const char *a, const struct stat *b)
{
    struct stat st;
    return a && stat(a, &st) == 0 && st.st_dev == b->st_dev && st.st_ino == b->st_ino;
}

/* The session whose transcript a file is, by the file itself. */
static const struct sr_session *session_of_file(const struct sr_snapshot *snapshot,
                                                const struct stat *st)
{
    for (size_t i = 0; snapshot && i < snapshot->session_count; i++)
        if (is_same_file(snapshot->sessions[i].transcript, st))
            return &snapshot->sessions[i];
    return NULL;
}

/* The id that a transcript's name says, or NULL. */
static const char *id_in_name(struct arena *a, const char *path)
{
    struct sv id;
    return agent_names_transcript(path, &id) ? arena_strndup(a, id.p, id.n) : NULL;
}

/* A process may have a file that lies elsewhere: a client takes a path, too. */
static int owner_by_id(const struct sr_snapshot *snapshot, const char *id)
{
    for (size_t i = 0; snapshot && id && i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        bool owns = str_equals(s->session_id, id);
        for (size_t j = 0; j < s->candidate_count; j++)
            owns = owns || str_equals(s->candidates[j], id);
        if (owns && owner_of(s))
            return owner_of(s);
    }
    return 0;
}

static void add_file(struct context *c, struct targets *t, const char *word)
{
    char real[PATH_MAX];
    struct stat st;
    struct target target = {.path = word, .agent = agents[0]};
    if (realpath(word, real) && stat(real, &st) == 0) {
        target.path = arena_strdup(&c->arena, real);
        target.session = session_of_file(t->snapshot, &st);
        target.agent = target.session ? agent_by_name(target.session->agent) : agent_of_file(real);
        target.session_id =
            target.session ? target.session->session_id : id_in_name(&c->arena, real);
        target.live_pid =
            target.session ? owner_of(target.session) : owner_by_id(t->snapshot, target.session_id);
        target.owner_is_unsure =
            t->snapshot && is_unsure(t->snapshot, target.live_pid, target.session_id);
    }
    add_once(c, t, target);
}

/* Asks of the folder whether it answers, before anything in it is touched outside the guard. */
static bool folder_answers(struct context *c, const char *word)
{
    const char *name = str_basename(word);
    size_t n = (size_t)(name - word);
    return context_answers(c, n ? arena_strndup(&c->arena, word, n) : ".");
}

static void complain_of_gone(const struct sr_session *s)
{
    BUF_RELEASE struct buf text = {0};
    buf_addf(&text, "session %s: ", s->session_id);
    view_add_left(&text, s->left);
    context_complain(text.p);
}

/* What is no file cannot be read as one. */
static void complain_of_rows(const struct sr_session *s)
{
    BUF_RELEASE struct buf text = {0};
    buf_addf(&text, "session %s: %s keeps it as %s of %s, which this mode does not read",
             s->session_id, agent_title(s->agent), s->parts[0].kind, s->parts[0].path);
    context_complain(text.p);
}

/* Words that name no session, but transcripts that lie where the client does not look: those are
 * taken. The name of some says no id; a process that has the session may have them. */
static void choose_strays(struct context *c, struct targets *t, struct selection *selection)
{
    struct sr_stray *strays;
    t->stray_count = selection_take_strays(selection, &c->arena, t->snapshot, &strays);
    t->strays = strays;
    for (size_t i = 0; i < t->stray_count; i++) {
        size_t before = t->count;
        add_file(c, t, strays[i].path);
        struct target *target = &t->items[before];
        if (t->count == before || target->session_id)
            continue;
        target->session_id = strays[i].session_id;
        target->live_pid = owner_by_id(t->snapshot, target->session_id);
        target->owner_is_unsure = is_unsure(t->snapshot, target->live_pid, target->session_id);
    }
}

static int choose(struct context *c, struct targets *t, struct selection *selection,
                  const char *const *words, size_t count)
{
    if (t->snapshot)
        choose_strays(c, t, selection);
    const struct sr_session **named =
        arena_alloc(&c->arena, (selection->count + 1) * sizeof *named);
    int status = selection->count ? selection_find(c, selection, t->snapshot, named) : 0;
    if (status)
        return status;
    for (size_t i = 0; i < selection->count; i++) {
        if (named[i]->left && t->takes_gone) {
            add_gone(c, t, named[i]);
            continue;
        }
        if (named[i]->left) {
            complain_of_gone(named[i]);
            return EXIT_USAGE;
        }
        if (has_rows(t, named[i])) {
            add_once(c, t, target_of_rows(t, named[i]));
            continue;
        }
        if (!named[i]->transcript && named[i]->part_count) {
            complain_of_rows(named[i]);
            return EXIT_USAGE;
        }
        if (!named[i]->transcript)
            return context_fail(
                "that session has no transcript, or it is not known which session it is",
                EXIT_USAGE);
        add_once(c, t, target_of(t, named[i]));
    }
    for (size_t i = 0; i < count; i++)
        if (which_is_file(words[i]))
            add_file(c, t, words[i]);
    if (count == 0)
        add_all(c, t);
    return 0;
}

static const char *keep(struct context *c, const char *text)
{
    return text ? arena_strdup(&c->arena, text) : NULL;
}

static void keep_strays(struct context *c, struct targets *t)
{
    size_t count = t->snapshot->stray_count;
    struct sr_stray *kept = arena_alloc(&c->arena, (count + 1) * sizeof *kept);
    for (size_t i = 0; i < count; i++) {
        const struct sr_stray *s = &t->snapshot->strays[i];
        kept[i] = (struct sr_stray){
            .session_id = keep(c, s->session_id),
            .path = keep(c, s->path),
            .why = s->why,
            .size_bytes = s->size_bytes,
            .found_by = keep(c, s->found_by),
            .belongs = keep(c, s->belongs),
            .beside = keep(c, s->beside),
            .rivals = s->rivals,
            .home = {s->home.agent, keep(c, s->home.folder)},
        };
    }
    t->strays = kept;
    t->stray_count = count;
}

static void keep_problems(struct context *c, struct targets *t)
{
    size_t count = t->snapshot->problem_count;
    struct sr_problem *kept = arena_alloc(&c->arena, (count + 1) * sizeof *kept);
    for (size_t i = 0; i < count; i++)
        kept[i] = (struct sr_problem){.path = keep(c, t->snapshot->problems[i].path),
                                      .code = t->snapshot->problems[i].code,
                                      .text = keep(c, t->snapshot->problems[i].text)};
    t->problems = kept;
    t->problem_count = count;
    t->may_lack = t->snapshot->may_lack_stored;
}

/* Of a whole store only its paths are kept: a listing takes 3 kB a session. */
static void let_go(struct context *c, struct targets *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct target *target = &t->items[i];
        target->path = target->path ? arena_strdup(&c->arena, target->path) : NULL;
        target->rows_in = keep(c, target->rows_in);
        if (target->session_id)
            target->session_id = arena_strdup(&c->arena, target->session_id);
        if (target->left) { /* the backup's name is the context's own */
            struct sr_left *left = arena_alloc(&c->arena, sizeof *left);
            *left = *target->left;
            target->left = left;
        }
        target->session = NULL;
    }
    keep_strays(c, t);
    keep_problems(c, t);
    sr_snapshot_free(t->snapshot);
    t->snapshot = NULL;
}

/*
 * What the listing has to hold: the sessions that are named, and of a file in a store the session
 * that it is. Returns: 0, or an exit status.
 */
static int narrow(struct context *c, struct selection *selection, const char *const *words,
                  size_t count, bool takes_gone)
{
    bool asks_for_ids = selection->prefix_count > 0;
    for (size_t i = 0; i < count; i++) {
        char real[PATH_MAX];
        if (!which_is_file(words[i]))
            continue;
        if (!folder_answers(c, words[i]))
            return EXIT_FAILED;
        const char *id = realpath(words[i], real) ? id_in_name(&c->arena, real) : NULL;
        if (id)
            selection_add_prefix(selection, &c->arena, id);
    }
    selection_narrow(selection, &c->look);
    c->look.looks_for_strays = asks_for_ids;
    if (count == 0) {
        c->look.stored_limit = SIZE_MAX;
        c->look.gone_limit = takes_gone ? SIZE_MAX : 0;
        c->look.lists_stored_alone = true;
        c->look.looks_for_strays = true;
    }
    return 0;
}

int targets_find(struct context *c, const char *const *words, size_t count, bool takes_gone,
                 struct targets *out)
{
    struct targets t = {.takes_gone = takes_gone};
    struct selection selection;
    struct sr_error error;
    const char **sessions = arena_alloc(&c->arena, (count + 1) * sizeof *sessions);
    size_t session_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!which_is_file(words[i]))
            sessions[session_count++] = words[i];
    if (selection_parse(&selection, &c->arena, sessions, session_count, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);
    int status = narrow(c, &selection, words, count, takes_gone);
    if (status)
        return status;
    int r = sr_detect_processes(&c->look, &t.snapshot, &error);
    if (r < 0 && (session_count || count == 0))
        return context_fail(error.text, EXIT_FAILED);
    if (r == 0)
        context_print_problems(c, t.snapshot);
    status = choose(c, &t, &selection, words, count);
    if (status == 0 && count == 0)
        let_go(c, &t);
    if (status)
        targets_release(&t);
    else
        *out = t;
    return status;
}

void targets_release(struct targets *t)
{
    if (t->snapshot)
        sr_snapshot_free(t->snapshot);
    t->snapshot = NULL;
}
