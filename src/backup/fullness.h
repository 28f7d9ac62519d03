/*
 * fullness: which of several copies of one session's transcript holds more.
 *
 * A client only appends, so of two sound copies the longer one holds more. If one holds NULs (a
 * crash or a full disk left a hole, or it is UTF-16), its length says nothing. Then their whole
 * records are counted, which reads every byte.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Looks at the beginning, the middle and the end. A file that cannot be read is doubtful. */
bool fullness_is_doubtful(int fd, int64_t size_bytes);

/* Returns: the number of whole records, or negative errno. */
int64_t fullness_count(int fd, int64_t size_bytes);
