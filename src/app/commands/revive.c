/*
 * --revive WHICH: a verified backup, a question, and one push after another
 * until the session moves.
 */
#include "app/commands/commands.h"

#include "app/act/act.h"
#include "app/select/named.h"
#include "platform/privilege.h"
#include "view/outcome/reviving.h"

static void print_json(struct buf *out, const struct context *c, const struct act *a)
{
    view_json_reviving(out, a->session, &a->revive, a->why, c->pending_dir);
}

static int revive_found(struct context *c, struct sr_snapshot *snapshot,
                        const struct sr_session *session)
{
    return act_command(c, snapshot, session, false, print_json);
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
