/*
 * options: what the user typed.
 *
 * Two tables, of commands (commands/) and of options (options.c), define what
 * there is, what goes together, and the help. A new option is a row there and a
 * member here.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses, as documented in session-rescue(1). */
enum {
    EXIT_FINE = 0,
    EXIT_ATTENTION = 1, /* done, and something hung, damaged or unverifiable was found */
    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
    EXIT_REFUSED = 4,
};

struct command;

struct options {
    const struct command *command; /* command_none where none was named */
    const char *const *which;      /* WHICH of the mode, as typed; points into argv */
    size_t which_count;
    const char **config_dirs;
    size_t config_dir_count;
    const char *agent; /* "claude"; "claude codex"; NULL: all */
    struct buf agent_names;
    bool means_all_agents;
    const char *pending_dir, *log_dir; /* NULL: where the user's environment says */
    const char *index_dir;             /* likewise */
    const char *format;                /* --context: "md", "html", "json" or "cusf"; NULL: md */
    int64_t since_ms;                  /* --context: since 1970; 0: all */
    double last;                       /* --context: how many messages; 0: all */
    const char *cwd;                   /* --restore: where the session's directory is now */
    double timeout_minutes;
    double grace_s; /* between SIGTERM and SIGKILL */
    bool json, all, list, quiet, verbose, no_color;
    bool dry_run, force, new_id, escape, with_salvage, from_memory;
    bool as_copy, shrink, fit; /* --repair */
    const char
        *without_backup; /* NULL: not given; "": ask for the characters that give a session up */
    const char **typed;  /* --complete: the words of the line, the last one unfinished */
    size_t typed_count;
    double if_context;      /* --export: only if the context window is this full; -1: not given */
    int64_t context_window; /* tokens; 0: as the model's name says */
    int64_t
        client_version; /* --check, --repair, --context: client_version; 0: the newest that wrote */
    const char *on_event, *notify; /* --watch: a command; how to notify; NULL: not given */
    double interval_s, event_timeout_s;
    const struct hook *hook; /* what a client said on standard input; NULL: nothing */
};

/*
 * Reads the command line. argv may be reordered (options first).
 * Returns: 0, or -EINVAL with what is wrong. Owner: options_release.
 */
int options_parse(int argc, char **argv, struct options *out, struct sr_error *error);
/* The size of a context window, as --context-window and the environment (name) say it. */
int options_tokens(const char *name, const char *text, int64_t *tokens, struct sr_error *error);
void options_release(struct options *o);

void options_help(struct buf *out);

/*
 * A row of the tables, for completion. argument: as in the help, WHICH, BACKUP,
 * DIR, ...
 */
struct option_shape {
    const char *name; /* without the dashes */
    char letter;      /* 0: no short form */
    const char *argument;
    const char *help;
    const struct command *command; /* of a mode; NULL: an option */
    size_t words_at_most;          /* of a mode: how many words may follow */
    bool may_come_again;
};

/* Returns: false past the last row. */
bool options_shape(size_t i, struct option_shape *out);
