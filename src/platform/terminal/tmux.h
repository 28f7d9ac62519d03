/*
 * tmux: a pane of a tmux server, asked and typed into through the tmux program.
 *
 *     struct tmux tmux;
 *     if (tmux_open(&arena, &multiplexer, search_path, &tmux) == 0 &&
 *         tmux_has_terminal(&tmux, &arena, "pts/4"))
 *         tmux_type(&tmux, (const char *const[]){"f", "g", "Enter", NULL});
 *
 * The program is run with its words as they are, without a shell, and with an
 * empty environment. Each call blocks for three seconds at most (tmux_screen: one): -ETIMEDOUT
 * where the server does not answer. All return 0 or a negative errno.
 */
#pragma once

#include "base/arena.h"
#include "session_rescue.h"

#include <stdbool.h>

struct tmux {
    const char *program, *socket, *pane;
};

/* Returns: 0; -ENOENT where it is another multiplexer or none, or there is no such program. Owner
 * of its strings: the arena, and multiplexer. search_path: $PATH, may be NULL. */
int tmux_open(struct arena *a, const struct sr_multiplexer *multiplexer, const char *search_path,
              struct tmux *out);

/* The pane is that terminal's: "pts/4". */
bool tmux_has_terminal(const struct tmux *t, struct arena *a, const char *tty);

/* Keys by tmux's names, the last followed by NULL. A mode that the pane is in (scrolled back) is
 * left first: it would take the keys. */
int tmux_type(const struct tmux *t, struct arena *a, const char *const *keys);

/* What the pane shows, as text, if it is that terminal's ("pts/4"; else -ENOENT): one process, and
 * nothing changes by it. Owner: the arena. */
int tmux_screen(const struct tmux *t, struct arena *a, const char *tty, const char **text);

/* The same with the escape sequences for colours and attributes. */
int tmux_screen_with_looks(const struct tmux *t, struct arena *a, const char **text);
