#include "view/events.h"

#include "agents/agent.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "view/json.h"

#include <stdio.h>

enum { ID_COLUMNS = 8, BODY_COLUMNS = 200 };

/* ---- JSON --------------------------------------------------------------------------------- */

static void put_session(struct json_document *d, struct json_node *to, const struct change_event *e)
{
    json_put_string(d, to, "session_id", e->session_id);
    json_put_count(d, to, "pid", e->pid ? e->pid : -1);
    json_put_string(d, to, "tty", e->tty);
    json_put_string(d, to, "cwd", e->cwd);
    json_put_string(d, to, "config_dir", e->config_dir);
    json_put_string(d, to, "transcript", e->transcript);
    json_put_count(d, to, "size_bytes", e->size_bytes);
}

static void put_judgement(struct json_document *d, struct json_node *to,
                          const struct change_event *e)
{
    struct json_node *evidence = json_array(d);
    json_put_string(d, to, "verdict", sr_verdict_word(e->verdict));
    json_put_string(d, to, "cause", e->cause);
    json_put_string(d, to, "confidence", e->confidence);
    for (size_t i = 0; i < e->evidence_count; i++)
        json_put_string(d, evidence, NULL, e->evidence[i]);
    json_put(d, to, "evidence", evidence);
    json_put_string(d, to, "advice", e->advice);
}

static void put_end(struct json_document *d, struct json_node *to, const struct change_event *e)
{
    static const char *const words[] = {NULL, "exit", "signal", "tidy", "untidy"};
    json_put_string(d, to, "how", words[e->how]);
    json_put_count(d, to, "exit_status", e->how == CHANGE_HOW_EXIT ? e->status : -1);
    json_put_count(d, to, "signal", e->how == CHANGE_HOW_SIGNAL ? e->status : -1);
}

static void put_backup(struct json_document *d, struct json_node *to, const struct change_event *e)
{
    json_put_string(d, to, "session_id", e->session_id);
    json_put_string(d, to, "config_dir", e->config_dir);
    json_put_string(d, to, "why", e->why);
    if (e->kind == CHANGE_BACKED_UP) {
        json_put_string(d, to, "backup", e->backup);
        json_put_bool(d, to, "unchanged", e->was_unchanged);
    } else {
        json_put_string(d, to, "error", e->text);
        json_put_count(d, to, "retry_in_s", e->retry_in_s);
    }
}

static void put_members(struct json_document *d, struct json_node *to, const struct change_event *e)
{
    switch (e->kind) {
    case CHANGE_WATCHING:
        json_put_count(d, to, "sessions", e->sessions);
        json_put_string(d, to, "by", e->by);
        break;
    case CHANGE_SESSION_NEW:
    case CHANGE_SESSION_CONTINUED:
    case CHANGE_SAVED:
        put_session(d, to, e);
        break;
    case CHANGE_UNSAVED:
        put_session(d, to, e);
        json_put_string(d, to, "persistence", sr_persistence_word(e->persistence));
        json_put_time(d, to, "unsaved_since", (struct wall){e->unsaved_since_ms});
        json_put_string(d, to, "unsaved_why", e->why);
        json_put_string(d, to, "text", e->text);
        break;
    case CHANGE_SESSION_ENDED:
        put_session(d, to, e);
        put_end(d, to, e);
        break;
    case CHANGE_SESSION_STOPPED:
    case CHANGE_HUNG:
    case CHANGE_RECOVERED:
        put_session(d, to, e);
        put_judgement(d, to, e);
        break;
    case CHANGE_CONTEXT_FULL:
        put_session(d, to, e);
        json_put_count(d, to, "context_tokens", e->context_tokens);
        json_put_count(d, to, "context_window", e->context_window);
        json_put_real(d, to, "context_percent", (double)(int64_t)(e->context_percent * 10) / 10);
        break;
    case CHANGE_EXPIRING:
        put_session(d, to, e);
        json_put_time(d, to, "deleted_at", (struct wall){e->deleted_at_ms});
        break;
    case CHANGE_BACKED_UP:
    case CHANGE_BACKUP_FAILED:
        put_backup(d, to, e);
        break;
    case CHANGE_PROBLEM:
        json_put_string(d, to, "text", e->text);
        break;
    case CHANGE_STOPPED:
        break;
    }
}

void view_json_event(struct buf *out, const struct change_event *e)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_string(d, root, "event", change_word(e->kind));
    json_put_time(d, root, "at", (struct wall){e->at_ms});
    put_members(d, root, e);
    json_finish(d, root, true, out);
}

/* ---- text --------------------------------------------------------------------------------- */

static void add_session(struct buf *out, const struct change_event *e)
{
    if (e->session_id)
        buf_addf(out, " %.*s", ID_COLUMNS, agent_telling_id(e->session_id));
    if (e->pid)
        buf_addf(out, " (pid %d on ", e->pid);
    if (e->pid)
        utf8_adds_printable(out, e->tty ? e->tty : "no terminal");
    if (e->pid)
        buf_adds(out, ")");
    if (e->cwd)
        utf8_adds_between(out, " in ", e->cwd, "");
}

static void add_judgement(struct buf *out, const struct change_event *e)
{
    utf8_adds_between(out, ": ", e->cause, "");
    if (e->confidence)
        buf_addf(out, " (%s confidence)", e->confidence);
    for (size_t i = 0; i < e->evidence_count && i < 2; i++)
        utf8_adds_between(out, "; ", e->evidence[i], "");
}

