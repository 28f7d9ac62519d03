/*
 * remedy: one push that may make a session move again.
 *
 * A plan is a list of pushes, the gentlest first. Each can describe itself, check
 * right before it is given whether it still applies, and see whether it helped.
 * They are in remedy_connection.c, remedy_processes.c and remedy_terminal.c.
 */
#pragma once

#include "control/progress_check.h"
#include "platform/socket/sock_close.h"

struct revive;
struct remedy;

struct remedy_kind {
    const char *word; /* stable: "close-connection" */
    void (*describe)(const struct revive *r, const struct remedy *p, struct buf *out);
    /* Right before: does the reason for it still hold? now: a second look at the session. Returns:
     * 0; 1: it is no longer needed; -ENOENT, -EBUSY: skip it and go on with the next; another
     * negative errno: stop here. */
    int (*verify)(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                  struct sr_error *error);
    /* Returns: 0; -ECANCELED: the user said no; another negative errno: it failed. */
    int (*give)(struct revive *r, struct remedy *p, struct sr_error *error);
    /* Blocks until it has helped or clearly has not. Adds what showed that it helped. */
    bool (*helped)(struct revive *r, struct remedy *p, struct buf *how);
};

/* What a push is for. After the first one that helps, no other for the same purpose is given. */
enum remedy_purpose { REMEDY_FOR_CAUSE, REMEDY_FOR_SIZE, REMEDY_FOR_MODES, REMEDY_PURPOSES };

struct remedy {
    const struct remedy_kind *kind;
    enum remedy_purpose purpose;
    const char *blocked; /* why it cannot be given, and what to do instead; NULL: it can be given */
    /* of a connection */
    struct sock sock;
    enum sock_close_way way;
    /* of a terminal */
    int rows, columns;
    bool through_tmux; /* keys; else by TIOCSTI */
    /* of other processes than the session's own */
    struct pidref other; /* fd -1: none */
    const char *other_name;
    const char *targets; /* the processes to end, in words */
};

/* Adds a push to the plan. */
struct remedy *remedy_add(struct revive *r, const struct remedy_kind *kind,
                          enum remedy_purpose purpose);

/*
 * One planner for each cause. They add pushes to the plan; when they cannot say for certain what to
 * push, they add none and say why in the error. Return: 0 or negative errno.
 */
int remedy_plan_connections(struct revive *r, struct sr_error *error);
int remedy_plan_continue(struct revive *r, struct sr_error *error);
int remedy_plan_reader(struct revive *r, struct sr_error *error);
int remedy_plan_tool(struct revive *r, struct sr_error *error);
int remedy_plan_pipe_holder(struct revive *r, struct sr_error *error);
int remedy_plan_server(struct revive *r, struct sr_error *error);
/* Instead of all others, when the user wants the prompt back. */
int remedy_plan_escape(struct revive *r, struct sr_error *error);
/* Faults of the terminal that do not depend on the session's state: its size, a lost raw mode. */
void remedy_plan_terminal(struct revive *r);
