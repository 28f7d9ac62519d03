/*
 * context: what the program knows of its surroundings, and hands to a command.
 *
 * The one place that reads the environment. A command runs inside the guard:
 * in a child process that is left behind where a file system does not answer.
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
    const char *temporary_dir; /* as this environment says of the client's; NULL: nothing */
    const char *search_path;   /* in which commands are looked for */
    bool has_desktop;
    const struct agent *own_agent; /* that this runs in, else the one that is meant */
    const char *asked_model;       /* as this environment asks a client for it; NULL: it does not */
    struct view_style style;
    struct screen_style screen;
    bool is_plain_terminal;  /* no menus: it cannot move its cursor, or it is read aloud */
    bool shows_progress;     /* standard error is a terminal, and the user is not disturbed by it */
    struct backups *backups; /* NULL: not listed yet */
    struct guard *guard;
    struct arena arena;
};

typedef int command_run(struct context *context);

/* For who does not run under the guard. Owner: the caller releases c->arena. */
void context_look_around(struct context *c, const struct options *o);

/* Runs a command under the guard. Returns: the exit status; EXIT_FAILED too where a config
 * directory that was named is not there. */
int context_run(const struct options *options, command_run *command);

/* Prints a buffer on standard output, and releases it. Returns: 0, or EXIT_FAILED and a message
 * when it cannot. */
int context_print(struct buf *out);

/* "session-rescue: ..." on standard error, made harmless for a terminal. */
void context_complain(const char *text);
void context_complainf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and below it lines that were made harmless before. */
void context_complain_of(const char *text, const struct buf *lines);

/*
 * Whether a folder may be worked in without getting stuck for ever: it is opened under the guard,
 * and known not to answer at the next try. What follows is done outside the guard: copying takes
 * as long as it takes. Returns: false and a message when it does not answer.
 */
bool context_answers(struct context *context, const char *folder);

/* Whether it is known where backups and session logs are; else it is said that it is not. */
bool context_has_folders(const struct context *context);

/* Looks at the machine, and says what could not be read. Returns: false, and a message, when it
 * cannot be looked at. Owner: sr_snapshot_free. */
bool context_look(const struct context *context, struct sr_snapshot **out);

/* What could not be read, a line each on standard error; nothing with -q, and with -v alone what
 * is no file of a client's (a foreign file in its registry). */
void context_print_problems(const struct context *context, const struct sr_snapshot *snapshot);
