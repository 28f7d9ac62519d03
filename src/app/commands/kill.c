/*
 * --kill WHICH: a verified backup, a question, and the end of the session.
 *
 * The listing is done under the guard; ending is not: it is never begun again.
 */
#include "app/commands/commands.h"

#include "app/ending.h"
#include "app/named.h"
#include "view/ending.h"

#include <stdio.h>

static int print_json(const struct context *c, const struct ending *e)
{
    struct buf out = {0};
    view_json_ending(&out, e->session, &e->result, e->why, e->resume_commands,
                     e->resume_command_count, c->pending_dir);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int kill_found(struct context *c, struct sr_snapshot *snapshot,
                      const struct sr_session *session)
{
    const struct options *o = c->options;
    struct closing closing = {0};
    struct journal_row rows[2];
    struct ending ending;
    for (size_t i = 0; i < snapshot->session_count; i++)
        closing.detected += snapshot->sessions[i].pid > 0;
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    if (o->dry_run) {
        if (ending_preview(c, snapshot, session, &ending) < 0 && ending.why)
            context_complain(ending.why);
        return ending_status(&ending);
    }
    ending_run(c, snapshot, session, &ending);
    int status = ending_status(&ending);
    if (o->json && print_json(c, &ending) != 0)
        status = EXIT_FAILED;
    if (status == EXIT_REFUSED)
        context_complain(ending.why);
    if (ending.result.was_refused && !ending.result.has_backup)
        return status;
    closing_log(&closing, c, rows, ending_close(&ending, &closing, rows));
    return closing_print(&closing, c, status);
}

int command_kill(struct context *context)
{
    return named_with(context, kill_found);
}
