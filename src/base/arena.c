#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One listing of 20 sessions takes some 40 kB; a first block of 16 kB keeps a small one small. */
enum { BLOCK_SIZE = 16 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

void mem_exhausted(void)
{
    fputs("session-rescue: out of memory\n", stderr);
    abort();
}

void *mem_resize(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q)
        mem_exhausted();
    return q;
}

void *mem_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 16;
    return mem_resize(items, *capacity * item_size);
}

void *arena_take(struct arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        mem_exhausted();
    size = (size + align - 1) & ~(align - 1);

    struct arena_block *b = a->newest;
    if (!b || b->size - b->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        b = mem_resize(NULL, sizeof *b + room);
        *b = (struct arena_block){.older = a->newest, .size = room};
        a->newest = b;
    }
    void *p = b->bytes + b->used;
    b->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(arena_take(a, size), 0, size);
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    void *moved = arena_alloc(a, *capacity * item_size);
    return count ? memcpy(moved, items, count * item_size) : moved;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = arena_take(a, n + 1);
    if (n)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

/* Written where it will stand, and again only where the block has no room for it. */
char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    struct arena_block *b = a->newest;
    size_t room = b ? b->size - b->used : 0;
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(room ? (char *)b->bytes + b->used : NULL, room, format, args);
    size_t size = (size_t)(n < 0 ? 0 : n) + 1;
    char *text = arena_take(a, size);
    if (n < 0 || size > room) {
        text[0] = '\0';
        vsnprintf(text, size, format, again);
    }
    va_end(again);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

void arena_release(struct arena *a)
{
    for (struct arena_block *b = a->newest; b;) {
        struct arena_block *older = b->older;
        free(b);
        b = older;
    }
    a->newest = NULL;
}
