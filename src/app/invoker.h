/*
 * invoker: the user on whose behalf the program runs.
 *
 * Under sudo it is the user that SUDO_UID names. SUDO_UID is only looked at in a
 * process that was started as root, where it can only take rights away. The name
 * and home come from the user database. sudo clears the environment, so that
 * user's variables are read from the process of sudo itself. They only say where
 * files are, and these are opened with that user's rights.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * Call it before anything else. Under sudo, becomes the invoking user and takes over their home and
 * variables. kept: a sum of enum privilege.
 * Returns: 0; -EPERM: the program was started in a way that it refuses; another negative errno: it
 * failed.
 */
int invoker_become(unsigned kept, bool is_quiet, struct sr_error *error);
