/*
 * stream: reads a file from its beginning, digests it and hands it on.
 *
 * A second thread digests long files while reading and writing go on, with four
 * buffers of 1 MB whatever the length.
 */
#pragma once

#include "base/io/digest.h"

#include <stddef.h>
#include <stdint.h>

/* Alignment of every offset, length and buffer of a read: fd may have O_DIRECT. */
enum { STREAM_ALIGNMENT = 4096 };

/* Gets each piece; a negative result ends the stream, which returns it. */
typedef int stream_sink(void *context, const char *bytes, size_t n);

/*
 * Reads the first length bytes of fd, or fewer if the file ends before. sink
 * may be NULL. Returns: how many bytes were read and digested, or negative
 * errno.
 */
int64_t stream_read(int fd, int64_t length, stream_sink *sink, void *context,
                    char sha256[static DIGEST_TEXT_SIZE]);
