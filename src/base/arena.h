/*
 * arena: memory that lives and dies with one snapshot.
 *
 * Everything learned in one look at the machine is allocated from one arena
 * and freed in one call. There is no free for a single piece.
 *
 *     struct arena a = {0};
 *     char *name = arena_printf(&a, "pts/%d", 4);
 *     arena_release(&a);
 *
 * Running out of memory ends the process (abort): nothing in this program
 * goes past its first irreversible step with memory still to be acquired, and
 * what was not finished is recognised as such by the next run.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *newest;
};

/* Returns: zeroed memory, aligned for any type; never NULL. Owner: the arena. */
void *arena_alloc(struct arena *a, size_t size);

/* The same without zeroing: for memory that is overwritten at once. */
void *arena_take(struct arena *a, size_t size);

/*
 * Adds a zeroed item to a growing array; gives a pointer to it. items, count and capacity are
 * variables that start as zero; the array may move.
 *
 *     *ARENA_PUSH(a, list->items, list->count, list->capacity) = item;
 */
#define ARENA_PUSH(a, items, count, capacity) \
    ((items) = arena_grow((a), (items), (count), &(capacity), sizeof *(items)), &(items)[(count)++])
void *arena_grow(struct arena *a, void *items, size_t count, size_t *capacity, size_t item_size);

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

void arena_release(struct arena *a);

/* Releases it when it goes out of scope: ARENA_RELEASE struct arena scratch = {0}; */
#define ARENA_RELEASE __attribute__((cleanup(arena_release)))

/* realloc (p NULL: malloc) where an arena does not fit; ends the process when memory runs out. */
void *mem_resize(void *p, size_t size);
_Noreturn void mem_exhausted(void);

/* As ARENA_PUSH, for memory freed with free(); the item is not zeroed. */
#define MEM_PUSH(items, count, capacity) \
    ((items) = mem_grow((items), (count), &(capacity), sizeof *(items)), &(items)[(count)++])
void *mem_grow(void *items, size_t count, size_t *capacity, size_t item_size);
