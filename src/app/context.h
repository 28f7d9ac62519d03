/*
 * context: what the program knows about its surroundings, passed to each command.
 *
 * The only module that reads the environment. A command runs under the guard: in a
 * child process that is left behind if a file system does not answer.
 */
#pragma once

#include "app/options.h"
#include "base/arena.h"
#include "base/str.h"
#include "platform/guard.h"
#include "view/screen.h"
#include "view/text.h"

struct backups;

struct context {
    const struct options *options;
    struct sr_options look; /* for sr_detect_processes */
    const char *pending_dir, *log_dir, *index_dir;
    const char *temporary_dir; /* the client's, from this environment; NULL: not set */
    const char *search_path;   /* $PATH */
    bool has_desktop;
    const struct agent *own_agent; /* the one in which this program runs, else the default one */
    const char *asked_model;       /* the model set in this environment; NULL: none */
    struct view_style style;
    struct screen_style screen;
    bool is_plain_terminal;  /* no menus: the cursor cannot be moved, or a screen reader is used */
    bool shows_progress;     /* standard error is a terminal, and progress does not disturb there */
    struct backups *backups; /* NULL: not listed yet */
    struct guard *guard;
    struct arena arena;
};

typedef int command_run(struct context *context);

/* For callers that do not run under the guard. Owner: the caller releases c->arena. */
void context_look_around(struct context *c, const struct options *o);

/* Runs a command under the guard. Returns: the exit status; EXIT_FAILED also if a named config
 * directory does not exist. */
int context_run(const struct options *options, command_run *command);

/* Prints a buffer on standard output, and releases it. Returns: 0, or EXIT_FAILED after a message.
 */
int context_print(struct buf *out);

/* Prints "session-rescue: ..." on standard error, escaped for a terminal. */
void context_complain(const char *text);
/* The same. Returns: status. */
int context_fail(const char *text, int status);
void context_complainf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, followed by lines that are already escaped. */
void context_complain_of(const char *text, const struct buf *lines);

/*
 * Whether work in a folder will not get stuck for ever: opens it under the guard, which notes a
 * folder that does not answer for the next try. The work itself is done outside the guard, as
 * copying may take long. Returns: false, after a message, if it does not answer.
 */
bool context_answers(struct context *context, const char *folder);

/* Whether the folders of backups and session logs are known; if not, prints a message. */
bool context_has_folders(const struct context *context);

/* Takes a snapshot, and prints what could not be read. Returns: false, after a message, if there is
 * none. Owner: sr_snapshot_free. */
bool context_look(const struct context *context, struct sr_snapshot **out);

/* Prints what could not be read, a line each, on standard error; nothing with -q; files in a
 * client's registry that are not its own only with -v. */
void context_print_problems(const struct context *context, const struct sr_snapshot *snapshot);
