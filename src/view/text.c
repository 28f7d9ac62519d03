#include "view/text.h"

#include "agents/agent.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "session/resume.h"
#include "view/left.h"

#include <stdio.h>
#include <string.h>

enum {
    ID_COLUMNS = 8,
    PROMPT_COLUMNS = 60,
    EVIDENCE_SHOWN = 2,
    STRAYS_SHOWN = 5,
    CONTEXT_SHOWN = 75
};

const char *view_age(int64_t seconds, char text[static VIEW_AGE_TEXT])
{
    static const struct {
        int64_t unit_s;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].unit_s)
        i++;
    snprintf(text, VIEW_AGE_TEXT, "%lld %s", (long long)(seconds / units[i].unit_s), units[i].name);
    return text;
}

static const char *color_of(enum sr_verdict verdict)
{
    switch (verdict) {
    case SR_HUNG:
    case SR_BLOCKED:
        return "\x1b[1;31m";
    case SR_WAITING:
    case SR_STOPPED:
    case SR_ORPHANED:
        return "\x1b[33m";
    case SR_WORKING:
        return "\x1b[32m";
    case SR_UNKNOWN:
    case SR_IDLE:
    case SR_STARTING:
        break;
    }
    return "";
}

static void add_safe(struct buf *out, const char *s, size_t max_columns)
{
    utf8_add_printable(out, sv_of(s), max_columns);
}

/* What a terminal cannot show whole is cut; a pipe gets all of it. */
static size_t limit(const struct view_style *style, size_t taken)
{
    if (style->columns == 0)
        return 0;
    return style->columns > taken + 10 ? style->columns - taken : 10;
}

static void add_padded(struct buf *out, const char *s, size_t width)
{
    size_t before = out->n;
    add_safe(out, s, 0);
    size_t added = out->n - before;
    buf_fill(out, ' ', added < width ? width - added : 1);
}

static void add_verdict(struct buf *out, const struct sr_session *s, const struct view_style *style)
{
    char word[16];
    snprintf(word, sizeof word, "%s", sr_verdict_word(s->verdict));
    if (s->verdict == SR_HUNG)
        memcpy(word, "HUNG", 4);
    const char *color = style->color ? color_of(s->verdict) : "";
    buf_adds(out, color);
    buf_addf(out, "%-9s", word);
    if (*color)
        buf_adds(out, "\x1b[0m");
    buf_adds(out, " ");
}

static const char *last_activity(const struct sr_session *s, char text[static VIEW_AGE_TEXT])
{
    if (s->silent_s < 0)
        return "-";
    return s->silent_s < 5 ? "now" : view_age(s->silent_s, text);
}

static void add_marks(struct buf *out, const struct sr_session *s)
{
    if (s->current)
        buf_adds(out, "  CURRENT");
    if (s->kind != SR_KIND_INTERACTIVE && s->kind != SR_KIND_UNKNOWN)
        buf_addf(out, "  %s", sr_kind_word(s->kind));
    if (s->parent_pid)
        buf_addf(out, "  started by a tool of pid %d", s->parent_pid);
    if (s->multiplexer.kind) {
        buf_addf(out, "  %s ", s->multiplexer.kind);
        add_safe(out, s->multiplexer.pane, 0);
    }
    if (s->container)
        buf_adds(out, "  in a container");
    if (sr_is_unsaved(s->persistence))
        buf_adds(out, "  UNSAVED");
    if (s->context_percent >= CONTEXT_SHOWN)
        buf_addf(out, "  context %d%% full", (int)s->context_percent);
    for (size_t i = 0; i < s->twin_count; i++)
        buf_addf(out, "  TWIN of pid %d", s->twins[i]);
}

static void add_detail(struct buf *out, const char *label, const char *text)
{
    if (!text)
        return;
    buf_addf(out, "          %s: ", label);
    add_safe(out, text, 0);
    buf_adds(out, "\n");
}

static void add_candidates(struct buf *out, const struct sr_session *s)
{
    if (s->candidate_count == 0)
        return;
    buf_adds(out, "          session not told apart:");
    for (size_t i = 0; i < s->candidate_count; i++) {
        buf_adds(out, " ");
        add_safe(out, s->candidates[i], 0);
    }
    buf_adds(out, "\n");
}

/* With the command, where there is a push for what holds it and waiting is not the better advice.
 */
