/*
 * patched_source: reads a file as if edits had been made, without making them; and
 * translates edits of the result into edits of the file itself.
 *
 *     patched_source_init(&o, &source);
 *     patched_source_apply(&o, edits, count);
 *     struct record_source made = patched_source_source(&o);
 *     ... plan edits of what `made` reads
 *     patched_source_apply(&o, more, count);
 *     patched_source_edits(&o, &arena, &plan);
 *     patched_source_release(&o);
 *
 * The bytes of the file stay in order, each kept or removed, with texts between
 * them. So an edit may overlap earlier ones.
 */
#pragma once

#include "repair/repair_plan.h"

/* Stands for the backup's name until that is known. */
#define PATCHED_SOURCE_BACKUP "BACKUP"

enum patched_source_kind {
    PATCHED_SOURCE_KEPT,
    PATCHED_SOURCE_REMOVED,
    PATCHED_SOURCE_TEXT,
    PATCHED_SOURCE_BACKUP_NAME
};

struct patched_source_piece {
    enum patched_source_kind kind;
    int64_t from, to; /* of the file; equal for a text */
    const char *text;
    size_t length;
    const struct repair_plan_edit *why; /* of what is not kept */
    /* known once all edits of a round are in */
    int64_t at;         /* offset in the result */
    int64_t line_shift; /* how many more lines the file has before this piece than the result */
};

struct patched_source {
    const struct record_source *file;
    struct patched_source_piece *pieces;
    size_t count, capacity;
    int64_t size_bytes; /* of the result */
};

void patched_source_init(struct patched_source *o, const struct record_source *file);
void patched_source_release(struct patched_source *o);

/* Applies edits of the result so far. They must live as long as o; their line numbers become the
 * file's. Returns: 0, or negative errno of the source. */
int patched_source_apply(struct patched_source *o, struct repair_plan_edit *edits, size_t count);

/* The result so far. It reads o, which must not move. */
struct record_source patched_source_source(struct patched_source *o);

/* Translates an offset and a line of the result into those of the file. */
void patched_source_origin(const struct patched_source *o, int64_t *offset, uint32_t *line);

/* All edits as edits of the file. Owner of the array and of new texts: the arena. */
void patched_source_edits(const struct patched_source *o, struct arena *a,
                          struct repair_plan_edit **edits, size_t *count);
