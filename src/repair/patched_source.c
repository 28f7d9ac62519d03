#include "repair/patched_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t length_of(const struct patched_source_piece *p)
{
    return p->kind == PATCHED_SOURCE_KEPT      ? (size_t)(p->to - p->from)
           : p->kind == PATCHED_SOURCE_REMOVED ? 0
                                               : p->length;
}

static void push(struct patched_source *o, struct patched_source_piece piece)
{
    *MEM_PUSH(o->pieces, o->count, o->capacity) = piece;
}

void patched_source_init(struct patched_source *o, const struct record_source *file)
{
    *o = (struct patched_source){.file = file, .size_bytes = file->size_bytes};
    push(o, (struct patched_source_piece){.kind = PATCHED_SOURCE_KEPT, .to = file->size_bytes});
}

void patched_source_release(struct patched_source *o)
{
    free(o->pieces);
    *o = (struct patched_source){0};
}

/* ---- places ------------------------------------------------------------------------------- */

static int64_t count_newlines(const char *bytes, size_t n)
{
    int64_t count = 0;
    for (const char *end = bytes + n;
         bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes))); bytes++)
        count++;
    return count;
}

static int count_removed(const struct patched_source *o, const struct patched_source_piece *p,
                         int64_t *count)
{
    char bytes[4096];
    *count = 0;
    for (int64_t at = p->from; at < p->to;) {
        size_t wanted = p->to - at < (int64_t)sizeof bytes ? (size_t)(p->to - at) : sizeof bytes;
        int64_t n = o->file->read(o->file->context, bytes, wanted, at);
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        *count += count_newlines(bytes, (size_t)n);
        at += n;
    }
    return 0;
}

/* Where each piece begins in what is made. */
static int place_pieces(struct patched_source *o)
{
    int64_t at = 0, shift = 0;
    for (size_t i = 0; i < o->count; i++) {
        struct patched_source_piece *p = &o->pieces[i];
        int64_t removed = 0;
        int r = p->kind == PATCHED_SOURCE_REMOVED ? count_removed(o, p, &removed) : 0;
        if (r < 0)
            return r;
        p->at = at;
        p->line_shift = shift;
        at += (int64_t)length_of(p);
        shift += p->kind == PATCHED_SOURCE_TEXT ? -count_newlines(p->text, p->length) : removed;
    }
    o->size_bytes = at;
    return 0;
}

