/*
 * --resume: sessions that can be resumed, each with the exact command; those
 * that a live process holds are listed without one.
 */
#include "app/commands/commands.h"

#include "app/selection.h"
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

/* Keeps only the sessions that the words name, in a listing of the same shape. */
static bool pick(struct context *context, const struct sr_snapshot *snapshot,
                 const struct selection *selection, struct sr_snapshot *picked)
{
    size_t count = selection->count;
    const struct sr_session **named = arena_alloc(&context->arena, (count + 1) * sizeof *named);
    struct sr_session *kept = arena_alloc(&context->arena, (count + 1) * sizeof *kept);
    if (!selection_find(selection, snapshot, named))
        return false;
    for (size_t i = 0; i < count; i++)
        kept[i] = *named[i];
    *picked = *snapshot;
    picked->sessions = kept;
    picked->session_count = count;
    picked->stored_count = picked->gone_count = picked->prompted_count = 0;
    return true;
}

static void draw(struct buf *out, const struct context *context, const struct sr_snapshot *snapshot)
{
    if (context->options->json)
        view_json_sessions(out, snapshot);
    else
        view_text_resume(out, snapshot, &context->style);
}

int command_resume(struct context *context)
{
    const struct options *o = context->options;
    struct sr_error error;
    struct selection selection;
    if (selection_parse(&selection, &context->arena, o->which, o->which_count, &error) < 0) {
        context_complain(error.text);
        return EXIT_USAGE;
    }

    context->look.stored_limit = o->all ? SIZE_MAX : PAGE;
    context->look.gone_limit = o->all ? SIZE_MAX : GONE_PAGE;
    if (o->which_count)
        selection_narrow(&selection, &context->look);
    if (context->shows_progress)
        context->look.progress = show_progress;
    struct sr_snapshot *snapshot, picked;
    if (sr_detect_processes(&context->look, &snapshot, &error) < 0) {
        context_complain(error.text);
        return EXIT_FAILED;
    }
    context_print_problems(context, snapshot);

    int status = EXIT_USAGE;
    struct buf out = {0};
    if (o->which_count == 0) {
        draw(&out, context, snapshot);
        status = context_print(&out);
    } else if (pick(context, snapshot, &selection, &picked)) {
        draw(&out, context, &picked);
        status = context_print(&out);
    }
    buf_release(&out);
    sr_snapshot_free(snapshot);
    return status;
}
