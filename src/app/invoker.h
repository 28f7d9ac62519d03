/*
 * invoker: the user on whose behalf the program runs.
 *
 * Run by sudo it is the one that SUDO_UID names. What is trusted: SUDO_UID is
 * looked at only in a process that was started as root, where all it can do is
 * take rights away; the user database says who that is, and where home is.
 * sudo clears the environment; what that user had exported is read off the
 * process of sudo itself, and says no more than where that user's files are:
 * they are opened with that user's rights.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * Before anything else is done: under sudo, becomes the invoking user and takes their home and
 * their variables for its own. kept: a sum of enum privilege.
 * Returns: 0; -EPERM: started in a way in which nothing may be done; other: it could not be done.
 */
int invoker_become(unsigned kept, bool is_quiet, struct sr_error *error);
