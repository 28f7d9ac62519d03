/*
 * json_read: the parser of json.h for ordinary records. It builds yyjson's own values, and looks
 * at sixteen bytes of a string at once. What stands in a string is checked, but its escapes are
 * only read when somebody asks for the text: most of a transcript is never asked for.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <yyjson.h>

/*
 * Reads one object or array. What it reads it reads as yyjson does. Owner: the arena.
 * Returns: NULL for anything that is not ordinary: no JSON, a scalar alone, a byte that is not
 * UTF-8, half of a surrogate pair, a number of more than 18 digits. yyjson is to say what that is.
 */
yyjson_val *json_read_ordinary(struct arena *a, struct sv text);

/* Of a string whose text still has its escapes; no subtype that yyjson gives one. */
enum { JSON_READ_ESCAPED = 2 << 3 };

static inline bool json_read_is_escaped(const yyjson_val *v)
{
    return (v->tag & (YYJSON_TYPE_MASK | JSON_READ_ESCAPED)) ==
           (YYJSON_TYPE_STR | JSON_READ_ESCAPED);
}

/* Where it is: the text gets shorter, and ends in a NUL. */
void json_read_unescape(yyjson_val *v);
/* A value and all in it. */
void json_read_unescape_all(yyjson_val *v);

/* Four hexadecimal digits at p. Returns: their value, negative where they are none. */
int32_t json_read_hex4(const char *p);
