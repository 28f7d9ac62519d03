#include "repair/patched_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t length_of(const struct overlay_piece *p)
{
    return p->kind == OVERLAY_KEPT      ? (size_t)(p->to - p->from)
           : p->kind == OVERLAY_REMOVED ? 0
                                        : p->length;
}

static void push(struct overlay *o, struct overlay_piece piece)
{
    if (o->count == o->capacity) {
        o->capacity = o->capacity ? o->capacity * 2 : 32;
        o->pieces = mem_resize(o->pieces, o->capacity * sizeof *o->pieces);
    }
    o->pieces[o->count++] = piece;
}

void overlay_init(struct overlay *o, const struct record_source *file)
{
    *o = (struct overlay){.file = file, .size_bytes = file->size_bytes};
    push(o, (struct overlay_piece){.kind = OVERLAY_KEPT, .to = file->size_bytes});
}

void overlay_release(struct overlay *o)
{
    free(o->pieces);
    *o = (struct overlay){0};
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

static int count_removed(const struct overlay *o, const struct overlay_piece *p, int64_t *count)
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
static int place_pieces(struct overlay *o)
{
    int64_t at = 0, shift = 0;
    for (size_t i = 0; i < o->count; i++) {
        struct overlay_piece *p = &o->pieces[i];
        int64_t removed = 0;
        int r = p->kind == OVERLAY_REMOVED ? count_removed(o, p, &removed) : 0;
        if (r < 0)
            return r;
        p->at = at;
        p->line_shift = shift;
        at += (int64_t)length_of(p);
        shift += p->kind == OVERLAY_TEXT ? -count_newlines(p->text, p->length) : removed;
    }
    o->size_bytes = at;
    return 0;
}

/* The last piece that begins at or before a place of what is made. */
static const struct overlay_piece *piece_at(const struct overlay *o, int64_t at)
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

void overlay_origin(const struct overlay *o, int64_t *offset, uint32_t *line)
{
    const struct overlay_piece *p = piece_at(o, *offset);
    *offset = p->kind == OVERLAY_KEPT ? p->from + (*offset - p->at) : p->from;
    *line = *line ? (uint32_t)((int64_t)*line + p->line_shift) : 0;
}

static int64_t read_made(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct overlay *o = context;
    size_t done = 0;
    if (offset >= o->size_bytes)
        return 0;
    for (const struct overlay_piece *p = piece_at(o, offset), *end = o->pieces + o->count;
         done < n && p < end; p++) {
        size_t skipped = (size_t)(offset + (int64_t)done - p->at), left = length_of(p) - skipped;
        size_t wanted = left < n - done ? left : n - done;
        if (p->kind != OVERLAY_KEPT) {
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

struct record_source overlay_source(struct overlay *o)
{
    return (struct record_source){read_made, o, o->size_bytes, o->file->record_start};
}

/* ---- edits -------------------------------------------------------------------------------- */

static struct overlay_piece slice(const struct overlay_piece *p, int64_t from, int64_t to)
{
    struct overlay_piece part = *p;
    if (p->kind == OVERLAY_KEPT) {
        part.from = p->from + from;
        part.to = p->from + to;
    } else if (p->kind == OVERLAY_TEXT) {
        part.text += from;
        part.length = (size_t)(to - from);
    }
    return part;
}

static void push_texts(struct overlay *o, const struct repair_edit *e, int64_t at)
{
    struct overlay_piece text = {OVERLAY_TEXT, at, at, e->text, e->text_length, e, 0, 0};
    if (e->text_length)
        push(o, text);
    if (!e->behind)
        return;
    text.kind = OVERLAY_BACKUP_NAME;
    text.text = OVERLAY_BACKUP;
    text.length = strlen(text.text);
    push(o, text);
    text.kind = OVERLAY_TEXT;
    text.text = e->behind;
    text.length = strlen(e->behind);
    push(o, text);
}

/* Moves the pieces over as far as `to` of what was made, from where *at stands. */
static void take(const struct overlay *old, size_t *i, int64_t *at, int64_t to,
                 const struct repair_edit *removing, struct overlay *o)
{
    for (; *i < old->count; ++*i) {
        const struct overlay_piece *p = &old->pieces[*i];
        int64_t length = (int64_t)length_of(p), from = *at - p->at;
        int64_t end = to - p->at < length ? to - p->at : length;
        if (p->kind == OVERLAY_REMOVED) {
            struct overlay_piece removed = *p;
            removed.why = removing && p->at < to ? removing : p->why;
            if (removing && p->at == to)
                return;
            push(o, removed);
            continue;
        }
        if (end > from) {
            struct overlay_piece part = slice(p, from, end);
            bool is_gone = removing && p->kind != OVERLAY_KEPT;
            if (removing && p->kind == OVERLAY_KEPT) {
                part.kind = OVERLAY_REMOVED;
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

int overlay_apply(struct overlay *o, struct repair_edit *edits, size_t count)
{
    struct overlay made = {.file = o->file};
    size_t piece = 0;
    int64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        struct repair_edit *e = &edits[i];
        int64_t origin = e->from;
        take(o, &piece, &at, e->from, NULL, &made);
        overlay_origin(o, &origin, &e->line);
        push_texts(&made, e, made.count ? made.pieces[made.count - 1].to : 0);
        take(o, &piece, &at, e->to, e, &made);
    }
    take(o, &piece, &at, o->size_bytes, NULL, &made);
    free(o->pieces);
    *o = made;
    return place_pieces(o);
}

/* What an edit has by now, from one of its pieces on. Returns: the first piece that it has not. */
static size_t join(const struct overlay *o, size_t i, struct arena *a, struct repair_edit *out)
{
    struct buf text[2] = {0}; /* before the backup's name, behind it */
    const struct overlay_piece *first = &o->pieces[i];
    bool is_named = false;
    *out = *first->why;
    out->from = out->to = first->from;
    for (; i < o->count && o->pieces[i].kind != OVERLAY_KEPT && o->pieces[i].why == first->why;
         i++) {
        const struct overlay_piece *p = &o->pieces[i];
        if (p->kind == OVERLAY_BACKUP_NAME && is_named)
            break;
        if (p->kind == OVERLAY_BACKUP_NAME)
            is_named = true;
        else if (p->kind == OVERLAY_TEXT)
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

void overlay_edits(const struct overlay *o, struct arena *a, struct repair_edit **edits,
                   size_t *count)
{
    void *items = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < o->count;) {
        if (o->pieces[i].kind == OVERLAY_KEPT) {
            i++;
            continue;
        }
        struct repair_edit *edit = arena_push(a, &items, count, &capacity, sizeof *edit);
        i = join(o, i, a, edit);
    }
    *edits = items;
}
