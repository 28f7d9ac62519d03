/*
 * uuid: ids for records and sessions, like those of clients (version 4): random, or derived from a
 * text.
 */
#pragma once

enum { UUID_TEXT_SIZE = 37 };

/* Returns: 0, or -EIO when the kernel gives no random bytes. */
int uuid_make(char text[static UUID_TEXT_SIZE]);
/* The same for the same text, each time. */
void uuid_derive(const char *from, char text[static UUID_TEXT_SIZE]);
