/*
 * --kill WHICH: a verified backup, a question, and the end of the session.
 *
 * The listing is done under the guard; ending is not: it is never begun again.
 */
#include "app/commands/commands.h"

#include "app/act/act.h"
#include "platform/privilege.h"

static int run(struct context *context)
{
    return act_command(context, true);
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
