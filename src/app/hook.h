/*
 * hook: what a client tells the command of one of its hooks: an object on its
 * standard input, of which two members matter here.
 *
 *     {"session_id": "01e5af14-...", "transcript_path": "/.../projects/-p/01e5af14-....jsonl",
 *      "hook_event_name": "PostToolUse", ...}
 *
 * What a tool answered stands in it too: megabytes are usual.
 */
#pragma once

#include "base/arena.h"

struct hook {
    const char *session_id;
    const char *transcript_path; /* absolute; NULL: not said */
};

/*
 * Reads it where a file descriptor is a pipe, a socket or a file, to its end.
 * Blocks: two seconds where nothing is written into it. Returns: 0, or -ENODATA when there is no
 * such object. Owner: the arena.
 */
int hook_read(int fd, struct arena *a, struct hook *out);
