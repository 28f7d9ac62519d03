/*
 * program: finds another program in order to run it.
 */
#pragma once

#include "base/arena.h"

/*
 * Looks for a program by its name, which contains no slash.
 * For root, and with rights kept from sudo (platform/privilege.h), it only looks
 * in the system's folders, and only for files that nobody but root can have put
 * there: the search path may be another user's. For others it looks along
 * search_path ($PATH; may be NULL) as a shell does, but ignores relative entries.
 * Returns: its path; NULL: not found. Owner: the arena.
 */
const char *program_find(struct arena *a, const char *name, const char *search_path);
