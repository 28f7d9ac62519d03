/*
 * report: what a job of --watch has seen or done, as JSON that its parent reads
 * back: a document for a look, a line for each backup.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "diagnose/changes.h"

struct report {
    struct change_look look;
    const char *const *stores; /* config directories with sessions */
    size_t store_count;
    const char *blind; /* why folders cannot be watched; NULL: they are */
};

void report_write(const struct report *r, struct buf *out);
/* Returns: 0 or -EBADMSG. Owner: the arena. */
int report_read(struct arena *a, struct sv text, struct report *out);

/* Writes the result of one backup: the number-th that was asked for. */
void report_write_backup(size_t number, const struct change_result *result, struct buf *out);
/* Reads a line. Returns: 0 or -EBADMSG. Owner: the arena. */
int report_read_backup(struct arena *a, struct sv line, size_t *number,
                       struct change_result *result);
