#include "control/keyboard.h"

#include "platform/process/process_table.h"
#include "platform/terminal/terminal_push.h"
#include "platform/terminal/tmux.h"

#include <errno.h>
#include <string.h>

static int open_any_tmux(const struct pinned_session *s, struct arena *arena, struct tmux *tmux)
{
    const struct live *live = s->inside->live;
    const char *path = live->environment_known ? proc_variable(&live->environment, "PATH") : NULL;
    return tmux_open(arena, &s->session->multiplexer, path, tmux);
}

static bool open_tmux(const struct pinned_session *s, struct arena *arena, struct tmux *tmux)
{
    return open_any_tmux(s, arena, tmux) == 0 && tmux_has_terminal(tmux, arena, s->session->tty);
}

bool keyboard_find(struct pinned_session *subject, struct arena *arena, struct keyboard *out)
{
    struct tmux tmux;
    *out = (struct keyboard){subject, arena, open_tmux(subject, arena, &tmux)};
    return out->through_tmux || terminal_can_type();
}

const char *keyboard_way(const struct keyboard *k)
{
    return k->through_tmux ? "through tmux" : "by TIOCSTI";
}

int keyboard_type(const struct keyboard *k, const char *const *tmux_keys, const char *bytes)
{
    struct tmux tmux;
    struct proc_stat stat;
    const struct pinned_session *s = k->subject;
    if (k->through_tmux)
        return open_tmux(s, k->arena, &tmux) ? tmux_type(&tmux, k->arena, tmux_keys) : -ENOENT;
    int code = pidref_look(&s->ref, s->proc, &stat);
    return code < 0 ? code : terminal_type(s->proc, stat.pid, stat.tty, bytes, strlen(bytes));
}

const char *keyboard_screen(const struct keyboard *k)
{
    struct tmux tmux;
    const char *screen;
    return open_any_tmux(k->subject, k->arena, &tmux) == 0 &&
                   tmux_screen(&tmux, k->arena, k->subject->session->tty, &screen) == 0
               ? screen
               : NULL;
}

/* ---- fg ----------------------------------------------------------------------------------- */

bool keyboard_is_in_front(const struct proc_stat *client)
{
    return !client->tty || client->tty_pgrp == client->pgrp;
}

static bool is_shell(const char *name)
{
    return str_in(name, "bash zsh fish dash sh ksh mksh ash tcsh csh");
}

/* Another job of that shell is stopped, or one that cannot be read (sudo, with hidepid) may be: its
 * fg could mean that. */
static bool has_other_stopped_job(const struct proc *proc, const struct proc_stat *client)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct process_table all;
    bool found = process_table_read(proc, &scratch, &all) < 0 ||
                 process_table_hides_child(&all, client->ppid) != FACT_NO;
    for (size_t i = 0; !found && i < all.count; i++)
        found = all.items[i].sid == client->sid && all.items[i].state == 'T' &&
                all.items[i].pgrp != client->pgrp;
    return found;
}

const char *keyboard_why_not_fg(const struct pinned_session *subject, struct arena *arena,
                                const struct proc_stat *client)
{
    struct proc_stat shell;
    const struct proc *proc = subject->proc;
    if (proc_read_stat(proc, client->ppid, &shell) < 0 || !is_shell(shell.name))
        return "what started it is no shell that is known";
    if (shell.tty != client->tty || shell.tty_pgrp != shell.pgrp)
        return arena_printf(arena, "%s (pid %d) is not at its prompt", shell.name, (int)shell.pid);
    if (has_other_stopped_job(proc, client))
        return "other jobs of that shell are stopped, too";
    return NULL;
}

int keyboard_type_fg(const struct keyboard *k)
{
    /* Ctrl-E and Ctrl-U empty the line first, in line editors and in plain terminals. */
    static const char *const keys[] = {"C-e", "C-u", "f", "g", "Enter", NULL};
    return keyboard_type(k, keys,
                         "\x05\x15"
                         "fg\r");
}
