#include "view/check.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "session/resume.h"
#include "view/json.h"
#include "view/left.h"

#include <string.h>

/* It says something, and no client would resume it. */
static bool is_lost(const struct repair_plan *plan)
{
    return !plan->can_resume && plan->messages.in_file;
}

enum view_checked_verdict view_checked_verdict(const struct view_checked *c)
{
    return c->why                                   ? VIEW_UNREADABLE
           : c->left                                ? VIEW_GONE
           : c->size_bytes == 0                     ? VIEW_EMPTY
           : !c->survey->session_records            ? VIEW_NO_TRANSCRIPT
           : c->form->is_other || c->form->obstacle ? VIEW_OTHER_FORM
           : c->plan->hurts || is_lost(c->plan)     ? VIEW_DAMAGED
                                                    : VIEW_SOUND;
}

const char *view_checked_word(enum view_checked_verdict verdict)
{
    static const char *const words[] = {"sound",         "damaged", "unreadable",     "empty",
                                        "no transcript", "gone",    "in another form"};
    return words[verdict];
}

static bool is_shown(const struct repair_plan_problem *p, bool verbose)
{
    return verbose || p->severity > DAMAGE_HARMLESS;
}

void view_add_form(struct buf *out, const struct repair_examined_form *form)
{
    static const char *const names[] = {"UTF-8", "UTF-16LE", "UTF-16BE"};
    if (form->encoding != NORMALISE_UTF8)
        buf_addf(out, "%s%s", names[form->encoding], form->joined ? ", " : "");
    if (form->joined)
        buf_addf(out, "%zu record%s %s", form->joined, form->joined == 1 ? "" : "s",
                 form->is_array ? "in an array" : "over several lines");
}

/* ---- text --------------------------------------------------------------------------------- */

void view_add_consequence(struct buf *out, const struct repair_plan *plan)
{
    const struct repair_plan_messages *m = &plan->messages;
    if (is_lost(plan))
        buf_addf(out, "it cannot be resumed as it is: all of its %zu messages are out of reach",
                 m->expected ? m->expected : m->in_file);
    else if (m->reached < m->expected)
        buf_addf(out, "resume would lose %zu of %zu messages", m->expected - m->reached,
                 m->expected);
}

void view_text_problem(struct buf *out, const struct repair_plan_problem *p)
{
    const struct damage *d = &damages[p->kind];
    buf_adds(out, "  ");
    if (p->line)
        buf_addf(out, "line %u, byte %lld: ", p->line, (long long)p->offset);
    buf_addf(out, "%s", d->word);
    if (d->catalogue)
        buf_addf(out, " (%s)", d->catalogue);
    buf_addf(out, ": %s", d->what);
    if (p->length >= 0)
        buf_addf(out, ", %lld byte%s", (long long)p->length, p->length == 1 ? "" : "s");
    if (p->detail)
        utf8_adds_between(out, "; ", p->detail, "");
    if (p->is_guess)
        buf_adds(out, " (a guess)");
    if (p->consequence)
        buf_addf(out, "; %s", p->consequence);
    else if (p->severity == DAMAGE_HARMLESS)
        buf_adds(out, "; harmless");
    buf_adds(out, "\n");
}

/* One line in all, or with `each` one a branch; what was summed up is no branch. */
static void add_branches(struct buf *out, const struct repair_plan *plan, bool each)
{
    size_t count = 0, messages = 0;
    for (size_t i = 0; i < plan->branch_count; i++) {
        const struct repair_plan_branch *b = &plan->branches[i];
        char at[WALL_TEXT_SIZE];
        if (b->is_summed_up)
            continue;
        count++;
        messages += b->message_count;
        if (!each)
            continue;
        buf_addf(out, "  left, not loaded: a branch of %zu message%s", b->message_count,
                 b->message_count == 1 ? "" : "s");
        if (b->fork_line)
            buf_addf(out, " that begins behind line %u and", b->fork_line);
        else
            buf_adds(out, " that goes on from no other and");
        buf_addf(out, " ends on line %u", b->line);
        if (b->at_ms)
            buf_addf(out, ", %s", wall_format((struct wall){b->at_ms}, at));
        buf_adds(out, "\n");
    }
    if (count && !each)
        buf_addf(out, "  %zu branch%s of %zu message%s %s left, and %s not loaded (-v names %s)\n",
                 count, count == 1 ? "" : "es", messages, messages == 1 ? "" : "s",
                 count == 1 ? "was" : "were", count == 1 ? "is" : "are",
                 count == 1 ? "it" : "each");
}

