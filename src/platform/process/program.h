/*
 * program: where another program is that is to be run.
 */
#pragma once

#include "base/arena.h"

/*
 * Looks for a program by its name, which has no slash in it.
 * For root, and where sudo has lent rights of root's (platform/privilege.h),
 * only in the system's folders, and only what nobody but root can have put
 * there: the search path may be another user's. For others along search_path
 * ($PATH; may be NULL), as a shell does, but for entries that are not absolute.
 * Returns: its path, NULL where there is none. Owner: the arena.
 */
const char *program_find(struct arena *a, const char *name, const char *search_path);
