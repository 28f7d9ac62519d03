/* Any bytes as a record: every view that comes back can be read. */
#include "must.h"

#include "agents/claude/events.h"
#include "conversation/event.h"

static void touch_tools(const struct event_tool *tools, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        touch_view(tools[i].id);
        touch_view(tools[i].name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct event e;
    if (event_claude.read(&arena, (struct sv){(const char *)data, size}, &e) == 0) {
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
    return 0;
}