/* What it is instead, and what the client says of it. */
static void add_no_transcript(struct buf *out, const struct view_checked *c)
{
    if (c->form->packer)
        buf_addf(out, "  it is packed (%s): unpack it first", c->form->packer);
    else if (c->form->product)
        buf_addf(out, "  a transcript of %s, which belongs in that agent's own folder",
                 c->form->product);
    else if (c->size_bytes == 0)
        buf_adds(out, "  nothing is in it");
    else if (c->form->remark)
        buf_addf(out, "  %s", c->form->remark);
    else
        buf_adds(out, "  not a transcript: no record of a session is in it");
    buf_addf(out, "; %s finds no conversation in it", c->agent->product);
    if (c->session_id && !c->fuller)
        buf_addf(out, ", and %s",
                 c->fuller_is_unknown ? "whether a backup holds more is not known"
                                      : "no backup of it is known that holds more");
    buf_adds(out, "\n");
}

void view_text_checked(struct buf *out, const struct view_checked *c, bool verbose,
                       bool names_branches)
{
    char size[STR_SIZE_TEXT];
    if (c->why && c->path && strstr(c->why, c->path)) { /* it says what was done to which file */
        utf8_adds_between(out, "unreadable: ", c->why, "\n");
        return;
    }
    utf8_adds_printable(out, c->path ? c->path : c->session_id);
    if (c->left) {
        buf_adds(out, ": ");
        view_add_left(out, c->left);
        buf_addf(out, "\n  to save what is left: session-rescue --export %s\n", c->session_id);
        return;
    }
    if (c->why) {
        utf8_adds_between(out, ": unreadable: ", c->why, "\n");
        return;
    }
    const struct repair_plan_messages *m = &c->plan->messages;
    buf_addf(out, ": %s (%s, %u lines", view_checked_word(view_checked_verdict(c)),
             str_format_size(c->size_bytes, size), c->survey->all_lines);
    if (c->form->is_other || c->form->obstacle) /* what a client makes of it is not known */
        buf_addf(out, ", %zu messages", m->expected);
    else if (m->in_file)
        buf_addf(out, ", %zu of %zu messages within reach", m->reached, m->expected);
    if (c->live_pid)
        buf_addf(out, ", held by pid %d", c->live_pid);
    buf_adds(out, ")\n");
    if (c->danger)
        utf8_adds_between(out, "  ", c->danger, "\n");
    if (c->unfinished)
        utf8_adds_between(out, "  its last turn was not finished: ", c->unfinished, "\n");
    if (c->fuller)
        buf_addf(out, "  a backup holds %s more: session-rescue --restore %s\n",
                 c->fuller_bytes > c->size_bytes
                     ? str_format_size(c->fuller_bytes - c->size_bytes, size)
                     : "whole records",
                 c->fuller);
    if (view_checked_verdict(c) == VIEW_NO_TRANSCRIPT || c->size_bytes == 0) {
        add_no_transcript(out, c);
        return;
    }
    if (c->form->obstacle) {
        buf_addf(out, "  %s: no client reads all of it, and --repair leaves it as it is\n",
                 c->form->obstacle);
        return;
    }
    if (c->form->is_other) {
        buf_adds(out, "  ");
        view_add_form(out, c->form);
        buf_adds(out,
                 ": not what every client reads; --repair makes it UTF-8, one record a line\n");
    }
    if (!c->form->is_other && (is_lost(c->plan) || (c->plan->hurts && m->reached < m->expected))) {
        buf_adds(out, "  ");
        view_add_consequence(out, c->plan);
        buf_adds(out, "\n");
    }
    for (size_t i = 0; i < c->plan->problem_count; i++)
        if (is_shown(&c->plan->problems[i], verbose))
            view_text_problem(out, &c->plan->problems[i]);
    add_branches(out, c->plan, verbose || names_branches);
}

