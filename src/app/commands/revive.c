/*
 * --revive WHICH: a verified backup, a question, and one push after another
 * until the session moves.
 */
#include "app/commands/commands.h"

#include "app/named.h"
#include "app/reviving.h"
#include "view/reviving.h"

#include <stdio.h>

static int print_json(const struct context *c, const struct reviving *v)
{
    struct buf out = {0};
    view_json_reviving(&out, v->session, &v->result, v->why, c->pending_dir);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int revive_found(struct context *c, struct sr_snapshot *snapshot,
                        const struct sr_session *session)
{
    const struct options *o = c->options;
    struct closing closing = {0};
    struct journal_row rows[2];
    struct reviving reviving;
    for (size_t i = 0; i < snapshot->session_count; i++)
        closing.detected += snapshot->sessions[i].pid > 0;
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    if (o->dry_run) {
        if (reviving_preview(c, snapshot, session, &reviving) < 0 && reviving.why)
            context_complain(reviving.why);
        return reviving_status(&reviving);
    }
    reviving_run(c, snapshot, session, &reviving);
    int status = reviving_status(&reviving);
    if (o->json && print_json(c, &reviving) != 0)
        status = EXIT_FAILED;
    if (status == EXIT_REFUSED)
        context_complain(reviving.why);
    if (reviving.result.was_refused && !reviving.result.has_backup)
        return status;
    closing_log(&closing, c, rows, reviving_close(&reviving, &closing, rows));
    return closing_print(&closing, c, status);
}

int command_revive(struct context *context)
{
    return named_with(context, revive_found);
}
