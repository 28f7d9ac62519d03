/*
 * stream: a file read from its beginning, digested while it is handed on.
 *
 * Long files are digested by a second thread, so that reading and writing go
 * on meanwhile: with four buffers of 1 MB, whatever the length.
 */
#pragma once

#include "base/io/digest.h"

#include <stddef.h>
#include <stdint.h>

/* Of every offset, length and buffer that is read with: fd may read around the cache (O_DIRECT). */
enum { STREAM_ALIGNMENT = 4096 };

/* What is done with each piece; a negative result ends the stream with it. */
typedef int stream_sink(void *context, const char *bytes, size_t n);

/*
 * Reads the first length bytes of fd, fewer where the file ends sooner. sink
 * may be NULL. Returns: how many were read, or negative errno. The digest is of
 * exactly these.
 */
int64_t stream_read(int fd, int64_t length, stream_sink *sink, void *context,
                    char sha256[static DIGEST_TEXT_SIZE]);
