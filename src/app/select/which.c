#include "app/select/which.h"

#include "agents/agent.h"
#include "base/utf8.h"
#include "platform/terminal/tty.h"
#include "view/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PREFIX_MIN = 8, LISTED_MAX = 10, ID_COLUMNS = 8 };

static bool is_id_prefix(const char *word)
{
    return agent_of_prefix(word) != NULL;
}

bool which_is_file(const char *word)
{
    ARENA_RELEASE struct arena scratch = {0};
    bool is_terminal = tty_canonical(&scratch, word);
    return !is_terminal && (agent_suffix_of(word) || str_ends_with(word, ".cusf") ||
                            (strchr(word, '/') && !is_id_prefix(str_basename(word))));
}

/* As ids are kept. */
static const char *id_of(struct arena *a, const char *word)
{
    const struct agent *agent = agent_of_prefix(word);
    char *text = arena_strdup(a, word);
    if (!agent || agent->stored->ids_ignore_case)
        for (char *p = text; *p; p++)
            *p = (char)tolower((unsigned char)*p);
    return text;
}

/* "FOLDER/01e5af14" */
static bool is_in_folder(struct arena *a, const char *word, struct which *w)
{
    const char *name = str_basename(word);
    if (name == word || !is_id_prefix(name))
        return false;
    w->folder = str_basename(arena_strndup(a, word, (size_t)(name - word) - 1));
    w->prefix = id_of(a, name);
    return *w->folder != '\0';
}

/* The transcript of a session, by its path: its name says the id. */
static bool is_transcript(struct arena *a, const char *word, struct which *w)
{
    struct sv id;
    if (!agent_names_transcript(word, &id))
        return false;
    w->prefix = id_of(a, arena_strndup(a, id.p, id.n));
    w->file = word;
    return true;
}

int which_parse(struct arena *a, const char *word, struct which *out, struct sr_error *error)
{
    struct which w = {.word = word};
    int64_t pid;
    if (is_id_prefix(word)) {
        w.kind = WHICH_SESSION;
        w.prefix = id_of(a, word);
    } else if (sv_to_i64(sv_of(word), &pid) && pid > 0 && pid < 10000000) {
        w.kind = WHICH_PID;
        w.pid = (int)pid;
    } else if ((w.tty = tty_canonical(a, word))) {
        w.kind = WHICH_TERMINAL;
    } else if (is_transcript(a, word, &w)) {
        w.kind = WHICH_FILE;
    } else if (is_in_folder(a, word, &w)) {
        w.kind = WHICH_SESSION;
    } else {
        return err_set(
            error, -EINVAL,
            "'%s' is no terminal, no pid, no transcript, and no session id or at least %d "
            "characters of one",
            word, PREFIX_MIN);
    }
    *out = w;
    return 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return a && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* The folder of a transcript is called so. */
static bool lies_in(const struct sr_session *s, const char *folder)
{
    const struct agent *agent = agent_by_name(s->agent);
    if (!s->transcript || !agent)
        return false;
    struct sv all = agent_folder_of(agent, s->transcript), name = sv_of(folder);
    return sv_ends_with(all, name) && (all.n == name.n || all.p[all.n - name.n - 1] == '/');
}

bool which_names(const struct which *w, const struct sr_session *s)
{
    switch (w->kind) {
    case WHICH_TERMINAL:
        return str_equals(s->tty, w->tty);
    case WHICH_PID:
        return s->pid == w->pid;
    case WHICH_FILE:
        return is_same_file(s->transcript, w->file);
    case WHICH_SESSION:
        break;
    }
    if (w->folder && !lies_in(s, w->folder))
        return false;
    if (s->session_id && agent_id_begins(s->session_id, w->prefix))
        return true;
    for (size_t i = 0; i < s->candidate_count; i++)
        if (agent_id_begins(s->candidates[i], w->prefix))
            return true;
    return false;
}

bool which_names_stray(const struct which *w, const struct sr_stray *stray)
{
    return w->kind == WHICH_SESSION && !w->folder && agent_id_begins(stray->session_id, w->prefix);
}

static bool has_id(const struct sr_snapshot *snapshot, const char *id)
{
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (str_equals(snapshot->sessions[i].session_id, id))
            return true;
    return false;
}

/* It only may have what is named, and that is listed by itself: of that the word speaks. */
static bool is_listed_by_itself(const struct which *w, const struct sr_session *s,
                                const struct sr_snapshot *snapshot)
{
    if (w->kind != WHICH_SESSION || (s->session_id && agent_id_begins(s->session_id, w->prefix)))
        return false;
    for (size_t i = 0; i < s->candidate_count; i++)
        if (agent_id_begins(s->candidates[i], w->prefix) && !has_id(snapshot, s->candidates[i]))
            return false;
    return true;
}

static void describe(struct buf *out, const struct sr_session *s)
{
    char age[VIEW_AGE_TEXT];
    buf_adds(out, "  ");
    if (s->session_id)
        utf8_adds_printable(out, s->session_id);
    else
        buf_adds(out, "session not known");
    if (s->pid)
        buf_addf(out, "  pid %d on ", s->pid);
    buf_adds(out, !s->pid ? "  no process" : s->tty ? "" : "no terminal");
    if (s->pid && s->tty)
        utf8_adds_printable(out, s->tty);
    if (s->silent_s >= 0)
        buf_addf(out, "  last written to %s ago", view_age(s->silent_s, age));
    utf8_adds_between(out, "  ", s->cwd ? s->cwd : "directory not known", "\n");
}

/* As describe, of copies of one session: where each lies. */
static void describe_copy(struct buf *out, const struct sr_session *s)
{
    describe(out, s);
    utf8_adds_between(out, "    ", s->transcript ? s->transcript : "no transcript", "\n");
}

struct matches {
    const struct sr_session *best;
    size_t count, running;
    bool are_copies; /* of one session */
};

static bool is_better(const struct sr_session *a, const struct sr_session *b)
{
    if ((a->pid > 0) != (b->pid > 0))
        return a->pid > 0;
    return a->last_activity_at_ms > b->last_activity_at_ms;
}

static bool is_meant(const struct which *w, const struct sr_snapshot *snapshot, size_t i)
{
    const struct sr_session *s = &snapshot->sessions[i];
    return which_names(w, s) && !is_listed_by_itself(w, s, snapshot);
}

static struct matches match(const struct which *w, const struct sr_snapshot *snapshot)
{
    struct matches m = {.are_copies = w->kind == WHICH_SESSION};
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        if (!is_meant(w, snapshot, i))
            continue;
        if (m.best && !(s->session_id && str_equals(s->session_id, m.best->session_id)))
            m.are_copies = false;
        if (!m.best || is_better(s, m.best))
            m.best = s;
        m.count++;
        m.running += s->pid > 0;
    }
    m.are_copies = m.are_copies && m.count > 1 &&
                   m.running <= 1; /* two processes are two, whatever they hold */
    return m;
}

