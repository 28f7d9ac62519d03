/*
 * tmux: reads a pane of a tmux server, and types into it, with the tmux program.
 *
 *     struct tmux tmux;
 *     if (tmux_open(&arena, &multiplexer, search_path, &tmux) == 0 &&
 *         tmux_has_terminal(&tmux, &arena, "pts/4"))
 *         tmux_type(&tmux, (const char *const[]){"f", "g", "Enter", NULL});
 *
 * The program runs without a shell and with an empty environment. Each call blocks for at most
 * three seconds (tmux_screen: one); -ETIMEDOUT: the server does not answer. All return 0 or a
 * negative errno.
 */
#pragma once

#include "base/arena.h"
#include "session_rescue.h"

#include <stdbool.h>

struct tmux {
    const char *program, *socket, *pane;
};

/* Returns: 0; -ENOENT: it is another multiplexer or none, or tmux is not installed. Owner of its
 * strings: the arena, and multiplexer. search_path: $PATH, may be NULL. */
int tmux_open(struct arena *a, const struct sr_multiplexer *multiplexer, const char *search_path,
              struct tmux *out);

/* Whether the pane's terminal is tty: "pts/4". */
bool tmux_has_terminal(const struct tmux *t, struct arena *a, const char *tty);

/* keys: tmux's names, ended by NULL. If the pane is in a mode (scrolled back), this leaves it
 * first, as the mode would take the keys. */
int tmux_type(const struct tmux *t, struct arena *a, const char *const *keys);

/* What the pane shows, as text, if its terminal is tty ("pts/4"; else -ENOENT). Runs one process,
 * and changes nothing. Owner: the arena. */
int tmux_screen(const struct tmux *t, struct arena *a, const char *tty, const char **text);

/* The same with the escape sequences for colours and attributes, whatever the terminal. */
int tmux_screen_with_looks(const struct tmux *t, struct arena *a, const char **text);
