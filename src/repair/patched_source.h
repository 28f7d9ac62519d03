/*
 * patched_source: a file as it would be with edits made, without making them; and
 * edits of what came of it, told as edits of the file itself.
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
 * them; so it does not matter what an edit touches of those before it.
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
    int64_t at;         /* in what is made */
    int64_t line_shift; /* lines that the file has before this piece, and what is made has not */
};

struct patched_source {
    const struct record_source *file;
    struct patched_source_piece *pieces;
    size_t count, capacity;
    int64_t size_bytes; /* of what is made */
};

void patched_source_init(struct patched_source *o, const struct record_source *file);
void patched_source_release(struct patched_source *o);

/* Edits of what is made so far, which live as long as it; their lines become the file's.
 * Returns: 0, or negative errno of the source. */
int patched_source_apply(struct patched_source *o, struct repair_plan_edit *edits, size_t count);

/* What is made so far. It reads o, which must stay where it is. */
struct record_source patched_source_source(struct patched_source *o);

/* A place of what is made as one of the file: a line, and a byte. */
void patched_source_origin(const struct patched_source *o, int64_t *offset, uint32_t *line);

/* All edits as edits of the file. Owner of the array: the arena; of the texts too, as far as they
 * are new. */
void patched_source_edits(const struct patched_source *o, struct arena *a,
                          struct repair_plan_edit **edits, size_t *count);
