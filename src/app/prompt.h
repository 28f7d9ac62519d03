/*
 * prompt: a person asked at the terminal. The only includer of curses.
 *
 * A terminal that can move its cursor gets a menu for arrow keys, digits and
 * Enter; any other, and a screen reader, a numbered question. The terminal is
 * as before once a call returns, whatever was typed.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct prompt_menu {
    /* What stands above the items, lines without control characters; drawn again when the
     * terminal has another size, and when a key turns a page. rows: that there are for it, 0: no
     * bound; page: 0, and more or less with each key. */
    void (*draw)(void *context, size_t columns, size_t rows, int page, struct buf *out);
    void *context;
    const char *const *items;
    size_t count;
    bool is_plain; /* numbered, and nothing but lines */
};

/*
 * Standard input and output are terminals. Blocks: until an item was chosen.
 * Returns: its place; -ECANCELED for q, Escape or the end of input; -EINTR for Ctrl-C.
 */
int prompt_select(const struct prompt_menu *menu);

/*
 * Asks on standard error, reads a line from standard input. Returns: true when it says y or yes;
 * false for all else, the end of input and Ctrl-C too.
 */
bool prompt_yes(const char *question);

/* The same for a word: false where none was typed. */
bool prompt_for(const char *question, char *typed, size_t size);

/* Whether there is somebody to answer prompt_yes and prompt_for. */
bool prompt_can_ask(void);
