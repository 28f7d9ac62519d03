#include "repair/buried.h"

#include "base/arena.h"
#include "base/json.h"
#include "conversation/json_stream.h"

#include <stdlib.h>

/* The first record stands near the beginning; of a line that holds none, what is deep in it is
 * read once for each brace around it. */
enum { READINGS = 4, SPARE_BYTES = 64 * 1024 };

static bool is_session_record(struct json_stream *s, struct sv text, size_t *read)
{
    json_stream_restart(s, 0);
    *read += json_stream_feed(s, text.p, text.n);
    json_stream_end(s);
    return s->is_over && s->shape == JSON_STREAM_RECORD && json_stream_is_of_session(s);
}

/* Inside of a text no brace begins a record: its quotes are escaped. */
static bool holds_record(struct sv text)
{
    struct json_stream *s = mem_resize(NULL, sizeof *s);
    size_t read = 0;
    bool found = false;
    json_stream_begin(s, 0);
    s->spans_lines = true;
    for (size_t i = 0; !found && read <= text.n * READINGS + SPARE_BYTES; i++) {
        i = sv_find(text, i, SV("{"));
        if (i >= text.n)
            break;
        found = is_session_record(s, sv_slice(text, i, text.n), &read);
    }
    json_stream_release(s);
    free(s);
    return found;
}

static const char *buried_in_value(const struct json_value *value, struct sv line)
{
    struct sv text;
    if (json_string(value, &text))
        return holds_record(text) ? "a text" : NULL;
    if (json_is_array(value))
        return holds_record(line) ? "an array" : NULL;
    return json_is_object(value) &&
                   holds_record(sv_slice(line, sv_find(line, 0, SV("{")) + 1, line.n))
               ? "a document"
               : NULL;
}

static bool is_of_session(struct sv line)
{
    struct json_stream *s = mem_resize(NULL, sizeof *s);
    size_t read = 0;
    json_stream_begin(s, 0);
    bool is_it = is_session_record(s, line, &read);
    json_stream_release(s);
    free(s);
    return is_it;
}

const char *buried_in(struct sv line)
{
    struct arena a = {0};
    const struct json_value *value;
    const char *in = NULL;
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
        i++;
    if (i == line.n || (line.p[i] != '[' && line.p[i] != '"' && line.p[i] != '{'))
        return NULL;
    if ((line.p[i] != '{' || !is_of_session(line)) && json_parse(&a, line, &value) == 0)
        in = buried_in_value(value, line);
    arena_release(&a);
    return in;
}
