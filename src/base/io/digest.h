/*
 * digest: SHA-256, by libcrypto; nothing else includes it.
 *
 *     struct digest d;
 *     digest_init(&d);
 *     digest_add(&d, bytes, n);
 *     digest_end(&d, text);
 *
 * libcrypto uses the processor's SHA instructions where it has them: 1.5 GB/s
 * and more, against the 0.2 GB/s of portable code.
 */
#pragma once

#include <stddef.h>

enum { DIGEST_TEXT_SIZE = 65 }; /* 64 lower-case hexadecimal digits and a NUL */

struct digest {
    void *state;
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const char *bytes, size_t n);
/* Writes the digest as text and releases d. */
void digest_end(struct digest *d, char text[static DIGEST_TEXT_SIZE]);
