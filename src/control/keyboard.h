/*
 * keyboard: keys typed into the terminal of a session from outside, through
 * its tmux pane or by TIOCSTI. The only command line typed this way is fg,
 * which brings back a stopped client.
 */
#pragma once

#include "control/pinned_session.h"

struct keyboard {
    struct pinned_session *subject; /* pinned; lives as long */
    struct arena *arena;
    bool through_tmux; /* else by TIOCSTI, which needs CAP_SYS_ADMIN */
};

/* Returns: false when keys can be typed in neither way. */
bool keyboard_find(struct pinned_session *subject, struct arena *arena, struct keyboard *out);

/* "through tmux", "by TIOCSTI" */
const char *keyboard_way(const struct keyboard *k);

/* tmux_keys: tmux's names of the keys, ends with NULL; bytes: the same keys as a terminal sends
 * them. Returns: 0 or negative errno. */
int keyboard_type(const struct keyboard *k, const char *const *tmux_keys, const char *bytes);

/* What its tmux pane shows. Returns: NULL when it is in none. Owner: the arena. */
const char *keyboard_screen(const struct keyboard *k);

/* Whether the process is in the foreground of its terminal, or has no terminal. */
bool keyboard_is_in_front(const struct proc_stat *client);

/* Returns: NULL, or why fg must not be typed into the shell that started the client. */
const char *keyboard_why_not_fg(const struct pinned_session *subject, struct arena *arena,
                                const struct proc_stat *client);

/* Clears the shell's input line first. Returns: 0 or negative errno. */
int keyboard_type_fg(const struct keyboard *k);
