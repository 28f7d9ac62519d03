#include "app/which.h"

#include "platform/tty.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A pid has at most 7 digits (PID_MAX_LIMIT is 4194304): 8 digits begin a session id. */
enum { PREFIX_MIN = 8, PREFIX_MAX = 36, LISTED_MAX = 8 };

static bool is_id_prefix(const char *word)
{
    size_t n = strlen(word);
    if (n < PREFIX_MIN || n > PREFIX_MAX)
        return false;
    for (const char *p = word; *p; p++)
        if (!isxdigit((unsigned char)*p) && *p != '-')
            return false;
    return true;
}

int which_parse(struct arena *a, const char *word, struct which *out, struct sr_error *error)
{
    struct which w = {.word = word};
    int64_t pid;
    if (is_id_prefix(word)) {
        char *lower = arena_strdup(a, word);
        for (char *p = lower; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        w.kind = WHICH_SESSION;
        w.prefix = lower;
    } else if (sv_to_i64(sv_of(word), &pid) && pid > 0 && pid < 10000000) {
        w.kind = WHICH_PID;
        w.pid = (int)pid;
    } else if ((w.tty = tty_canonical(a, word))) {
        w.kind = WHICH_TERMINAL;
    } else {
        return err_set(
            error, -EINVAL,
            "'%s' is no terminal, no pid, and no session id or at least %d characters of "
            "one",
            word, PREFIX_MIN);
    }
    *out = w;
    return 0;
}

bool which_names(const struct which *w, const struct sr_session *s)
{
    switch (w->kind) {
    case WHICH_TERMINAL:
        return str_equals(s->tty, w->tty);
    case WHICH_PID:
        return s->pid == w->pid;
    case WHICH_SESSION:
        break;
    }
    if (s->session_id && str_starts_with(s->session_id, w->prefix))
        return true;
    for (size_t i = 0; i < s->candidate_count; i++)
        if (str_starts_with(s->candidates[i], w->prefix))
            return true;
    return false;
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
    if (w->kind != WHICH_SESSION || (s->session_id && str_starts_with(s->session_id, w->prefix)))
        return false;
    for (size_t i = 0; i < s->candidate_count; i++)
        if (str_starts_with(s->candidates[i], w->prefix) && !has_id(snapshot, s->candidates[i]))
            return false;
    return true;
}

static void describe(struct buf *out, const struct sr_session *s)
{
    if (s->pid)
        buf_addf(out, "%spid %d on %s, session %s", out->n ? "; " : "", s->pid,
                 s->tty ? s->tty : "no terminal", s->session_id ? s->session_id : "not known");
    else
        buf_addf(out, "%ssession %s", out->n ? "; " : "", s->session_id);
}

int which_find(const struct which *w, const struct sr_snapshot *snapshot,
               const struct sr_session **out, struct sr_error *error)
{
    const struct sr_session *found = NULL;
    size_t matches = 0;
    struct buf list = {0}, matching = {0};
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        if (i < LISTED_MAX)
            describe(&list, s);
        if (!which_names(w, s) || is_listed_by_itself(w, s, snapshot))
            continue;
        found = s;
        if (++matches <= LISTED_MAX)
            describe(&matching, s);
    }
    int r = 0;
    if (matches == 0)
        r = err_set(error, -ENOENT, "no session is named by '%s'; there is: %s%s", w->word,
                    list.n ? list.p : "none", snapshot->session_count > LISTED_MAX ? "; ..." : "");
    else if (matches > 1)
        r = err_set(error, -EEXIST, "'%s' names %zu sessions: %s", w->word, matches, matching.p);
    else
        *out = found;
    buf_release(&list);
    buf_release(&matching);
    return r;
}
