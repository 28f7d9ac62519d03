/*
 * prompt: asks a person at the terminal. The only includer of curses.
 *
 * A terminal that can move its cursor gets a menu for arrow keys, digits and
 * Enter; any other terminal, and a screen reader, a numbered question. When a
 * call returns the terminal is as before, whatever was typed.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct prompt_menu {
    /* Adds what is above the items: lines without control characters. Called again when the
     * terminal changes size or a key turns the page. rows: how many lines fit; 0: no limit. page: 0
     * at first. */
    void (*draw)(void *context, size_t columns, size_t rows, int page, struct buf *out);
    void *context;
    const char *const *items;
    size_t count;
    bool is_plain; /* a numbered question in plain lines */
};

/*
 * Standard input and output are terminals. Blocks: until an item was chosen.
 * Returns: its place; -ECANCELED for q, Escape or the end of input; -EINTR for Ctrl-C.
 */
int prompt_select(const struct prompt_menu *menu);

/*
 * Asks on standard error and reads a line from standard input. Returns: true for y or yes; false
 * for anything else, also the end of input and Ctrl-C.
 */
bool prompt_yes(const char *question);

/* The same for a word. Returns: false when none was typed. */
bool prompt_for(const char *question, char *typed, size_t size);

/* Whether there is somebody to answer prompt_yes and prompt_for. */
bool prompt_can_ask(void);
