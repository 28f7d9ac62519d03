/*
 * --resume: sessions that can be resumed, each with the exact command; those
 * that a live process holds are listed without one.
 */
#include "app/commands/commands.h"

#include "app/select/selection.h"
#include "view/json.h"

#include <stdint.h>
#include <stdio.h>

/* sessions shown at first: a screenful with their commands; and of those that are gone */
enum { PAGE = 20, GONE_PAGE = 5 };

static void show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    /* a few hundred sessions take no time that a person would notice */
    if (total >= 500 && (done % 100 == 0 || done == total))
        fprintf(stderr, done == total ? "\r\x1b[K" : "\rreading sessions: %zu of %zu", done, total);
}

static const struct sr_session *next_of(const struct sr_snapshot *snapshot,
                                        const struct sr_session *s)
{
    bool is_there = s->continuation == SR_CONTINUED || s->continuation == SR_CONTINUED_ELSEWHERE;
    for (size_t i = 0; is_there && i < snapshot->session_count; i++)
        if (str_equals(snapshot->sessions[i].session_id, s->continued_in) &&
            str_equals(snapshot->sessions[i].config_dir, s->config_dir))
            return &snapshot->sessions[i];
    return NULL;
}

/* Those that go on with the session, the last one first. Returns: how many are kept now. */
static size_t add_way(const struct sr_snapshot *snapshot, const struct sr_session *s,
                      struct sr_session *kept, size_t n)
{
    size_t length = 0;
    for (const struct sr_session *next = s;
         length < snapshot->session_count && (next = next_of(snapshot, next));)
        length++;
    for (size_t i = length; i > 0; i--) {
        const struct sr_session *next = s;
        for (size_t j = 0; j < i; j++)
            next = next_of(snapshot, next);
        bool is_there = false;
        for (size_t j = 0; j < n; j++)
            is_there |= str_equals(kept[j].session_id, next->session_id);
        if (!is_there)
            kept[n++] = *next;
    }
    return n;
}

/* Words that name no session, but a transcript that lies where the client does not look: that is
 * shown, and the word has its answer. */
static void pick_strays(struct context *context, const struct sr_snapshot *snapshot,
                        struct selection *selection, struct sr_snapshot *picked)
{
    struct sr_stray *kept;
    *picked = *snapshot;
    picked->stray_count = selection_take_strays(selection, &context->arena, snapshot, &kept);
    picked->strays = kept;
    picked->stored_count = 0;
}

/* Keeps only the sessions that the words name, in a listing of the same shape. Returns: 0, or an
 * exit status. */
static int pick(struct context *context, const struct sr_snapshot *snapshot,
                const struct selection *selection, struct sr_snapshot *picked)
{
    struct selection found = *selection;
    pick_strays(context, snapshot, &found, picked);
    selection = &found;
    size_t count = selection->count, total = snapshot->session_count, n = 0;
    const struct sr_session **named = arena_alloc(&context->arena, (count + 1) * sizeof *named);
    struct sr_session *kept = arena_alloc(&context->arena, (count + total + 1) * sizeof *kept);
    int status = selection_find(context, selection, snapshot, named);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        n = add_way(snapshot, named[i], kept, n);
        kept[n++] = *named[i];
    }
    picked->sessions = kept;
    picked->session_count = n;
    picked->gone_count = picked->prompted_count = 0;
    return 0;
}

/* Of one, no transcript was seen, and it may lie where nothing could be looked at. */
static bool may_be_elsewhere(const struct sr_snapshot *picked)
{
    for (size_t i = 0; i < picked->session_count; i++)
        if (picked->sessions[i].left && !picked->sessions[i].left->is_sure)
            return true;
    return false;
}

static void draw(struct buf *out, const struct context *context, const struct sr_snapshot *snapshot)
{
    if (context->options->json)
        view_json_sessions(out, snapshot, 0);
    else
        view_text_resume(out, snapshot, &context->style);
}

static int run(struct context *context)
{
    const struct options *o = context->options;
    struct sr_error error;
    struct selection selection;
    if (selection_parse(&selection, &context->arena, o->which, o->which_count, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);

    context->look.stored_limit = o->all ? SIZE_MAX : PAGE;
    context->look.gone_limit = o->all ? SIZE_MAX : GONE_PAGE;
    context->look.hides_archived = !o->all && !o->which_count;
    context->look.looks_for_strays = !o->which_count || selection.prefix_count;
    if (o->which_count)
        selection_narrow(&selection, &context->look);
    if (context->shows_progress)
        context->look.progress = show_progress;
    struct sr_snapshot *snapshot, picked;
    if (!context_look(context, &snapshot))
        return EXIT_FAILED;

    BUF_RELEASE struct buf out = {0};
    picked = *snapshot;
    int status = o->which_count ? pick(context, snapshot, &selection, &picked) : 0;
    if (status == 0) {
        draw(&out, context, &picked);
        status = context_print(&out);
    }
    if (status == 0 && snapshot->may_lack_stored && (!o->which_count || may_be_elsewhere(&picked)))
        status = EXIT_ATTENTION;
    sr_snapshot_free(snapshot);
    return status;
}

const struct command command_resume = {
    .name = "resume",
    .words = "[WHICH...]",
    ANY_NUMBER,
    .help = "sessions that can be resumed, each with the exact command",
    .run = run,
    .options = (const char *const[]){"all", NULL},
};
