/*
 * fullness: which of several copies of one session's transcript holds more.
 *
 * A client only appends, so of two sound copies the longer one holds more. Where one of them holds
 * NULs (a crash or a full disk left a hole, or it is UTF-16) its length says nothing: then their
 * whole records are counted, which reads every byte.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* By its beginning, its middle and its end; what cannot be read is none that can be trusted. */
bool fullness_is_doubtful(int fd, int64_t size_bytes);

/* Whole records; negative errno. */
int64_t fullness_count(int fd, int64_t size_bytes);
