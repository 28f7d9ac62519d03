/*
 * --revive WHICH: a verified backup, a question, and one push after another
 * until the session moves.
 */
#include "app/commands/commands.h"

#include "app/act/reviving.h"
#include "app/select/named.h"
#include "platform/privilege.h"
#include "view/outcome/reviving.h"

#include <stdio.h>

static int print_json(const struct context *c, const struct reviving *v)
{
    struct buf out = {0};
    view_json_reviving(&out, v->outcome.session, &v->result, v->outcome.why, c->pending_dir);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int revive_found(struct context *c, struct sr_snapshot *snapshot,
                        const struct sr_session *session)
{
    struct closing closing = {.detected = named_count_running(snapshot)};
    struct session_log_row rows[2];
    struct reviving reviving;
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    if (c->options->dry_run) {
        if (reviving_preview(c, snapshot, session, &reviving) < 0 && reviving.outcome.why)
            context_complain(reviving.outcome.why);
        return outcome_status(&reviving.outcome);
    }
    reviving_run(c, snapshot, session, &reviving);
    int status = outcome_status(&reviving.outcome);
    if (c->options->json && print_json(c, &reviving) != 0)
        status = EXIT_FAILED;
    if (!outcome_complain(&reviving.outcome))
        return status;
    closing_log(&closing, c, rows, reviving_close(&reviving, &closing, rows));
    return closing_print(&closing, c, status);
}

static int run(struct context *context)
{
    return named_with(context, revive_found);
}

const struct command command_revive = {
    .name = "revive",
    .words = "WHICH",
    ONE("one session: a terminal, a pid, or the beginning of its id"),
    .help = "back up and verify, then un-hang the session without ending it;\nasks first",
    .run = run,
    .rights = PRIVILEGE_TRACE | PRIVILEGE_NETWORK | PRIVILEGE_TYPE,
    .options = (const char *const[]){"dry-run", "force", "grace", "without-backup", "escape", NULL},
    .wants_live = true,
};
