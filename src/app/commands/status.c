/*
 * --status: every session found, with a verdict, or those that words name: a
 * verdict ("hung"), or as WHICH everywhere. Changes nothing.
 */
#include "app/commands/commands.h"

#include "app/select/selection.h"
#include "platform/privilege.h"
#include "view/json.h"

#include <string.h>

static bool is_verdict(const char *word)
{
    for (size_t i = 0; i < VIEW_VERDICTS; i++)
        if (strcmp(word, sr_verdict_word(view_by_urgency[i])) == 0)
            return true;
    return false;
}

/* The words that name no verdict. Returns: false where one can name nothing. */
static bool parse(struct context *c, struct selection *named)
{
    const struct options *o = c->options;
    const char **words = arena_alloc(&c->arena, (o->which_count + 1) * sizeof *words);
    size_t count = 0;
    struct sr_error error;
    for (size_t i = 0; i < o->which_count; i++)
        if (!is_verdict(o->which[i]))
            words[count++] = o->which[i];
    if (selection_parse(named, &c->arena, words, count, &error) == 0)
        return true;
    BUF_RELEASE struct buf text = {0};
    buf_adds(&text, error.text);
    for (size_t i = 0; i < VIEW_VERDICTS; i++)
        buf_addf(&text, "%s %s", i ? "," : "; the verdicts are",
                 sr_verdict_word(view_by_urgency[i]));
    context_complain(text.p);
    return false;
}

static bool is_asked_for(const struct options *o, const struct sr_session *s)
{
    for (size_t i = 0; i < o->which_count; i++)
        if (strcmp(o->which[i], sr_verdict_word(s->verdict)) == 0)
            return true;
    return false;
}

/* The same listing with those alone that were asked for. Returns: 0, or an exit status. */
static int pick(struct context *c, const struct selection *named,
                const struct sr_snapshot *snapshot, struct sr_snapshot *picked)
{
    const struct sr_session **found = arena_alloc(&c->arena, (named->count + 1) * sizeof *found);
    struct sr_session *kept = arena_alloc(&c->arena, (snapshot->session_count + 1) * sizeof *kept);
    *picked = *snapshot;
    if (c->options->which_count == 0)
        return 0;
    int status = selection_find(c, named, snapshot, found);
    if (status)
        return status;
    picked->sessions = kept;
    picked->session_count = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        bool is_kept = is_asked_for(c->options, s);
        for (size_t j = 0; j < named->count; j++)
            is_kept = is_kept || found[j] == s;
        if (is_kept)
            kept[picked->session_count++] = *s;
    }
    return 0;
}

static int run(struct context *context)
{
    struct sr_snapshot *snapshot, picked;
    struct selection named;
    struct sr_error error;
    if (!parse(context, &named))
        return EXIT_USAGE;
    if (sr_detect_processes(&context->look, &snapshot, &error) < 0)
        return context_fail(error.text, EXIT_FAILED);
    int hung = sr_detect_hung_sessions(snapshot, context->options->timeout_minutes);
    BUF_RELEASE struct buf out = {0};
    int status = pick(context, &named, snapshot, &picked);
    if (status == 0) {
        context->style.agent = context->options->agent;
        context->style.not_asked_for = snapshot->session_count - picked.session_count;
        if (context->options->json)
            view_json_sessions(&out, &picked, context->style.not_asked_for);
        else
            view_text_status(&out, &picked, &context->style);
        context_print_problems(context, snapshot);
        status = context_print(&out);
        bool may_lack = snapshot->may_lack_sessions &&
                        (named.count == 0 || named.count < context->options->which_count);
        if (status == 0 && (hung > 0 || may_lack))
            status = EXIT_ATTENTION;
    }
    sr_snapshot_free(snapshot);
    return status;
}

/* A verdict looks into what a process waits for. */
const struct command command_status = {
    .name = "status",
    .words = "[VERDICT|WHICH...]",
    ANY_NUMBER,
    .help = "every session found, with a verdict; changes nothing;\n--status hung: only those",
    .run = run,
    .rights = PRIVILEGE_TRACE,
};
