/*
 * reviving: a session brought to move again for a person who is asked and told: what --revive and
 * the interactive rescue share.
 */
#pragma once

#include "app/act/outcome.h"

struct reviving {
    struct outcome outcome; /* points into the result: not to be copied */
    struct sr_revive result;
};

/* Prints what would be done. Returns: as sr_revive_process. */
int reviving_preview(struct context *context, struct sr_snapshot *snapshot,
                     const struct sr_session *session, struct reviving *out);

/* Does it, asking and telling. Owner of out's strings: the context's arena. */
int reviving_run(struct context *context, struct sr_snapshot *snapshot,
                 const struct sr_session *session, struct reviving *out);

/* Adds it to the closing block, and its rows to the session log (room for two). Returns: how many
 * rows. */
size_t reviving_close(const struct reviving *reviving, struct closing *closing,
                      struct session_log_row rows[static 2]);
