/*
 * --check: transcripts read for damage; changes nothing. One is read and told
 * of at a time, so that thousands take no more memory than the longest.
 */
#include "app/commands/commands.h"

#include "action/examine.h"
#include "app/meter.h"
#include "app/targets.h"
#include "base/clock.h"
#include "view/check.h"

#include <fcntl.h>

struct work {
    struct context *context;
    struct meter meter;
    struct view_check_json json;
    size_t counts[3]; /* by enum view_checked_verdict */
    bool shows_sound;
};

static void move_meter(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct work *w = context;
    meter_move(&w->meter, done_bytes, total_bytes);
}

/* Returns: 0 or an exit status. */
static int tell(struct work *w, const struct view_checked *checked)
{
    const struct options *o = w->context->options;
    enum view_checked_verdict verdict = view_checked_verdict(checked);
    w->counts[verdict]++;
    if (o->json) {
        view_json_checked(&w->json, checked, o->verbose);
        return 0;
    }
    if (verdict == VIEW_SOUND && !w->shows_sound)
        return 0;
    struct buf out = {0};
    meter_end(&w->meter);
    view_text_checked(&out, checked, o->verbose);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int check_one(struct work *w, const struct target *target)
{
    struct arena arena = {0};
    struct examined e = {0};
    struct sr_error error;
    struct examine_request request = {
        .at = AT_FDCWD,
        .path = target->path,
        .shown = target->path,
        .options = {.is_live = target->live_pid != 0},
        .progress = move_meter,
        .context = w,
    };
    int r = examine(&request, &arena, &e, &error);
    struct view_checked checked = {
        .session_id = target->session_id                 ? target->session_id
                      : r == 0 && e.survey.session_id[0] ? e.survey.session_id
                                                         : NULL,
        .path = target->path,
        .size_bytes = r == 0 ? e.file.size_bytes : -1,
        .live_pid = target->live_pid,
        .why = r < 0 ? error.text : NULL,
        .survey = &e.survey,
        .plan = &e.plan,
    };
    int status = tell(w, &checked);
    if (r == 0)
        examine_release(&e);
    arena_release(&arena);
    return status;
}

static int finish(struct work *w)
{
    const struct context *c = w->context;
    struct buf out = {0};
    size_t all = w->counts[0] + w->counts[1] + w->counts[2];
    if (c->options->json) {
        view_json_check_end(&w->json, &out);
    } else {
        buf_addf(&out, "%zu transcript%s: %zu sound", all, all == 1 ? "" : "s",
                 w->counts[VIEW_SOUND]);
        if (w->counts[VIEW_DAMAGED])
            buf_addf(&out, ", %zu damaged", w->counts[VIEW_DAMAGED]);
        if (w->counts[VIEW_UNREADABLE])
            buf_addf(&out, ", %zu unreadable", w->counts[VIEW_UNREADABLE]);
        buf_adds(&out, "\n");
        if (w->counts[VIEW_DAMAGED] && !c->options->quiet)
            buf_adds(&out,
                     "To mend one: session-rescue --repair WHICH|FILE (--dry-run shows how)\n");
    }
    int status = context_print(&out);
    buf_release(&out);
    return status                       ? status
           : w->counts[VIEW_UNREADABLE] ? EXIT_FAILED
           : w->counts[VIEW_DAMAGED]    ? EXIT_ATTENTION
                                        : EXIT_FINE;
}

int command_check(struct context *context)
{
    const struct options *o = context->options;
    struct work w = {.context = context, .shows_sound = o->which_count || o->verbose};
    struct targets targets;
    int status = targets_find(context, o->which, o->which_count, &targets);
    if (status)
        return status;
    if (o->json)
        view_json_check_begin(&w.json, wall_now().ms);
    meter_begin(&w.meter, context->shows_progress);
    for (size_t i = 0; i < targets.count && status == 0; i++)
        status = check_one(&w, &targets.items[i]);
    meter_end(&w.meter);
    if (status == 0)
        status = finish(&w);
    targets_release(&targets);
    return status;
}
