/*
 * act: ends or revives one session with its user's answers, and reports the
 * outcome in the closing block, the session log and the exit status. Shared by
 * --kill, --revive and the interactive rescue.
 */
#pragma once

#include "app/act/closing.h"

struct act {
    bool ends; /* true: it is ended; false: it is revived */
    const struct sr_session *session;
    int code;        /* 0, or a negative errno */
    const char *why; /* NULL: nothing went wrong */
    struct sr_kill kill;
    struct sr_revive revive;
    const char *const *resume_commands; /* set if it has ended */
    size_t resume_command_count;
};

/*
 * Ends or revives the session; asks the user and prints each step. With --dry-run
 * it only prints what it would do. Returns: as sr_kill_process and
 * sr_revive_process. Owner of out's strings: the context's arena.
 */
int act_run(struct context *context, struct sr_snapshot *snapshot, const struct sr_session *session,
            bool ends, struct act *out);

/* Adds the outcome to the closing block, and fills rows for the session log. Returns: how many
 * rows.
 */
size_t act_close(const struct act *act, struct closing *closing,
                 struct session_log_row rows[static 2]);

/* The whole command --kill or --revive. Returns: the exit status. */
int act_command(struct context *context, bool ends);
