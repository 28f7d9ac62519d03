/*
 * notice: watches folders for files that appear, disappear or are written to.
 *
 * It uses two instances of inotify. One reports names that appear and disappear.
 * The other reports once that something in a folder was written to, and then
 * nothing until the folder is watched again: a working session writes many times
 * a second, and one wake-up is enough.
 *
 * Watching a path can get stuck on a file system that does not answer; reading the
 * news cannot. A child process can add watches for its parent, as they share the
 * instances.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct notice {
    int names, writes; /* descriptors, readable when there is news */
    bool (*counts)(
        struct sv name); /* whether a file of that name matters when it appears or goes */
};

/* Returns: 0 or negative errno (-EMFILE: the user may have no more instances). */
int notice_open(struct notice *n, bool (*counts)(struct sv name));
void notice_close(struct notice *n);

/* Watches a folder for both; call it again to hear of the next write. Returns: 0; -ENOSPC: the user
 * may have no more watches; or negative errno. */
int notice_watch(const struct notice *n, const char *folder);
/* Only for names: for a folder in which another folder is expected. */
int notice_watch_names(const struct notice *n, const char *folder);

struct notice_news {
    bool has_names;      /* a folder, or a file that counts, appeared or went away */
    bool has_lost_some;  /* the kernel dropped events: anything may have changed */
    bool has_lost_watch; /* a watched folder was removed, moved or unmounted */
    bool has_writes;
};

/* Reads all news that have arrived. */
void notice_read(const struct notice *n, struct notice_news *out);

/* Parses bytes that were read from an instance; adds to *out. */
void notice_parse(const struct notice *n, const char *bytes, size_t size, struct notice_news *out);
