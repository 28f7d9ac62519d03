/*
 * secrets: what looks like a credential, taken out of a text.
 *
 * By the forms that services give their keys (sk-ant-, ghp_, AKIA, ...), by
 * what stands before them ("Bearer ", "api_key=", "password: ") and by PEM's
 * frame. One that the end of the text cuts off counts however short it is.
 */
#pragma once

#include "base/str.h"

/*
 * Appends the text, each of them replaced by "[redacted: looks like a credential, 95 bytes]".
 * Returns: how many.
 */
size_t secrets_redact(struct sv text, struct buf *out);