static void add_advice(struct buf *out, const struct sr_session *s)
{
    static const char *const pushed[] = {"revive", "kill-child", "continue"};
    BUF_RELEASE struct buf text = {0};
    if (!s->advice || strcmp(s->advice, "none") == 0)
        return;
    buf_adds(&text, s->advice);
    for (size_t i = 0; i < sizeof pushed / sizeof *pushed; i++)
        if (strcmp(s->advice, pushed[i]) == 0 && sr_can_revive(s))
            buf_adds(&text, ": session-rescue --revive ");
    if (text.n > strlen(s->advice) && s->session_id && s->twin_count == 0)
        buf_adds(&text, s->session_id);
    else if (text.n > strlen(s->advice))
        buf_addf(&text, "%d", s->pid);
    add_detail(out, "advice", text.p);
}

static void add_judgement(struct buf *out, const struct sr_session *s,
                          const struct view_style *style)
{
    buf_adds(out, "          ");
    add_safe(out, s->cause ? s->cause : "not judged", 0);
    if (s->confidence)
        buf_addf(out, " (%s confidence)", s->confidence);
    /* the first sentences say why; the others are for those who ask */
    for (size_t i = 0; i < s->evidence_count && (style->verbose || i < EVIDENCE_SHOWN); i++) {
        buf_adds(out, i ? "; " : ": ");
        add_safe(out, s->evidence[i], 0);
    }
    buf_adds(out, "\n");
    add_advice(out, s);
}

/* There is nothing about it that anybody has to know, and there may be sixty of them. */
static bool is_quiet(const struct sr_session *s)
{
    return s->verdict == SR_IDLE && s->confidence && strcmp(s->confidence, "high") == 0 &&
           s->advice && strcmp(s->advice, "none") == 0 && s->candidate_count == 0 &&
           s->note_count == 0 && !s->saving && !s->is_noteworthy;
}

static void add_session(struct buf *out, const struct sr_session *s, const struct view_style *style)
{
    char pid[16], size[STR_SIZE_TEXT] = "-", age[VIEW_AGE_TEXT], id[ID_COLUMNS + 1] = "-";
    snprintf(pid, sizeof pid, "%d", s->pid);
    if (s->size_bytes >= 0)
        str_format_size(s->size_bytes, size);
    if (s->session_id)
        snprintf(id, sizeof id, "%.*s", ID_COLUMNS, agent_telling_id(s->session_id));

    add_verdict(out, s, style);
    add_padded(out, s->tty ? s->tty : "-", 8);
    add_padded(out, pid, 8);
    add_padded(out, id, ID_COLUMNS + 2);
    add_padded(out, size, 8);
    add_padded(out, last_activity(s, age), 8);
    add_safe(out, s->cwd ? s->cwd : "-", limit(style, 56));
    add_marks(out, s);
    bool is_short = is_quiet(s) && !style->verbose;
    if (is_short && !str_equals(s->cause, "turn-over"))
        buf_addf(out, "  %s", s->cause);
    buf_adds(out, "\n");
    if (is_short)
        return;

    add_judgement(out, s, style);
    BUF_RELEASE struct buf attach = {0};
    if (resume_add_attach(&attach, s) == 0)
        add_detail(out, "open it", attach.p);
    add_candidates(out, s);
    for (size_t i = 0; i < s->note_count; i++)
        add_detail(out, "note", s->notes[i]);
    if (style->verbose) {
        add_detail(out, "mapped by", sr_mapping_word(s->mapped_by));
        add_detail(out, "transcript", s->transcript);
    }
}

const enum sr_verdict view_by_urgency[VIEW_VERDICTS] = {SR_HUNG,    SR_BLOCKED,  SR_ORPHANED,
                                                        SR_STOPPED, SR_WAITING,  SR_UNKNOWN,
                                                        SR_WORKING, SR_STARTING, SR_IDLE};

void view_text_none(struct buf *out, const char *agent, bool may_lack)
{
    buf_addf(out,
             may_lack ? "No %s processes seen, and not all could be looked at: whether there are "
                        "any is not known.\n"
                      : "No %s processes found.\n",
             agent_title(agent));
}

void view_text_status(struct buf *out, const struct sr_snapshot *snapshot,
                      const struct view_style *style)
{
    size_t of = snapshot->session_count + style->not_asked_for;
    if (of == 0) {
        view_text_none(out, style->agent, snapshot->may_lack_sessions);
        return;
    }
    if (snapshot->session_count == 0) {
        buf_addf(out, "None of %zu session%s.\n", of, of == 1 ? "" : "s");
        return;
    }
    BUF_RELEASE struct buf summary = {0};
    buf_addf(&summary, "%zu", snapshot->session_count);
    if (snapshot->session_count < of)
        buf_addf(&summary, " of %zu", of);
    buf_adds(&summary, of == 1 ? " session" : " sessions");
    buf_adds(out, "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n");
    for (size_t i = 0; i < VIEW_VERDICTS; i++) {
        size_t count = 0;
        for (size_t j = 0; j < snapshot->session_count; j++) {
            if (snapshot->sessions[j].verdict != view_by_urgency[i])
                continue;
            add_session(out, &snapshot->sessions[j], style);
            count++;
        }
        if (count)
            buf_addf(&summary, "%s%zu %s", strchr(summary.p, ':') ? ", " : ": ", count,
                     sr_verdict_word(view_by_urgency[i]));
    }
    buf_addf(out, "%s\n", summary.p);
}

