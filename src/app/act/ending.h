/*
 * ending: a session ended for a person who is asked and told: what --kill and
 * the interactive rescue share.
 */
#pragma once

#include "app/act/outcome.h"

struct ending {
    struct outcome outcome; /* points into the result: not to be copied */
    struct sr_kill result;
    const char *const *resume_commands;
    size_t resume_command_count;
};

/* Prints what would be done. Returns: as sr_kill_process. */
int ending_preview(struct context *context, struct sr_snapshot *snapshot,
                   const struct sr_session *session, struct ending *out);

/* Does it, asking and telling. Owner of out's strings: the context's arena. */
int ending_run(struct context *context, struct sr_snapshot *snapshot,
               const struct sr_session *session, struct ending *out);

/* Adds it to the closing block, and its rows to the session log (room for two). Returns: how many
 * rows. */
size_t ending_close(const struct ending *ending, struct closing *closing,
                    struct session_log_row rows[static 2]);