/* Lists what is meant, or (count 0) all there is. but: one that is not listed. */
static void list(const struct which *w, const struct sr_snapshot *snapshot, const struct matches *m,
                 const struct sr_session *but, struct buf *listed)
{
    size_t n = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        if (s == but || (m->count && !is_meant(w, snapshot, i)))
            continue;
        if (n++ >= LISTED_MAX)
            continue;
        if (m->are_copies)
            describe_copy(listed, s);
        else
            describe(listed, s);
    }
    if (n > LISTED_MAX)
        buf_addf(listed, "  ... and %zu more\n", n - LISTED_MAX);
}

int which_find(const struct which *w, const struct sr_snapshot *snapshot,
               const struct sr_session **out, struct buf *listed, struct sr_error *error)
{
    struct matches m = match(w, snapshot);
    if (m.count == 0) {
        list(w, snapshot, &m, NULL, listed);
        return err_set(error, -ENOENT, "no session %sis named by '%s'%s",
                       snapshot->may_lack_sessions ? "that was seen " : "", w->word,
                       snapshot->may_lack_sessions
                           ? listed->n ? "; not all could be looked at. There is:"
                                       : ": whether it is there is not known, as not all could be "
                                         "looked at"
                       : listed->n ? "; there is:"
                                   : ", and none is there");
    }
    if (m.count > 1 && !m.are_copies) {
        list(w, snapshot, &m, NULL, listed);
        return err_set(error, -EEXIST, "'%s' names %zu sessions:", w->word, m.count);
    }
    *out = m.best;
    if (m.count == 1)
        return 0;
    list(w, snapshot, &m, m.best, listed);
    err_set(error, 0,
            "session %s lies in %zu folders; taken is the %s, %s, and not:", m.best->session_id,
            m.count, m.best->pid ? "one that runs" : "newest",
            m.best->transcript ? m.best->transcript : "without a transcript");
    return 1;
}