static void add_notes(struct buf *out, const struct sr_session *s)
{
    for (size_t i = 0; i < s->note_count; i++) {
        buf_adds(out, "  note: ");
        add_safe(out, s->notes[i], 0);
        buf_adds(out, "\n");
    }
}

static void add_stored(struct buf *out, const struct sr_session *s)
{
    char size[STR_SIZE_TEXT] = "-", age[VIEW_AGE_TEXT], id[ID_COLUMNS + 1];
    if (s->size_bytes >= 0)
        str_format_size(s->size_bytes, size);
    snprintf(id, sizeof id, "%.*s", ID_COLUMNS, agent_telling_id(s->session_id));
    add_padded(out, id, ID_COLUMNS + 2);
    add_padded(out, size, 8);
    add_padded(out, last_activity(s, age), 8);
    if (s->first_prompt)
        add_safe(out, s->first_prompt, PROMPT_COLUMNS);
    else
        buf_adds(out, "(no prompt found)");
    buf_adds(out, "\n");

    BUF_RELEASE struct buf command = {0};
    const char *obstacle = sr_resume_obstacle(s);
    if (resume_add_command(&command, s) == 0)
        buf_addf(out, "  %s\n", command.p);
    else if (s->owner_count)
        buf_addf(out, "  no command: pid %d may have it\n", s->owners[0]);
    else if (s->owners_not_known)
        buf_adds(out, "  no command: any process may have it, because /proc shows none\n");
    else if (str_equals(obstacle, "unreadable"))
        buf_adds(out, "  no command: its transcript cannot be read\n");
    else if (str_equals(obstacle, "empty") || str_equals(obstacle, "no-conversation"))
        buf_addf(out,
                 "  no command: its transcript %s; --check %.*s names a backup that "
                 "holds more, if there is one\n",
                 *obstacle == 'e' ? "is empty" : "holds no conversation, and the client finds none",
                 ID_COLUMNS, agent_telling_id(s->session_id));
    else
        buf_adds(out, "  no command: neither its directory nor its file is known\n");
    add_notes(out, s);
}

static void add_held(struct buf *out, const struct sr_session *s)
{
    buf_adds(out, "  ");
    add_safe(out, s->session_id ? s->session_id : "(session not known)", 0);
    buf_addf(out, "  held by pid %d on ", s->pid);
    add_safe(out, s->tty ? s->tty : "no terminal", 0);
    add_marks(out, s);
    buf_adds(out, "\n");
    BUF_RELEASE struct buf command = {0};
    if (resume_add_attach(&command, s) == 0)
        buf_addf(out, "  %s\n  note: it runs in the background; a plain resume of it is refused\n",
                 command.p);
    add_notes(out, s);
    add_candidates(out, s);
}

/* Nobody can resume it; what can be had of it is named. */
static void add_gone(struct buf *out, const struct sr_session *s)
{
    char age[VIEW_AGE_TEXT];
    buf_adds(out, "  ");
    add_safe(out, s->session_id, 0);
    buf_addf(out, "  %s", last_activity(s, age));
    if (s->cwd) {
        buf_adds(out, "  ");
        add_safe(out, s->cwd, 0);
    }
    if (s->first_prompt) {
        buf_adds(out, "  ");
        add_safe(out, s->first_prompt, PROMPT_COLUMNS);
    }
    buf_adds(out, "\n    ");
    view_add_left(out, s->left);
    buf_adds(out, "\n");
}

static void add_all_gone(struct buf *out, const struct sr_snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        if (!snapshot->sessions[i].left)
            continue;
        if (count++ == 0)
            buf_adds(out, "Without a transcript; --export ID saves what is left, --context ID "
                          "tells it:\n");
        add_gone(out, &snapshot->sessions[i]);
    }
    if (count < snapshot->gone_count)
        buf_addf(out, "  %zu of %zu shown, the newest; --all shows the rest.\n", count,
                 snapshot->gone_count);
    if (snapshot->prompted_count)
        buf_addf(out, "%s%zu %ssession%s only %s prompts left: --search finds them.\n",
                 snapshot->prompted_is_least ? "At least " : "", snapshot->prompted_count,
                 snapshot->stored_count ? "older " : "",
                 snapshot->prompted_count == 1 ? " has" : "s have",
                 snapshot->prompted_count == 1 ? "its" : "their");
}

