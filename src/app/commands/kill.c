/*
 * --kill WHICH: a verified backup, a question, and the end of the session.
 *
 * The listing is done under the guard; ending is not: it is never begun again.
 */
#include "app/commands/commands.h"

#include "app/act/act.h"
#include "app/select/named.h"
#include "platform/privilege.h"
#include "view/outcome/ending.h"

static void print_json(struct buf *out, const struct context *c, const struct act *a)
{
    view_json_ending(out, a->session, &a->kill, a->why, a->resume_commands, a->resume_command_count,
                     c->pending_dir);
}

static int kill_found(struct context *c, struct sr_snapshot *snapshot,
                      const struct sr_session *session)
{
    return act_command(c, snapshot, session, true, print_json);
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
