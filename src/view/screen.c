#include "view/screen.h"

#include "agents/agent.h"
#include "base/utf8.h"
#include "view/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ID_COLUMNS = 8, INNER_COLUMNS = 62, INNER_LEAST = 20, DAY_S = 86400, NOW_S = 5 };

/* Of the box around the sessions, of their title, and of each of them. */
enum { BORDER_ROWS = 4, TITLE_ROWS = 1, SESSION_ROWS = 2, BOXED_LEAST = 2 };

size_t screen_order(const struct sr_snapshot *snapshot, size_t *order)
{
    size_t n = 0, hung = 0;
    for (size_t i = 0; i < VIEW_VERDICTS; i++)
        for (size_t j = 0; j < snapshot->session_count; j++)
            if (snapshot->sessions[j].verdict == view_by_urgency[i]) {
                order[n++] = j;
                hung += view_by_urgency[i] == SR_HUNG;
            }
    return hung;
}

/* ---- words -------------------------------------------------------------------------------- */

void screen_add_name(struct buf *out, const struct sr_session *s)
{
    if (s->tty)
        utf8_adds_printable(out, s->tty);
    else
        buf_addf(out, "pid %d", s->pid);
}

/* "reply stalled 41 min": a cause is a word for programs, "reply-stalled". */
static void add_cause(struct buf *out, const struct sr_session *s)
{
    char age[VIEW_AGE_TEXT];
    BUF_RELEASE struct buf words = {0};
    for (const char *p = s->cause ? s->cause : "not judged"; *p; p++)
        buf_add(&words, *p == '-' ? " " : p, 1);
    utf8_add_printable(out, (struct sv){words.p, words.n}, 0);
    if (s->verdict == SR_HUNG && s->silent_s >= 0)
        buf_addf(out, " %s", view_age(s->silent_s, age));
}

void screen_add_state(struct buf *out, const struct sr_session *s)
{
    buf_addf(out, "%s: ", sr_verdict_word(s->verdict));
    add_cause(out, s);
    if (sr_is_unsaved(s->persistence))
        buf_adds(out, ", UNSAVED");
}

static void add_id(struct buf *out, const struct sr_session *s, const char *dots)
{
    if (s->session_id)
        utf8_add_printable(out, sv_slice(sv_of(agent_telling_id(s->session_id)), 0, ID_COLUMNS), 0);
    buf_adds(out, s->session_id ? dots : "not known");
}

void screen_add_menu_question(struct buf *out, const struct sr_session *s)
{
    buf_adds(out, "? Select action for ");
    screen_add_name(out, s);
    buf_adds(out, " session:");
}

static void add_size(struct buf *out, const struct sr_session *s)
{
    char size[STR_SIZE_TEXT];
    buf_adds(out, s->size_bytes < 0 ? "no transcript" : str_format_size(s->size_bytes, size));
}

void screen_add_revive_question(struct buf *out, const struct sr_session *s)
{
    buf_addf(out, "Revive %s process on ", agent_title(s->agent));
    screen_add_name(out, s);
    buf_adds(out, ", session ");
    add_id(out, s, "");
    buf_adds(out, " (");
    add_size(out, s);
    buf_adds(out, ", ");
    screen_add_state(out, s);
    buf_adds(out, ")?");
}

void screen_add_lines(struct buf *out, const char *text)
{
    struct sv lines = sv_of(text);
    for (struct sv line; lines.n;) {
        sv_cut_line(&lines, &line);
        utf8_add_printable(out, line, 0);
        buf_adds(out, "\n");
    }
}

void screen_add_kill_question(struct buf *out, const struct sr_session *s)
{
    bool is_hung = s->verdict == SR_HUNG;
    buf_addf(out, "%s%s process on ", is_hung ? "Kill " : "", agent_title(s->agent));
    screen_add_name(out, s);
    buf_adds(out, ", session ");
    add_id(out, s, "");
    buf_adds(out, " (");
    add_size(out, s);
    buf_adds(out, is_hung ? ", " : "), is not hung; ");
    screen_add_state(out, s);
    buf_adds(out, is_hung ? ")" : ". Kill it all the same");
    buf_adds(out, "?");
    for (size_t i = 0; i < s->twin_count; i++)
        buf_addf(out, "%s %d", i ? "," : " The session is also open in pid", s->twins[i]);
}

