/*
 * overlay: a file as it would be with edits made, without making them; and
 * edits of what came of it, told as edits of the file itself.
 *
 *     overlay_init(&o, &source);
 *     overlay_apply(&o, edits, count);
 *     struct record_source made = overlay_source(&o);
 *     ... plan edits of what `made` reads
 *     overlay_apply(&o, more, count);
 *     overlay_edits(&o, &arena, &plan);
 *     overlay_release(&o);
 *
 * The bytes of the file stay in order, each kept or removed, with texts between
 * them; so it does not matter what an edit touches of those before it.
 */
#pragma once

#include "repair/repair_plan.h"

/* Stands for the backup's name until that is known. */
#define OVERLAY_BACKUP "BACKUP"

enum overlay_kind { OVERLAY_KEPT, OVERLAY_REMOVED, OVERLAY_TEXT, OVERLAY_BACKUP_NAME };

struct overlay_piece {
    enum overlay_kind kind;
    int64_t from, to; /* of the file; equal for a text */
    const char *text;
    size_t length;
    const struct repair_edit *why; /* of what is not kept */
    /* known once all edits of a round are in */
    int64_t at;         /* in what is made */
    int64_t line_shift; /* lines that the file has before this piece, and what is made has not */
};

struct overlay {
    const struct record_source *file;
    struct overlay_piece *pieces;
    size_t count, capacity;
    int64_t size_bytes; /* of what is made */
};

void overlay_init(struct overlay *o, const struct record_source *file);
void overlay_release(struct overlay *o);

/* Edits of what is made so far, which live as long as the overlay; their lines become the file's.
 * Returns: 0, or negative errno of the source. */
int overlay_apply(struct overlay *o, struct repair_edit *edits, size_t count);

/* What is made so far. It reads the overlay, which must stay where it is. */
struct record_source overlay_source(struct overlay *o);

/* A place of what is made as one of the file: a line, and a byte. */
void overlay_origin(const struct overlay *o, int64_t *offset, uint32_t *line);

/* All edits as edits of the file. Owner of the array: the arena; of the texts too, as far as they
 * are new. */
void overlay_edits(const struct overlay *o, struct arena *a, struct repair_edit **edits,
                   size_t *count);
