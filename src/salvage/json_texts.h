/*
 * json_texts: the JSON objects in memory that have a member with a known beginning, such as the
 * body of a request.
 *
 *     struct json_texts texts;
 *     json_texts_find(runs, run_count, SV("\"messages\":[{"), &arena, &texts);
 *
 * An allocator writes over the first bytes of what was freed, so an object is read from that member
 * on: what stands before it is not in the text. Each is UTF-8 and has balanced brackets; whether it
 * is JSON is for a parser to say. Equal texts are one, with a count of its copies.
 */
#pragma once

#include "base/arena.h"
#include "base/memory_run.h"
#include "base/str.h"

struct json_text {
    struct sv text;
    size_t copy_count;
    bool is_whole; /* to the end of the object; else to the end of that member */
};

struct json_texts {
    struct json_text *items;
    size_t count, capacity;
};

/* Takes time linear in the number of bytes, whatever they are. Owner: the arena. */
void json_texts_find(const struct memory_run *runs, size_t run_count, struct sv mark,
                     struct arena *a, struct json_texts *out);