/* One that lies where the client does not look, and what to do. */
static void add_stray(struct buf *out, const struct sr_stray *stray)
{
    char size[STR_SIZE_TEXT];
    BUF_RELEASE struct buf command = {0};
    str_format_size(stray->size_bytes, size);
    buf_addf(out, "%.*s  ", ID_COLUMNS, agent_telling_id(stray->session_id));
    add_padded(out, size, 8);
    add_safe(out, stray->path, 0);
    buf_adds(out, "\n");
    if (resume_add_move(&command, stray) == 0) {
        if (stray->rivals)
            buf_addf(out,
                     "  one of %zu files for one place: only the first that is moved gets there; "
                     "--check FILE tells what each holds\n",
                     stray->rivals + 1);
        buf_addf(out, "  %s\n", command.p);
    } else if (stray->found_by) {
        buf_adds(out, "  a copy: the client takes ");
        add_safe(out, stray->found_by, 0);
        buf_adds(out, "; --check tells what each of them holds\n");
    } else if (resume_is_packed(stray)) {
        buf_adds(out, "  packed: unpack it first, and --check it\n");
    } else {
        buf_adds(out, "  no command: its records name no directory\n");
    }
}

void view_text_strays(struct buf *out, const struct sr_stray *strays, size_t count, bool all)
{
    size_t shown = all || count < STRAYS_SHOWN ? count : STRAYS_SHOWN;
    if (shown)
        buf_adds(
            out,
            "Transcripts where the client does not look, each with the command that moves it:\n");
    for (size_t i = 0; i < shown; i++)
        add_stray(out, &strays[i]);
    if (shown < count)
        buf_addf(out, "%zu of %zu shown; --resume --all shows the rest.\n", shown, count);
}

void view_text_resume(struct buf *out, const struct sr_snapshot *snapshot,
                      const struct view_style *style)
{
    size_t stored = 0, held = 0, gone = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        if (snapshot->sessions[i].pid)
            held++;
        else if (snapshot->sessions[i].left)
            gone++;
        else
            stored++;
    }
    if (stored) {
        buf_adds(out, "SESSION   SIZE    LAST    FIRST PROMPT\n");
        for (size_t i = 0; i < snapshot->session_count; i++)
            if (snapshot->sessions[i].pid == 0 && !snapshot->sessions[i].left)
                add_stored(out, &snapshot->sessions[i]);
    } else if (!gone && (!snapshot->stray_count || held)) {
        buf_adds(out, "No session without a live process.\n");
    }
    if (stored < snapshot->stored_count)
        buf_addf(out, "%zu of %zu sessions shown, the newest; --all shows the rest.\n", stored,
                 snapshot->stored_count);
    if (snapshot->archived_count)
        buf_addf(out,
                 "%zu archived session%s not shown, as in the client's list; --all shows %s.\n",
                 snapshot->archived_count, snapshot->archived_count == 1 ? " is" : "s are",
                 snapshot->archived_count == 1 ? "it" : "them");
    add_all_gone(out, snapshot);
    if (held) {
        buf_adds(out, "In use, so without a command:\n");
        for (size_t i = 0; i < snapshot->session_count; i++)
            if (snapshot->sessions[i].pid)
                add_held(out, &snapshot->sessions[i]);
    }
    view_text_strays(out, snapshot->strays, snapshot->stray_count, style->all);
}

void view_text_list(struct buf *out, const struct sr_session *sessions, size_t count)
{
    if (count)
        buf_adds(out, "AGENT     SESSION   SIZE    LAST    DIRECTORY\n");
    for (size_t i = 0; i < count; i++) {
        const struct sr_session *s = &sessions[i];
        char size[STR_SIZE_TEXT] = "-", age[VIEW_AGE_TEXT], id[ID_COLUMNS + 1] = "-";
        if (s->size_bytes >= 0)
            str_format_size(s->size_bytes, size);
        if (s->session_id)
            snprintf(id, sizeof id, "%.*s", ID_COLUMNS, agent_telling_id(s->session_id));
        add_padded(out, s->agent, 10);
        add_padded(out, id, ID_COLUMNS + 2);
        add_padded(out, size, 8);
        add_padded(out, last_activity(s, age), 8);
        utf8_adds_printable(out, s->cwd ? s->cwd : "-");
        buf_adds(out, "\n");
    }
}
