/* Any bytes as a record of each agent's: every view that comes back can be read. */
#include "must.h"

#include "agents/agent.h"
#include "conversation/event.h"
#include "conversation/message.h"

static void touch_tools(const struct event_tool *tools, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        touch_view(tools[i].id);
        touch_view(tools[i].name);
    }
}

static void touch_message(const struct message *m)
{
    touch_view(m->model);
    for (size_t i = 0; i < m->block_count; i++) {
        touch_view(m->blocks[i].text);
        touch_view(m->blocks[i].id);
        touch_view(m->blocks[i].name);
        touch_view(m->blocks[i].argument);
    }
}

static void read_as(const struct event_reader *reader, struct sv record)
{
    struct arena arena = {0};
    struct event e;
    struct message m;
    if (reader->read_message && reader->read_message(&arena, record, &e, &m) == 0)
        touch_message(&m);
    if (reader->recognises)
        reader->recognises(&arena, record);
    if (reader->read(&arena, record, &e) == 0) {
        touch_view(e.uuid);
        touch_view(e.parent_uuid);
        touch_view(e.session_id);
        touch_view(e.agent_id);
        touch_view(e.message_id);
        touch_view(e.cwd);
        touch_view(e.version);
        touch_view(e.entrypoint);
        touch_view(e.stop_reason);
        touch_view(e.text);
        touch_view(e.title);
        touch_tools(e.calls, e.call_count);
        touch_tools(e.results, e.result_count);
        touch(event_kind_word(e.kind));
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; agents[i]; i++)
        read_as(agents[i]->reader, (struct sv){(const char *)data, size});
    return 0;
}
