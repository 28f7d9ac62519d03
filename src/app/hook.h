/*
 * hook: the JSON object that a client passes to a hook command on its standard
 * input. Two members are used.
 *
 *     {"session_id": "01e5af14-...", "transcript_path": "/.../projects/-p/01e5af14-....jsonl",
 *      "hook_event_name": "PostToolUse", ...}
 *
 * It also contains the result of a tool: megabytes are usual.
 */
#pragma once

#include "base/arena.h"

struct hook {
    const char *session_id;
    const char *transcript_path; /* absolute; NULL: not given */
};

/*
 * Reads the object if fd is a pipe, a socket or a file, to its end.
 * Blocks: until the end of input, or until nothing has arrived for two seconds. Reads at most
 * 256 MB. Returns: 0; -ENODATA: there is no such object, or its session id is not one.
 * Owner: the arena.
 */
int hook_read(int fd, struct arena *a, struct hook *out);
