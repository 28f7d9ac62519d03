#include "conversation/last_message.h"

#include "jsonl/lines.h"

static void take(const struct event *e, struct arena *a, bool *went_on, struct last_message *out)
{
    if (e->continued_in.n && !*went_on && !out->continued_in)
        out->continued_in = arena_strndup(a, e->continued_in.p, e->continued_in.n);
    *went_on |= event_goes_on(e);
    if (!wall_known(out->at) && event_is_conversational(e))
        out->at = e->at;
}

bool last_message_look(const struct event_reader *reader, struct arena *a, struct sv bytes,
                       bool is_whole, struct last_message *out)
{
    struct lines it = lines_of(bytes, 0);
    struct line line;
    ARENA_RELEASE struct arena scratch = {0};
    bool went_on = false;
    *out = (struct last_message){0};
    while (!wall_known(out->at) && lines_previous(&it, &line)) {
        struct event e;
        if (!it.rest.n && !is_whole) /* its beginning is not there */
            break;
        if (reader->read(&scratch, line.text, &e) == 0)
            take(&e, a, &went_on, out);
    }
    return wall_known(out->at) || is_whole;
}