/* What a problem's owner is to type; nothing where that is nothing. */
static void add_command(struct buf *out, const struct view_checked *c,
                        const struct repair_plan_problem *p)
{
    const struct damage *d = &damages[p->kind];
    const char *option = damage_run_option(d->run);
    if (d->run == DAMAGE_RUN_RESUME && c->session_id) {
        buf_adds(out, "session-rescue --resume ");
        resume_add_quoted(out, c->session_id);
        return;
    }
    if (d->run == DAMAGE_RUN_CONTEXT) {
        buf_adds(out, "session-rescue --context ");
        resume_add_quoted(out, c->path);
        return;
    }
    if (!option || c->plan->lines_only ||
        (p->severity == DAMAGE_HARMLESS && d->run != DAMAGE_RUN_SHRINK))
        return;
    buf_adds(out, "session-rescue --repair ");
    resume_add_quoted(out, c->path);
    buf_adds(out, option);
}

static void add_run(struct buf *out, const struct view_checked *c,
                    const struct repair_plan_problem *p)
{
    BUF_RELEASE struct buf command = {0};
    add_command(&command, c, p);
    if (!command.n)
        buf_adds(out, damages[p->kind].run == DAMAGE_RUN_NONE_KNOWN ||
                              (c->plan->lines_only && p->severity > DAMAGE_HARMLESS)
                          ? "nothing is known that helps; a backup may hold it"
                          : "nothing, all is well");
    else
        utf8_add_printable(out, (struct sv){command.p, command.n}, 0);
    if (damages[p->kind].run == DAMAGE_RUN_SHRINK)
        buf_adds(out, ", if it is to be smaller");
}

/* What is lost by it follows from what its client does with it. */
static void explain_line(struct buf *out, const struct view_checked *c, enum damage_kind kind)
{
    const char *does = agent_does_with(c->agent, kind);
    if (does)
        buf_addf(out, "  %s: %s.", damages[kind].word, does);
    else
        buf_addf(out, "  %s: what %s does with it was not tried.", damages[kind].word,
                 c->agent->product);
    buf_addf(out, " Cause: %s.\n    To run: ", damages[kind].origin);
}

/* Of each kind once: of some there are thousands. */
void view_text_explained(struct buf *out, const struct view_checked *c, bool verbose)
{
    enum view_checked_verdict verdict = view_checked_verdict(c);
    uint64_t explained = 0; /* 1 << kind */
    if (verdict != VIEW_DAMAGED && verdict != VIEW_SOUND)
        return;
    for (size_t i = 0; i < c->plan->problem_count; i++) {
        const struct repair_plan_problem *p = &c->plan->problems[i];
        const struct damage *d = &damages[p->kind];
        if (!is_shown(p, verbose) || (explained >> p->kind & 1))
            continue;
        explained |= 1ull << p->kind;
        if (c->plan->lines_only)
            explain_line(out, c, p->kind);
        else
            buf_addf(out, "  %s: %s.\n    Lost: %s. Cause: %s.\n    To run: ", d->word, d->client,
                     d->loss, d->origin);
        add_run(out, c, p);
        buf_adds(out, "\n");
    }
}

/* ---- JSON --------------------------------------------------------------------------------- */

