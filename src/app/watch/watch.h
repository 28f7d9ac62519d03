/*
 * watch: --watch: one small process that waits, tells, and has backups made.
 *
 * It sleeps in epoll_wait. What wakes it: names that come and go in the
 * agents' folders, the first write after a look (inotify), the end of a
 * session's process (pidfd), a timer that goes on while the machine sleeps,
 * signals. It reads no foreign file itself: looks and backups are made by
 * errands, one of each at a time. What a look calls for is decided by
 * diagnose/changes.
 */
#pragma once

#include "app/options.h"

/* Runs until SIGTERM or SIGINT, or until nobody can read what it says. Returns: the exit status. */
int watch_run(const struct options *options);
