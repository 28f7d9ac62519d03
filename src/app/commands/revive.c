/*
 * --revive WHICH: a verified backup, a question, and one push after another
 * until the session moves.
 */
#include "app/commands/commands.h"

#include "app/act/act.h"
#include "platform/privilege.h"

static int run(struct context *context)
{
    return act_command(context, false);
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
