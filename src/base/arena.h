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

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *newest;
};

/* Returns: zeroed memory, aligned for any type; never NULL. Owner: the arena. */
void *arena_alloc(struct arena *a, size_t size);

/* Room for one more item of a growing array; the array may move.
 * Returns: the zeroed new last item. *items, *count and *capacity start as zero. */
void *arena_push(struct arena *a, void **items, size_t *count, size_t *capacity, size_t item_size);

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

void arena_release(struct arena *a);

/* malloc and realloc for what an arena does not suit; end the process when memory is out. */
void *mem_resize(void *p, size_t size);
_Noreturn void mem_exhausted(void);
