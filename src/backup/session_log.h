/*
 * session_log: the session log, a Markdown file for each UTC day.
 *
 * An entry is appended under a lock, in one piece, and synced. If that fails,
 * the file is cut back to its former size. After an entry that a power cut tore,
 * the next one begins with a newline.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session_log_row {
    const char *session_id;
    int64_t size_bytes; /* negative: not known */
    const char *action; /* "Exported", "Killed", ... */
    bool is_done;
};

enum { SESSION_LOG_NAME_SIZE = 40 }; /* SESSION-LOG-2026-02-05.md */

/* Makes the folder if it is missing. name: the file that was appended to. Blocks while another
 * writer appends, which takes milliseconds. */
int session_log_append(const char *folder, struct wall at, const struct session_log_row *rows,
                       size_t count, char name[static SESSION_LOG_NAME_SIZE],
                       struct sr_error *error);

/* For a dry run: makes nothing. Returns: 0, or the error that an append would give, as far as it
 * can be foreseen. */
int session_log_foresee(const char *folder, struct wall at, struct sr_error *error);
