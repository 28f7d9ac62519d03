/*
 * last_message: when something was said last in a session, from as few bytes of its
 * transcript's end as tell it: what a listing of thousands is put in order by.
 *
 *     last_message_look(reader, &arena, bytes, is_whole, &last)
 *         ... of the last LAST_MESSAGE_READ_FIRST bytes; where it returns false, and there is more,
 *         again of LAST_MESSAGE_READ_MAX
 *
 * The time is that of the last message in the file, as the client's own picker
 * takes it (2.1.239 and later), not the file's, which a copy or touch changes.
 */
#pragma once

#include "conversation/event.h"

enum { LAST_MESSAGE_READ_FIRST = 4 * 1024, LAST_MESSAGE_READ_MAX = 64 * 1024 };

struct last_message {
    struct wall at;           /* unknown: no message among these bytes */
    const char *continued_in; /* see tail_result */
};

/*
 * Returns: true when enough is known. is_whole: the bytes begin where the file
 * does; else what stands before the first line end is left out. Owner: the arena.
 */
bool last_message_look(const struct event_reader *reader, struct arena *a, struct sv bytes,
                       bool is_whole, struct last_message *out);
