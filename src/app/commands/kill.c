/*
 * --kill WHICH: a verified backup, a question, and the end of the session.
 *
 * The listing is done under the guard; ending is not: it is never begun again.
 */
#include "app/commands/commands.h"

#include "app/act/ending.h"
#include "app/select/named.h"
#include "platform/privilege.h"
#include "view/outcome/ending.h"

#include <stdio.h>

static int print_json(const struct context *c, const struct ending *e)
{
    struct buf out = {0};
    view_json_ending(&out, e->outcome.session, &e->result, e->outcome.why, e->resume_commands,
                     e->resume_command_count, c->pending_dir);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int kill_found(struct context *c, struct sr_snapshot *snapshot,
                      const struct sr_session *session)
{
    struct closing closing = {.detected = named_count_running(snapshot)};
    struct session_log_row rows[2];
    struct ending ending;
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    if (c->options->dry_run) {
        if (ending_preview(c, snapshot, session, &ending) < 0 && ending.outcome.why)
            context_complain(ending.outcome.why);
        return outcome_status(&ending.outcome);
    }
    ending_run(c, snapshot, session, &ending);
    int status = outcome_status(&ending.outcome);
    if (c->options->json && print_json(c, &ending) != 0)
        status = EXIT_FAILED;
    if (!outcome_complain(&ending.outcome))
        return status;
    closing_log(&closing, c, rows, ending_close(&ending, &closing, rows));
    return closing_print(&closing, c, status);
}

static int run(struct context *context)
{
    return named_with(context, kill_found);
}

/* Types fg where the session is stopped behind its shell. */
const struct command command_kill = {
    .name = "kill",
    .words = "WHICH",
    ONE("one session: a terminal, a pid, or the beginning of its id"),
    .help = "back up and verify, then end the session; asks first",
    .run = run,
    .rights = PRIVILEGE_TRACE | PRIVILEGE_TYPE,
    .options = (const char *const[]){"dry-run", "force", "grace", "without-backup", NULL},
    .wants_live = true,
};