struct json_node *view_json_form(struct json_document *d, const struct repair_examined_form *form)
{
    struct json_node *node = json_object(d);
    json_put_string(d, node, "encoding", normalise_encoding_word(form->encoding));
    json_put_integer(d, node, "joined_records", (int64_t)form->joined);
    json_put_bool(d, node, "is_array", form->is_array);
    json_put_string(d, node, "packed_by", form->packer);
    json_put_string(d, node, "written_by", form->product);
    json_put_string(d, node, "obstacle", form->obstacle);
    return node;
}

struct json_node *view_json_messages(struct json_document *d, const struct repair_plan *plan)
{
    const struct repair_plan_messages *m = &plan->messages;
    struct json_node *node = json_object(d);
    json_put_integer(d, node, "in_file", (int64_t)m->in_file);
    json_put_integer(d, node, "expected", (int64_t)m->expected);
    json_put_integer(d, node, "reached", plan->can_resume ? (int64_t)m->reached : 0);
    json_put_integer(d, node, "lost",
                     (int64_t)(plan->can_resume ? m->expected - m->reached : m->expected));
    return node;
}

static struct json_node *problem_node(struct json_document *d, const struct view_checked *c,
                                      const struct repair_plan_problem *p)
{
    BUF_RELEASE struct buf command = {0};
    const struct damage *damage = &damages[p->kind];
    struct json_node *node = json_object(d);
    json_put_string(d, node, "kind", damage->word);
    json_put_string(d, node, "catalogue", damage->catalogue);
    json_put_string(d, node, "severity", damage_severity_word(p->severity));
    json_put_count(d, node, "line", p->line ? (int64_t)p->line : -1);
    json_put_count(d, node, "offset", p->line ? p->offset : -1);
    json_put_count(d, node, "length", p->length);
    json_put_string(d, node, "what", damage->what);
    json_put_string(d, node, "detail", p->detail);
    json_put_string(d, node, "consequence", p->consequence);
    json_put_string(d, node, "cure",
                    damage_cure_word(p->is_mended ? damage->cure : DAMAGE_CURE_NONE));
    json_put_bool(d, node, "is_guess", p->is_guess);
    json_put_string(d, node, "client",
                    c->plan->lines_only ? agent_does_with(c->agent, p->kind) : damage->client);
    json_put_string(d, node, "lost", c->plan->lines_only ? NULL : damage->loss);
    json_put_string(d, node, "origin", damage->origin);
    add_command(&command, c, p);
    json_put_string(d, node, "run", command.p);
    return node;
}

struct json_node *view_json_problems(struct json_document *d, const struct view_checked *c,
                                     bool verbose)
{
    const struct repair_plan *plan = c->plan;
    struct json_node *array = json_array(d);
    for (size_t i = 0; i < plan->problem_count; i++)
        if (is_shown(&plan->problems[i], verbose))
            json_put(d, array, NULL, problem_node(d, c, &plan->problems[i]));
    return array;
}

void view_json_check_begin(struct view_check_json *j, int64_t taken_at_ms)
{
    *j = (struct view_check_json){0};
    j->root = view_json_begin(&j->document);
    json_put_time(j->document, j->root, "taken_at", (struct wall){taken_at_ms});
    j->transcripts = json_put_array(j->document, j->root, "transcripts");
}

struct json_node *view_json_branches(struct json_document *d, const struct repair_plan *plan)
{
    struct json_node *list = json_array(d);
    for (size_t i = 0; i < plan->branch_count; i++) {
        const struct repair_plan_branch *b = &plan->branches[i];
        struct json_node *node = json_put_object(d, list, NULL);
        json_put_integer(d, node, "line", b->line);
        json_put_integer(d, node, "offset", b->offset);
        json_put_count(d, node, "fork_line", b->fork_line ? (int64_t)b->fork_line : -1);
        json_put_integer(d, node, "messages", (int64_t)b->message_count);
        json_put_time(d, node, "ended_at", (struct wall){b->at_ms});
        json_put_bool(d, node, "is_summed_up", b->is_summed_up);
    }
    return list;
}

