/*
 * notice: folders watched for what appears, goes and moves in them.
 *
 * Two instances of inotify. One tells of names that come and go. The other
 * tells once that something in a folder was written to, and then no more until
 * the folder is watched again: a session at work writes many times a second,
 * and one wake-up is enough.
 *
 * Watching a path can get stuck on a file system that does not answer; reading
 * cannot. A child process may watch for its parent: the instance is shared.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct notice {
    int names, writes;              /* descriptors, readable when there is news */
    bool (*counts)(struct sv name); /* of the files that come and go */
};

/* Returns: 0 or negative errno (-EMFILE: as many instances as the user may have). */
int notice_open(struct notice *n, bool (*counts)(struct sv name));
void notice_close(struct notice *n);

/* Watches a folder for both; again for one that is watched. Returns: 0, -ENOSPC: as many watches as
 * the user may have; or negative errno. */
int notice_watch(const struct notice *n, const char *folder);
/* For names alone: of a folder in which another is to appear. */
int notice_watch_names(const struct notice *n, const char *folder);

struct notice_news {
    bool has_names;      /* a folder, or a file that counts, came or went */
    bool has_lost_some;  /* more happened than the kernel kept: anything may have changed */
    bool has_lost_watch; /* a watched folder was removed, moved or unmounted */
    bool has_writes;
};

/* Takes what there is. */
void notice_read(const struct notice *n, struct notice_news *out);

/* What bytes that were read from an instance say; adds to *out. */
void notice_parse(const struct notice *n, const char *bytes, size_t size, struct notice_news *out);
