/*
 * uuid: names for records and sessions, random ones (version 4), as clients make them.
 */
#pragma once

enum { UUID_TEXT_SIZE = 37 };

/* Returns: 0, or -EIO where the kernel has no random bytes. */
int uuid_make(char text[static UUID_TEXT_SIZE]);
