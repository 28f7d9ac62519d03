#include "view/outcome/repair.h"

#include "base/json.h"
#include "base/utf8.h"
#include "view/json.h"

enum { TEXT_SHOWN = 60, EDITS_SHOWN = 20 };

static void add_safe(struct buf *out, const char *s, size_t columns)
{
    utf8_add_printable(out, sv_of(s), columns);
}

static const char *outcome_word(enum view_repair_outcome outcome)
{
    static const char *const words[] = {"repaired", "nothing-to-repair", "would-repair",
                                        "refused",  "declined",          "failed"};
    return words[outcome];
}

/* ---- text --------------------------------------------------------------------------------- */

static void add_edit(struct buf *out, const struct repair_plan_edit *e)
{
    buf_addf(out, "  %s line %u, bytes %lld to %lld", damage_cure_word(e->action), e->line,
             (long long)e->from, (long long)e->to);
    if (e->text) {
        buf_adds(out, ": ");
        add_safe(out, e->text, TEXT_SHOWN);
    }
    buf_addf(out, " (%s%s)\n", damages[e->kind].word, e->is_guess ? ", a guess" : "");
}

static void add_fit(struct buf *out, const struct repair_plan_fit *fit)
{
    if (fit->was_cut) {
        buf_adds(out,
                 "  It was cut by an earlier --fit, and nothing was answered since: resume it.\n");
        return;
    }
    buf_addf(out, "  about %lld tokens now, the model takes %lld", (long long)fit->tokens_before,
             (long long)fit->window);
    if (fit->results + fit->images + fit->thinking == 0)
        buf_adds(out, fit->fits ? ": there is room for more\n" : "; nothing of it can be cut\n");
    else
        buf_addf(out,
                 "; about %lld (%lld are to be left) without the oldest %zu tool result%s, %zu "
                 "image%s and %zu of thinking\n",
                 (long long)fit->tokens_after, (long long)fit->target, fit->results,
                 fit->results == 1 ? "" : "s", fit->images, fit->images == 1 ? "" : "s",
                 fit->thinking);
}

void view_text_repair_plan(struct buf *out, const struct view_repair *v, bool verbose)
{
    const struct repair_plan *plan = v->checked.plan;
    view_text_checked(out, &v->checked, verbose, true);
    if (v->checked.form->is_other)
        buf_addf(out, "Each record becomes a line of UTF-8%s\n",
                 plan->edit_count ? "; lines and bytes below are of that text" : "");
    if (plan->fit.is_planned)
        add_fit(out, &plan->fit);
    if (plan->edit_count == 0)
        return;
    buf_addf(out, "Changes (%zu), each byte that goes away is kept in the quarantine:\n",
             plan->edit_count);
    size_t shown = verbose || plan->edit_count <= EDITS_SHOWN ? plan->edit_count : EDITS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        add_edit(out, &plan->edits[i]);
    if (shown < plan->edit_count)
        buf_addf(out, "  ... and %zu more (-v shows all)\n", plan->edit_count - shown);
}

void view_text_repaired(struct buf *out, const struct view_repair *v)
{
    buf_adds(out, v->new_path ? "repaired copy: " : "repaired: ");
    add_safe(out, v->new_path ? v->new_path : v->checked.path, 0);
    if (v->after)
        buf_addf(out, "\n  %zu of %zu messages within reach", v->after->reached,
                 v->after->expected);
    if (v->after && !v->checked.form->is_other)
        buf_addf(out, ", as against %zu before",
                 v->checked.plan->can_resume ? v->checked.plan->messages.reached : 0);
    buf_adds(out, "\n  backup: ");
    add_safe(out, v->backup, 0);
    buf_adds(out, "\n  removed bytes: ");
    add_safe(out, v->quarantine, 0);
    if (!v->new_path) {
        buf_adds(out, "\n  to undo it: session-rescue --restore ");
        add_safe(out, v->backup, 0);
    }
    buf_adds(out, "\n");
}

/* ---- JSON --------------------------------------------------------------------------------- */

static struct json_node *edit_node(struct json_document *d, const struct repair_plan_edit *e)
{
    struct json_node *node = json_object(d);
    json_put_integer(d, node, "line", e->line);
    json_put_integer(d, node, "offset", e->from);
    json_put_integer(d, node, "length", e->to - e->from);
    json_put_string(d, node, "action", damage_cure_word(e->action));
    json_put_string(d, node, "kind", damages[e->kind].word);
    json_put_bool(d, node, "is_guess", e->is_guess);
    json_put_string(d, node, "text", e->text);
    return node;
}

static struct json_node *fit_node(struct json_document *d, const struct repair_plan_fit *fit)
{
    struct json_node *node = json_object(d);
    json_put_bool(d, node, "fits", fit->fits);
    json_put_bool(d, node, "was_cut_before", fit->was_cut);
    json_put_integer(d, node, "tokens_before", fit->tokens_before);
    json_put_integer(d, node, "tokens_after", fit->tokens_after);
    json_put_integer(d, node, "target_tokens", fit->target);
    json_put_integer(d, node, "context_window", fit->window);
    json_put_integer(d, node, "tool_results", (int64_t)fit->results);
    json_put_integer(d, node, "images", (int64_t)fit->images);
    json_put_integer(d, node, "thinking", (int64_t)fit->thinking);
    return node;
}

static void put_after(struct json_document *d, struct json_node *root, const struct view_repair *v)
{
    if (!v->after) {
        json_put_null(d, root, "messages_after");
        return;
    }
    struct repair_plan after = {.messages = *v->after, .can_resume = v->can_resume_after};
    json_put(d, root, "messages_after", view_json_messages(d, &after));
}

void view_json_repair(struct buf *out, const struct view_repair *v, bool verbose)
{
    const struct repair_plan *plan = v->checked.plan;
    struct json_document *d;
    struct json_node *root = view_json_begin(&d);
    json_put_string(d, root, "session_id", v->checked.session_id);
    json_put_string(d, root, "path", v->checked.path);
    json_put_string(d, root, "outcome", outcome_word(v->outcome));
    json_put_string(d, root, "error", v->why);
    json_put_string(d, root, "new_session_id", v->new_id);
    json_put_string(d, root, "new_path", v->new_path);
    json_put_string(d, root, "backup", v->backup);
    json_put_string(d, root, "quarantine", v->quarantine);
    json_put(d, root, "form", view_json_form(d, v->checked.form));
    json_put(d, root, "messages", view_json_messages(d, plan));
    put_after(d, root, v);
    if (plan->fit.is_planned)
        json_put(d, root, "fit", fit_node(d, &plan->fit));
    else
        json_put_null(d, root, "fit");
    struct json_node *edits = json_put_array(d, root, "edits");
    for (size_t i = 0; i < plan->edit_count; i++)
        json_put(d, edits, NULL, edit_node(d, &plan->edits[i]));
    json_put(d, root, "problems", view_json_problems(d, &v->checked, verbose));
    json_put(d, root, "branches", view_json_branches(d, plan));
    json_put_string(d, root, "resume_command", v->resume_command);
    json_finish(d, root, false, out);
}
