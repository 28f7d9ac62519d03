/*
 * secrets: removes from a text what looks like a credential.
 *
 * It is recognised by the formats of well-known keys (sk-ant-, ghp_, AKIA, ...),
 * by what comes before it ("Bearer ", "api_key=", "password: "), and by the first
 * and last lines of PEM. At the end of the text, a part of one is enough, however
 * short.
 */
#pragma once

#include "base/str.h"

/*
 * Appends the text with each credential replaced by "[redacted: looks like a credential, 95
 * bytes]". Returns: how many.
 */
size_t secrets_redact(struct sv text, struct buf *out);