/* ---- the box ------------------------------------------------------------------------------ */

/* "02:30", "NOW", "3 d ago" */
static void add_last_activity(struct buf *out, const struct sr_session *s,
                              const struct screen_style *style)
{
    char age[VIEW_AGE_TEXT];
    if (s->last_activity_at_ms < 0 || s->silent_s < 0) {
        buf_adds(out, "none");
    } else if (s->silent_s < NOW_S) {
        buf_adds(out, "NOW");
    } else if (s->silent_s >= DAY_S) {
        buf_addf(out, "%s ago", view_age(s->silent_s, age));
    } else {
        int64_t of_day = (s->last_activity_at_ms / 1000 + style->utc_offset_s) % DAY_S;
        of_day = of_day < 0 ? of_day + DAY_S : of_day;
        buf_addf(out, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
    }
}

static void add_first_line(struct buf *out, const struct sr_session *s, size_t number)
{
    buf_addf(out, " %zu. ", number);
    if (s->tty) {
        screen_add_name(out, s);
        buf_addf(out, " (PID %d) - ", s->pid);
    } else {
        buf_addf(out, "no terminal (PID %d) - ", s->pid);
    }
    add_id(out, s, "...");
    buf_adds(out, " (");
    add_size(out, s);
    buf_adds(out, ")");
}

static void add_second_line(struct buf *out, const struct sr_session *s,
                            const struct screen_style *style)
{
    buf_adds(out, "    Last activity: ");
    add_last_activity(out, s, style);
    buf_adds(out, " (");
    for (const char *p = sr_verdict_word(s->verdict); *p; p++)
        buf_addf(out, "%c", toupper((unsigned char)*p));
    buf_adds(out, s->current ? ", CURRENT" : "");
    buf_adds(out, sr_is_unsaved(s->persistence) ? ", UNSAVED) " : ") ");
    add_cause(out, s);
}

struct frame {
    const char *corners[3][2]; /* of the first line, the one between, the last */
    const char *across, *down;
};

static const struct frame frames[] = {
    {{{"+", "+"}, {"+", "+"}, {"+", "+"}}, "-", "|"},
    {{{"┌", "┐"}, {"├", "┤"}, {"└", "┘"}}, "─", "│"},
};

static void add_border(struct buf *out, const struct frame *f, size_t which, size_t inner)
{
    buf_adds(out, f->corners[which][0]);
    for (size_t i = 0; i < inner; i++)
        buf_adds(out, f->across);
    buf_adds(out, f->corners[which][1]);
    buf_adds(out, "\n");
}

static void add_boxed(struct buf *out, const struct frame *f, struct sv line, size_t inner)
{
    BUF_RELEASE struct buf cut = {0};
    utf8_add_printable(&cut, line, inner);
    size_t columns = utf8_columns((struct sv){cut.p, cut.n});
    buf_adds(out, f->down);
    buf_add(out, cut.p, cut.n);
    buf_fill(out, ' ', columns < inner ? inner - columns : 0);
    buf_adds(out, f->down);
    buf_adds(out, "\n");
}

static void add_lines(struct buf *out, const struct frame *f, const struct buf *lines, size_t inner)
{
    struct sv text = {lines->p, lines->n};
    for (struct sv line; text.n;) {
        sv_cut_line(&text, &line);
        add_boxed(out, f, line, inner);
    }
}

static void add_cut(struct buf *out, struct sv line, size_t columns)
{
    utf8_add_printable(out, line, columns);
    buf_adds(out, "\n");
}

static void add_bare(struct buf *out, const struct buf *lines, size_t columns)
{
    struct sv text = {lines->p, lines->n};
    for (struct sv line; text.n;) {
        sv_cut_line(&text, &line);
        add_cut(out, line, columns);
    }
}

/* The widest line decides, between the usual width and what the terminal has. */
static size_t inner_columns(const struct buf *lines, const struct screen_style *style)
{
    size_t inner = INNER_COLUMNS;
    struct sv text = {lines->p, lines->n};
    for (struct sv line; text.n;) {
        sv_cut_line(&text, &line);
        size_t columns = utf8_columns(line);
        inner = columns > inner ? columns : inner;
    }
    if (style->columns && inner + 2 > style->columns)
        inner = style->columns > INNER_LEAST + 2 ? style->columns - 2 : INNER_LEAST;
    return inner;
}

static const char *whose_sessions(const struct sr_snapshot *snapshot)
{
    const char *agent = snapshot->session_count ? snapshot->sessions[0].agent : NULL;
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (!str_equals(snapshot->sessions[i].agent, agent))
            return "agent";
    return agent_title(agent);
}

static void add_title(struct buf *out, const struct sr_snapshot *snapshot, size_t first, size_t end)
{
    size_t of = snapshot->session_count;
    buf_adds(out, " ");
    for (const char *p = whose_sessions(snapshot); *p; p++)
        buf_add(out, &(char){(char)toupper((unsigned char)*p)}, 1);
    buf_adds(out, " SESSIONS ");
    if (end - first == of)
        buf_adds(out, "DETECTED");
    else if (end - first == 1)
        buf_addf(out, "%zu OF %zu", end, of);
    else
        buf_addf(out, "%zu-%zu OF %zu", first + 1, end, of);
    if (end - first < of)
        buf_adds(out, " [PageDown]");
}

void screen_add_sessions(struct buf *out, const struct sr_snapshot *snapshot, const size_t *order,
                         const struct screen_style *style)
{
    const struct frame *f = &frames[style->utf8];
    BUF_RELEASE struct buf lines = {0}, title = {0};
    size_t end = style->count ? style->first + style->count : snapshot->session_count;
    if (end > snapshot->session_count)
        end = snapshot->session_count;
    for (size_t i = style->first; i < end; i++) {
        const struct sr_session *s = &snapshot->sessions[order[i]];
        add_first_line(&lines, s, i + 1);
        buf_adds(&lines, "\n");
        add_second_line(&lines, s, style);
        buf_adds(&lines, "\n");
    }
    add_title(&title, snapshot, style->first, end);
    if (style->is_spoken) {
        buf_addf(out, "%s\n", title.p + 1);
        buf_add(out, lines.p, lines.n);
    } else if (style->is_bare) {
        add_cut(out, sv_of(title.p + 1), style->columns);
        add_bare(out, &lines, style->columns);
    } else {
        size_t inner = inner_columns(&lines, style);
        add_border(out, f, 0, inner);
        add_boxed(out, f, sv_of(title.p), inner);
        add_border(out, f, 1, inner);
        add_lines(out, f, &lines, inner);
        add_border(out, f, 2, inner);
    }
}

/* ---- above the menu ----------------------------------------------------------------------- */

static size_t place_of(const struct screen_ask *ask)
{
    for (size_t i = 0; i < ask->snapshot->session_count; i++)
        if (&ask->snapshot->sessions[ask->order[i]] == ask->session)
            return i;
    return 0;
}

/* The first of the page that the session is on, or that is so many behind it; pages go round. */
static size_t first_of_page(const struct screen_ask *ask, size_t count)
{
    int pages = (int)((ask->snapshot->session_count + count - 1) / count);
    int page = ((int)(place_of(ask) / count) + ask->page) % pages;
    return (size_t)(page < 0 ? page + pages : page) * count;
}

/* Draws the sessions, or as many as rows hold. Returns: the rows that are left. */
static size_t add_list(struct buf *out, const struct screen_ask *ask, struct screen_style style,
                       size_t rows)
{
    size_t boxed = rows > BORDER_ROWS ? (rows - BORDER_ROWS) / SESSION_ROWS : 0;
    size_t bare = rows > TITLE_ROWS ? (rows - TITLE_ROWS) / SESSION_ROWS : 0;
    style.is_bare = boxed < BOXED_LEAST && boxed < ask->snapshot->session_count;
    style.count = style.is_bare ? bare : boxed;
    if (style.count > ask->snapshot->session_count)
        style.count = ask->snapshot->session_count;
    if (style.count == 0)
        return rows;
    style.first = first_of_page(ask, style.count);
    screen_add_sessions(out, ask->snapshot, ask->order, &style);
    return rows - (style.is_bare ? TITLE_ROWS : BORDER_ROWS) - SESSION_ROWS * style.count;
}

static void add_place_and_state(struct buf *out, const struct screen_ask *ask, size_t columns)
{
    BUF_RELEASE struct buf line = {0};
    size_t of = ask->snapshot->session_count;
    if (of > 1)
        buf_addf(&line, "%zu of %zu: ", place_of(ask) + 1, of);
    screen_add_name(&line, ask->session);
    buf_adds(&line, " ");
    screen_add_state(&line, ask->session);
    add_cut(out, (struct sv){line.p, line.n}, columns);
}

/* The beginning of text that fits, which is cut off it. */
static struct sv cut_beginning(struct sv *text, size_t columns)
{
    size_t n = 0;
    for (size_t end = 0; end < text->n;) {
        uint32_t code;
        size_t length = utf8_decode(sv_slice(*text, end, text->n), &code);
        end += length ? length : 1;
        if (n > 0 && utf8_columns(sv_slice(*text, 0, end)) > columns)
            break;
        n = end;
    }
    struct sv line = sv_slice(*text, 0, n);
    *text = sv_slice(*text, n, text->n);
    return line;
}

/* The message in as many lines as it takes: a command in it is wanted whole. Where there are not so
 * many rows beside the question and the session, it is cut to one. Returns: how many. */
static size_t fold_message(struct buf *out, const struct screen_ask *ask, size_t columns)
{
    if (!ask->message)
        return 0;
    BUF_RELEASE struct buf shown = {0};
    size_t count = 0;
    utf8_adds_printable(&shown, ask->message);
    for (struct sv rest = {shown.p, shown.n}; columns && rest.n; count++)
        add_cut(out, cut_beginning(&rest, columns), 0);
    if (count > 0 && (ask->rows == 0 || count + 2 <= ask->rows))
        return count;
    out->n = 0;
    add_cut(out, sv_of(ask->message), columns);
    return 1;
}

void screen_add_ask(struct buf *out, const struct screen_ask *ask, const struct screen_style *style)
{
    size_t columns = style->columns, rows = ask->rows;
    BUF_RELEASE struct buf message = {0};
    size_t others = 1 + fold_message(&message, ask, columns);
    size_t all = BORDER_ROWS + SESSION_ROWS * ask->snapshot->session_count + others;
    bool is_narrow = columns && columns < INNER_COLUMNS + 2;
    bool fits = rows == 0 || all + is_narrow <= rows;
    BUF_RELEASE struct buf line = {0};
    if (fits) {
        screen_add_sessions(out, ask->snapshot, ask->order, style);
    } else if (rows > 1 + others &&
               add_list(out, ask, *style, rows - 1 - others) == rows - 1 - others) {
        add_first_line(&line, ask->session, place_of(ask) + 1);
        add_cut(out, (struct sv){line.p, line.n}, columns);
    }
    if (!fits || is_narrow)
        add_place_and_state(out, ask, columns);
    if (ask->message && (fits || rows > 1))
        buf_add(out, message.p, message.n);
    if (fits || rows > others) {
        line.n = 0;
        screen_add_menu_question(&line, ask->session);
        add_cut(out, (struct sv){line.p, line.n}, columns);
    }
}
