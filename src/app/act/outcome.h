/*
 * outcome: what has become of a session that something was done to, as the
 * closing block, the session log and the exit status tell it: for --kill,
 * --revive and the interactive rescue alike.
 */
#pragma once

#include "app/act/closing.h"

struct outcome {
    const struct sr_session *session;
    int code;        /* 0, or a negative errno */
    const char *why; /* NULL: nothing went wrong */
    bool was_refused, was_declined;
    bool was_reached; /* what was to be done was done, whatever failed after it */
    bool has_backup;
    const struct sr_export *backup; /* NULL: there was nothing to back up */
};

/* The session log's id of the session. */
const char *outcome_session_id(const struct outcome *o);

/* Adds it to the closing block, and its rows to the session log (room for two). action: "Killed".
 * Returns: how many rows. */
size_t outcome_close(const struct outcome *o, const char *action, struct closing *closing,
                     struct session_log_row rows[static 2]);

/* The exit status, when there is nothing else: refused and declined count as refused. */
int outcome_status(const struct outcome *o);

/* Says why it was refused, where it was. Returns: whether anything was done or kept that the
 * closing block has to tell. */
bool outcome_complain(const struct outcome *o);
