/*
 * journal: the session log, a Markdown file for each UTC day.
 *
 * An entry is appended under a lock, in one piece and synced; where that
 * fails, the file is cut back to what it was. An entry that a power cut tore
 * is closed with a newline by the next one.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_row {
    const char *session_id;
    int64_t size_bytes; /* negative: not known */
    const char *action; /* "Exported", "Killed", ... */
    bool is_done;
};

enum { JOURNAL_NAME_SIZE = 40 }; /* SESSION-LOG-2026-02-05.md */

/* The folder is made where it is missing. name: the file that was appended to. Blocks: while
 * another writer appends, which takes milliseconds. */
int journal_append(const char *folder, struct wall at, const struct journal_row *rows, size_t count,
                   char name[static JOURNAL_NAME_SIZE], struct sr_error *error);
