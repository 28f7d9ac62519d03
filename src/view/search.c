#include "view/search.h"

#include "base/json.h"
#include "base/utf8.h"
#include "search/index.h"
#include "session/resume.h"
#include "view/json.h"
#include "view/left.h"

enum { SPEAKER_COLUMNS = 8 };

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The snippet on one line: white space is one space, what the index put in is taken out. on and
 * off: what stands for the marks. */
static void add_snippet(struct buf *out, const char *snippet, const char *on, const char *off)
{
    BUF_RELEASE struct buf plain = {0};
    for (const char *p = snippet; *p; p++) {
        if (*p == INDEX_MARK_ON || *p == INDEX_MARK_OFF) {
            utf8_add_printable(out, (struct sv){plain.p, plain.n}, 0);
            plain.n = 0;
            buf_adds(out, *p == INDEX_MARK_ON ? on : off);
        } else if (is_space(*p)) {
            if (plain.n ? plain.p[plain.n - 1] != ' ' : p > snippet)
                buf_adds(&plain, " ");
        } else if (*p != INDEX_SEPARATOR) {
            buf_add(&plain, p, 1);
        }
    }
    while (plain.n && plain.p[plain.n - 1] == ' ')
        plain.n--;
    utf8_add_printable(out, (struct sv){plain.p, plain.n}, 0);
}

static const char *who(const struct view_hit *hit)
{
    if (hit->is_subagent)
        return "subagent";
    return hit->kind == EVENT_COMPACT_SUMMARY ? "summary"
           : hit->kind == EVENT_TITLE         ? "title"
                                              : message_speaker_word(hit->speaker);
}

static void add_hit(struct buf *out, const struct view_hit *hit, const struct view_style *style)
{
    char time[WALL_TEXT_SIZE];
    const char *word = who(hit);
    buf_addf(out, "  %-20s  %s", wall_known(hit->at) ? wall_format(hit->at, time) : "-", word);
    size_t n = sv_of(word).n;
    buf_fill(out, ' ', (n < SPEAKER_COLUMNS ? SPEAKER_COLUMNS - n : 0) + 2);
    add_snippet(out, hit->snippet, style->color ? "\x1b[1;33m" : "", style->color ? "\x1b[0m" : "");
    buf_adds(out, "\n");
    if (!style->verbose)
        return;
    utf8_adds_between(out, "    ", hit->file, "");
    if (hit->offset >= 0)
        buf_addf(out, " at byte %lld", (long long)hit->offset);
    if (hit->uuid)
        utf8_adds_between(out, ", record ", hit->uuid, "");
    buf_adds(out, "\n");
}

static void add_stray(struct buf *out, const struct view_hit_session *s)
{
    BUF_RELEASE struct buf command = {0};
    bool is_copy = s->stray && s->stray->found_by;
    buf_addf(out, "  %sin ", is_copy ? "" : "only ");
    utf8_adds_between(out, "", s->stray_path, ", where the client does not look");
    if (is_copy)
        utf8_adds_between(out, ": a copy, the client takes ", s->stray->found_by, "");
    buf_adds(out, "\n");
    if (s->stray && resume_add_move(&command, s->stray) == 0)
        buf_addf(out, "  %s\n", command.p);
}

static void add_way_back(struct buf *out, const struct view_hit_session *s)
{
    if (s->stray_path)
        add_stray(out, s);
    else if (s->command)
        buf_addf(out, "  %s\n", s->command); /* safe already */
    else if (s->held_by && s->attach)
        buf_addf(out, "  held by pid %d, in the background: %s\n", s->held_by, s->attach);
    else if (s->held_by)
        buf_addf(out, "  held by pid %d\n", s->held_by);
    else if (s->is_astray)
        buf_addf(out,
                 "  its transcript lies where the client does not look: session-rescue --resume "
                 "%s\n",
                 s->id);
    else if (s->left) {
        buf_adds(out, "  ");
        view_add_left(out, s->left);
        buf_adds(out, "\n");
    } else if (s->no_command)
        buf_addf(out, "  no command: %s\n", s->no_command);
    else if (s->backup)
        buf_addf(out, "  only in a backup: session-rescue --restore %s\n", s->id);
    for (size_t i = 0; i < s->note_count; i++)
        utf8_adds_between(out, "  note: ", s->notes[i], "\n");
}

