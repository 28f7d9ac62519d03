/* Any bytes as a record: every view that comes back can be read. */
#include "transcript/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum;

static void touch(struct sv s)
{
    for (size_t i = 0; i < s.n; i++)
        sum += (unsigned char)s.p[i];
}

static void touch_tools(const struct event_tool *tools, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        touch(tools[i].id);
        touch(tools[i].name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct event e;
    if (event_claude.read(&arena, (struct sv){(const char *)data, size}, &e) == 0) {
        touch(e.uuid);
        touch(e.parent_uuid);
        touch(e.session_id);
        touch(e.agent_id);
        touch(e.message_id);
        touch(e.cwd);
        touch(e.version);
        touch(e.entrypoint);
        touch(e.stop_reason);
        touch(e.text);
        touch(e.title);
        touch_tools(e.calls, e.call_count);
        touch_tools(e.results, e.result_count);
        sum += (unsigned)event_kind_word(e.kind)[0];
    }
    arena_release(&arena);
    return 0;
}