static void add_context(struct buf *out, const struct change_event *e)
{
    buf_addf(out, ": %d%% of %lld tokens", (int)e->context_percent, (long long)e->context_window);
}

static void add_day(struct buf *out, const struct change_event *e)
{
    char text[WALL_TEXT_SIZE];
    buf_addf(out, ": will be deleted from %s on",
             wall_format((struct wall){e->deleted_at_ms}, text));
}

static void add_end(struct buf *out, const struct change_event *e)
{
    switch (e->how) {
    case CHANGE_HOW_EXIT:
        buf_addf(out, ": ended %s%s, exit status %d", e->signal ? "itself on " : "by itself",
                 e->signal ? e->signal : "", e->status);
        break;
    case CHANGE_HOW_SIGNAL:
        buf_addf(out, ": killed by %s (signal %d)", e->signal ? e->signal : "a signal", e->status);
        break;
    case CHANGE_HOW_TIDY:
        buf_adds(out, ": it removed its registry entry, as in a clean end");
        break;
    case CHANGE_HOW_UNTIDY:
        buf_adds(out, ": its registry entry was left, so it was killed or crashed");
        break;
    case CHANGE_HOW_UNKNOWN:
        buf_adds(out, ": how is not known");
        break;
    }
}

static void add_what_happened(struct buf *out, const struct change_event *e)
{
    switch (e->kind) {
    case CHANGE_WATCHING:
        buf_addf(out, ": %lld session%s, by %s", (long long)e->sessions,
                 e->sessions == 1 ? "" : "s", e->by);
        break;
    case CHANGE_HUNG:
    case CHANGE_SESSION_STOPPED:
        add_judgement(out, e);
        break;
    case CHANGE_SESSION_ENDED:
        add_end(out, e);
        break;
    case CHANGE_RECOVERED:
        buf_addf(out, ": %s", sr_verdict_word(e->verdict));
        break;
    case CHANGE_CONTEXT_FULL:
        add_context(out, e);
        break;
    case CHANGE_EXPIRING:
        add_day(out, e);
        break;
    case CHANGE_BACKED_UP:
        buf_addf(out, " (%s): %s", e->why, e->was_unchanged ? "unchanged since " : "");
        utf8_adds_printable(out, e->backup);
        break;
    case CHANGE_BACKUP_FAILED:
        buf_addf(out, " (%s): ", e->why);
        utf8_adds_printable(out, e->text);
        buf_addf(out, "; again in %lld s", (long long)e->retry_in_s);
        break;
    case CHANGE_UNSAVED:
    case CHANGE_PROBLEM:
        utf8_adds_between(out, ": ", e->text, "");
        break;
    case CHANGE_SESSION_NEW:
    case CHANGE_SESSION_CONTINUED:
    case CHANGE_SAVED:
    case CHANGE_STOPPED:
        break;
    }
}

void view_text_event(struct buf *out, const struct change_event *e)
{
    char stamp[WALL_TEXT_SIZE];
    buf_addf(out, "%s %s", wall_format((struct wall){e->at_ms}, stamp), change_word(e->kind));
    add_session(out, e);
    add_what_happened(out, e);
    buf_adds(out, "\n");
}

/* ---- notifications ------------------------------------------------------------------------ */

static const char *title_of(const struct change_event *e)
{
    switch (e->kind) {
    case CHANGE_HUNG:
        return e->verdict == SR_ORPHANED ? "A session has lost its terminal" : "A session hangs";
    case CHANGE_UNSAVED:
        return "A session is not saved";
    case CHANGE_CONTEXT_FULL:
        return "A context window fills up";
    case CHANGE_EXPIRING:
        return "A session will be deleted";
    case CHANGE_BACKUP_FAILED:
        return "A session could not be backed up";
    default:
        return change_word(e->kind);
    }
}

static const char *title_of_several(const struct change_event *e)
{
    switch (e->kind) {
    case CHANGE_HUNG:
        return "sessions hang";
    case CHANGE_UNSAVED:
        return "sessions are not saved";
    case CHANGE_CONTEXT_FULL:
        return "context windows fill up";
    case CHANGE_EXPIRING:
        return "sessions will be deleted";
    case CHANGE_BACKUP_FAILED:
        return "sessions could not be backed up";
    default:
        return change_word(e->kind);
    }
}

/* Desktops take a body for markup. */
static void add_markup(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '&')
            buf_adds(out, "&amp;");
        else if (*s == '<')
            buf_adds(out, "&lt;");
        else if (*s == '>')
            buf_adds(out, "&gt;");
        else
            buf_add(out, s, 1);
    }
}

void view_notification(struct buf *title, struct buf *body, const struct change_event *e,
                       size_t count)
{
    BUF_RELEASE struct buf text = {0}, cut = {0};
    if (count > 1)
        buf_addf(title, "%zu %s", count, title_of_several(e));
    else
        buf_adds(title, title_of(e));
    add_session(&text, e);
    add_what_happened(&text, e);
    utf8_add_printable(&cut, (struct sv){text.p, text.n}, BODY_COLUMNS);
    add_markup(body, cut.p + (*cut.p == ' '));
}