static struct json_node *view_json_records(struct json_document *d,
                                           const struct repair_plan_loaded *items, size_t count)
{
    struct json_node *list = json_array(d);
    for (size_t i = 0; i < count; i++) {
        const struct repair_plan_loaded *l = &items[i];
        struct json_node *node = json_put_object(d, list, NULL);
        json_put_integer(d, node, "line", l->line);
        json_put_integer(d, node, "offset", l->offset);
        json_put_string(d, node, "who",
                        l->role == GRAPH_ASSISTANT ? "agent"
                        : l->role == GRAPH_RESULT  ? "tool"
                                                   : "user");
    }
    return list;
}

void view_json_checked(struct view_check_json *j, const struct view_checked *c, bool verbose)
{
    struct json_document *d = j->document;
    struct json_node *node = json_object(d);
    enum view_checked_verdict verdict = view_checked_verdict(c);
    j->counts[verdict]++;
    json_put_string(d, node, "session_id", c->session_id);
    json_put_string(d, node, "path", c->path);
    json_put_string(d, node, "verdict", view_checked_word(verdict));
    json_put_string(d, node, "error", c->why);
    json_put_pid(d, node, "live_pid", c->live_pid);
    view_put_left(d, node, c->left);
    if (!c->why && !c->left) {
        json_put_integer(d, node, "size_bytes", c->size_bytes);
        json_put(d, node, "form", view_json_form(d, c->form));
        json_put_integer(d, node, "lines", c->survey->all_lines);
        json_put_integer(d, node, "records", c->survey->all_records);
        if (c->plan->lines_only)
            json_put_null(d, node, "messages");
        else
            json_put(d, node, "messages", view_json_messages(d, c->plan));
        if (verdict == VIEW_OTHER_FORM || c->plan->lines_only)
            json_put_null(d, node, "can_resume");
        else
            json_put_bool(d, node, "can_resume",
                          (verdict == VIEW_SOUND || verdict == VIEW_DAMAGED) &&
                              c->plan->can_resume);
        json_put_string(d, node, "fuller_backup", c->fuller);
        json_put_count(d, node, "fuller_bytes", c->fuller ? c->fuller_bytes : -1);
        json_put_bool(d, node, "fuller_is_known", !c->fuller_is_unknown);
        json_put_string(d, node, "danger", c->danger);
        json_put_string(d, node, "unfinished", c->unfinished);
        if (verbose) {
            json_put(d, node, "loaded",
                     view_json_records(d, c->plan->loaded,
                                       c->plan->can_resume ? c->plan->loaded_count : 0));
            json_put(d, node, "not_loaded",
                     view_json_records(d, c->plan->left, c->plan->left_count));
        }
        json_put(d, node, "branches", view_json_branches(d, c->plan));
        json_put(d, node, "problems", view_json_problems(d, c, verbose));
    }
    json_put(d, j->transcripts, NULL, node);
}

void view_json_check_end(struct view_check_json *j, struct buf *out)
{
    struct json_document *d = j->document;
    struct json_node *counts = json_object(d);
    size_t all = 0;
    for (size_t i = 0; i < VIEW_CHECKED_VERDICTS; i++)
        all += j->counts[i];
    json_put_integer(d, counts, "transcripts", (int64_t)all);
    json_put_integer(d, counts, "damaged", (int64_t)j->counts[VIEW_DAMAGED]);
    json_put_integer(d, counts, "empty", (int64_t)j->counts[VIEW_EMPTY]);
    json_put_integer(d, counts, "no_transcript", (int64_t)j->counts[VIEW_NO_TRANSCRIPT]);
    json_put_integer(d, counts, "gone", (int64_t)j->counts[VIEW_GONE]);
    json_put_integer(d, counts, "in_another_form", (int64_t)j->counts[VIEW_OTHER_FORM]);
    json_put_integer(d, counts, "unreadable", (int64_t)j->counts[VIEW_UNREADABLE]);
    json_put(d, j->root, "counts", counts);
    json_finish(d, j->root, false, out);
}
