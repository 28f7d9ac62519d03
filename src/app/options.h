/*
 * options: what the user typed.
 *
 * Two tables in options.c, one of modes and one of options, say what there is,
 * what goes together, and what the help says of it. A new mode or option is a
 * row there and a member here.
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

enum mode {
    MODE_NONE, /* none was named: the interactive rescue on a terminal, else --status */
    MODE_STATUS,
    MODE_RESUME,
    MODE_EXPORT,
    MODE_VERIFY,
    MODE_RESTORE,
    MODE_KILL,
    MODE_HELP,
    MODE_VERSION,
};

struct options {
    enum mode mode;
    const char *const *which; /* WHICH of the mode, as typed; points into argv */
    size_t which_count;
    const char **config_dirs;
    size_t config_dir_count;
    const char *agent;
    const char *pending_dir, *log_dir; /* NULL: where the user's environment says */
    const char *cwd;                   /* --restore: where the session's directory is now */
    double timeout_minutes;
    double grace_s; /* --kill: between SIGTERM and SIGKILL */
    bool json, all, quiet, verbose, no_color;
    bool dry_run, force, new_id;
};

/*
 * Reads the command line. argv may be reordered (options first).
 * Returns: 0, or -EINVAL with what is wrong. Owner: options_release.
 */
int options_parse(int argc, char **argv, struct options *out, struct sr_error *error);
void options_release(struct options *o);

void options_help(struct buf *out);
