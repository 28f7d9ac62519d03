#include "repair/buried.h"

#include "base/arena.h"
#include "base/json.h"
#include "conversation/loader/graph_nodes.h"

#include <stdlib.h>

/* The first record stands near the beginning; of a line that holds none, what is deep in it is
 * read once for each brace around it. */
enum { READINGS = 4, SPARE_BYTES = 64 * 1024 };

static bool is_record(struct json_stream *s, struct sv text, size_t *read)
{
    json_stream_restart(s, 0);
    *read += json_stream_feed(s, text.p, text.n);
    json_stream_end(s);
    return s->is_over && s->shape == JSON_STREAM_RECORD;
}

/* Inside of a text no brace begins a record: its quotes are escaped. */
static enum fact holds_record(struct sv text)
{
    struct json_stream *s = mem_resize(NULL, sizeof *s);
    size_t read = 0;
    enum fact holds = FACT_NO;
    json_stream_begin(s, 0);
    s->spans_lines = true;
    for (size_t i = 0; (i = sv_find(text, i, SV("{"))) < text.n && holds == FACT_NO; i++) {
        if (read > text.n * READINGS + SPARE_BYTES)
            holds = FACT_UNKNOWN;
        else if (is_record(s, sv_slice(text, i, text.n), &read) && graph_nodes_is_on_chain(s))
            holds = FACT_YES;
    }
    json_stream_release(s);
    free(s);
    return holds;
}

static enum fact buried_in_value(const struct json_value *value, struct sv line, const char **in)
{
    struct sv text;
    *in = "a document";
    if (json_string(value, &text)) {
        *in = "a text";
        return holds_record(text);
    }
    if (json_is_array(value)) {
        *in = "an array";
        return holds_record(line);
    }
    return json_is_object(value)
               ? holds_record(sv_slice(line, sv_find(line, 0, SV("{")) + 1, line.n))
               : FACT_NO;
}

static bool is_of_session(struct sv line)
{
    struct json_stream *s = mem_resize(NULL, sizeof *s);
    size_t read = 0;
    json_stream_begin(s, 0);
    bool is_it = is_record(s, line, &read) && json_stream_is_of_session(s);
    json_stream_release(s);
    free(s);
    return is_it;
}

char buried_opening(struct sv line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
        i++;
    return i < line.n && (line.p[i] == '[' || line.p[i] == '"' || line.p[i] == '{') ? line.p[i] : 0;
}

enum fact buried_in(struct sv line, const char **in)
{
    ARENA_RELEASE struct arena a = {0};
    const struct json_value *value;
    enum fact holds = FACT_NO;
    char opening = buried_opening(line);
    if (!opening)
        return FACT_NO;
    if ((opening != '{' || !is_of_session(line)) && json_parse(&a, line, &value) == 0)
        holds = buried_in_value(value, line, in);
    return holds;
}
