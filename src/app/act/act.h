/*
 * act: something done to a session for a person who is asked and told, and
 * what has become of it as the closing block, the session log and the exit
 * status tell it: what --kill, --revive and the interactive rescue share.
 */
#pragma once

#include "app/act/closing.h"

struct act {
    bool ends; /* it is ended; else brought to move again */
    const struct sr_session *session;
    int code;        /* 0, or a negative errno */
    const char *why; /* NULL: nothing went wrong */
    struct sr_kill kill;
    struct sr_revive revive;
    const char *const *resume_commands; /* once it has ended */
    size_t resume_command_count;
};

/*
 * Ends the session, or revives it, asking and telling; with --dry-run prints
 * what would be done. Returns: as sr_kill_process and sr_revive_process. Owner
 * of out's strings: the context's arena.
 */
int act_run(struct context *context, struct sr_snapshot *snapshot, const struct sr_session *session,
            bool ends, struct act *out);

/* Adds it to the closing block, and its rows to the session log (room for two). Returns: how many
 * rows. */
size_t act_close(const struct act *act, struct closing *closing,
                 struct session_log_row rows[static 2]);

/* All of a command that does one thing to the session that it names. Returns: the exit status. */
int act_command(struct context *context, bool ends);
