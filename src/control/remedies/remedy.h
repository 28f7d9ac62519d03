/*
 * remedy: one thing that may bring a session to move again.
 *
 * A plan is a list of them, the gentlest first. Each is made from what was
 * seen, and knows for itself how it is described, what must still hold right
 * before it is given, and how to see whether it has helped. Each kind is a file
 * of its own: remedy_connection.c, remedy_processes.c, remedy_terminal.c.
 */
#pragma once

#include "control/progress_check.h"
#include "platform/socket/sock_close.h"

struct revive;
struct remedy;

struct remedy_kind {
    const char *word; /* stable: "close-connection" */
    void (*describe)(const struct revive *r, const struct remedy *p, struct buf *out);
    /* Right before: does all that it was planned for still hold? now: the session looked at again.
     * Returns: 0; 1: it is not needed any more; -ENOENT, -EBUSY: leave it out, and go on with the
     * next; another negative errno: stop here. */
    int (*verify)(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                  struct sr_error *error);
    /* Returns: 0; -ECANCELED: the user did not want it; or why it could not be done. */
    int (*give)(struct revive *r, struct remedy *p, struct sr_error *error);
    /* Blocks until it has helped, or can be said not to have. Adds by what that was seen. */
    bool (*helped)(struct revive *r, struct remedy *p, struct buf *how);
};

/* What a push is for. Of those for one thing, the first that helps is the last that is given. */
enum remedy_purpose { REMEDY_FOR_CAUSE, REMEDY_FOR_SIZE, REMEDY_FOR_MODES, REMEDY_PURPOSES };

struct remedy {
    const struct remedy_kind *kind;
    enum remedy_purpose purpose;
    const char *blocked; /* why it cannot be given, and the other way to it; NULL: it can */
    /* of a connection */
    struct sock sock;
    enum sock_close_way way;
    /* of a terminal */
    int rows, columns;
    bool through_tmux; /* keys; else by TIOCSTI */
    /* of other processes than the session's own */
    struct pidref other; /* fd -1: none */
    const char *other_name;
    const char *targets; /* the processes that are to be ended, in words */
};

/* One more push in the plan. */
struct remedy *remedy_add(struct revive *r, const struct remedy_kind *kind,
                          enum remedy_purpose purpose);

/*
 * What there is to push, for each cause. They add to the plan; where there is nothing to be pushed
 * that could be named for sure, they add nothing, and say why in the error. Return: 0 or negative
 * errno.
 */
int remedy_plan_connections(struct revive *r, struct sr_error *error);
int remedy_plan_continue(struct revive *r, struct sr_error *error);
int remedy_plan_reader(struct revive *r, struct sr_error *error);
int remedy_plan_tool(struct revive *r, struct sr_error *error);
int remedy_plan_pipe_holder(struct revive *r, struct sr_error *error);
int remedy_plan_server(struct revive *r, struct sr_error *error);
/* In place of all others, when the user wants the prompt back. */
int remedy_plan_escape(struct revive *r, struct sr_error *error);
/* What is wrong with the terminal whatever the session does: its size, a lost raw mode. */
void remedy_plan_terminal(struct revive *r);
