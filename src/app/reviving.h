/*
 * reviving: a session brought to move again for a person who is asked and told: what --revive and
 * the interactive rescue share.
 */
#pragma once

#include "app/closing.h"

struct reviving {
    const struct sr_session *session;
    int code; /* of sr_revive_process */
    struct sr_revive result;
    const char *why; /* NULL: nothing went wrong */
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
                      struct journal_row rows[static 2]);

/* The exit status, when there is nothing else: refused and declined count as refused. */
int reviving_status(const struct reviving *reviving);