static size_t count_sessions(const struct view_search *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->session_count; i++) {
        size_t first = 0;
        while (!str_equals(s->sessions[first].id, s->sessions[i].id))
            first++;
        count += first == i;
    }
    return count;
}

void view_text_search(struct buf *out, const struct view_search *s, const struct view_style *style)
{
    for (size_t i = 0; i < s->hit_count; i++) {
        const struct view_hit_session *session = &s->sessions[s->hits[i].session];
        bool is_first = i == 0 || s->hits[i - 1].session != s->hits[i].session;
        bool is_last = i + 1 == s->hit_count || s->hits[i + 1].session != s->hits[i].session;
        if (is_first) {
            buf_addf(out, "%s", session->id);
            if (session->cwd)
                utf8_adds_between(out, "  ", session->cwd, "");
            buf_adds(out, "\n");
        }
        add_hit(out, &s->hits[i], style);
        if (is_last)
            add_way_back(out, session);
    }
    if (s->hit_count == 0) {
        utf8_adds_between(out, "Nothing found for: ", s->words, "");
        buf_adds(out, s->may_lack ? "; not all could be looked at\n" : "\n");
    } else if ((int64_t)s->hit_count < s->found) {
        buf_addf(out, "%zu of %lld messages shown, the newest; --all shows the rest.\n",
                 s->hit_count, (long long)s->found);
    } else {
        size_t sessions = count_sessions(s);
        buf_addf(out, "%zu message%s in %zu session%s\n", s->hit_count,
                 s->hit_count == 1 ? "" : "s", sessions, sessions == 1 ? "" : "s");
    }
}

static struct json_node *hit_node(struct json_document *d, const struct view_search *s,
                                  const struct view_hit *hit)
{
    const struct view_hit_session *session = &s->sessions[hit->session];
    struct json_node *node = json_object(d);
    BUF_RELEASE struct buf snippet = {0};
    add_snippet(&snippet, hit->snippet, "", "");
    json_put_string(d, node, "session_id", session->id);
    json_put_time(d, node, "at", hit->at);
    json_put_string(d, node, "who", message_speaker_word(hit->speaker));
    json_put_string(d, node, "kind", event_kind_word(hit->kind));
    json_put_bool(d, node, "subagent", hit->is_subagent);
    json_put_string(d, node, "snippet", snippet.p);
    json_put_string(d, node, "uuid", hit->uuid);
    json_put_string(d, node, "file", hit->file);
    json_put_count(d, node, "offset", hit->offset);
    return node;
}

static struct json_node *session_node(struct json_document *d, const struct view_hit_session *s)
{
    struct json_node *node = json_object(d);
    json_put_string(d, node, "session_id", s->id);
    json_put_string(d, node, "cwd", s->cwd);
    json_put_string(d, node, "resume_command", s->command);
    json_put_pid(d, node, "pid", s->held_by);
    json_put_string(d, node, "backup", s->backup);
    view_put_left(d, node, s->left);
    json_put_string(d, node, "attach_command", s->attach);
    json_put_string(d, node, "no_command", s->stray_path || s->is_astray ? "stray" : s->no_command);
    json_put_strings(d, node, "notes", s->notes, s->note_count);
    json_put_string(d, node, "stray", s->stray_path);
    return node;
}

void view_json_search(struct buf *out, const struct view_search *s,
                      const struct sr_problem *problems, size_t problem_count)
{
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_string(d, root, "words", s->words);
    struct json_node *hits = json_put_array(d, root, "messages");
    for (size_t i = 0; i < s->hit_count; i++)
        json_put(d, hits, NULL, hit_node(d, s, &s->hits[i]));
    struct json_node *sessions = json_put_array(d, root, "sessions");
    for (size_t i = 0; i < s->session_count; i++)
        json_put(d, sessions, NULL, session_node(d, &s->sessions[i]));
    json_put_integer(d, root, "found", s->found);
    json_put_bool(d, root, "up_to_date", !s->is_incomplete && !s->may_lack);
    json_put_string(d, root, "index_made_anew", s->made_anew);
    view_json_put_problems(d, root, problems, problem_count);
    json_finish(d, root, false, out);
}
