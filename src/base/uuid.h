/*
 * uuid: random ids (version 4) for records and sessions, like those of clients.
 */
#pragma once

enum { UUID_TEXT_SIZE = 37 };

/* Returns: 0, or -EIO when the kernel gives no random bytes. */
int uuid_make(char text[static UUID_TEXT_SIZE]);