/* The last piece that begins at or before a place of what is made. */
static const struct patched_source_piece *piece_at(const struct patched_source *o, int64_t at)
{
    size_t low = 0, high = o->count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (o->pieces[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return &o->pieces[low];
}

void patched_source_origin(const struct patched_source *o, int64_t *offset, uint32_t *line)
{
    const struct patched_source_piece *p = piece_at(o, *offset);
    *offset = p->kind == PATCHED_SOURCE_KEPT ? p->from + (*offset - p->at) : p->from;
    *line = *line ? (uint32_t)((int64_t)*line + p->line_shift) : 0;
}

static int64_t read_made(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct patched_source *o = context;
    size_t done = 0;
    if (offset >= o->size_bytes)
        return 0;
    for (const struct patched_source_piece *p = piece_at(o, offset), *end = o->pieces + o->count;
         done < n && p < end; p++) {
        size_t skipped = (size_t)(offset + (int64_t)done - p->at), left = length_of(p) - skipped;
        size_t wanted = left < n - done ? left : n - done;
        if (p->kind != PATCHED_SOURCE_KEPT) {
            memcpy(bytes + done, p->text ? p->text + skipped : "", wanted);
            done += wanted;
            continue;
        }
        for (size_t got = 0; got < wanted;) {
            int64_t r = o->file->read(o->file->context, bytes + done, wanted - got,
                                      p->from + (int64_t)(skipped + got));
            if (r <= 0)
                return r < 0 ? r : -EIO;
            got += (size_t)r;
            done += (size_t)r;
        }
    }
    return (int64_t)done;
}

struct record_source patched_source_source(struct patched_source *o)
{
    return (struct record_source){read_made, o, o->size_bytes, o->file->record_start};
}

/* ---- edits -------------------------------------------------------------------------------- */

static struct patched_source_piece slice(const struct patched_source_piece *p, int64_t from,
                                         int64_t to)
{
    struct patched_source_piece part = *p;
    if (p->kind == PATCHED_SOURCE_KEPT) {
        part.from = p->from + from;
        part.to = p->from + to;
    } else if (p->kind == PATCHED_SOURCE_TEXT) {
        part.text += from;
        part.length = (size_t)(to - from);
    }
    return part;
}

static void push_texts(struct patched_source *o, const struct repair_plan_edit *e, int64_t at)
{
    struct patched_source_piece text = {PATCHED_SOURCE_TEXT, at, at, e->text,
                                        e->text_length,      e,  0,  0};
    if (e->text_length)
        push(o, text);
    if (!e->behind)
        return;
    text.kind = PATCHED_SOURCE_BACKUP_NAME;
    text.text = PATCHED_SOURCE_BACKUP;
    text.length = strlen(text.text);
    push(o, text);
    text.kind = PATCHED_SOURCE_TEXT;
    text.text = e->behind;
    text.length = strlen(e->behind);
    push(o, text);
}

/* Moves the pieces over as far as `to` of what was made, from where *at stands. */
static void take(const struct patched_source *old, size_t *i, int64_t *at, int64_t to,
                 const struct repair_plan_edit *removing, struct patched_source *o)
{
    for (; *i < old->count; ++*i) {
        const struct patched_source_piece *p = &old->pieces[*i];
        int64_t length = (int64_t)length_of(p), from = *at - p->at;
        int64_t end = to - p->at < length ? to - p->at : length;
        if (p->kind == PATCHED_SOURCE_REMOVED) {
            struct patched_source_piece removed = *p;
            removed.why = removing && p->at < to ? removing : p->why;
            if (removing && p->at == to)
                return;
            push(o, removed);
            continue;
        }
        if (end > from) {
            struct patched_source_piece part = slice(p, from, end);
            bool is_gone = removing && p->kind != PATCHED_SOURCE_KEPT;
            if (removing && p->kind == PATCHED_SOURCE_KEPT) {
                part.kind = PATCHED_SOURCE_REMOVED;
                part.why = removing;
            }
            if (!is_gone)
                push(o, part);
            *at = p->at + end;
        }
        if (end < length)
            return;
    }
}

int patched_source_apply(struct patched_source *o, struct repair_plan_edit *edits, size_t count)
{
    struct patched_source made = {.file = o->file};
    size_t piece = 0;
    int64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct repair_plan_edit *e = &edits[i];
        int64_t origin = e->from;
        take(o, &piece, &at, e->from, NULL, &made);
        patched_source_origin(o, &origin, &e->line);
        push_texts(&made, e, made.count ? made.pieces[made.count - 1].to : 0);
        take(o, &piece, &at, e->to, e, &made);
    }
    take(o, &piece, &at, o->size_bytes, NULL, &made);
    free(o->pieces);
    *o = made;
    return place_pieces(o);
}

/* What an edit has by now, from one of its pieces on. Returns: the first piece that it has not. */
static size_t join(const struct patched_source *o, size_t i, struct arena *a,
                   struct repair_plan_edit *out)
{
    struct buf text[2] = {0}; /* before the backup's name, behind it */
    const struct patched_source_piece *first = &o->pieces[i];
    bool is_named = false;
    *out = *first->why;
    out->from = out->to = first->from;
    for (;
         i < o->count && o->pieces[i].kind != PATCHED_SOURCE_KEPT && o->pieces[i].why == first->why;
         i++) {
        const struct patched_source_piece *p = &o->pieces[i];
        if (p->kind == PATCHED_SOURCE_BACKUP_NAME && is_named)
            break;
        if (p->kind == PATCHED_SOURCE_BACKUP_NAME)
            is_named = true;
        else if (p->kind == PATCHED_SOURCE_TEXT)
            buf_add(&text[is_named], p->text, p->length);
        out->to = p->to;
    }
    out->text =
        text[0].n || is_named ? arena_strndup(a, text[0].p ? text[0].p : "", text[0].n) : NULL;
    out->text_length = text[0].n;
    out->behind = is_named ? arena_strndup(a, text[1].p ? text[1].p : "", text[1].n) : NULL;
    buf_release(&text[0]);
    buf_release(&text[1]);
    return i;
}

void patched_source_edits(const struct patched_source *o, struct arena *a,
                          struct repair_plan_edit **edits, size_t *count)
{
    struct repair_plan_edit *items = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < o->count;) {
        if (o->pieces[i].kind == PATCHED_SOURCE_KEPT) {
            i++;
            continue;
        }
        i = join(o, i, a, ARENA_PUSH(a, items, *count, capacity));
    }
    *edits = items;
}
